"""Atoms that fly while traps are off, and swing in them when they are on again: positions and velocities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .rubidium import BOLTZMANN, MASS, speed, spread
from .twin import Tweezers

Floats = NDArray[np.float64]

REMEMBERED = 200e-6  # s of swinging after which nobody knows where an atom is: no trap is harmonic
STEPS = 80  # of the integration, in one period across the beam


@dataclass
class Flight:
    """One atom in all shots.

    Parameters
    ----------
    r, v : m and m/s from the middle of its trap, shape (n_shots, 3), the beam along the last axis
    place : whose trap it is
    end : when the trap came back, s after the start of the shot
    """

    r: Floats
    v: Floats
    place: int
    end: float

    def swings_on(self, place: int, start: float) -> bool:
        """Say whether it is still known where the atom is when the trap of a place goes off at ``start``."""
        return place == self.place and 0 <= start - self.end < REMEMBERED


def thermal(
    n_shots: int, depth: float, heat: float, truth: Tweezers, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return positions and velocities of atoms at rest in a trap; depth and heat in K."""
    across, along = spread(heat, depth, truth.waist, truth.wavelength)
    v = speed(heat) * rng.standard_normal((n_shots, 3))
    return np.array([across, across, along]) * rng.standard_normal((n_shots, 3)), v


def trap(r: Floats, depth: Floats | float, truth: Tweezers) -> Floats:
    """Return the depth of a Gaussian beam at points, shape of ``r`` without its last axis, in the unit of ``depth``."""
    width = 1 + (r[..., 2] / _rayleigh(truth)) ** 2
    return np.asarray(depth / width * np.exp(-2 * (r[..., 0] ** 2 + r[..., 1] ** 2) / (truth.waist**2 * width)))


def bound(r: Floats, v: Floats, depth: Floats | float, truth: Tweezers) -> NDArray[np.bool_]:
    """Say which atoms stay in a trap that comes back: those of negative energy (Tuchendler et al., 2008)."""
    return np.asarray(0.5 * MASS * (v**2).sum(axis=-1) / BOLTZMANN <= trap(r, depth, truth))


def swung(r: Floats, v: Floats, depths: Floats, seconds: Floats, truth: Tweezers) -> tuple[Floats, Floats]:
    """Return where atoms are after some time in their traps (leapfrog).

    Parameters
    ----------
    r, v : shape (n_atoms, n_shots, 3)
    depths, seconds : of each atom, K and s
    """
    fastest = np.sqrt(4 * BOLTZMANN * depths.max() / MASS) / truth.waist  # rad/s
    n = max(1, int(np.ceil(seconds.max() * fastest * STEPS / (2 * np.pi))))
    dt = (seconds / n)[:, None, None]
    v = v + dt / 2 * _pull(r, depths, truth)
    for step in range(n):
        r = r + dt * v
        v = v + dt / (1 if step < n - 1 else 2) * _pull(r, depths, truth)
    return r, v


def _pull(r: Floats, depths: Floats, truth: Tweezers) -> Floats:
    """Return accelerations, m/s^2."""
    width = 1 + (r[..., 2] / _rayleigh(truth)) ** 2
    share = (r[..., 0] ** 2 + r[..., 1] ** 2) / (truth.waist**2 * width)
    force = BOLTZMANN / MASS * trap(r, depths[:, None], truth) / width
    found = np.empty_like(r)
    found[..., :2] = (-4 / truth.waist**2 * force)[..., None] * r[..., :2]
    found[..., 2] = -2 / _rayleigh(truth) ** 2 * force * (1 - 2 * share) * r[..., 2]
    return found


def _rayleigh(truth: Tweezers) -> float:
    return float(np.pi * truth.waist**2 / truth.wavelength)
