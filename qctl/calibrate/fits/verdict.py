"""Whether a curve is believed, and why not; its parameters and their covariance in the units of the laboratory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit, failed
from .jumps import find_jump
from .points import Points, prepare
from .recipe import Frame, Recipe
from .residuals import chance, drift, neighbours, runs_test, simpler
from .solve import Solution, solve

Floats = NDArray[np.float64]
BY_CHANCE = 3e-5  # noise alone is taken for a signal less often than this
CLEAR_JUMP, LARGE_JUMP = 5.0, 0.12  # standard deviations, and share of the swing, from which a jump is one
WALK = 1.95  # walk of summed residuals that noise makes once in 1,000 sets
SIGNS = 0.003  # probability of the runs test below which residuals are not random
MISFIT = 0.04  # share of the swing that residuals may systematically be off
WORST_ERROR = 0.5  # relative error of an essential parameter
UNKNOWN = "the points do not determine all parameters"
CHI2 = (0.3, 3.0)  # reduced chi^2 that passes even where the signs of residuals do not look random


def fitted(recipe: Recipe, x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, kind: type = float) -> list[Fit]:
    """Fit each set of points; return one outcome for each, never an exception for what was measured."""
    if not np.size(y):
        none = np.zeros(0)
        sets = len(np.atleast_2d(np.asarray(y)))
        return [failed(recipe.name, recipe.names, "no data", none, none.astype(kind), none)] * sets
    points = prepare(x, y, sigma, least=recipe.least, origin=recipe.origin, kind=kind)
    answers = {
        row: failed(recipe.name, recipe.names, points.faults[row], points.x[row], points.y[row], points.sigma[row])
        for row in map(int, np.flatnonzero(points.hopeless))
    }
    rows = np.flatnonzero(~points.hopeless)
    if rows.size:
        kept = points.only(rows)
        answers |= dict(zip(rows.tolist(), judged(recipe, kept, solve(recipe, kept)), strict=True))
    return [answers[row] for row in range(len(points.y))]


@dataclass(frozen=True, eq=False)
class _Numbers:
    """Everything about all sets that a verdict needs."""

    values: Floats
    covariance: Floats
    sigma: Floats
    reduced: Floats
    runs_p: Floats
    runs_z: Floats
    walk: Floats
    swing: Floats
    noise: Floats
    misfit: Floats
    by_chance: Floats


def judged(recipe: Recipe, points: Points, found: Solution) -> list[Fit]:
    """Return the outcome of each set."""
    n = _numbers(recipe, points, found)
    at_bound = _at_bound(recipe, found)
    fits = []
    for row in range(len(points.y)):
        reason = points.faults[row] or _reason(recipe, points, found, n, row, at_bound[row])
        half = points.y.shape[1]
        curve = (
            found.curve[row, :half]
            if np.isrealobj(points.y)
            else found.curve[row, :half] + 1j * found.curve[row, half:]
        )
        outliers = int(np.sum(np.isinf(found.s[row, :half]) & np.isfinite(points.y[row])))
        fits.append(
            Fit(
                recipe.name, recipe.names, n.values[row], n.covariance[row], float(n.reduced[row]),
                float(n.runs_p[row]),
                at_bound[row], float(n.swing[row] / max(n.noise[row], 1e-300)), not reason, reason, points.x[row],
                points.y[row], np.where(np.isinf(found.s[row, :half]), np.inf, n.sigma[row]),
                curve * points.dy[row] + points.y0[row], outliers,
            )
        )  # fmt: skip
    return fits


def _numbers(recipe: Recipe, points: Points, found: Solution) -> _Numbers:
    used = np.isfinite(found.s)
    n_free = int(np.sum(found.low[0] < found.high[0]))
    left = np.maximum(used.sum(axis=1) - n_free, 1)
    spread = found.chi2 / left  # of v over s
    residuals = np.where(used, points.v - found.curve, np.nan)
    half = points.y.shape[1]
    parts = [residuals[:, :half]] if np.isrealobj(points.y) else [residuals[:, :half], residuals[:, half:]]
    tests = [runs_test(part) for part in parts]
    p, z = np.min([t[0] for t in tests], axis=0) * len(parts), np.min([t[1] for t in tests], axis=0)
    follow = [neighbours(part) for part in parts]
    walk = np.max([drift(part) for part in parts], axis=0)
    correlation, systematic = np.max([f[0] for f in follow], axis=0), np.max([f[1] for f in follow], axis=0)
    swing = _swing(found.curve, points)
    noise = np.sqrt(np.nanmean(np.where(used, found.s, np.nan) ** 2, axis=1))
    noise = noise if points.known else noise * np.sqrt(spread)
    scale = np.maximum(spread, 1.0) if points.known else spread
    # Residuals that follow each other carry less information than their number says.
    scale = scale * np.where(z < -1.5, (1 + np.maximum(correlation, 0)) / (1 - np.maximum(correlation, 0)), 1.0)
    values, covariance = _physical(recipe, points, found, found.covariance * scale[:, None, None])
    null, n_null = simpler(recipe.null, points.u, points.v, found.s, len(parts))
    more = np.full(len(left), max(n_free - n_null, 1))
    by_chance = chance(null, found.chi2, more, left, recipe.trials(half), points.known)
    sigma = points.sigma if points.known else np.broadcast_to((noise * points.dy)[:, None], points.x.shape)
    reduced = spread if points.known else np.ones(len(left))
    misfit = systematic / np.maximum(swing, 1e-300)
    p = np.minimum(p, 1.0)
    return _Numbers(values, covariance, sigma, reduced, p, z, walk, swing, noise, misfit, by_chance)


def _swing(curve: Floats, points: Points) -> Floats:
    if np.isrealobj(points.y):
        return np.asarray(np.ptp(curve, axis=1))
    half = points.y.shape[1]
    return np.asarray(np.maximum(np.ptp(curve[:, :half], axis=1), np.ptp(curve[:, half:], axis=1)))


def _physical(recipe: Recipe, points: Points, found: Solution, covariance: Floats) -> tuple[Floats, Floats]:
    """Return the named parameters and their covariance, carried over by central differences."""
    frame = Frame.of(points)
    n_par = found.theta.shape[1]
    errors = np.sqrt(np.maximum(np.nan_to_num(covariance[:, np.arange(n_par), np.arange(n_par)]), 0))
    steps = np.maximum(1e-3 * np.minimum(errors, 1e3), 1e-9 * np.maximum(np.abs(found.theta), 1e-3))
    moved = np.zeros((2, n_par, *found.theta.shape))
    for k in range(n_par):
        moved[0, k, :, k], moved[1, k, :, k] = steps[:, k], -steps[:, k]
    with np.errstate(all="ignore"):
        values = np.stack(recipe.physical(found.theta, frame), axis=-1)
        both = np.stack(recipe.physical(found.theta + moved, frame), axis=-1)
        jacobian = (both[0] - both[1]) / (2 * steps.T[:, :, None])
        carried = np.einsum("ksi,skl,lsj->sij", jacobian, np.nan_to_num(covariance), jacobian)
    carried[~np.isfinite(covariance).all(axis=(1, 2))] = np.inf
    return values, carried


def _at_bound(recipe: Recipe, found: Solution) -> list[tuple[str, ...]]:
    free = found.low < found.high
    near = 1e-7 * np.where(free, np.minimum(found.high - found.low, 1.0), 1.0)
    touching = free & ((found.theta <= found.low + near) | (found.theta >= found.high - near))
    return [tuple(dict.fromkeys(np.array(recipe.bound_names)[row])) for row in touching]


def _reason(
    recipe: Recipe, points: Points, found: Solution, n: _Numbers, row: int, at_bound: tuple[str, ...]
) -> str:  # fmt: skip
    """Return the first thing that speaks against the fit, the most telling ones first."""
    if found.flag[row] == 3:
        return "the curve is not finite at these points"
    if recipe.null != "nothing" and n.by_chance[row] > BY_CHANCE:
        if text := _residual_reason(points, n, row):  # there is something, but not this
            return text
        simple = "straight line" if recipe.null == "line" else "constant"
        return f"nothing but noise: a {simple} explains the points as well"
    values = dict(zip(recipe.names, map(float, n.values[row]), strict=True))
    with np.errstate(all="ignore"):
        errors = dict(zip(recipe.names, map(float, np.sqrt(np.diagonal(n.covariance[row]))), strict=True))
    if not np.isfinite(n.values[row]).all():
        return f"no finite value for {', '.join(k for k, v in values.items() if not np.isfinite(v))}"
    if recipe.judge is not None and (text := recipe.judge(values, errors, points.x[row])):
        return text
    if at_bound:
        return f"{', '.join(at_bound)} ended at the edge of what is possible"
    if found.flag[row] == 2 or not np.isfinite(n.covariance[row]).all():
        return UNKNOWN
    if found.flag[row] == 1:
        return "the fit did not settle"
    for name in recipe.essential:
        if not errors[name] <= WORST_ERROR * abs(values[name]):
            return f"{name} is known to no better than {100 * errors[name] / max(abs(values[name]), 1e-300):.0f} %"
    return _residual_reason(points, n, row) or _jump_reason(recipe, points, found, n, row)


def _jump_reason(recipe: Recipe, points: Points, found: Solution, n: _Numbers, row: int) -> str:
    """Return what speaks for a jump in the middle of the scan, of which the fit made the best it could."""
    if points.y.shape[1] < 16:
        return ""
    free = np.flatnonzero(found.low[row] < found.high[row])
    rest = points.v[row] - found.curve[row]
    clear, height, place = find_jump(recipe.model, points.u[row], rest, found.s[row], found.theta[row], free)
    if clear < CLEAR_JUMP or height < LARGE_JUMP * n.swing[row]:
        return ""
    where = points.x[row, place]
    return f"the signal jumps by {100 * height / n.swing[row]:.0f} % of its swing before {where:.6g}"


def _residual_reason(points: Points, n: _Numbers, row: int) -> str:
    random = (n.runs_p[row] >= SIGNS or n.runs_z[row] > 0) and n.walk[row] < WALK
    if points.known and not CHI2[0] <= n.reduced[row] <= CHI2[1] and not random:
        return f"residuals are not noise: reduced chi^2 is {n.reduced[row]:.3g}, and their signs follow each other"
    if not random and n.misfit[row] > MISFIT:
        share = 100 * n.misfit[row]
        return f"residuals follow each other: the curve is off by {share:.0f} % of its swing in parts of the scan"
    return ""
