"""Straight lines and parabolas."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit
from .recipe import FREE, Frame, Null, Physical, Recipe
from .scan import Grid
from .verdict import fitted

Floats = NDArray[np.float64]


def _powers(order: int, u: Floats) -> Grid:
    columns = u[None, :, None] ** np.arange(order + 1)
    return Grid(np.zeros((1, 0)), columns, np.zeros((1, 0)), np.zeros(0))


def _line(theta: Floats, frame: Frame) -> list[Floats]:
    slope = theta[..., 1] * frame.dy / frame.dx
    return [slope, frame.y0 + theta[..., 0] * frame.dy - slope * frame.x0]


def _zero(theta: Floats, frame: Frame) -> list[Floats]:
    slope = theta[..., 1] * frame.dy / frame.dx
    return [frame.x0 - (frame.y0 + theta[..., 0] * frame.dy) / slope, slope]


def _vertex(theta: Floats, frame: Frame) -> list[Floats]:
    at = -theta[..., 1] / (2 * theta[..., 2])
    best = theta[..., 0] + theta[..., 1] * at / 2
    return [frame.x0 + frame.dx * at, theta[..., 2] * frame.dy / frame.dx**2, frame.y0 + frame.dy * best]


def _bounds(u: Floats) -> tuple[list[float], list[float]]:
    return [-FREE] * 3, [FREE] * 3


def _recipe(
    name: str, names: tuple[str, ...], order: int, physical: Physical, null: Null, least: int, essential: str = ""
) -> Recipe:  # fmt: skip
    return Recipe(
        name, names, 0, partial(_powers, order), (), tuple(range(order + 1)), _bounds, physical,
        ("offset", "slope", "curvature"), dict.fromkeys(range(order + 1, 3), 0.0), "middle", least, null, lambda n: 1.0,
        (essential,) if essential else (), n_starts=1,
    )  # fmt: skip


LINE = _recipe("line", ("slope", "intercept"), 1, _line, "nothing", 3)
ZERO = _recipe("zero of a line", ("zero", "slope"), 1, _zero, "constant", 4, "slope")
PARABOLA = _recipe("parabola", ("centre", "curvature", "extremum"), 2, _vertex, "line", 4, "curvature")


def fit_line(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None) -> list[Fit]:
    """Fit ``slope x + intercept``; a slope of 0 is an answer, not a failure."""
    return fitted(LINE, x, y, sigma)


def fit_zero(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None) -> list[Fit]:
    """Fit ``slope (x - zero)``: where a line crosses 0; fails where the line has no slope."""
    return fitted(ZERO, x, y, sigma)


def fit_parabola(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None) -> list[Fit]:
    """Fit ``extremum + curvature (x - centre)^2``; fails where a straight line does as well."""
    return fitted(PARABOLA, x, y, sigma)
