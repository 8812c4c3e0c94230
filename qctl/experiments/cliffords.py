"""The 24 Clifford gates of one qubit, each as at most one pulse and a virtual Z behind it."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.program import Op, event

from .gate_check import turn
from .rows import Row

Matrix = NDArray[np.complex128]

CLIFFORDS: tuple[tuple[float, float, float], ...] = (
    *((0.0, 0.0, k * pi / 2) for k in range(4)),
    *((pi, k * pi / 4, 0.0) for k in range(4)),
    *((pi / 2, axis * pi / 2, k * pi / 2) for axis in range(4) for k in range(4)),
)
"""Angle and axis of the pulse, then the angle of the Z behind it, rad. Half a turn about an axis in the plane takes
its Z with it, so that 4 + 4 + 16 are all (Epstein et al., PRA 89, 062321, count the same group in pulses)."""

PULSES = sum(1 for angle, _, _ in CLIFFORDS if angle) / len(CLIFFORDS)
"""Pulses that a Clifford gate takes on average: 5/6."""


def matrix(number: int) -> Matrix:
    """Return the gate as a unitary matrix, up to its phase."""
    angle, axis, z = CLIFFORDS[number]
    return np.diag([np.exp(-0.5j * z), np.exp(0.5j * z)]) @ turn(angle, axis)


def number_of(gate: Matrix) -> int:
    """Return which of the 24 a matrix is, up to its phase."""
    return int(np.argmax(np.abs(np.einsum("kij,ij->k", _MATRICES.conj(), gate))))


_MATRICES = np.array([matrix(k) for k in range(len(CLIFFORDS))])
COMPOSED = np.array([[number_of(b @ a) for b in _MATRICES] for a in _MATRICES])
"""Number of the gate that a, then b make: ``COMPOSED[a, b]``."""
INVERSE = np.argmax(COMPOSED == 0, axis=1)
"""Number of the gate that undoes each."""


def clifford(qubit: int, number: int) -> list[Row]:
    """Return the pulse and the frame change of one gate, as far as it has them."""
    angle, axis, z = CLIFFORDS[number]
    rows = [event(Op.R, (qubit,), (angle, axis))] if angle else []
    return [*rows, event(Op.RZ, (qubit,), (z,))] if z else rows
