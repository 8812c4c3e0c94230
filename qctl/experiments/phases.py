"""Phases of qubits by interference: the second of two pi/2 pulses about three axes, a third of a turn apart.

Three axes take out offset and contrast. What a qubit gains by a higher frequency is positive.
"""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ANGLES = 2 * pi / 3 * np.arange(3)
LEAST_CONTRAST = 0.25  # of an interference, below which its phase is not believed


def phase_of(ones: Floats, sigma: Floats) -> tuple[Floats, Floats, Floats]:
    """Return phase (rad), its standard error and the contrast of ``(1 + contrast cos(angle - phase)) / 2``.

    Parameters
    ----------
    ones, sigma : shape (..., 3, n), probability of 1 and its error for each of `ANGLES`

    Returns
    -------
    float64, shape (..., n) each
    """
    turns = np.exp(1j * ANGLES)[:, None]
    wave = (ones * turns).sum(axis=-2)
    phase = np.angle(wave)
    across = sigma * np.sin(ANGLES[:, None] - phase[..., None, :])
    length = np.maximum(np.abs(wave), 1e-9)
    return phase, np.sqrt((across**2).sum(axis=-2)) / length, 4 / 3 * length


def wrapped(phase: Floats) -> Floats:
    """Return the same phases within +-pi."""
    return np.asarray(np.angle(np.exp(1j * phase)))
