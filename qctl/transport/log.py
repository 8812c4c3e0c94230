"""The last MiB of what went over a wire, kept for the report of a fault."""

from __future__ import annotations

import time
from collections import deque
from typing import Literal

CAPACITY = 1 << 20
_HEAD = 128  # of each message; blocks are logged by head and size

Direction = Literal[">", "<", "!"]


class WireLog:
    """A ring of (monotonic time, direction, head, size); ``>`` is sent, ``<`` received, ``!`` a remark."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[tuple[float, Direction, bytes, int]] = deque()
        self._capacity = capacity
        self._used = 0

    def add(self, direction: Direction, data: bytes | memoryview, size: int | None = None) -> None:
        """Append the head of a message; ``size`` is its whole length when ``data`` is only its beginning."""
        head = bytes(data[:_HEAD])
        self._entries.append((time.monotonic(), direction, head, len(data) if size is None else size))
        self._used += len(head) + 32
        while self._used > self._capacity:
            self._used -= len(self._entries.popleft()[2]) + 32

    def text(self, last: int | None = None) -> str:
        """Return the log, or its ``last`` entries, one line per message, oldest first."""
        entries = list(self._entries)[-last:] if last else list(self._entries)
        return "\n".join(
            f"{when:.6f} {direction} {head!r}" + (f" ... {size} bytes" if size > len(head) else "")
            for when, direction, head, size in entries
        )
