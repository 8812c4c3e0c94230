"""A simulated instrument that takes line after line and acknowledges each: no SCPI message, no error queue."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterator

from .faults import Faults, FaultScript
from .values import ScpiError

log = logging.getLogger(__name__)


class LineDevice:
    """One such instrument; servers give it lines, it gives back lines. Everything here runs under the rack's lock.

    Parameters
    ----------
    identity : who it is
    name : in the laboratory
    faults : what goes wrong, and how often
    lock : shared by all instruments of a rack
    clock : numbers what happens in a rack, in order
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
        self.changes = 0  # counts lines that may have changed a setting
        self.faults = FaultScript(faults or Faults(), name)

    def take(self, line: str) -> tuple[str, ...]:
        """Return the lines that answer one line; called by the server."""
        with self.lock:
            self.changes += not line.endswith("?")
            return self.answer(line)

    def answer(self, line: str) -> tuple[str, ...]:
        """Return the lines that answer one line."""
        raise NotImplementedError

    def fail(self, error: ScpiError) -> None:
        """Take note of what it cannot tell anybody: it has no error queue."""
        log.warning("%s: %s", self.name, error)

    def close(self) -> None:
        """Called when the rack stops."""
        with self.lock:
            self.lock.notify_all()
