"""When something is on: runs of samples, across short gaps, without short ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def runs(on: NDArray[np.bool_], gap: int, least: int = 1) -> NDArray[np.intp]:
    """Return first and last sample (excluded) of each run, shape (n_runs, 2), rising.

    Parameters
    ----------
    on : shape (n_samples,)
    gap : samples that are off between two runs; fewer are part of one run
    least : samples of a run, gaps and all; shorter ones are none
    """
    found = np.flatnonzero(np.diff(on, prepend=False, append=False)).reshape(-1, 2)
    if len(found):
        apart = np.flatnonzero(found[1:, 0] - found[:-1, 1] >= gap)
        found = np.stack([found[np.r_[0, apart + 1], 0], found[np.r_[apart, len(found) - 1], 1]], axis=1)
    return np.asarray(found[found[:, 1] - found[:, 0] >= least])
