"""Curves that are linear in all parameters: any columns (AllXY, crosstalk), and the paraboloid of a mixer's leakage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qctl.core.errors import UsageError

from .fit import Fit, failed
from .points import prepare
from .residuals import chance, neighbours, runs_test

Floats = NDArray[np.float64]
BY_CHANCE = 3e-5
SIGNS, MISFIT = 0.01, 0.04


def fit_linear(
    columns: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, names: Sequence[str], null: Sequence[str] = (),
) -> list[Fit]:  # fmt: skip
    """Fit ``sum_k values_k columns_k``.

    Parameters
    ----------
    columns : shape (n_points, n_names); x of each Fit is the number of the point
    names : of the parameters
    null : those of the simpler curve that this one must beat; none: everything is an answer, also 0
    """
    matrix = np.asarray(columns, float)
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or matrix.shape[0] != np.atleast_2d(np.asarray(y)).shape[1]:
        shapes = f"columns of shape {matrix.shape}, y of {np.shape(y)}, {len(names)} names"
        raise UsageError(shapes, allowed="columns (n_points, n_names), y (n_sets, n_points)")
    points = prepare(np.arange(len(matrix)), y, sigma, least=len(names) + 1, origin="first")
    simple = matrix[:, [list(names).index(name) for name in null]]
    return [
        failed("linear", tuple(names), fault, points.x[k], points.y[k], points.sigma[k]) if points.hopeless[k]
        else _one(matrix, simple, tuple(names), points.x[k], points.y[k], points.sigma[k], fault)
        for k, fault in enumerate(points.faults)
    ]  # fmt: skip


def _one(
    matrix: Floats, simple: Floats, names: tuple[str, ...], x: Floats, y: Floats, sigma: Floats, fault: str
) -> Fit:  # fmt: skip
    known = bool(np.isfinite(sigma).all())
    good = np.isfinite(y)
    w = np.where(good, 1 / sigma if known else 1.0, 0.0)
    values, rest, normal = _solve(matrix, np.where(good, y, 0.0), w)
    left = int(good.sum()) - len(names)
    spread = rest / left
    covariance = np.asarray(np.linalg.pinv(normal), float) * (max(spread, 1.0) if known else spread)
    curve = matrix @ values
    residuals = np.where(good, y - curve, np.nan)[None]
    (p,), (z,) = runs_test(residuals)
    _, (systematic,) = neighbours(residuals)
    noise = float(np.sqrt(np.mean(sigma[good] ** 2))) if known else float(np.sqrt(spread))
    swing = float(np.ptp(curve))
    reason = fault
    if not reason and simple.size:
        more, lefts = np.array([len(names) - simple.shape[1]]), np.array([left])
        null = np.array([_solve(simple, np.where(good, y, 0.0), w)[1]])
        if chance(null, np.array([rest]), more, lefts, 1.0, known)[0] > BY_CHANCE:
            reason = "nothing but noise: a simpler curve explains the points as well"
    if not reason and np.linalg.matrix_rank(normal) < len(names):
        reason = "the points do not determine all parameters"
    if not reason and p < SIGNS and z < 0 and systematic > MISFIT * swing:
        reason = "residuals follow each other: the curve is not the one that was measured"
    return Fit(
        "linear", names, values, covariance, float(spread) if known else 1.0, float(p), (), swing / max(noise,
        1e-300), not reason,
        reason, x, y, sigma if known else np.full(len(y), noise), curve,
    )  # fmt: skip


def _solve(matrix: Floats, y: Floats, w: Floats) -> tuple[Floats, float, Floats]:
    scaled = matrix * w[:, None]
    values = np.asarray(np.linalg.lstsq(scaled, y * w, rcond=None)[0], float)
    return values, float(np.sum((scaled @ values - y * w) ** 2)), scaled.T @ scaled


def fit_paraboloid(
    x0: ArrayLike, x1: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None
) -> list[Fit]:  # fmt: skip
    """Fit ``extremum + c00 d0^2 + c11 d1^2 + 2 c01 d0 d1`` with d = x - centre: a mixer's leaked power.

    Parameters
    ----------
    x0, x1 : coordinates of the points, shape (n_points,)
    y : shape (n_points,) or (n_sets, n_points)

    Returns
    -------
    list of Fit
        ``centre0, centre1, extremum, c00, c11, c01``; fails where the surface has no extremum.
    """
    a, b = np.asarray(x0, float), np.asarray(x1, float)
    scale = [(float(np.mean(c)), float(np.ptp(c)) or 1.0) for c in (a, b)]
    u, v = ((c - middle) / span for c, (middle, span) in zip((a, b), scale, strict=True))
    columns = np.stack([np.ones_like(u), u, v, u * u, v * v, 2 * u * v], axis=1)
    fits = fit_linear(columns, y, sigma, names=("1", "u", "v", "uu", "vv", "uv"), null=("1", "u", "v"))
    return [_with_centre(fit, scale) for fit in fits]


SURFACE = ("centre0", "centre1", "extremum", "c00", "c11", "c01")


def _with_centre(fit: Fit, scale: Sequence[tuple[float, float]]) -> Fit:
    steps = 1e-3 * np.sqrt(np.maximum(np.diagonal(fit.covariance), 0)) + 1e-12 * np.abs(fit.values)
    physical = partial(_extremum, scale)
    with np.errstate(all="ignore"):
        values = physical(fit.values)
        moved = [
            (physical(fit.values + d) - physical(fit.values - d)) / (2 * h or 1)
            for d, h in zip(np.diag(steps), steps, strict=True)
        ]
        jacobian = np.array(moved).T
        covariance = jacobian @ fit.covariance @ jacobian.T
    reason = fit.reason
    if not reason and not values[3] * values[4] > values[5] ** 2:
        reason = "the surface has no extremum: it bends up in one direction and down in another"
    return replace(
        fit, model="paraboloid", names=SURFACE, values=values, covariance=covariance, ok=not reason, reason=reason
    )  # fmt: skip


def _extremum(scale: Sequence[tuple[float, float]], p: Floats) -> Floats:
    (m0, s0), (m1, s1) = scale
    determinant = p[3] * p[4] - p[5] ** 2
    u, v = (p[5] * p[2] - p[4] * p[1]) / (2 * determinant), (p[5] * p[1] - p[3] * p[2]) / (2 * determinant)
    return np.array(
        [m0 + s0 * u, m1 + s1 * v, p[0] + (p[1] * u + p[2] * v) / 2, p[3] / s0**2, p[4] / s1**2, p[5] / (s0 * s1)]
    )
