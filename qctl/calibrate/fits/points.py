"""Bring measured points into the form that is fitted, and say what is wrong with them before any curve is tried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qctl.core.errors import UsageError

Floats = NDArray[np.float64]
Values = NDArray[np.float64] | NDArray[np.complex128]
Origin = Literal["zero", "start", "first", "middle"]
SPIKE = 8.0  # robust standard deviations between a point and its four neighbours that make it suspicious
LONELY = 0.3  # and its neighbours go along with it by less than this share
MOST_LOST = 0.2  # share of points that may be missing before nothing is fitted at all


@dataclass(frozen=True, eq=False)
class Points:
    """Sets of points, each as measured and brought to order 1; complex ones as real parts, then imaginary parts.

    Parameters
    ----------
    x, y, sigma : as measured, by ascending x, shape (n_sets, n_points); sigma is NaN where nobody gave it
    u, v : ``(x - x0) / dx`` and ``(y - y0) / dy``, shape (n_sets, n_used)
    s : sigma over dy, or 1; infinite for points that do not count
    smooth : v with missing and lonely points replaced by their neighbours' median; only for first guesses
    lonely : points that lie far from their neighbours, which agree; the first fit does without them
    x0, dx, y0, dy : shape (n_sets,)
    faults : why a set cannot be believed, whatever is fitted; empty where nothing is wrong
    hopeless : whether a set cannot even be fitted
    known : whether sigma was given
    """

    x: Floats
    y: Values
    sigma: Floats
    u: Floats
    v: Floats
    s: Floats
    smooth: Floats
    lonely: NDArray[np.bool_]
    x0: Floats
    dx: Floats
    y0: Floats
    dy: Floats
    faults: tuple[str, ...]
    hopeless: NDArray[np.bool_]
    known: bool

    def only(self, rows: NDArray[np.intp]) -> Points:
        """Return some of the sets."""
        whole = {name: getattr(self, name)[rows] for name in ("x", "y", "sigma", "u", "v", "s", "smooth", "lonely")}
        scales = {name: getattr(self, name)[rows] for name in ("x0", "dx", "y0", "dy", "hopeless")}
        return replace(self, **whole, **scales, faults=tuple(self.faults[row] for row in rows))


def prepare(
    x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None, *, least: int, origin: Origin, kind: type = float
) -> Points:
    """Return the points by ascending x, scaled and examined.

    Parameters
    ----------
    x : shape (n_points,) or (n_sets, n_points)
    y : shape (n_points,) or (n_sets, n_points)
    sigma : standard deviation of one point, any shape that spreads to that of y; None when it is not known
    least : number of points below which nothing is fitted
    origin : where u is 0: at x = 0 (the first point where x = 0 lies farther away than the scan is long), at x = 0
        unless
        the scan goes below it ("start"), at the first point, or in the middle
    kind : float or complex

    Raises
    ------
    UsageError
        When the shapes do not fit each other.
    """
    values: Values = np.atleast_2d(np.asarray(y, kind))
    try:
        places = np.array(np.broadcast_to(np.asarray(x, float), values.shape))
        errors = np.full(values.shape, np.nan)
        errors = errors if sigma is None else np.broadcast_to(np.asarray(sigma, float), values.shape)
    except ValueError as reason:
        given = "" if sigma is None else f", sigma of {np.shape(sigma)}"
        shapes = f"x of shape {np.shape(x)}, y of {np.shape(y)}{given}"
        raise UsageError(shapes, allowed="y (n_sets, n_points), x and sigma that spread to it") from reason
    order = np.argsort(places, axis=1, kind="stable")
    places = np.take_along_axis(places, order, 1)
    values = np.asarray(np.take_along_axis(values, order, 1), kind)
    errors = _errors(np.take_along_axis(errors, order, 1))
    good = np.isfinite(places) & np.isfinite(values)
    faults = [_fault(*row, least) for row in zip(places, values, good, strict=True)]
    hopeless = np.array([fatal for _, fatal in faults], bool)
    filled = np.where(good, values, np.array([_middle(v[g]) for v, g in zip(values, good, strict=True)])[:, None])
    inside = np.where(good, places, np.array([_middle(v[g]) for v, g in zip(places, good, strict=True)])[:, None])
    x0, dx = _frame(inside, origin)
    # Complex points keep their origin: cables turn them around it.
    y0 = np.zeros(len(filled)) if kind is complex else np.median(filled, axis=1)
    dy = _scale(filled - y0[:, None])
    u, s = (inside - x0[:, None]) / dx[:, None], errors / dy[:, None]
    z: Values = (filled - y0[:, None]) / dy[:, None]
    s = np.where(good, np.where(np.isnan(s), 1.0, s), np.inf)
    quiet, lonely = _without_spikes(z, good)
    if kind is complex:
        u, s, lonely = np.tile(u, 2), np.tile(s, 2), np.tile(lonely, 2)
    v, smooth = (_stacked(part) for part in (z, quiet))
    texts = tuple(text for text, _ in faults)
    known = sigma is not None and bool(np.isfinite(errors).all())
    return Points(places, values, errors, u, v, s, smooth, lonely, x0, dx, y0, dy, texts, hopeless, known)


def _errors(sigma: Floats) -> Floats:
    """Replace what cannot be an error (binomial errors of 0 of n shots are 0) by the median of the others."""
    possible = np.isfinite(sigma) & (sigma > 0)
    usual = np.array([np.median(row[ok]) if ok.any() else np.nan for row, ok in zip(sigma, possible, strict=True)])
    return np.where(possible, sigma, usual[:, None])


def _middle(values: Values) -> float | complex:
    return _median(values.real) + 1j * _median(values.imag) if np.iscomplexobj(values) else _median(values.real)


def _stacked(z: Values) -> Floats:
    return np.concatenate([z.real, z.imag], axis=1) if np.iscomplexobj(z) else z.real


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _fault(x: Floats, y: Floats, good: NDArray[np.bool_], least: int) -> tuple[str, bool]:
    """Return what is wrong with one set, and whether that leaves nothing to fit."""
    n, lost = len(y), int(np.sum(~good))
    if n == 0:
        return "no data", True
    text = f"{lost} of {n} points are not finite numbers" if lost else ""
    if lost > MOST_LOST * n:
        return text, True
    if n - lost < least or len(np.unique(x[good])) < min(least, 3):
        return text or f"{n} points are too few: this curve needs at least {least}", True
    kept = y[good]
    spread = np.abs(kept - kept[0]).max()
    if spread <= 1e-12 * np.abs(kept).max() or spread == 0:
        return text or "the signal is the same at every point", True
    if not text and np.isrealobj(kept) and (side := saturated(kept)):
        text = f"the signal is saturated: it is cut off at its {side} value"
    return text, False


def saturated(y: Floats) -> str:
    """Return "highest" or "lowest" where many successive points share exactly that value and others do not, or ""."""
    for side, edge in (("highest", y.max()), ("lowest", y.min())):
        same = y == edge
        others = y[~same]
        if same.sum() < max(4, 0.08 * len(y)) or len(others) < 4:
            continue
        if edge in (0.0, 1.0) and y.min() >= 0 and y.max() <= 1:
            continue  # a population: 0 of n shots is a value like any other
        _, counts = np.unique(others, return_counts=True)
        # Few digits make equal values anywhere, but not in a row.
        together = _longest_run(same) >= 3 or counts.max() == 1
        if together and counts.max() <= 0.5 * same.sum():
            return side
    return ""


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _frame(x: Floats, origin: Origin) -> tuple[Floats, Floats]:
    low, high = (x.min(axis=1), x.max(axis=1)) if x.shape[1] else (np.zeros(len(x)), np.ones(len(x)))
    span = np.where(high > low, high - low, 1.0)
    if origin == "middle":
        return (low + high) / 2, span
    near = (np.abs(low) <= span) & ((origin == "zero") | ((origin == "start") & (low >= 0)))
    return np.where(near, 0.0, low), span


def _scale(y: Values) -> Floats:
    """Return a typical swing of each set: the second largest distance from the median, so that one spike is not it."""
    if y.shape[1] < 3:
        return np.ones(len(y))
    sizes = np.sort(np.abs(y), axis=1)
    return np.where(sizes[:, -2] > 0, sizes[:, -2], np.where(sizes[:, -1] > 0, sizes[:, -1], 1.0))


def _without_spikes(v: Values, good: NDArray[np.bool_]) -> tuple[Values, NDArray[np.bool_]]:
    """Return v with missing and lonely points replaced, and which points are lonely."""
    n = v.shape[1]
    if n < 8:
        return v, np.zeros(v.shape, bool)
    index = np.arange(n)[:, None] + np.array([-2, -1, 1, 2])
    index = np.where(index < 0, index + 5, np.where(index >= n, index - 5, index))  # ends look further inside
    around = v[:, index]
    middle = np.median(around.real, axis=2)
    if np.iscomplexobj(v):
        middle = middle + 1j * np.median(around.imag, axis=2)
    away = v - middle
    size = np.abs(away)
    usual = 1.4826 * np.median(size, axis=1)[:, None]
    along = np.max((around[:, :, 1:3] - middle[:, :, None]).real * np.sign(away.real)[:, :, None], axis=2)
    lonely = (size > SPIKE * usual) & (along < LONELY * size) & good
    lonely &= (lonely.sum(axis=1) <= max(1, n // 20))[:, None]
    return np.where(lonely | ~good, middle, v), lonely
