"""Samples that remember the one before: first-order recursions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dtbsv, ztbsv


def decaying(x: NDArray[np.float64], decay: float) -> NDArray[np.float64]:
    """Return ``y[k] = decay * y[k-1] + x[k]``, from rest; float64, shape of ``x`` (n_samples,)."""
    return np.asarray(dtbsv(1, _band(len(x), np.float64(-decay)), x, lower=1, diag=1)) if len(x) else x.copy()


def ringing(x: NDArray[np.complex128], step: complex, before: complex) -> NDArray[np.complex128]:
    """Return ``y[k] = step * y[k-1] + x[k]`` with ``y[-1] = before``; complex128, shape of ``x`` (n_samples,)."""
    if not len(x):
        return x.copy()
    pushed = x.copy()
    pushed[0] += step * before
    return np.asarray(ztbsv(1, _band(len(x), np.complex128(-step)), pushed, lower=1, diag=1, overwrite_x=1))


def _band(n: int, below: np.float64 | np.complex128) -> NDArray[np.number]:
    """Return a lower triangular matrix of ones and ``below`` under them, as BLAS wants bands.

    It is solved forward, in the order of the samples (SciPy's ``lfilter`` does the same, and takes a second to load).
    """
    band = np.empty((2, n), below.dtype, order="F")
    band[0], band[1] = 1, below
    return band
