"""Photons of each measurement, where a counter is what listens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.record import Counts


def photons_of(counts: Counts) -> NDArray[np.complex128]:
    """Return what was counted for each row of ``counts.counting.reads``.

    Returns
    -------
    complex128, shape (n_reads, shots); numbers of photons as real points of a plane, so that all that takes points
    takes them
    """
    reads = counts.counting.reads
    return np.asarray(counts.photons[:, reads["point"], reads["window"]].T, np.complex128)
