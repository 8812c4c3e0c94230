"""Oscillations of a special kind: two that beat, errors that gates amplify, lines of pulses of known length."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit
from .oscillation import by_length, fit_damped_cosine, highest_frequency, wave
from .recipe import FREE, Frame, Held, Recipe
from .scan import Grid
from .step import information
from .verdict import fitted

Floats = NDArray[np.float64]
TAU = 2 * np.pi
SPLITTINGS = (0.4, 0.7, 1.0, 1.5, 2.2, 3.3, 5.0, 8.0)  # differences of two frequencies that are tried, by span
RATES = (0.0, 2.0, 5.0)
MOST_FREQUENCIES = 100
SURELY_TWO = 10.0  # what the second frequency must save in BIC


def _beating_grid(gaussian: bool, u: Floats) -> Grid:
    top = highest_frequency(u)
    middles = np.linspace(0.5, top, int(np.clip(2 * top, 4, MOST_FREQUENCIES)))
    tried = np.array([
        (m - d / 2, m + d / 2,
        r) for r in RATES for d in SPLITTINGS for m in middles if m > d / 2 + 0.3 and m + d / 2 < top
    ])  # fmt: skip
    decay = np.exp(-((tried[:, 2:] * u) ** 2) if gaussian else -tried[:, 2:] * u)
    angles = [TAU * tried[:, k : k + 1] * u for k in (0, 1)]
    waves = [decay * turn(angle) for angle in angles for turn in (np.cos, np.sin)]
    columns = np.stack([np.ones_like(decay), *waves], axis=2)
    return Grid(tried, columns, tried, np.array([0.4, 0.4, 1.5]))


def _beating_bounds(u: Floats) -> tuple[list[float], list[float]]:
    top = 1.02 * highest_frequency(u[0])
    pair = [-FREE, -FREE, 0.05], [FREE, FREE, top]
    return [-FREE, -FREE, 0.0, 0.0, *pair[0] * 2], [FREE, FREE, 100.0, 100.0, *pair[1] * 2]


def _beating(theta: Floats, frame: Frame) -> list[Floats]:
    waves = [wave(theta[..., k], theta[..., k + 1], theta[..., k + 2], frame) for k in (4, 7)]
    swap = np.median((waves[1][0] > waves[0][0]).reshape(-1, theta.shape[-2]), axis=0) > 0.5  # the stronger one first
    both = [np.where(swap, b, a) for a, b in zip(*waves, strict=True)]
    rest = [np.where(swap, a, b) for a, b in zip(*waves, strict=True)]
    with np.errstate(divide="ignore"):
        tau = frame.dx / (theta[..., 2] + theta[..., 3])
    return [*both, *rest, tau, frame.y0 + frame.dy * theta[..., 0]]


def _beating_recipe(gaussian: bool) -> Recipe:
    pair = [(f"amplitude{k}", f"frequency{k}", f"phase{k}") for k in (1, 2)]
    inner = [(f"amplitude{k}", f"amplitude{k}", f"frequency{k}") for k in (1, 2)]
    return Recipe(
        f"two cosines in {'a Gaussian' if gaussian else 'an exponential'} envelope",
        (*pair[0], *pair[1], "tau", "offset"), 4, partial(_beating_grid, gaussian),
        (6, 9, 3 if gaussian else 2), (0, 4, 5, 7, 8), _beating_bounds, _beating,
        ("offset", "slope", "tau", "tau", *inner[0], *inner[1]), {1: 0.0, 2 if gaussian else 3: 0.0}, "start", least=12,
        trials=lambda n: 2.0 * n, essential=("frequency1", "frequency2", "amplitude2"), n_starts=6,
    )  # fmt: skip


BEATING = {"exponential": _beating_recipe(False), "gaussian": _beating_recipe(True)}


def fit_beating(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, envelope: str = "exponential"
) -> list[Fit]:
    """Fit the sum of two cosines in one envelope: a qubit with two charge parities, or beside a two-level defect.

    The stronger one is number 1. Parameters are ``amplitude``, ``frequency``, ``phase`` of each, ``tau``, ``offset``.
    Fails where one frequency explains the points as well (difference of BIC below 10).
    """
    one = fit_damped_cosine(x, y, sigma, envelope=envelope, tau_needed=False)
    two = fitted(BEATING[envelope], x, y, sigma)
    return [_if_two(a, b) for a, b in zip(one, two, strict=True)]


def _if_two(one: Fit, two: Fit) -> Fit:
    if not two.ok or information(two) < information(one) - SURELY_TWO:
        return two
    return replace(two, ok=False, reason="one frequency explains the points as well as two")


def fit_amplification(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, turn: float = np.pi, start: float = np.pi / 2,
    most: float = 0.5, amplitude: ArrayLike | None = None,
) -> list[Fit]:  # fmt: skip
    """Fit ``offset + amplitude cos(start + (turn + error) x)``: what x repetitions of a gate make of its error.

    Parameters
    ----------
    x : number of repetitions
    turn, start : angle of one repetition if it were perfect, and angle before the first one (rad)
    most : largest error that is looked for (rad)
    amplitude : when it is known, a number or one for each set. Small errors need it (they only show as amplitude times
        error), and an error of 0 is then an answer; without it the points must reach beyond a straight line

    Returns
    -------
    list of Fit
        ``error`` in rad for each repetition, positive where the gate turns too far if ``amplitude`` is positive;
        populations of 1 against angle have a negative one.
    """

    def make(length: float) -> Recipe:
        known = turn * length / TAU
        low, high = (turn - most) * length / TAU, (turn + most) * length / TAU
        number = max(9, int(8 * (high - low)) | 1)  # all are starts: the scan does not know the amplitude

        def grid(u: Floats) -> Grid:
            tried = np.linspace(low, high, number)[:, None]
            columns = np.stack([np.ones((len(tried), len(u))), np.cos(start + TAU * tried * u)], axis=2)
            return Grid(tried, columns, tried, np.array([1e-9]))

        def physical(theta: Floats, frame: Frame) -> list[Floats]:
            error = TAU * (theta[..., 4] - known) / frame.dx
            return [error, frame.dy * theta[..., 2], frame.y0 + frame.dy * theta[..., 0]]

        held: dict[int, Held] = {1: 0.0, 3: 0.0, 5: 0.0, 6: 0.0, 7: start}
        if amplitude is not None:
            held[2] = lambda points: np.asarray(
                np.broadcast_to(np.asarray(amplitude, float) / points.dy, points.dy.shape)
            )
        return Recipe(
            "amplified error", ("error", "amplitude", "offset"), 3, grid, (4,), (0, 2),
            lambda u: ([-FREE] * 4 + [low, 0.0, 0.0, -1e3], [FREE] * 4 + [high, 1.0, 1.0, 1e3]), physical,
            ("offset", "slope", "amplitude", "amplitude", "error", "tau", "tau", "phase"), held, "zero", least=5,
            null="constant" if amplitude is None else "nothing", trials=lambda n: 3.0, essential=("amplitude",),
            n_starts=number,
        )  # fmt: skip

    return by_length(make, x, y, sigma)


def fit_rabi_line(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, duration: float) -> list[Fit]:
    """Fit the line of a square pulse: ``offset + height (f / F)^2 sin^2(pi duration F)``, F^2 = f^2 + (x - centre)^2.

    Parameters
    ----------
    x : detuning or frequency
    duration : of the pulse, in 1 / unit of x
    """

    def make(length: float) -> Recipe:
        long = duration * length

        def grid(u: Floats) -> Grid:
            rates = np.array([0.15, 0.3, 0.5, 0.7, 0.85, 1.2, 1.5]) / long
            centres = np.linspace(u.min(), u.max(), int(np.clip(3 * long, 21, 200)))
            tried = np.array([(c, r) for r in rates for c in centres])
            total = np.sqrt((u - tried[:, :1]) ** 2 + tried[:, 1:] ** 2)
            shape = (tried[:, 1:] / total * np.sin(np.pi * long * total)) ** 2
            place = np.stack([tried[:, 0], np.log(tried[:, 1])], axis=1)
            return Grid(tried, np.stack([np.ones_like(shape), shape], axis=2), place, np.array([0.05, 0.2]))

        def physical(theta: Floats, frame: Frame) -> list[Floats]:
            centre, rabi = frame.x0 + frame.dx * theta[..., 3], frame.dx * theta[..., 4]
            return [centre, rabi, frame.dy * theta[..., 2], frame.y0 + frame.dy * theta[..., 0]]

        return Recipe(
            "line of a square pulse", ("centre", "rabi", "height", "offset"), 7, grid, (3, 4), (0, 2),
            lambda u: ([-FREE] * 3 + [float(u.min()), 0.02 / long, 0.0], [FREE] * 3 + [float(u.max()), 3.0 / long,
            1e6]),
            physical, ("offset", "slope", "height", "centre", "rabi", "duration"), {1: 0.0, 5: long}, "middle", least=6,
            trials=float, n_starts=6,
        )  # fmt: skip

    return by_length(make, x, y, sigma)
