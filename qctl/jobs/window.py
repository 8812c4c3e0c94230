"""How long a window is: so long that the host, which prepares the next one meanwhile, is never late."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from dataclasses import dataclass

import numpy as np

MARGIN = 20.0  # times the lateness that one wake in a thousand exceeds
LEAST_SAMPLES = 1000  # below that nobody knows the 99.9th percentile
UNMEASURED = 12.5e-3  # s; p99.9 of a plain host before it was measured: windows of 250 ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """What a station reports of a window besides its frames, s."""

    upload: float
    arm: float
    run: float
    fetch: float

    @property
    def total(self) -> float:
        """Return the whole cycle, s."""
        return self.upload + self.arm + self.run + self.fetch


def lateness(samples: Seq[float]) -> float:
    """Return the 99.9th percentile of measured lateness, s; the assumption of a plain host below 1,000 samples."""
    if len(samples) < LEAST_SAMPLES:
        return UNMEASURED
    return float(np.quantile(np.asarray(samples), 0.999, method="higher"))


def length(cycle: Cycle, late: float, frame_s: float) -> float:
    """Return the length of a window: the cycle, or 20 times the lateness, whichever is longer, in whole frames.

    Parameters
    ----------
    cycle : as the station reported it last; ``run`` is what it adds to the frames themselves
    late : 99.9th percentile of how late the host wakes, s
    frame_s : period of the station
    """
    frames = int(np.ceil(max(cycle.total, MARGIN * late) / frame_s - 1e-9))
    return max(1, frames) * frame_s
