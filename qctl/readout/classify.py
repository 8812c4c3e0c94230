"""Tell states from points in the IQ plane by one straight line per qubit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qctl.core.parameters import Parameters
from qctl.kernels import classify as kernel


def discriminators(
    qubits: Sequence[str], parameters: Parameters, *, counted: bool = False
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Return the rotation (unit complex numbers) and threshold (V, or photons) of each named qubit's readout."""
    if counted:
        photons = np.array([parameters[f"{qubit}.readout.counts"] for qubit in qubits], np.float64)
        return np.ones(len(qubits), np.complex128), photons
    angles = np.array([parameters[f"{qubit}.readout.rotation"] for qubit in qubits], np.float64)
    thresholds = np.array([parameters[f"{qubit}.readout.threshold"] for qubit in qubits], np.float64)
    return np.exp(1j * angles), thresholds


def classify(
    iq: NDArray[np.complex128], rotations: NDArray[np.complex128], thresholds: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Return 1 where a point, turned by its rotation, has a real part beyond its threshold.

    Parameters
    ----------
    iq : volts, last axis runs over measurements; NaN (not measured) is told as 0
    rotations, thresholds : one per measurement

    Returns
    -------
    uint8, shape of ``iq``
    """
    states = np.empty(iq.shape, np.uint8)
    flat = np.ascontiguousarray(iq).reshape(-1, iq.shape[-1])
    kernel.classify(flat, rotations, thresholds, states.reshape(flat.shape))
    return states
