"""A simulated instrument that takes line after line and acknowledges each: no SCPI message, no error queue."""

from __future__ import annotations

import logging

from .part import Part
from .values import ScpiError

log = logging.getLogger(__name__)


class LineDevice(Part):
    """One such instrument; servers give it lines, it gives back lines."""

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
