"""Time as drivers see it: a monotonic clock and a pause between two looks, both replaceable in tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from qctl.core.errors import InstrumentError


class Clock(Protocol):
    """Monotonic seconds, and waiting for some of them."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    def pause(self, seconds: float) -> None:
        """Return after about ``seconds``."""


class WallClock:
    """The computer's monotonic clock."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Return after about ``seconds``."""
        time.sleep(seconds)


WALL = WallClock()
POLL = 2e-3  # s between two looks at a state


def wait_until(reached: Callable[[], bool], timeout: float, clock: Clock, what: Callable[[], str], where: str) -> None:
    """Return once ``reached()`` holds; raise InstrumentError with ``what()`` after ``timeout`` seconds."""
    deadline = clock.monotonic() + timeout
    while not reached():
        if clock.monotonic() >= deadline:
            raise InstrumentError(f"{what()} within {timeout:g} s", where=where)
        clock.pause(POLL)
