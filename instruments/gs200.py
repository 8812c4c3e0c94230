"""Yokogawa GS200 DC voltage/current source.

Source: GS200 DC Voltage/Current Source User's Manual (IM GS210-01EN), chapter 17 "Communication Commands".
"""

from __future__ import annotations

import math
from typing import ClassVar

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import StandingLimits
from qctl.transport import Session

from .pace import WALL, Clock
from .scpi import Choice, Number, ScpiInstrument, Switch, refuse_beyond

CURRENT_RANGES = (1e-3, 10e-3, 100e-3, 200e-3)  # A
STEP = 10e-3  # s between two levels of a ramp


class Gs200(ScpiInstrument):
    """Current source for flux bias; never jumps while the output is on."""

    identity = "YOKOGAWA,GS2"
    limits: ClassVar[StandingLimits] = StandingLimits(
        n_channels=1, unit="A", min_level=-CURRENT_RANGES[-1], max_level=CURRENT_RANGES[-1]
    )

    function = Choice(":SOURce:FUNCtion", "CURRent", "VOLTage")
    range = Number(":SOURce:RANGe", low=1e-3, high=200e-3)
    level = Number(":SOURce:LEVel", low=-200e-3, high=200e-3)
    output = Switch(":OUTPut")

    _limit: LimitEntry | None = None

    def __init__(self, session: Session, name: str = "", clock: Clock = WALL) -> None:
        super().__init__(session, name)
        self._clock = clock

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Select current and the smallest range that holds the limits; refuse to do so under a live output."""
        if limit is None or limit.rate is None or not limit.rate > 0:
            raise InstrumentError("no limits", allowed="min, max and rate in the laboratory file", where=self.name)
        self._limit = limit
        wanted = self._smallest_range(max(abs(limit.min), abs(limit.max)))
        if self.function == "CURRent" and math.isclose(self.range, wanted):
            return
        if self.output:
            raise InstrumentError(
                "the output is on in another function or range",
                allowed=f"current, range {wanted:g} A",
                where=self.name,
                remedy="ramp it to zero and switch it off by hand: changing ranges would make it jump",
            )
        self.function = "CURRent"
        self.range = wanted

    def ramp_to(self, level: float) -> None:
        """Go to ``level`` (A) from the level read back, no faster than the limit's rate (A/s)."""
        if self._limit is None or self._limit.rate is None:
            raise InstrumentError("no limits known, cannot ramp", where=self.name, remedy="configure it first")
        refuse_beyond(self._limit, level, "level", self.name)
        if not self.output:
            self.level = 0.0  # from an open output to zero: nothing jumps
            self.output = True
        self._ramp(level, self._limit.rate)

    def make_safe(self, entry: SafeEntry) -> None:
        """Hold, ramp to a value, set a value at once, or switch the output off."""
        if entry.action is SafeAction.HOLD or not self.output:
            return
        if entry.action is SafeAction.OFF:
            self.output = False
        elif entry.action is SafeAction.RAMP and entry.rate is not None:
            self._ramp(entry.value or 0.0, entry.rate)
        else:
            self.level = entry.value or 0.0

    def live(self) -> tuple[str, ...]:
        """Return its output, where that is on as read back now."""
        return ("output",) if self.output else ()

    def _smallest_range(self, largest: float) -> float:
        for candidate in CURRENT_RANGES:
            if largest <= candidate * (1 + 1e-9):
                return candidate
        raise InstrumentError(f"a limit of {largest:g} A", allowed=f"at most {CURRENT_RANGES[-1]:g} A", where=self.name)

    def _ramp(self, goal: float, rate: float) -> None:
        """Move at ``rate`` by monotonic time: a late step is larger only by the time that has passed."""
        start, began = self.level, self._clock.monotonic()
        distance, sign = abs(goal - start), math.copysign(1.0, goal - start)
        while (moved := rate * (self._clock.monotonic() - began)) < distance:
            self.level = start + sign * moved
            self._clock.pause(min(STEP, (distance - moved) / rate))
        self.level = goal
        if not math.isclose(found := self.level, goal, rel_tol=1e-4, abs_tol=1e-7):
            raise InstrumentError(
                f"level reads back as {found:g} A after a ramp to {goal:g} A: its output is unknown", where=self.name
            )
