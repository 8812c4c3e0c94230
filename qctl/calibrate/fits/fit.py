"""What a fit says: the curve, its parameters with their covariance, and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Values = NDArray[np.float64] | NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Fit:
    """One set of points and the curve that was found in it; a failed fit is one with ``ok`` False and a reason.

    Parameters
    ----------
    model : name of the curve, such as "cosine"
    names : names of the parameters
    values : in the units of x and y, shape (n,); NaN where nothing was found
    covariance : shape (n, n); scaled up where residuals are larger than sigma says, or follow each other
    reduced_chi2 : sum of squared residuals over sigma, by degrees of freedom; 1 where sigma came from the residuals
    runs_p : probability that residuals of random sign have so few or so many changes of sign (Wald and Wolfowitz)
    at_bound : parameters that ended at the edge of what is possible
    contrast : swing of the curve between its lowest and highest point, in units of the noise of one point
    ok : whether curve and parameters can be believed
    reason : why not, in a physicist's words; empty when ok
    x, y, sigma, curve : what was fitted, by ascending x; sigma is infinite for points that were left out
    outliers : how many points were left out because nothing explains them
    """

    model: str
    names: tuple[str, ...]
    values: Floats
    covariance: Floats
    reduced_chi2: float
    runs_p: float
    at_bound: tuple[str, ...]
    contrast: float
    ok: bool
    reason: str
    x: Floats
    y: Values
    sigma: Floats
    curve: Values
    outliers: int = 0

    def value(self, name: str) -> float:
        """Return parameter ``name``, NaN where the fit failed before it had any."""
        return float(self.values[self.names.index(name)])

    def error(self, name: str) -> float:
        """Return the standard deviation of parameter ``name``."""
        k = self.names.index(name)
        return float(np.sqrt(self.covariance[k, k]))


def failed(model: str, names: tuple[str, ...], reason: str, x: Floats, y: Values, sigma: Floats) -> Fit:
    """Return the outcome of data in which nothing could be fitted."""
    n = len(names)
    return Fit(
        model, names, np.full(n, np.nan), np.full((n, n), np.nan), np.nan, np.nan, (), 0.0, False, reason,
        x, y, sigma, y * np.nan,
    )  # fmt: skip
