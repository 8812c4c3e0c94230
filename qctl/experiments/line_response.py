"""Flux pulses after a line whose step response is ``1 + sum_k a_k exp(-t / tau_k)``, on a fine grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]
GRID = 1e-9  # s


def shaped(durations: Sequence[float] | Floats, edge: float, after: float = 0.0) -> Floats:
    """Return flat tops with edges of half a cosine, a row each, as long as the longest and ``after`` behind it."""
    lengths = [round(float(duration) / GRID) for duration in durations]
    n_edge = round(edge / GRID)
    rows = np.zeros((len(lengths), max(lengths) + round(after / GRID)))
    rise = np.sin(np.pi / 2 * (np.arange(n_edge) + 0.5) / max(n_edge, 1)) ** 2
    for row, n in zip(rows, lengths, strict=True):
        row[:n] = 1.0
        row[:n_edge], row[n - n_edge : n] = rise, rise[::-1]
    return rows


def arrived_as(pulses: Floats, amplitudes: Floats, taus: Floats) -> Floats:
    """Return pulses (n_pulses, n_samples) as they arrive, averaged over each sample; exact for held samples."""
    steps, arrived = np.diff(pulses, prepend=0.0, axis=1), pulses.copy()
    for a, tau in zip(amplitudes, taus, strict=True):
        decay = np.exp(-GRID / tau)
        arrived += a * tau / GRID * (1 - decay) * lfilter([1.0], [1.0, -decay], steps, axis=1)
    return np.asarray(arrived)
