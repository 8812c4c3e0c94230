"""Curves that only one experiment knows: bounded least squares from several starts, with the same verdict as others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from .fit import Fit, failed
from .residuals import runs_test

Floats = NDArray[np.float64]
MISFIT = 6.0  # reduced chi^2 beyond which a curve is not believed, where residuals do not look random
STRANGE = 25.0  # the same whatever residuals look like


def fit_any_curve(
    name: str,
    names: Sequence[str],
    curve: Callable[[Floats], Floats],
    starts: Sequence[Sequence[float]],
    bounds: tuple[Sequence[float], Sequence[float]],
    x: Floats,
    y: Floats,
    sigma: Floats,
    least_contrast: float = 4.0,
) -> Fit:
    """Fit ``curve(parameters)`` to points of any kind; ``x`` only says where a plot shows them.

    Covariances are scaled up where residuals are larger than ``sigma`` says.

    Parameters
    ----------
    curve : returns what the points should be, shape (n_points,), for one set of parameters
    starts : first guesses; the best end wins
    bounds : lowest and highest value of each parameter
    least_contrast : swing of the curve in units of sigma below which nothing was seen
    """
    low, high = np.array(bounds[0], float), np.array(bounds[1], float)
    scale = np.maximum(np.abs(np.array(starts[0], float)), 1e-3 * (high - low))
    ends = []
    for start in starts:
        inside = np.clip(np.array(start, float), low + 1e-6 * (high - low), high - 1e-6 * (high - low))
        ends.append(
            least_squares(lambda p: (curve(p) - y) / sigma, inside, bounds=(low, high), x_scale=scale, max_nfev=200)
        )
    best = min(ends, key=lambda end: float(end.cost))
    freedom = max(len(y) - len(names), 1)
    reduced = float(2 * best.cost / freedom)
    try:
        covariance = np.linalg.inv(best.jac.T @ best.jac) * max(reduced, 1.0)
    except np.linalg.LinAlgError:
        return failed(name, tuple(names), "the points do not determine all parameters", x, y, sigma)
    found = curve(best.x)
    p, _ = runs_test(((y - found) / sigma)[None])
    touching = tuple(
        n for n, v, a, b in zip(names, best.x, low, high, strict=True) if min(v - a, b - v) < 1e-5 * (b - a)
    )
    contrast = float(np.ptp(found) / np.median(sigma))
    reason = ""
    if contrast < least_contrast:
        reason = "nothing but noise: the curve is flat"
    elif reduced > STRANGE or (reduced > MISFIT and p[0] < 0.01):
        reason = f"residuals are not noise: reduced chi^2 is {reduced:.3g}"
    elif touching:
        reason = f"{', '.join(touching)} ended at the edge of what is possible"
    return Fit(
        name, tuple(names), best.x, covariance, reduced, float(p[0]), touching, contrast, not reason, reason, x, y,
        sigma, found,
    )  # fmt: skip
