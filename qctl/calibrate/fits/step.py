"""Steps: responses that settle in exponentials, edges (time of flight), smooth changes from level to level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit
from .recipe import FREE, Frame, Recipe
from .scan import Grid
from .verdict import UNKNOWN, fitted

Floats = NDArray[np.float64]
MOST_COMPONENTS = 3
N_RATES = 14  # rates of which all combinations are tried
MOST_PLACES = 300
BOUND = "tau ended"


def _rates(u: Floats, number: int) -> Floats:
    steps = np.diff(np.unique(u))
    return np.geomspace(0.3, 2.0 / float(steps.min()) if len(steps) else 10.0, number)


def _settling_grid(components: int, u: Floats) -> Grid:
    rates = _rates(u, {1: 40, 2: N_RATES, 3: N_RATES}[components])
    tried = np.array(list(combinations(rates, components)))
    e = np.exp(-tried[:, None, :] * u[:, None])
    columns = np.concatenate([np.ones((*e.shape[:2], 1)), e], axis=2)
    return Grid(tried, columns, np.log(tried), np.full(components, 0.7))


def _settling_bounds(u: Floats) -> tuple[list[float], list[float]]:
    steps = np.diff(np.unique(u[0]))
    fastest = 5.0 / float(steps.min()) if len(steps) else 30.0
    return [-FREE, *[-FREE, 0.05] * 3], [FREE, *[FREE, fastest] * 3]


def _settling(components: int, theta: Floats, frame: Frame) -> list[Floats]:
    found = [frame.y0 + frame.dy * theta[..., 0]]
    for k in range(components):
        tau = frame.dx / theta[..., 2 * k + 2]
        found += [frame.dy * theta[..., 2 * k + 1] * np.exp(np.minimum(frame.x0 / tau, 600)), tau]
    return found


def _settling_recipe(components: int) -> Recipe:
    names = ("offset", *(f"{name}{k}" for k in range(1, components + 1) for name in ("amplitude", "tau")))
    unused = {k: (0.0 if k % 2 else 1.0) for k in range(2 * components + 1, 7)}
    inner = ("offset", "amplitude1", "tau1", "amplitude2", "tau2", "amplitude3", "tau3")
    return Recipe(
        {1: "one exponential", 2: "two exponentials", 3: "three exponentials"}[components], names, 2,
        partial(_settling_grid, components), tuple(range(2, 2 * components + 1, 2)),
        (0, *range(1, 2 * components, 2)), _settling_bounds, partial(_settling, components), inner, unused, "start",
        least=2 * components + 3, trials=lambda n: 3.0 * components, n_starts=4,
    )  # fmt: skip


SETTLING = {k: _settling_recipe(k) for k in range(1, MOST_COMPONENTS + 1)}
SURELY_MORE = 10.0  # what another exponential must save in BIC


def fit_exponentials(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, components: int | None = None
) -> list[Fit]:
    """Fit ``offset + sum_k amplitude_k exp(-x / tau_k)``, such as the step response of a flux line.

    Parameters
    ----------
    components : 1 to 3; None: for each set as many as lower the Bayesian information criterion (Schwarz, Ann. Stat. 6,
        461) by more than 10, that is, as the points can tell apart
    """
    if components is not None:
        return fitted(SETTLING[components], x, y, sigma)
    ladders = zip(*(fitted(SETTLING[k], x, y, sigma) for k in SETTLING), strict=True)
    return [simplest(ladder, SURELY_MORE) for ladder in ladders]


def simplest(ladder: tuple[Fit, ...], surely: float) -> Fit:
    """Return the first fit than which no later, more complex one is better by ``surely`` in BIC."""
    chosen = ladder[0]
    for fit in ladder[1:]:
        if fit.ok and (information(fit) < information(chosen) - surely or not np.isfinite(chosen.values).all()):
            chosen = fit
    return chosen


def information(fit: Fit) -> float:
    """Return the Bayesian information criterion of a fit, up to a constant of its points."""
    rest = fit.y - fit.curve
    used = np.isfinite(fit.sigma) & np.isfinite(rest)
    n = int(used.sum()) * (2 if np.iscomplexobj(rest) else 1)
    if n <= len(fit.values) or not np.isfinite(fit.values).all():
        return np.inf
    # Points that one fit leaves out are in the other: they count as if they lay five times the usual distance away.
    usual = np.median(np.abs(rest[used])) + 1e-300
    square = np.minimum(np.abs(rest[np.isfinite(rest)]) / usual, 7.0) ** 2
    n = square.size * (2 if np.iscomplexobj(rest) else 1)
    return float(n * np.log(np.sum(square) * usual**2 / n + 1e-300) + len(fit.values) * np.log(n))


def _places(u: Floats) -> Floats:
    axis = np.unique(u)
    return axis[1 : -1 : 1 + len(axis) // MOST_PLACES] if len(axis) > 4 else axis


def _edge_grid(u: Floats) -> Grid:
    tried = np.array([(c, r) for r in _rates(u, 6) for c in _places(u)])
    after = np.maximum(u - tried[:, :1], 0)
    rise = 1 - np.exp(-tried[:, 1:] * after)
    place = np.stack([tried[:, 0], np.log(tried[:, 1])], axis=1)
    return Grid(tried, np.stack([np.ones_like(rise), rise], axis=2), place, np.array([0.03, 1.0]))


def _edge_bounds(u: Floats) -> tuple[list[float], list[float]]:
    steps = np.diff(np.unique(u[0]))
    fastest = 20.0 / float(steps.min()) if len(steps) else 100.0
    return [-FREE, -FREE, float(u[0].min()), 0.3], [FREE, FREE, float(u[0].max()), fastest]


def _edge(theta: Floats, frame: Frame) -> list[Floats]:
    offset, height, start, rate = (theta[..., k] for k in range(4))
    return [frame.x0 + frame.dx * start, frame.dy * height, frame.dx / rate, frame.y0 + frame.dy * offset]


def _at_edge(name: str, values: Mapping[str, float], errors: Mapping[str, float], x: Floats) -> str:
    span = x[-1] - x[0]
    if not x[0] + 0.02 * span < values[name] < x[-1] - 0.02 * span:
        return f"the step lies at the edge of the scan ({values[name]:.6g})"
    return ""


EDGE = Recipe(
    "edge", ("start", "height", "tau", "offset"), 12, _edge_grid, (2, 3), (0, 1), _edge_bounds, _edge,
    ("offset", "height", "start", "tau"), origin="first", least=8, trials=float, n_starts=5,
    judge=partial(_at_edge, "start"), coarse=True,
)  # fmt: skip


def fit_edge(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None) -> list[Fit]:
    """Fit ``offset``, and from ``start`` on ``offset + height (1 - exp(-(x - start) / tau))``: time of flight."""
    return [_between_points(fit) for fit in fitted(EDGE, x, y, sigma)]


def _between_points(fit: Fit) -> Fit:
    """Give an edge that is sharper than the distance of the points the error that this distance allows."""
    step = float(np.median(np.diff(fit.x))) if len(fit.x) > 1 else np.nan
    if not fit.value("tau") < step:
        return fit
    noise = float(np.median(fit.sigma))
    before, after = max(int(np.sum(fit.x < fit.value("start"))), 1), max(int(np.sum(fit.x > fit.value("start"))), 1)
    variances = [step**2 / 12, noise**2 * (1 / before + 1 / after), step**2 / 12, noise**2 / before]
    sharp = fit.reason.startswith((BOUND, UNKNOWN))  # all that can be said against it is that tau is short
    reason = "" if sharp else fit.reason
    return replace(fit, covariance=np.diag(variances), at_bound=(), ok=not reason, reason=reason)


def _sigmoid_grid(u: Floats) -> Grid:
    tried = np.array([(c, w) for w in (0.01, 0.03, 0.08, 0.2) for c in _places(u)])
    shape = 1 / (1 + np.exp(-np.clip((u - tried[:, :1]) / tried[:, 1:], -600, 600)))
    place = np.stack([tried[:, 0], np.log(tried[:, 1])], axis=1)
    return Grid(tried, np.stack([np.ones_like(shape), shape], axis=2), place, np.array([0.08, 0.9]))


def _sigmoid_bounds(u: Floats) -> tuple[list[float], list[float]]:
    return [-FREE, -FREE, -FREE, float(u[0].min()), 1e-3], [FREE, FREE, FREE, float(u[0].max()), 1.0]


def _sigmoid(theta: Floats, frame: Frame) -> list[Floats]:
    offset, _, height, centre, width = (theta[..., k] for k in range(5))
    return [frame.x0 + frame.dx * centre, frame.dy * height, frame.dx * width, frame.y0 + frame.dy * offset]


SIGMOID = Recipe(
    "sigmoid", ("centre", "height", "width", "offset"), 13, _sigmoid_grid, (3, 4), (0, 2), _sigmoid_bounds, _sigmoid,
    ("offset", "slope", "height", "centre", "width"), {1: 0.0}, "first", least=6, trials=float,
    judge=partial(_at_edge, "centre"),
)  # fmt: skip


def fit_sigmoid(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None) -> list[Fit]:
    """Fit ``offset + height / (1 + exp(-(x - centre) / width))``: where a resonator lets go of its qubit, by power."""
    return fitted(SIGMOID, x, y, sigma)
