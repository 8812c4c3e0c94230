"""Draw a fit as a person wants to see it."""

from __future__ import annotations

from qctl.calibrate.fits import Fit
from qctl.calibrate.outcome import Figure


def drawn(title: str, fit: Fit, x_label: str, *, y_label: str = "signal (V)", marks: tuple[float, ...] = ()) -> Figure:
    """Return the points of a real fit with the curve through them, where there is one.

    Parameters
    ----------
    x_label, y_label : with units
    marks : values of x that were found
    """
    if not fit.ok:
        return Figure(title, fit.x, fit.y, x_label, y_label, fit.sigma)
    return Figure(title, fit.x, fit.y, x_label, y_label, fit.sigma, fit.x, fit.curve.real, marks)
