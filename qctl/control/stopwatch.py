"""Seconds by stage, deadlines and what was lost: the timing report of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from qctl.core.record import Timing


@dataclass
class Stopwatch:
    """Counts while a run goes on; ``timing`` is its report. Monotonic time only."""

    deadlines: int = 0
    misses: int = 0
    discarded_segments: int = 0
    flags: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent in the block to a stage."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - start

    def count(self, flag: str) -> None:
        """Count one event that has no number of its own."""
        self.flags[flag] = self.flags.get(flag, 0) + 1

    @property
    def timing(self) -> Timing:
        """Return the report."""
        return Timing(self.deadlines, self.misses, self.discarded_segments, dict(self.flags), dict(self.seconds))
