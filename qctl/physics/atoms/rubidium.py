"""Rubidium 87 in tweezers: constants, and the widths that temperature gives.

Sources: C6 of 70S from the ARC data behind bloqade (Weber et al., J. Phys. B 50, 133001); Doppler and position widths
as in de Leseleuc et al., Phys. Rev. A 97, 053803, sections II and III.
"""

from __future__ import annotations

import math

BOLTZMANN = 1.380649e-23  # J/K
MASS = 1.4431609e-25  # kg
TWO_PI = 2 * math.pi
C6 = TWO_PI * 862_690e6 * 1e-36  # rad/s m^6, of a pair in 70S
K_EFFECTIVE = 8.757e6  # rad/m, of 420 nm and 1013 nm beams that meet head-on


def interaction(distance: float, c6: float = C6) -> float:
    """Return ``V = C6 / r^6``, rad/s, of two Rydberg atoms ``distance`` (m) apart."""
    return c6 / distance**6


def blockade_radius(rabi: float, c6: float = C6) -> float:
    """Return the distance, m, at which V equals the Rabi frequency ``rabi`` (rad/s)."""
    return float((c6 / rabi) ** (1 / 6))


def speed(temperature: float) -> float:
    """Return the standard deviation of the velocity along one axis, m/s."""
    return math.sqrt(BOLTZMANN * temperature / MASS)


def doppler(temperature: float, wave_number: float = K_EFFECTIVE) -> float:
    """Return the standard deviation of the detuning that motion gives, rad/s."""
    return wave_number * speed(temperature)


def spread(temperature: float, depth: float, waist: float, wavelength: float) -> tuple[float, float]:
    """Return the widths of an atom's position, m: across the beam ``sqrt(T w^2 / 4 U)``, and along it.

    ``depth`` and ``temperature`` in K. Along the beam ``(pi / lambda) sqrt(2) w`` times as wide.
    """
    across = math.sqrt(temperature * waist**2 / (4 * depth))
    return across, math.pi / wavelength * math.sqrt(2) * waist * across
