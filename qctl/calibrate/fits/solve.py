"""From points to the best curve of one kind: scan, fit all starts of all sets in one call, leave out outliers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qctl.kernels.fit import evaluate, fit

from .points import Points
from .recipe import Recipe
from .scan import scan

Floats = NDArray[np.float64]
LEFT_OUT = 5.0  # robust standard deviations beyond which a point is no noise; 6 for few points
MANY = 30
COARSE = 150  # points that are enough for first guesses of peaks


@dataclass(frozen=True, eq=False)
class Solution:
    """The best curve of each set, in the kernel's own parameters and units."""

    theta: Floats
    covariance: Floats
    chi2: Floats
    flag: NDArray[np.int32]
    curve: Floats
    s: Floats
    low: Floats
    high: Floats


def solve(recipe: Recipe, points: Points) -> Solution:
    """Return the best curve for each set, outliers left out."""
    shape = (len(points.y), len(recipe.bound_names))
    low, high = (np.array(np.broadcast_to(np.array(bound, float), shape)) for bound in recipe.bounds(points.u))
    for k, value in recipe.held.items():
        low[:, k] = high[:, k] = value(points) if callable(value) else value
    starts = _starts(recipe, points, np.where(low < high, 0.0, low))
    found = _fit(recipe, points.u, points.v, np.where(points.lonely, np.inf, points.s), starts, low, high)
    for _ in range(2):
        s = _left_out(points, found)
        rows = np.flatnonzero((np.isinf(s) != np.isinf(found.s)).any(axis=1))
        if not rows.size:
            break
        both = np.concatenate([starts[rows], found.theta[rows][:, None]], axis=1)
        again = _fit(recipe, points.u[rows], points.v[rows], s[rows], both, low[rows], high[rows])
        found = _joined(found, again, rows)
    return found


def _starts(recipe: Recipe, points: Points, rest: Floats) -> Floats:
    """Return starts: what the scan found, and for the other parameters ``rest``."""
    u, v = points.u, points.smooth
    if recipe.coarse and points.y.shape[1] >= 2 * COARSE:
        u, v = (_averaged(part, points.y.shape[1]) for part in (u, v))
    nonlinear, linear = scan(recipe.grid, u, v, recipe.n_starts)
    if recipe.arrange is not None:
        return recipe.arrange(nonlinear, linear, points)
    starts = np.repeat(rest[:, None], nonlinear.shape[1], axis=1)
    starts[:, :, recipe.nonlinear] = nonlinear
    starts[:, :, recipe.linear] = linear
    return starts


def _averaged(values: Floats, n_points: int) -> Floats:
    """Return averages of successive points, between COARSE and twice as many; a rest at the end is left out."""
    together = n_points // COARSE
    parts = values.reshape(len(values), -1, n_points)[:, :, : n_points // together * together]
    return np.asarray(parts.reshape(*parts.shape[:2], -1, together).mean(axis=3).reshape(len(values), -1))


def _fit(recipe: Recipe, u: Floats, v: Floats, s: Floats, starts: Floats, low: Floats, high: Floats) -> Solution:
    n_sets, n_starts, n_par = starts.shape
    n = n_sets * n_starts
    theta, cov = np.empty((n, n_par)), np.empty((n, n_par, n_par))
    chi2, flag = np.empty(n), np.empty(n, np.int32)
    flat = np.ascontiguousarray(starts.reshape(n, n_par))
    x, y, sigma, lows, highs = (
        np.ascontiguousarray(np.repeat(part, n_starts, axis=0)) for part in (u, v, s, low, high)
    )
    fit(recipe.model, x, y, sigma, flat, lows, highs, theta, cov, chi2, flag)
    # A start that ended where the points determine nothing is only taken where no other is nearly as good.
    worth = np.where(np.isfinite(chi2), chi2 * np.where(flag == 2, 1.02, 1.0), np.inf).reshape(n_sets, n_starts)
    best = worth.argmin(axis=1) + np.arange(n_sets) * n_starts
    curve = np.empty(u.shape)
    evaluate(recipe.model, np.ascontiguousarray(u), np.ascontiguousarray(theta[best]), curve)
    return Solution(theta[best], cov[best], chi2[best], flag[best], curve, s, low, high)


def _left_out(points: Points, found: Solution) -> Floats:
    """Return s with what lies far from the curve made infinite, unless there is much of it."""
    used = np.isfinite(points.s)
    r = np.where(used, np.abs(points.v - found.curve) / np.where(used, points.s, 1.0), np.nan)
    if np.iscomplexobj(points.y):
        half = r.shape[1] // 2
        r = np.tile(np.hypot(r[:, :half], r[:, half:]) / 1.25, 2)
    with np.errstate(all="ignore"):
        usual = 1.4826 * np.nanmedian(r, axis=1, keepdims=True)
    usual = np.maximum(usual, 1.0) if points.known else usual
    n = r.shape[1]
    far = np.nan_to_num(r) > (LEFT_OUT if n >= MANY else LEFT_OUT + 1) * usual
    half = n // 2 if np.iscomplexobj(points.y) else n
    far &= np.concatenate([~_in_company(far[:, k : k + half]) for k in range(0, n, half)], axis=1)
    far &= (far.sum(axis=1) <= max(2 if np.iscomplexobj(points.y) else 1, n // 15))[:, None]
    far &= usual > 1e-9
    return np.where(far, np.inf, points.s)


def _in_company(far: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which points have a neighbour that lies far off too: there the curve is wrong, not the point."""
    found = np.zeros_like(far)
    both = far[:, 1:] & far[:, :-1]
    found[:, 1:] |= both
    found[:, :-1] |= both
    return found


def _joined(old: Solution, new: Solution, rows: NDArray[np.intp]) -> Solution:
    parts = {}
    for name in ("theta", "covariance", "chi2", "flag", "curve", "s"):
        whole = getattr(old, name).copy()
        whole[rows] = getattr(new, name)
        parts[name] = whole
    return replace(old, **parts)
