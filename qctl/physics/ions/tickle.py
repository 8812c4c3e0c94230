"""A tone on an electrode: at the frequency of a mode across the axis it shakes the chain, and less light comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import jv

from qctl.core.port import Port
from qctl.physics.stage import Carrier, Playing, Switching

from .chain import Chain
from .crystal import TWO_PI, YTTERBIUM
from .glow import Shining
from .twin import Tickle

Floats = NDArray[np.float64]
CHARGE = 1.602176634e-19  # C
WAVE_NUMBER = TWO_PI / 369.526e-9  # of cooling light, 1/m
ACROSS = 0.5  # of it along each axis across: light at 45 degrees to the trap's axis, between both others
ALONG = 0.5**0.5
IMPEDANCE = 50.0  # ohm
MOST = 64.0  # index of modulation beyond which nothing else is seen: hardly any light is left


@dataclass(frozen=True)
class Shaking:
    """The tone, and when it reaches the electrode.

    Parameters
    ----------
    switch : None where the tone is always there
    """

    truth: Tickle
    tone: Carrier
    switch: Switching | None

    @property
    def edges(self) -> list[float]:
        """Return when it begins and ends, s."""
        return [] if self.switch is None else [float(edge) for edge in self.switch.edges]

    def left(self, chain: Chain, cooling: Shining | None, time: float) -> float:
        """Return what is left at a time of the cooling light that ions at rest would scatter; 1 without any.

        An ion that swings sees light with sidebands, of ``J_n(index)^2`` of it each (Berkeland et al., J. Appl. Phys.
        83, 5025, on lines under micromotion).
        """
        if cooling is None or not (self.switch is None or self.switch.is_high(np.array([time]))[0]):
            return 1.0
        orders, weights = _sidebands(round(min(self.index(chain, cooling), MOST), 3))
        lines = np.array([cooling.shape(n * self.tone.frequency) for n in orders.tolist()])
        return float(weights @ lines) / cooling.shape()

    def index(self, chain: Chain, cooling: Shining) -> float:
        """Return how far ions swing along the light, in wave numbers of it.

        Each mode is a damped oscillator under a force, in its steady state: ``F / m / sqrt((w0^2 - w^2)^2 + (g w)^2)``.
        The damping is that of small motion; light damps ions less that move by more than a wavelength. A field that is
        the same at all ions moves all of them together.
        """
        push = CHARGE / YTTERBIUM * self.truth.field * (2 * IMPEDANCE * 1e-3 * 10 ** (self.tone.power_dbm / 10)) ** 0.5
        w, swing = TWO_PI * self.tone.frequency, 0.0j
        for frequency, share in zip(chain.radial, (np.cos(self.truth.tilt), np.sin(self.truth.tilt)), strict=True):
            w0, damping = TWO_PI * frequency, _damping(chain, cooling, frequency)
            swing += share * push / (w0**2 - w**2 + 1j * damping * w)
        return float(WAVE_NUMBER * ACROSS * abs(swing))


def shaking(chain: Chain, carriers: Mapping[str, Carrier], point: Mapping[Port, Playing | Switching]) -> Shaking | None:
    """Return the tone that shakes a chain; None where there is none, or its synthesiser or switch is off."""
    truth = chain.twin.tickle
    line = None if truth is None else chain.laboratory.lines.get(truth.line)
    if truth is None or line is None or line.carrier is None:
        return None
    tone = carriers.get(str(line.carrier))
    if tone is None or not tone.on:
        return None
    if line.switch is None:
        return Shaking(truth, tone, None)
    switch = point.get(line.switch)
    return Shaking(truth, tone, switch) if isinstance(switch, Switching) and len(switch.edges) else None


def _damping(chain: Chain, cooling: Shining, frequency: float) -> float:
    """Return the rate at which light takes energy from small motion, 1/s; that at which it gives, where it is blue.

    ``A(-) - A(+)`` as of modes along the axis (`Glowing.quanta`), by the square of the Lamb-Dicke parameter.
    """
    if not frequency:
        return 0.0
    squares = (ACROSS / ALONG) ** 2 * chain.centre_of_mass / frequency
    return abs(cooling.truth.rate * squares * (cooling.shape(frequency) - cooling.shape(-frequency)))


@cache
def _sidebands(index: float) -> tuple[NDArray[np.int64], Floats]:
    """Return the orders of sidebands and their weights."""
    last = int(index) + 12
    orders = np.arange(-last, last + 1)
    return orders, np.asarray(jv(orders, index) ** 2)
