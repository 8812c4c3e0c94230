"""One real signal from what a digitizer gave: I and Q onto the axis along which they move, phases without wraps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qctl.core.errors import UsageError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
WRAP = 0.8  # share of a turn that no signal changes by from one point to the next


def as_signal(y: ArrayLike | Sequence[ArrayLike], calibrated: bool = False) -> Floats:
    """Return one real number for each point.

    Parameters
    ----------
    y : real or complex points, or (I, Q)
    calibrated : whether the last two points are the states 0 and 1; the signal is then the population of 1, without
        these points
    """
    points = as_points(y)
    if calibrated:
        if len(points) < 3:
            raise UsageError(f"{len(points)} points", allowed="at least one before the two of states 0 and 1")
        zero, one = points[-2:]
        with np.errstate(all="ignore"):
            return np.asarray(((points[:-2] - zero) / (one - zero)).real)
    if np.iscomplexobj(points):
        return along_principal_axis(np.asarray(points, complex))
    return unwrapped(np.asarray(points, float))


def as_points(y: ArrayLike | Sequence[ArrayLike]) -> Floats | Complexes:
    """Return real or complex points, shape (n_points,)."""
    values = np.asarray(y)
    if values.ndim == 2 and len(values) == 2 and np.isrealobj(values):
        return np.asarray(values[0] + 1j * values[1], complex)
    if values.ndim != 1:
        raise UsageError(f"points of shape {values.shape}", allowed="(n_points,), real or complex, or the pair (I, Q)")
    return values.astype(complex if np.iscomplexobj(values) else float)


def along_principal_axis(z: Complexes) -> Floats:
    """Return the coordinate along the line on which points of the IQ plane scatter most, growing with I (else Q)."""
    good = np.isfinite(z)
    if good.sum() < 2:
        return np.where(good, z.real, np.nan)
    away = z - np.median(z[good].real) - 1j * np.median(z[good].imag)
    size = np.abs(away[good])
    kept = away[good][size <= 6 * np.median(size) + 1e-300]  # a wild point turns no axis
    _, vectors = np.linalg.eigh(np.cov(np.stack([kept.real, kept.imag]))) if len(kept) > 1 else (None, np.eye(2))
    a, b = vectors[:, -1]
    sign = np.sign(a) if abs(a) > 1e-9 else np.sign(b)
    with np.errstate(invalid="ignore"):
        return np.asarray(sign * (a * z.real + b * z.imag))


def unwrapped(y: Floats) -> Floats:
    """Return phases without jumps of a whole turn, in degrees or rad; everything else as it is."""
    good = np.isfinite(y)
    if good.sum() < 3:
        return y
    largest = float(np.abs(y[good]).max())
    for turn in (360.0, 2 * np.pi):
        jumps = np.abs(np.diff(y[good])) > WRAP * turn
        if largest <= turn / 2 * (1 + 1e-9) and jumps.any():
            whole = y.copy()
            whole[good] = np.unwrap(y[good], period=turn)
            return whole
    return y
