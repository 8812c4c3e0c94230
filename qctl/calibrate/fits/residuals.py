"""What residuals tell: whether they are random, whether they follow each other, whether a simpler curve would do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, ndtr

Floats = NDArray[np.float64]
BELIEVED = 1.4  # reduced chi^2 up to which the errors that were given are taken for true


def runs_test(residuals: Floats) -> tuple[Floats, Floats]:
    """Return the two-sided p of the Wald-Wolfowitz runs test, and its z: negative where signs change too rarely.

    Parameters
    ----------
    residuals : shape (n_sets, n_points), by ascending x; NaN does not count
    """
    p, z = np.ones(len(residuals)), np.zeros(len(residuals))
    for row, values in enumerate(residuals):
        signs = values[np.isfinite(values) & (values != 0)] > 0
        n, up = len(signs), int(np.sum(signs))
        down = n - up
        if n < 8:
            continue
        if not up or not down:
            p[row], z[row] = 0.0, -np.inf
            continue
        runs = 1 + int(np.sum(signs[1:] != signs[:-1]))
        mean = 1 + 2 * up * down / n
        variance = (mean - 1) * (mean - 2) / (n - 1)
        if variance <= 0:
            continue
        shift = runs - mean
        z[row] = np.sign(shift) * max(abs(shift) - 0.5, 0.0) / np.sqrt(variance)
        p[row] = 2 * ndtr(-abs(z[row]))
    return p, z


def neighbours(residuals: Floats) -> tuple[Floats, Floats]:
    """Return the correlation of successive residuals, and how much of their size is not noise from point to point.

    Both of shape (n_sets,). The second is a standard deviation: what is left of the mean square when the part that
    changes from each point to the next (von Neumann, Ann. Math. Stat. 12, 367) is taken out.
    """
    with np.errstate(all="ignore"):
        square = np.nanmean(residuals**2, axis=1)
        lag = np.nanmean(residuals[:, 1:] * residuals[:, :-1], axis=1)
        step = np.nanmean(np.diff(residuals, axis=1) ** 2, axis=1) / 2
    correlation = np.where(square > 0, np.clip(lag / np.where(square > 0, square, 1), -0.9, 0.9), 0.0)
    return np.nan_to_num(correlation), np.sqrt(np.maximum(np.nan_to_num(square - step), 0.0))


def drift(residuals: Floats) -> Floats:
    """Return how far the sum of residuals walks away, in units in which noise stays below 1.95 in 999 of 1,000 cases.

    A jump or drift in the middle of a scan makes long walks (cumulative sums; Brown, Durbin, Evans, J. R. Stat. Soc. B
    37, 149).
    """
    with np.errstate(all="ignore"):
        centred = np.nan_to_num(residuals - np.nanmean(residuals, axis=1, keepdims=True))
        size = np.sqrt(np.sum(centred**2, axis=1))
        return np.asarray(np.nan_to_num(np.max(np.abs(np.cumsum(centred, axis=1)), axis=1) / size))


def chance(
    null: Floats, full: Floats, n_more: NDArray[np.intp], n_left: NDArray[np.intp], trials: float, known: bool
) -> Floats:
    """Return how probably noise alone would make one of ``trials`` curves better than the simpler one by that much.

    Parameters
    ----------
    null, full : sum of squares of residuals of the simpler curve and of the full one
    n_more : how many parameters the full curve has more
    n_left : its degrees of freedom
    trials : how many curves noise had the choice of
    known : whether sigma was given; it is believed where the residuals of the full curve agree with it
    """
    left = np.maximum(n_left, 1)
    with np.errstate(all="ignore"):
        gain = np.maximum(null - full, 0) / np.maximum(n_more, 1) / np.maximum(full / left, 1e-300)
    more = np.maximum(n_more, 1)
    gain = np.nan_to_num(gain, nan=0.0, posinf=1e300)
    p = fdtrc(more, left, gain)
    if known:
        p = np.where(full <= BELIEVED * left, chdtrc(more, more * gain * np.minimum(full / left, 1.0)), p)
    return np.asarray(-np.expm1(trials * np.log1p(-np.minimum(p, 1 - 1e-16))))


def simpler(kind: str, u: Floats, v: Floats, s: Floats, parts: int = 1) -> tuple[Floats, int]:
    """Return the sum of squares that the simpler curve leaves, and its number of parameters.

    Parameters
    ----------
    kind : "nothing", "constant" or "line"
    u, v, s : axis, values and their errors, shape (n_sets, n_points)
    parts : how many curves are stacked in v: 2 for real and imaginary parts
    """
    if parts == 2:
        half = u.shape[1] // 2
        first = simpler(kind, u[:, :half], v[:, :half], s[:, :half])
        second = simpler(kind, u[:, half:], v[:, half:], s[:, half:])
        return first[0] + second[0], first[1] + second[1]
    w = np.where(np.isfinite(s), 1 / np.where(np.isfinite(s), s, 1.0), 0.0)
    if kind == "nothing":
        return np.sum((w * v) ** 2, axis=1), 0
    total = np.maximum(np.sum(w * w, axis=1, keepdims=True), 1e-300)
    v = v - np.sum(w * w * v, axis=1, keepdims=True) / total
    if kind == "constant":
        return np.sum((w * v) ** 2, axis=1), 1
    u = u - np.sum(w * w * u, axis=1, keepdims=True) / total
    slope = np.sum(w * w * u * v, axis=1) / np.maximum(np.sum(w * w * u * u, axis=1), 1e-300)
    return np.sum((w * (v - slope[:, None] * u)) ** 2, axis=1), 2
