"""Fit many sets of points at once: bounded Levenberg-Marquardt, all sets of one model together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .plain_models import MODELS

CONVERGED, TIRED, SINGULAR, NOT_FINITE = 0, 1, 2, 3
MOST_ROUNDS = 200
Floats = NDArray[np.float64]


def evaluate(model: int, x: Floats, p: Floats, out: Floats) -> None:
    """Fill ``out`` (n_sets, n_points) with the curve of number ``model`` at x for parameters p (n_sets, n_par)."""
    _check(model, x, p, out.shape == x.shape)
    with np.errstate(all="ignore"):
        out[:] = MODELS[model][0](x, [p[:, k, None] for k in range(p.shape[1])])[0]


def fit(
    model: int, x: Floats, y: Floats, sigma: Floats, start: Floats, low: Floats, high: Floats,
    out_par: Floats, out_cov: Floats, out_chi2: Floats, out_flag: NDArray[np.int32],
) -> None:  # fmt: skip
    """Fit each row of y over x; a point of infinite sigma does not count, a parameter with low = high is held.

    Parameters
    ----------
    model : number in ``MODELS``
    x, y, sigma : shape (n_sets, n_points); y in units in which it is of order 1, sigma positive
    start, low, high : shape (n_sets, n_par)
    out_par : shape (n_sets, n_par); the best parameters found, within bounds
    out_cov : shape (n_sets, n_par, n_par); inverse of the normal matrix at the end, zero rows where held; NaN where
        singular
    out_chi2 : shape (n_sets,); sum of squares of residuals over sigma
    out_flag : shape (n_sets,); 0 converged, 1 still moving after 200 rounds, 2 parameters that the points do not
        determine,
        3 data, start or curve not finite

    Raises
    ------
    ValueError
        When the model is not known, the shapes do not fit each other, or a lower bound lies above its upper one.
    """
    n_sets, n_par = start.shape
    shapes = (
        x.shape == y.shape == sigma.shape
        and start.shape == low.shape == high.shape == out_par.shape
        and out_cov.shape == (n_sets, n_par, n_par)
        and out_chi2.shape == out_flag.shape == (n_sets,)
    )
    _check(model, x, start, shapes)
    if not np.all(low <= high):
        raise ValueError("a lower bound lies above its upper bound")
    for first in range(0, n_sets, 1024):
        rows = slice(first, first + 1024)
        _fit_block(
            model, x[rows], y[rows], sigma[rows], start[rows], low[rows], high[rows],
            out_par[rows], out_cov[rows], out_chi2[rows], out_flag[rows],
        )  # fmt: skip


def _check(model: int, x: Floats, p: Floats, shapes: bool) -> None:
    if not 0 <= model < len(MODELS):
        raise ValueError(f"no model {model}")
    if not shapes or len(p) != len(x) or p.shape[1] != MODELS[model][1]:
        raise ValueError("data, parameters and outputs do not fit each other")


def _normal(model: int, x: Floats, y: Floats, w: Floats, p: Floats) -> tuple[Floats, Floats, Floats]:
    """Return chi^2, its half gradient and the normal matrix of each set."""
    value, parts = MODELS[model][0](x, [p[:, k, None] for k in range(p.shape[1])])
    used = w > 0
    residual = np.where(used, (value - y) * w, 0.0)
    slopes = np.stack([np.where(used, part * w, 0.0) for part in parts], axis=2)
    return np.sum(residual**2, axis=1), np.einsum("snk,sn->sk", slopes, residual), slopes.transpose(0, 2, 1) @ slopes


def _chi2(model: int, x: Floats, y: Floats, w: Floats, p: Floats) -> Floats:
    value = MODELS[model][0](x, [p[:, k, None] for k in range(p.shape[1])])[0]
    return np.asarray(np.sum(np.where(w > 0, (value - y) * w, 0.0) ** 2, axis=1))


def _fit_block(
    model: int, x: Floats, y: Floats, sigma: Floats, start: Floats, low: Floats, high: Floats,
    out_par: Floats, out_cov: Floats, out_chi2: Floats, out_flag: NDArray[np.int32],
) -> None:  # fmt: skip
    with np.errstate(all="ignore"):
        w = 1 / sigma
        p = np.clip(start, low, high)
        chi2, gradient, normal = _normal(model, x, y, w, p)
        bad = ~np.isfinite(chi2) | ~np.isfinite(normal).all(axis=(1, 2)) | ~(w >= 0).all(axis=1)
        flag = np.where(bad, NOT_FINITE, TIRED).astype(np.int32)
        damping = np.full(len(p), 1e-3)
        active = np.flatnonzero(~bad)
        for _ in range(MOST_ROUNDS):
            if not active.size:
                break
            held = low[active] >= high[active]
            held |= (p[active] <= low[active]) & (gradient[active] > 0)
            held |= (p[active] >= high[active]) & (gradient[active] < 0)
            step = _step(normal[active], gradient[active], damping[active], ~held)
            trial = np.clip(p[active] + step, low[active], high[active])
            moved = trial - p[active]
            new = _chi2(model, x[active], y[active], w[active], trial)
            old = chi2[active]
            better = new < old
            small = np.all(np.abs(moved) <= 1e-9 * (np.abs(p[active]) + 1e-6), axis=1)
            done = (better & (old - new <= 1e-12 * old + 1e-300)) | small | (damping[active] > 1e12)
            rows = active[better]
            p[rows] = trial[better]
            if rows.size:
                chi2[rows], gradient[rows], normal[rows] = _normal(model, x[rows], y[rows], w[rows], p[rows])
            damping[active] = np.where(better, np.maximum(damping[active] / 10, 1e-12), damping[active] * 7)
            flag[active[done]] = CONVERGED
            active = active[~done]
        out_par[:], out_chi2[:] = p, chi2
        out_cov[:], singular = _inverse(normal, low < high)
        out_flag[:] = np.where((flag != NOT_FINITE) & singular, SINGULAR, flag)
        out_cov[out_flag == NOT_FINITE] = np.nan


def _step(normal: Floats, gradient: Floats, damping: Floats, free: NDArray[np.bool_]) -> Floats:
    k = np.arange(normal.shape[1])
    scale = np.where(free & (normal[:, k, k] > 0), 1 / np.sqrt(normal[:, k, k]), 0.0)
    matrix = normal * scale[:, :, None] * scale[:, None, :]
    matrix[:, k, k] = 1 + damping[:, None]
    return np.asarray(-scale * np.linalg.solve(matrix, (gradient * scale)[:, :, None])[:, :, 0])


def _inverse(normal: Floats, free: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the covariance of what is free, and which sets do not determine it."""
    k = np.arange(normal.shape[1])
    diagonal = normal[:, k, k]
    unknown = free & ~(diagonal > 0)
    scale = np.where(free & (diagonal > 0), 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1)), 0.0)
    matrix = normal * scale[:, :, None] * scale[:, None, :]
    matrix[:, k, k] = 1.0
    matrix = np.where(np.isfinite(matrix), matrix, np.eye(len(k)))
    smallest = np.linalg.eigvalsh(matrix)[:, 0]
    singular = unknown.any(axis=1) | (smallest < 1e-13)
    matrix[singular] = np.eye(len(k))
    found = np.asarray(np.linalg.inv(matrix) * scale[:, :, None] * scale[:, None, :], float)
    found[singular] = np.nan
    return found, singular
