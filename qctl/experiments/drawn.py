"""Draw a fit as a person wants to see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.outcome import Figure

Floats = NDArray[np.float64]


GRID = 201  # places between which a curve is straight


def drawn(
    title: str,
    fit: Fit,
    x_label: str,
    *,
    y_label: str = "signal (V)",
    marks: tuple[float, ...] = (),
    model: Callable[[Floats], Floats] | None = None,
    names: tuple[str, ...] = (),
) -> Figure:
    """Return the points of a real fit with the curve through them, where there is one.

    Parameters
    ----------
    x_label, y_label : with units
    marks : values of x that were found
    model : the fitted curve at any x; where it is None, the curve is straight from point to point
    names : of the points, where x only counts them
    """
    whole = Figure(title, fit.x, fit.y, x_label, y_label, fit.sigma, names=names)
    if not fit.ok:
        return whole
    if model is None:
        return replace(whole, curve_x=fit.x, curve_y=fit.curve.real, marks=marks)
    x = np.union1d(fit.x, np.linspace(fit.x.min(), fit.x.max(), GRID))
    return replace(whole, curve_x=x, curve_y=model(x), marks=marks)
