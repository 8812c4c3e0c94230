"""What a result says of each measured qubit, point by point, before and after its readout is calibrated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.parameters import Parameters
from qctl.core.result import Result

Floats = NDArray[np.float64]


def excited(result: Result, known: Parameters) -> tuple[Floats, Floats]:
    """Return how often each qubit was in 1, readout errors taken out, and the standard error of it.

    Returns
    -------
    float64, shape (n_points, n_measured) each, in the order of the bits. ``(seen - p01) / (1 - p01 - p10)``; the error
    is that of counting, with half a count added so that it is never 0 (Agresti and Coull, The American Statistician
    52, 119).
    """
    measured = sorted(result.measured, key=lambda one: one[1])
    seen, shots = result.bits[:, :, [bit for _, bit in measured]].mean(axis=1), result.shots
    names = [result.qubits[qubit] for qubit, _ in measured]
    low = np.array([known[f"{name}.readout.p01"] for name in names])
    swing = np.maximum(1 - low - np.array([known[f"{name}.readout.p10"] for name in names]), 0.05)
    smooth = (seen * shots + 0.5) / (shots + 1)
    return np.asarray((seen - low) / swing), np.asarray(np.sqrt(smooth * (1 - smooth) / shots) / swing)


def projected(result: Result) -> tuple[Floats, Floats]:
    """Return the mean points of each qubit along the line on which they vary most, and their standard errors.

    Needs no calibrated readout; the sign is arbitrary. Volts.

    Returns
    -------
    float64, shape (n_points, n_measured) each, in the order of the bits
    """
    order = np.argsort([bit for _, bit in result.measured])
    means = result.iq[:, :, order].mean(axis=1)
    centred = means - means.mean(axis=0)
    turn = np.exp(-0.5j * np.angle((centred**2).sum(axis=0)))
    spread = (result.iq[:, :, order] * turn).real.std(axis=1, ddof=1) if result.shots > 1 else np.zeros(means.shape)
    return np.asarray((means * turn).real), np.asarray(spread / np.sqrt(result.shots))
