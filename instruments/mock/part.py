"""What every simulated instrument of a rack has, whatever language it speaks."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

from .faults import Faults, FaultScript


class Part:
    """One instrument; everything in it runs under the rack's lock.

    Parameters
    ----------
    identity : who it is; what ``*IDN?`` answers
    name : in the laboratory
    faults : what goes wrong, and how often
    lock : shared by all instruments of a rack
    clock : numbers what happens in a rack, in order

    Attributes
    ----------
    changes : counts commands that may have changed a setting
    """

    def __init__(
        self,
        identity: str,
        name: str = "",
        faults: Faults | None = None,
        lock: threading.Condition | None = None,
        clock: Iterator[int] | None = None,
    ) -> None:
        self.identity, self.name = identity, name
        self.lock = lock or threading.Condition()
        self.clock = clock if clock is not None else itertools.count(1)
        self.changes = 0
        self.faults = FaultScript(faults or Faults(), name)
        self.power_on()

    def power_on(self) -> None:
        """Make what this instrument has besides."""

    def close(self) -> None:
        """Called when the rack stops: whoever waits looks again."""
        with self.lock:
            self.lock.notify_all()
