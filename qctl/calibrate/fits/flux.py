"""Frequencies against flux: transmons, the resonators that they push, and two levels that avoid each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit
from .points import Points
from .recipe import FREE, Frame, Held, Recipe
from .scan import Grid
from .verdict import fitted

Floats = NDArray[np.float64]
PERIODS = np.geomspace(0.4, 8.0, 28)  # flux quanta that are tried, by the scan
ASYMMETRIES = (0.0, 0.25, 0.5, 0.75)
ARC_INNER = ("highest", "charging", "asymmetry", "centre", "period")


def _tries(asymmetries: tuple[float, ...]) -> Floats:
    """Return asymmetry, centre and period of the arcs that are tried, each once."""
    found = [(d, c * p, p) for d in asymmetries for p in PERIODS for c in np.arange(-0.5, 0.5, 1 / 24)]
    tried = np.array(found, float)
    return np.asarray(tried[np.abs(tried[:, 1]) < 1.0])


def _shape(u: Floats, tried: Floats) -> Floats:
    angle = np.pi * (u - tried[:, 1:2]) / tried[:, 2:3]
    return np.asarray((np.cos(angle) ** 2 + tried[:, :1] ** 2 * np.sin(angle) ** 2) ** 0.25, float)


def _place(tried: Floats) -> Floats:
    return np.stack([tried[:, 0], tried[:, 1], np.log(tried[:, 2])], axis=1)


APART = np.array([0.3, 0.1, 0.3])


def _arc_grid(asymmetries: tuple[float, ...], u: Floats) -> Grid:
    tried = _tries(asymmetries)
    shape = _shape(u, tried)
    return Grid(tried, np.stack([shape, np.ones_like(shape)], axis=2), _place(tried), APART)


def _arc_bounds(u: Floats) -> tuple[list[float], list[float]]:
    return [-FREE, -1e9, 0.0, -2.0, 0.2], [FREE, 1e9, 0.99, 2.0, 20.0]


def _arc_starts(charging: float, nonlinear: Floats, linear: Floats, points: Points) -> Floats:
    starts = np.empty((*nonlinear.shape[:2], 5))
    starts[:, :, 0] = linear[:, :, 0] + linear[:, :, 1]
    starts[:, :, 1] = ((charging + points.y0) / points.dy)[:, None]
    starts[:, :, 2:] = nonlinear
    return starts


def _arc(theta: Floats, frame: Frame) -> list[Floats]:
    period = frame.dx * theta[..., 4]
    centre = _next_to_zero(frame.x0 + frame.dx * theta[..., 3], period)
    return [frame.y0 + frame.dy * theta[..., 0], theta[..., 2], centre, period]


def _next_to_zero(centre: Floats, period: Floats) -> Floats:
    """Return the sweet spot that lies next to x = 0; the same one for all values of one set that are compared."""
    quanta = (centre / period).reshape(-1, centre.shape[-1])
    return np.asarray(centre - period * np.round(np.median(quanta, axis=0)))


def _held(value: float, by: str) -> Callable[[Points], Floats]:
    """Return what finds a known number in the scale of the points."""
    if by == "y":
        return lambda points: np.asarray((value - points.y0) / points.dy)
    if by == "-y":
        return lambda points: np.asarray((value + points.y0) / points.dy)
    return lambda points: np.asarray(value / points.dx)


def fit_arc(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, charging: float,
    asymmetry: float | None = None, period: float | None = None,
) -> list[Fit]:  # fmt: skip
    """Fit a flux-tunable transmon: ``(highest + E) (cos^2 + d^2 sin^2)^(1/4) - E`` of pi (x - centre) / period.

    Parameters
    ----------
    x, y : flux bias in any unit, frequency in any unit
    charging : E, the charging energy (minus the anharmonicity, nearly) in the unit of y
    asymmetry, period : d, and what makes one flux quantum, where they are known
    """
    held: dict[int, Held] = {1: _held(charging, "-y")}
    held |= {} if asymmetry is None else {2: asymmetry}
    held |= {} if period is None else {4: _held(period, "x")}
    names = ("highest", "asymmetry", "centre", "period")
    tried = ASYMMETRIES if asymmetry is None else (asymmetry,)
    recipe = Recipe(
        "transmon arc", names, 10, partial(_arc_grid, tried), (2, 3, 4), (0, 1), _arc_bounds, _arc, ARC_INNER,
        held, "middle", least=len(names) + 2, trials=lambda n: 30.0, essential=("period",), n_starts=8,
        arrange=partial(_arc_starts, charging),
    )  # fmt: skip
    return fitted(recipe, x, y, sigma)


PUSHES = (1.02, 1.08, 1.2, 1.5, 0.7, 0.5)  # resonator over qubit frequency at the sweet spot


def _pushed_grid(asymmetries: tuple[float, ...], u: Floats) -> Grid:
    arcs = _tries(asymmetries)
    tried = np.concatenate([np.column_stack([np.full(len(arcs), push), arcs]) for push in PUSHES])
    gap = tried[:, :1] - _shape(u, tried[:, 1:])
    shift = 1 / np.where(np.abs(gap) < 0.01, 0.01, gap)
    return Grid(tried, np.stack([np.ones_like(shift), shift], axis=2), _place(tried[:, 1:]), APART)


def _pushed_bounds(u: Floats) -> tuple[list[float], list[float]]:
    return [-1e9, 0.0, -1e9, -1e9, 0.0, -2.0, 0.2], [1e9, 1e9, 1e9, 1e9, 0.99, 2.0, 20.0]


def _pushed_starts(charging: float, highest: float, nonlinear: Floats, linear: Floats, points: Points) -> Floats:
    """Return starts: the scan says where the sweet spots are, the known qubit frequency how strong the coupling is."""
    y0, dy = points.y0[:, None], points.dy[:, None]
    starts = np.empty((*nonlinear.shape[:2], 7))
    bare = y0 + dy * linear[:, :, 0]
    starts[:, :, 0] = linear[:, :, 0]
    swing = np.abs(bare - highest) * np.maximum(points.v.max(axis=1) * points.dy, 1e-300)[:, None]
    starts[:, :, 1] = np.sqrt(swing) / dy
    starts[:, :, 2], starts[:, :, 3] = (highest - y0) / dy, (charging + y0) / dy
    starts[:, :, 4:] = nonlinear[:, :, 1:]
    return starts


def _pushed(theta: Floats, frame: Frame) -> list[Floats]:
    period = frame.dx * theta[..., 6]
    centre = _next_to_zero(frame.x0 + frame.dx * theta[..., 5], period)
    return [frame.y0 + frame.dy * theta[..., 0], frame.dy * theta[..., 1], centre, period]


def fit_resonator_arc(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, highest: float, charging: float,
    asymmetry: float | None = None,
) -> list[Fit]:  # fmt: skip
    """Fit a resonator's frequency against the flux of its qubit: ``bare + coupling^2 / (bare - qubit(x))``.

    Parameters
    ----------
    x, y : flux bias, frequency
    highest, charging : of the qubit, as well as they are known, in the unit of y; ``coupling`` depends on them,
        ``centre``
        and ``period`` hardly do
    asymmetry : of the qubit's junctions, where it is known
    """
    held: dict[int, Held] = {2: _held(highest, "y"), 3: _held(charging, "-y")}
    held |= {} if asymmetry is None else {4: asymmetry}
    tried = ASYMMETRIES[:3] if asymmetry is None else (asymmetry,)
    recipe = Recipe(
        "resonator pushed by its qubit", ("bare", "coupling", "centre", "period"), 11, partial(_pushed_grid, tried),
        (4, 5, 6), (0, 1), _pushed_bounds, _pushed, ("bare", "coupling", *ARC_INNER), held, "middle", least=7,
        trials=lambda n: 30.0, essential=("period",), n_starts=8, arrange=partial(_pushed_starts, charging, highest),
    )  # fmt: skip
    return fitted(recipe, x, y, sigma)


def _crossing_grid(level: bool, u: Floats) -> Grid:
    span = u.max() - u.min()
    tried = np.array([(c, g) for g in np.geomspace(0.02, 3, 14) * span for c in np.linspace(u.min(), u.max(), 41)])
    shape = np.sqrt(tried[:, 1:] ** 2 + (u - tried[:, :1]) ** 2)
    columns = np.stack([shape, np.ones_like(shape)] if level else [shape], axis=2)
    return Grid(tried, columns, np.stack([tried[:, 0], np.log(tried[:, 1])], axis=1), np.array([0.1, 0.8]))


def _crossing_starts(nonlinear: Floats, linear: Floats, points: Points) -> Floats:
    starts = np.empty((*nonlinear.shape[:2], 4))
    starts[:, :, 0] = linear[:, :, 1] if linear.shape[2] > 1 else (-points.y0 / points.dy)[:, None]
    starts[:, :, 1] = np.abs(linear[:, :, 0]) * nonlinear[:, :, 1]
    starts[:, :, 2], starts[:, :, 3] = np.abs(linear[:, :, 0]), nonlinear[:, :, 0]
    return starts


def _crossing(theta: Floats, frame: Frame) -> list[Floats]:
    offset, gap, steepness, centre = (theta[..., k] for k in range(4))
    return [
        frame.x0 + frame.dx * centre, frame.dy * np.abs(gap), frame.dy / frame.dx * steepness,
        frame.y0 + frame.dy * offset
    ]  # fmt: skip


def _far(values: Mapping[str, float], errors: Mapping[str, float], x: Floats) -> str:
    inside = x[0] <= values["centre"] <= x[-1]
    return "" if inside else f"the crossing lies outside the scan ({values['centre']:.6g})"


def fit_hyperbola(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, level: bool = False) -> list[Fit]:
    """Fit ``offset + sqrt(gap^2 + (steepness (x - centre))^2)``: a chevron, or a side of an avoided crossing.

    Parameters
    ----------
    level : whether the offset is fitted; else it is 0
    """
    names = ("centre", "gap", "steepness", *(("offset",) if level else ()))
    held: dict[int, Held] = {} if level else {0: _held(0.0, "y")}
    recipe = Recipe(
        "hyperbola", names, 9, partial(_crossing_grid, level), (3, 1), (2, 0) if level else (2,),
        lambda u: ([-1e6, 0.0, 0.0, -2.0], [1e6, 1e6, 1e6, 3.0]), lambda t, f: _crossing(t, f)[: len(names)],
        ("offset", "gap", "steepness", "centre"), held, "first", least=len(names) + 1, trials=lambda n: 10.0,
        n_starts=5,
        judge=_far, arrange=_crossing_starts,
    )  # fmt: skip
    return fitted(recipe, x, y, sigma)
