"""How long before its border each window was linked: what is left until the machine would wait for the host."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BINS = 25  # powers of two of microseconds: 1 us to 16 s
KEPT = 1000  # borders that quantiles are of


@dataclass
class Slack:
    """Deadlines are borders of windows for which there was something to play.

    Attributes
    ----------
    deadlines, misses : how many there were, and at how many the machine waited
    """

    deadlines: int = 0
    misses: int = 0
    _bins: list[int] = field(default_factory=lambda: [0] * BINS)
    _last: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def note(self, seconds: float) -> None:
        """Take one border: how long before it its window was linked; negative when it came after."""
        self.deadlines += 1
        self.misses += seconds < 0
        self._last.append(seconds)
        if seconds >= 0:
            self._bins[min(int(seconds * 1e6).bit_length(), BINS - 1)] += 1

    def document(self) -> dict[str, Any]:
        """Return counts, quantiles of the last borders in us, and how many had up to 1, 2, 4, ... us left."""
        us = 1e6 * np.array(self._last or [np.nan])
        low = {name: float(np.quantile(us, part)) for name, part in (("p50_us", 0.5), ("p01_us", 0.01), ("min_us", 0))}
        quantiles = low if self._last else dict.fromkeys(low)
        up_to = {str(2**k): n for k, n in enumerate(self._bins) if n}
        return {"deadlines": self.deadlines, "misses": self.misses, **quantiles, "hist_us": up_to}
