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
POLL, LONGEST_POLL = 2e-3, 20e-3  # s between two looks at a state: at first, and at most


def wait_until(reached: Callable[[], bool], timeout: float, clock: Clock, what: Callable[[], str], where: str) -> None:
    """Return once ``reached()`` holds; raise InstrumentError with ``what()`` after ``timeout`` seconds.

    Pauses grow with the time waited, to a quarter of it at most: who takes long is not asked all the time.
    """
    begin, pause = clock.monotonic(), POLL
    while not reached():
        if clock.monotonic() >= begin + timeout:
            raise InstrumentError(f"{what()} within {timeout:g} s", where=where)
        clock.pause(pause)
        pause = min(max(pause, (clock.monotonic() - begin) / 4), LONGEST_POLL)
