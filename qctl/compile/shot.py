"""How many samples each AWG plays in a shot of each sweep point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.protocols import AwgLimits
from qctl.core.sequence import Sequence
from qctl.platforms.ringdown import ends_of_points


def samples_of_points(sequence: Sequence, awg: str, limits: AwgLimits) -> NDArray[np.int64]:
    """Return by sweep point the samples that each output of an AWG plays: at least its minimum, in its granularity."""
    ends = np.zeros(sequence.n_points, np.int64)
    for track in sequence.tracks.values():
        if track.outputs[0].instrument == awg:
            np.maximum(ends, ends_of_points(track, sequence.n_points), out=ends)
    whole = -(-np.maximum(ends, limits.min_samples) // limits.granularity)
    return whole * limits.granularity
