"""How many samples each AWG plays in a shot of each sweep point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.protocols import AwgLimits
from qctl.core.sequence import Sequence
from qctl.platforms.ringdown import ends_of_points


def ends_by_awg(sequence: Sequence) -> dict[str, NDArray[np.int64]]:
    """Return for each AWG and sweep point the samples until everything has been played."""
    ends: dict[str, NDArray[np.int64]] = {}
    for track in sequence.tracks.values():
        name = track.outputs[0].instrument
        if name not in ends:
            ends[name] = np.zeros(sequence.n_points, np.int64)
        if len(track.plays):
            np.maximum(ends[name], ends_of_points(track, sequence.n_points), out=ends[name])
    return ends


def played_samples(ends: NDArray[np.int64], limits: AwgLimits) -> NDArray[np.int64]:
    """Return by sweep point the samples that each output plays: at least the minimum, in the granularity."""
    whole = -(-np.maximum(ends, limits.min_samples) // limits.granularity)
    return whole * limits.granularity
