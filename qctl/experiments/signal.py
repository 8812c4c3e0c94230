"""What a result says of each measured qubit, point by point, before and after its readout is calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

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
    seen, names = result.bits[:, :, [bit for _, bit in measured]].mean(axis=1), [result.qubits[q] for q, _ in measured]
    return well_read(seen, result.shots, names, known)


def well_read(seen: Floats, shots: Floats | int, names: Sequence[str], known: Parameters) -> tuple[Floats, Floats]:
    """Return what `excited` does, of shares of 1 that were seen: shape (n_points, n_names), in as many shots."""
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
    points = _along(result)
    spread = points.std(axis=1, ddof=1) if result.shots > 1 else np.zeros((points.shape[0], points.shape[2]))
    return points.mean(axis=1), np.asarray(spread / np.sqrt(result.shots))


def in_blocks(result: Result, n_blocks: int) -> Floats:
    """Return what `projected` returns, block by block of successive shots: what drifts meanwhile differs among them.

    Returns
    -------
    float64, shape (n_blocks, n_points, n_measured), volts
    """
    points, edges = _along(result), np.linspace(0, result.shots, n_blocks + 1).astype(int)
    return np.array([points[:, a:b].mean(axis=1) for a, b in pairwise(edges)])


def _along(result: Result) -> Floats:
    """Return all shots along the line on which the means of the points vary most, (n_points, shots, n_measured)."""
    iq = result.iq[:, :, np.argsort([bit for _, bit in result.measured])]
    means = iq.mean(axis=1)
    turn = np.exp(-0.5j * np.angle(((means - means.mean(axis=0)) ** 2).sum(axis=0)))
    return np.asarray((iq * turn).real)


def some_points(result: Result, first: int, last: int) -> Result:
    """Return the sweep points from ``first`` up to but not including ``last``, as a result of their own."""
    return replace(result, bits=result.bits[first:last], iq=result.iq[first:last], quasi=(), traces={})


def between(result: Result, zeros: Sequence[int], ones: Sequence[int]) -> tuple[Floats, Floats]:
    """Return how far each mean point lies on the way from 0 to 1, told by points of the same run, and its error.

    Needs no calibrated readout. Errors of the references are left out: they move all points alike.

    Parameters
    ----------
    zeros, ones : points in which every measured qubit was left in 0, or brought to 1

    Returns
    -------
    float64, shape (n_points, n_measured) each, in the order of the bits
    """
    iq = result.iq[:, :, np.argsort([bit for _, bit in result.measured])]
    means = iq.mean(axis=1)
    start, way = means[list(zeros)].mean(axis=0), means[list(ones)].mean(axis=0) - means[list(zeros)].mean(axis=0)
    way = np.where(np.abs(way) > 0, way, 1e-300)
    spread = (iq / way).real.std(axis=1, ddof=1) if result.shots > 1 else np.zeros(means.shape)
    return np.asarray(((means - start) / way).real), np.asarray(spread / np.sqrt(result.shots))
