"""How parameters move while nobody looks: a random walk, its speed learned from what was found before.

The variance of a value that was measured a time dt ago is ``error**2 + speed * dt``. What real devices do from day to
day sets the prior: qubit frequency 3.5-3.8 kHz in the median, T1 16-21 %, readout error 11-17 %, two-qubit error 9-12 %
(public calibration data of cloud devices); gains 1e-4 an hour. The median of a normal step is 0.674 sigma. What moves
otherwise, or on one platform alone, is said by the steps that find it (`Quantity.walk`).

Not all that differs from one measurement to the next is drift. Errors are claimed by fits, and some claim too little:
what scatters without growing with time is noise, its size learned together with the speed (a local level model; Harvey,
Forecasting, Structural Time Series Models and the Kalman Filter, 1989, section 2.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qctl.core.parameters import Estimate

DAY = 86_400.0
WIDTH = math.log(10.0)  # the prior of a speed is log-normal: within a factor of 10 up or down, one standard deviation
SPREAD = math.log(4.0)  # of one target's speed about that of all
POWERS = np.linspace(-3.0, 3.0, 121)  # of ten: speeds that are tried
NOISES = np.array([1.0, 1.25, 1.6, 2.0, 2.8])  # how much larger than claimed errors are tried to be
DOUBT = math.log(1.5)  # one standard deviation of the logarithm of that


class Walk(NamedTuple):
    """How far a quantity usually goes in a day, one standard deviation: so much, SI, and such a share of its value."""

    absolute: float = 0.0
    share: float = 0.0

    def speed(self, value: float) -> float:
        """Return the growth of the variance, SI^2 / s."""
        return (math.hypot(self.absolute, self.share * value) ** 2 + 1e-30) / DAY


# By the end of a name; what is more special is for the steps that find it to say.
PRIORS: tuple[tuple[str, Walk], ...] = (
    ("frequency", Walk(5.4e3)),
    ("t1", Walk(share=0.27)),
    ("t2", Walk(share=0.27)),
    ("t2_ramsey", Walk(share=0.27)),
    ("amplitude", Walk(share=2.4e-3)),
    ("threshold", Walk(share=2e-2)),
    ("p01", Walk(2e-3, 0.2)),
    ("p10", Walk(2e-3, 0.2)),
    ("error", Walk(1e-5, 0.16)),
    ("leakage", Walk(1e-5, 0.16)),
    ("delay", Walk(1e-11)),
)
OTHERS = Walk(share=1e-2)


def prior(name: str, value: float) -> float:
    """Return the expected speed of a parameter, SI^2 / s, from what such devices do."""
    return next((walk for end, walk in PRIORS if name.endswith(end)), OTHERS).speed(value)


@dataclass(frozen=True)
class Drift:
    """How parameters move and scatter, by name; what was not learned is as usual.

    Parameters
    ----------
    speeds : growth of the variance, SI^2 / s, as learned
    noises : how much larger than claimed the errors of measurements are
    usual : of what does not move as its name says (`prior`), until it is learned and while it is
    """

    speeds: Mapping[str, float] = field(default_factory=dict)
    noises: Mapping[str, float] = field(default_factory=dict)
    usual: Mapping[str, Walk] = field(default_factory=dict)

    def expected(self, name: str, value: float) -> float:
        """Return the growth of the variance before anything was learned, SI^2 / s."""
        return self.usual[name].speed(value) if name in self.usual else prior(name, value)

    def speed(self, name: str, value: float) -> float:
        """Return the growth of the variance, SI^2 / s."""
        known = self.speeds.get(name)
        return self.expected(name, value) if known is None else known

    def error(self, name: str, claimed: float) -> float:
        """Return the standard deviation with which a measurement scatters."""
        return self.noises.get(name, 1.0) * claimed

    def spread(self, name: str, known: Estimate, seconds: float) -> float:
        """Return by how much a parameter has probably moved since it was measured, one standard deviation."""
        return math.sqrt(self.speed(name, known.value) * max(seconds, 0.0))

    def variance(self, name: str, known: Estimate, now: float) -> float:
        """Return the variance of what is believed, at the time ``now``; infinite for a guess."""
        return known.error**2 + self.speed(name, known.value) * max(now - known.time, 0.0)

    def learned(self, histories: Mapping[str, Sequence[Estimate]]) -> Drift:
        """Return a model that has learned from what was measured of one quantity, of all targets, oldest first."""
        found = learn(histories, {n: self.expected(n, past[-1].value) for n, past in histories.items() if past})
        return replace(self, speeds={**self.speeds, **found.speeds}, noises={**self.noises, **found.noises})


def learn(histories: Mapping[str, Sequence[Estimate]], usual: Mapping[str, float] | None = None) -> Drift:
    """Return the most probable speeds of random walks that were measured with errors of known size, or larger ones.

    The likelihood of all measurements under each speed and noise of a grid, by a Kalman filter. What all targets have
    in common is learned first, under log-normal priors about what such devices do and how honest errors are; then each
    target's own speed, about that.

    Parameters
    ----------
    usual : middle of the prior of a speed, SI^2 / s, by name; by default what such devices do, see `prior`
    """
    usable = {name: [one for one in past if _is_usable(one)] for name, past in histories.items()}
    usable = {name: past for name, past in usable.items() if past}
    if not usable:
        return Drift()
    usual = {name: (usual or {}).get(name) or prior(name, past[-1].value) for name, past in usable.items()}
    middle = math.exp(sum(map(math.log, usual.values())) / len(usual))
    speeds = middle * 10.0**POWERS
    scores = {name: likelihood(speeds, past, NOISES[:, None]) for name, past in usable.items() if len(past) > 1}
    if not scores:
        return Drift(usual)
    priors = -0.5 * (np.log(NOISES[:, None]) / DOUBT) ** 2 - 0.5 * (POWERS * math.log(10.0) / WIDTH) ** 2
    noise, common = np.unravel_index(np.argmax(sum(scores.values()) + priors), priors.shape)
    own = -0.5 * ((POWERS - POWERS[common]) * math.log(10.0) / SPREAD) ** 2
    found = {name: float(speeds[np.argmax(own + (scores[name][noise] if name in scores else 0.0))]) for name in usable}
    return Drift(found, dict.fromkeys(usable, float(NOISES[noise])))


def _is_usable(one: Estimate) -> bool:
    return math.isfinite(one.value) and 0 <= one.error < math.inf


def likelihood(
    speeds: NDArray[np.float64], history: Sequence[Estimate], noise: float | NDArray[np.float64] = 1.0
) -> NDArray[np.float64]:
    """Return the logarithm of the likelihood of each speed, up to a constant; of each noise too where that is a column.

    Parameters
    ----------
    noise : how much larger than claimed all errors are
    """
    first = history[0]
    shape = np.broadcast(speeds, noise).shape
    mean, variance = np.full(shape, first.value), np.broadcast_to((noise * first.error) ** 2, shape)
    total, last = np.zeros(shape), first.time
    for one in history[1:]:
        variance = variance + speeds * max(one.time - last, 0.0)
        spread = variance + (noise * one.error) ** 2 + 1e-300
        step = one.value - mean
        total -= 0.5 * (np.log(spread) + step**2 / spread)
        gain = variance / spread
        mean, variance, last = mean + gain * step, (1 - gain) * variance, one.time
    return total


def posterior(name: str, known: Estimate, seen: Estimate, drift: Drift) -> Estimate:
    """Return what is believed after a measurement, given what was believed before; of the time of the measurement."""
    before = drift.variance(name, known, seen.time)
    if not math.isfinite(before):
        return seen
    gain = before / (before + drift.error(name, seen.error) ** 2 + 1e-300)
    value = known.value + gain * (seen.value - known.value)
    return Estimate(value, math.sqrt((1 - gain) * before), seen.unit, seen.time, seen.run)
