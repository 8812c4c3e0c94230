"""Tell states from points in the IQ plane: one bit per point."""

import numpy as np
from numpy.typing import NDArray


def classify(
    points: NDArray[np.complex128],
    rotations: NDArray[np.complex128],
    thresholds: NDArray[np.float64],
    out: NDArray[np.uint8],
) -> None:
    """Fill ``out`` with 1 where a rotated point lies beyond its threshold; NaN counts as 0.

    Parameters
    ----------
    points : shape (n_shots, n_measurements)
    rotations : unit complex numbers, shape (n_measurements,), that turn the separating axis onto the real one
    thresholds : shape (n_measurements,)
    out : shape (n_shots, n_measurements); filled

    Raises
    ------
    ValueError
        When the shapes do not fit each other.
    """
    if not points.shape[1:] == rotations.shape == thresholds.shape or points.shape != out.shape:
        raise ValueError("points, rotations, thresholds and out do not fit each other")
    out[:] = (points * rotations).real > thresholds
