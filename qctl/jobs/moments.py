"""When something happened: by a clock that nobody can set, and by the wall's for people.

Order is by sequence number. Spans within one boot are measured by the boot clock, which counts suspended time and never
jumps; across boots nothing but the wall clock is left.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant.

    Parameters
    ----------
    boot : which boot of this machine
    ticking : s of the boot clock
    wall : s since 1970, shown only
    """

    boot: str
    ticking: float
    wall: float

    def since(self, other: Moment) -> float:
        """Return the seconds from ``other`` to here, never negative."""
        passed = self.ticking - other.ticking if self.boot == other.boot else self.wall - other.wall
        return max(0.0, passed)


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> Moment:
        """Return this moment."""


class BootClock:
    """The clocks of this machine."""

    def now(self) -> Moment:
        """Return this moment."""
        return Moment(boot_id(), ticking(), time.time())


def ticking() -> float:
    """Return the seconds since boot, suspended time included where the platform counts it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@cache
def boot_id() -> str:
    """Return what the kernel calls this boot; a name of this process where it has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return str(uuid.uuid4())
