"""What one experiment says of one target: candidates, fits, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qctl.core.parameters import Estimate

from .fits import Fit


@dataclass(frozen=True)
class Figure:
    """Data and curve as a person wants to see them; arrays of shape (n_points,) unless said otherwise.

    Parameters
    ----------
    title : what was asked, in a few words
    x, y : data; complex y is a path in the IQ plane
    x_label, y_label : with units
    sigma : one standard deviation of y; empty where it is not known
    curve_x, curve_y : the fit on a grid of its own; empty where nothing was fitted
    marks : values of x that were found
    image : shape (n_y, n_x) for scans over two axes, with y as the second axis; empty otherwise
    names : of the points, where x only counts them: nothing lies between two of them
    """

    title: str
    x: NDArray[np.float64]
    y: NDArray[np.float64] | NDArray[np.complex128]
    x_label: str
    y_label: str
    sigma: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    curve_x: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    curve_y: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    marks: tuple[float, ...] = ()
    image: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """Answer of an experiment about one target. A failed fit is an outcome, never an exception.

    Parameters
    ----------
    target : qubit, coupling or line
    found : candidates by full parameter name, each with an honest error; empty when nothing was found
    fits : what acceptance judges: convergence, residuals, bounds, contrast
    figures : for the report
    reason : why nothing was found, in words that a physicist would use
    notes : what a person should know although it is no failure
    covariances : between two candidates, by both names, in the product of their SI units
    """

    target: str
    found: Mapping[str, Estimate] = field(default_factory=dict)
    fits: tuple[Fit, ...] = ()
    figures: tuple[Figure, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    covariances: Mapping[tuple[str, str], float] = field(default_factory=dict)
