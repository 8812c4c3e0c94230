"""Decays: exponential ones with an offset (T1, echo) and powers (randomised benchmarking)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit
from .points import Points
from .recipe import FREE, Frame, Held, Physical, Recipe
from .scan import Grid
from .verdict import fitted

Floats = NDArray[np.float64]
SLOWEST, FASTEST = 0.02, 3.0  # rates that are tried, by span and by smallest step


def _rates(u: Floats) -> Floats:
    steps = np.diff(np.unique(u))
    return np.geomspace(0.1, max(FASTEST / steps.min() if len(steps) else 10.0, 3.0), 40)


def _grid(power: float, u: Floats) -> Grid:
    rates = _rates(u)
    e = np.exp(-((rates[:, None] * np.maximum(u, 0)) ** power))
    return Grid(rates[:, None], np.stack([np.ones_like(e), e], axis=2), np.log(rates)[:, None], np.array([0.7]))


def _bounds(u: Floats) -> tuple[list[float], list[float]]:
    steps = np.diff(np.unique(u[0]))
    fastest = max(3 * FASTEST / steps.min() if len(steps) else 30.0, 30.0)
    return [-FREE, -FREE, SLOWEST, 0.2], [FREE, FREE, fastest, 4.0]


def _physical(theta: Floats, frame: Frame) -> list[Floats]:
    tau = frame.dx / theta[..., 2]
    amplitude = frame.dy * theta[..., 1] * np.exp((frame.x0 / tau) ** theta[..., 3])
    return [amplitude, tau, frame.y0 + frame.dy * theta[..., 0], theta[..., 3]]


def _rb(theta: Floats, frame: Frame) -> list[Floats]:
    amplitude, tau, offset, _ = _physical(theta, frame)
    return [amplitude, np.exp(-1 / tau), offset]


def _judge(values: Mapping[str, float], errors: Mapping[str, float], x: Floats) -> str:
    span, step = x[-1] - x[0], (x[2] - x[0]) / 2  # points may be close only where a decay is steep
    tau, error = values["tau"], errors["tau"]
    if tau > 3 * span or (tau > span and error > 0.5 * tau):
        return f"the scan is too short: it ends long before the signal has decayed (tau {tau:.3g}, scan {span:.3g})"
    if tau < 0.7 * step:
        return (
            f"the points are too sparse: the signal has decayed before the second one (tau {tau:.3g}, step {step:.3g})"
        )
    return ""


def _from_exponential(nonlinear: Floats, linear: Floats, points: Points) -> Floats:
    """Return starts of decays whose power is not known: that it is 1."""
    return np.concatenate([linear, nonlinear, np.ones_like(nonlinear)], axis=2)


def _recipe(
    name: str, names: tuple[str, ...], power: float | None, physical: Physical, essential: tuple[str, ...] = ("tau",)
) -> Recipe:  # fmt: skip
    held: dict[int, Held] = {} if power is None else {3: power}
    return Recipe(
        name, names, 1, partial(_grid, power or 1.0), (2,), (0, 1), _bounds,
        lambda theta, frame: physical(theta, frame)[: len(names)], ("offset", "amplitude", names[1], "power"), held,
        "start", 5 if power else 7, "constant", lambda n: 3.0, essential, _judge if essential else None,
        arrange=None if power else _from_exponential,
    )  # fmt: skip


TIMES = ("amplitude", "tau", "offset")
EXPONENTIAL = _recipe("exponential decay", TIMES, 1.0, _physical)
GAUSSIAN_DECAY = _recipe("Gaussian decay", TIMES, 2.0, _physical)
STRETCHED = _recipe("stretched decay", (*TIMES, "power"), None, _physical, ("tau", "power"))
POWER = _recipe("randomised benchmarking", ("amplitude", "p", "offset"), 1.0, _rb, ())
ENVELOPES = {"exponential": EXPONENTIAL, "gaussian": GAUSSIAN_DECAY, "stretched": STRETCHED}


def fit_decay(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, envelope: str = "exponential"
) -> list[Fit]:
    """Fit ``offset + amplitude exp(-(x / tau)^power)``.

    Parameters
    ----------
    envelope : "exponential" (power 1), "gaussian" (power 2) or "stretched" (power is fitted and named)
    """
    return fitted(ENVELOPES[envelope], x, y, sigma)


def fit_rb(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None) -> list[Fit]:
    """Fit ``amplitude p^x + offset``, x the number of gates."""
    return fitted(POWER, x, y, sigma)
