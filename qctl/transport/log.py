"""The last MiB of what went over a wire, kept for the report of a fault."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Literal, NamedTuple

CAPACITY = 1 << 20
_HEAD = 128  # of each message; blocks are logged by head and size

Direction = Literal[">", "<", "!"]


class Entry(NamedTuple):
    """One message, by its head; ``>`` is sent, ``<`` received, ``!`` a remark."""

    when: float  # monotonic, s
    direction: Direction
    head: bytes
    size: int

    def __str__(self) -> str:
        more = f" ... {self.size} bytes" if self.size > len(self.head) else ""
        return f"{self.when:.6f} {self.direction} {self.head!r}{more}"


class Fault(NamedTuple):
    """One thing that went wrong, and what was on the wire up to then."""

    reason: str
    entries: tuple[Entry, ...]

    @property
    def log(self) -> str:
        """Return the wire log, one line per message, oldest first."""
        return "\n".join(map(str, self.entries))


class WireLog:
    """A ring of the last messages, never larger than ``capacity`` bytes of them."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._messages: deque[tuple[float, Direction, bytes, int]] = deque(maxlen=capacity // _HEAD)
        self._append = self._messages.append

    def add(self, direction: Direction, data: bytes, size: int | None = None) -> None:
        """Append the head of a message; ``size`` is its whole length when ``data`` is only its beginning."""
        self._append((monotonic(), direction, data[:_HEAD], len(data) if size is None else size))

    def entries(self) -> tuple[Entry, ...]:
        """Return what is in the ring, oldest first."""
        return tuple(Entry(*message) for message in self._messages)
