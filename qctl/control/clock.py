"""The time of a station: the wall's on real hardware, virtual where the rack is simulated."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from qctl.core.errors import UsageError


class Clock(Protocol):
    """Time that passes while shots are played and while nothing is done."""

    stands: ClassVar[bool]
    """Whether time stands still while this computer thinks: then nothing that it does is late."""

    def now(self) -> float:
        """Return seconds since 1970."""

    def played(self, seconds: float) -> None:
        """Take note of shots that took so long."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


class WallClock:
    """The time of this computer."""

    stands: ClassVar[bool] = False

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def played(self, seconds: float) -> None:
        """Do nothing: while the shots were played, this time has passed."""

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


@dataclass
class VirtualClock:
    """The time of a simulated rack: when it was started, all shots that were played, all waits.

    Parameters
    ----------
    say : sends a line to the rack
    passed : virtual seconds since the start; the clock of the simulated world shows the same
    """

    stands: ClassVar[bool] = True
    say: Callable[[str], None]
    started: float = field(default_factory=time.time)
    passed: float = 0.0

    def now(self) -> float:
        """Return seconds since 1970."""
        return self.started + self.passed

    def played(self, seconds: float) -> None:
        """Count shots that were played."""
        self.passed += seconds

    def wait(self, seconds: float) -> None:
        """Tell the rack; shots that are played after this call find the later time."""
        self.say(f"wait {seconds!r}")
        self.passed += seconds


def checked(seconds: float) -> float:
    """Return a time to wait, as a plain number.

    Raises
    ------
    UsageError
        When it is no time.
    """
    if not 0 <= seconds < 1e10:
        raise UsageError(f"a wait of {seconds:g} s", allowed="0 s to 300 years")
    return float(seconds)
