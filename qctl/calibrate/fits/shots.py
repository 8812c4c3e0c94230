"""Shots with the state that was prepared beside each, or without: clouds that must be found first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .fit import Fit
from .mixture import fit_two_states
from .signal import along_principal_axis, as_points
from .states import fit_states

Floats = NDArray[np.float64]
MOST_STATES = 4


def fit_shots(x: Floats, y: ArrayLike | Sequence[ArrayLike]) -> Fit:
    """Tell states apart from shots.

    Parameters
    ----------
    x : the state that was prepared for each shot (two to four different numbers); anything else: it is not known, and
        two clouds are
        looked for, of which the one of lower coordinate along the line between them is called 0
    y : complex shots or (I, Q)
    """
    shots = np.asarray(as_points(y), complex)
    labels = np.unique(x[np.isfinite(x)])
    if 2 <= len(labels) <= MOST_STATES and len(x) == len(shots):
        clouds = [shots[x == label] for label in labels]
        return fit_two_states(*clouds) if len(clouds) == 2 else fit_states(clouds)
    return _unlabelled(shots)


def _unlabelled(shots: NDArray[np.complex128]) -> Fit:
    """Return two clouds found in one heap of shots; which state a shot was prepared in cannot be said."""
    good = shots[np.isfinite(shots)]
    along = along_principal_axis(good)
    if not len(good):
        return fit_two_states([], [])
    low, high = np.quantile(along, [0.1, 0.9])
    for _ in range(50):  # two means
        upper = along > (low + high) / 2
        if not upper.any() or upper.all():
            break
        low, high = along[~upper].mean(), along[upper].mean()
    upper = along > (low + high) / 2
    found = fit_two_states(good[~upper], good[upper])
    unknown = [found.names.index(name) for name in ("p01", "p10", "wrong0", "wrong1", "fidelity")]
    values, covariance = found.values.copy(), found.covariance.copy()
    values[unknown], covariance[unknown, unknown] = np.nan, np.nan
    return replace(found, values=values, covariance=covariance)
