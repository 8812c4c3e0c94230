"""Peaks and dips on a background: Lorentzian and Gaussian ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit
from .recipe import FREE, Frame, Recipe
from .scan import Grid
from .verdict import fitted

Floats = NDArray[np.float64]
MOST_CENTRES = 400
MOST_WIDTHS = 7
SECOND = 0.3  # height of another peak, by that of the fitted one, from which it is ambiguous
MISSHAPEN = ("residuals", "the signal jumps")
FEWEST = 16  # points in which a second peak is looked for


def _shape(kind: int, z: Floats) -> Floats:
    return 1 / (1 + z * z) if kind == LORENTZIAN else np.exp2(-z * z)


LORENTZIAN, GAUSSIAN = 5, 6


def _grid(kind: int, slope: bool, u: Floats) -> Grid:
    axis = np.unique(u)
    step = np.median(np.diff(axis)) if len(axis) > 1 else 1.0
    widths = np.geomspace(1.5 * step, 0.7, MOST_WIDTHS)
    centres = axis[:: 1 + len(axis) // MOST_CENTRES]
    tried = np.array([(c, w) for w in widths for c in centres[:: max(1, int(w / step / 4))]])
    shape = _shape(kind, 2 * (u - tried[:, :1]) / tried[:, 1:])
    ones = np.ones_like(shape)
    columns = [ones, *([np.broadcast_to(u, shape.shape)] if slope else []), shape]
    place = np.stack([tried[:, 0], np.log(tried[:, 1])], axis=1)
    return Grid(tried, np.stack(columns, axis=2), place, np.array([max(0.08, 3 * step), 1.0]))


def _bounds(u: Floats) -> tuple[list[float], list[float]]:
    steps = np.diff(np.unique(u[0]))
    narrow = 0.5 * float(np.median(steps)) if len(steps) else 1e-3
    low, high = float(u[0].min()), float(u[0].max())
    return [-FREE, -FREE, -FREE, low, narrow], [FREE, FREE, FREE, high, 3.0]


def _physical(theta: Floats, frame: Frame) -> list[Floats]:
    offset, slope, height, centre, fwhm = (theta[..., k] for k in range(5))
    level = frame.y0 + frame.dy * (offset - slope * frame.x0 / frame.dx)
    return [
        frame.x0 + frame.dx * centre, frame.dx * fwhm, frame.dy * height, level, frame.dy / frame.dx * slope
    ]  # fmt: skip


def _judge(values: Mapping[str, float], errors: Mapping[str, float], x: Floats) -> str:
    step, span = np.median(np.diff(x)), x[-1] - x[0]
    centre, fwhm = values["centre"], values["fwhm"]
    if not x[0] + 0.01 * span < centre < x[-1] - 0.01 * span or min(centre - x[0], x[-1] - centre) < 0.25 * fwhm:
        return f"the peak lies at the edge of the scan ({centre:.6g})"
    if fwhm < 1.05 * step:
        return f"the peak is narrower than the distance of the points ({fwhm:.3g} of {step:.3g})"
    if fwhm > 0.9 * span:
        return f"the peak is as wide as the scan ({fwhm:.3g} of {span:.3g})"
    if not errors["centre"] < 0.5 * fwhm:
        return "the centre is known to no better than the width"
    return ""


NAMES = ("centre", "fwhm", "height", "offset", "slope")


def recipe(kind: int, slope: bool) -> Recipe:
    """Return how a peak is fitted, over a level or a sloping background."""
    names = NAMES if slope else NAMES[:4]
    return Recipe(
        "Lorentzian" if kind == LORENTZIAN else "Gaussian", names, kind, lambda u: _grid(kind, slope, u), (3, 4),
        (0, 1, 2) if slope else (0, 2), _bounds, lambda t, f: _physical(t, f)[: len(names)],
        ("offset", "slope", "height", "centre", "fwhm"), {} if slope else {1: 0.0}, "middle", least=len(names) + 2,
        null="line" if slope else "constant", trials=lambda n: 0.2 * n, essential=("fwhm", "height"), judge=_judge,
        coarse=True,
    )  # fmt: skip


def fit_lorentzian(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, slope: bool = False) -> list[Fit]:
    """Fit ``offset + slope x + height / (1 + (2 (x - centre) / fwhm)^2)``; dips have negative height."""
    return _alone(fitted(recipe(LORENTZIAN, slope), x, y, sigma))


def fit_gaussian(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None, *, slope: bool = False) -> list[Fit]:
    """Fit ``offset + slope x + height 2^-(2 (x - centre) / fwhm)^2``; dips have negative height."""
    return _alone(fitted(recipe(GAUSSIAN, slope), x, y, sigma))


def _alone(fits: list[Fit]) -> list[Fit]:
    """Look for a second peak in what is left of the points: which of two was meant, a fit cannot know."""
    rows = [
        row for row, fit in enumerate(fits) if len(fit.x) >= FEWEST and (fit.ok or fit.reason.startswith(MISSHAPEN))
    ]
    if not rows:
        return fits
    used = np.array([np.isfinite(fits[row].sigma) for row in rows])
    rest = np.where(used, np.array([fits[row].y - fits[row].curve for row in rows]), 0.0)
    others = fitted(recipe(GAUSSIAN, False), np.array([fits[row].x for row in rows]), rest)
    second = dict(zip(rows, others, strict=True))
    return [_alone_or_not(fit, second.get(row)) for row, fit in enumerate(fits)]


def _alone_or_not(fit: Fit, second: Fit | None) -> Fit:
    # What the first peak leaves is no clean peak; that there is one is all that matters here.
    if second is None or not (second.ok or second.reason.startswith(MISSHAPEN)):
        return fit
    share = second.value("height") / fit.value("height")
    apart = abs(second.value("centre") - fit.value("centre")) / abs(fit.value("fwhm"))
    if share < SECOND or apart < 0.5:
        return fit
    where = f"at {second.value('centre'):.6g}"
    return replace(fit, ok=False, reason=f"two peaks: a second one {where} is {100 * share:.0f} % as high")
