"""QDevil (Quantum Machines) QDAC-II: 24 quiet voltages.

Source: QDAC-II user manual, chapter "SCPI commands": ``SOURce#:RANGe``, ``SOURce#:VOLTage:MODE``,
``SOURce#[:DC]:VOLTage``, ``SOURce#[:DC]:VOLTage:SLEW`` (20 V/s at least: slower ramps are made of steps here).
"""

from __future__ import annotations

import math
from typing import ClassVar

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import StandingLimits
from qctl.transport import Session, Word, command, grammar

from .pace import WALL, Clock
from .scpi import ScpiInstrument, refuse_beyond

N_CHANNELS = 24
HIGH = 10.0  # V, of the large range
STEP = 10e-3  # s between two levels of a ramp


class Qdac2(ScpiInstrument):
    """Voltages that never jump."""

    identity = "QDevil,QDAC-II"
    limits: ClassVar[StandingLimits] = StandingLimits(n_channels=N_CHANNELS, unit="V", min_level=-HIGH, max_level=HIGH)
    safe_actions: ClassVar[frozenset[SafeAction]] = frozenset({SafeAction.HOLD, SafeAction.RAMP, SafeAction.VALUE})

    def __init__(self, session: Session, name: str = "", clock: Clock = WALL) -> None:
        super().__init__(session, name)
        self._clock = clock
        self._limit: LimitEntry | None = None

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Keep the limits; levels and ranges stay as they are."""
        if limit is None or limit.rate is None or not limit.rate > 0:
            raise InstrumentError("no limits", allowed="min, max and rate in the laboratory file", where=self.name)
        if max(abs(limit.min), abs(limit.max)) > HIGH:
            raise InstrumentError(f"limits of {limit.min:g} to {limit.max:g} V", allowed="-10 to 10 V", where=self.name)
        self._limit = limit

    def ramp_to(self, channel: int, level: float) -> None:
        """Go to ``level`` (V) from the level read back, no faster than the limit's rate (V/s)."""
        if self._limit is None or self._limit.rate is None:
            raise InstrumentError("no limits known, cannot ramp", where=self.name, remedy="configure it first")
        if not 1 <= channel <= N_CHANNELS:
            raise InstrumentError(f"channel {channel}", allowed=f"1 to {N_CHANNELS}", where=self.name)
        refuse_beyond(self._limit, level, f"level of channel {channel}", self.name)
        self._fix(channel)
        self._ramp(channel, level, self._limit.rate)

    def level(self, channel: int) -> float:
        """Return what a channel is set to, V."""
        return self.ask(grammar.nr3, f"SOUR{channel}:VOLT?")

    def make_safe(self, entry: SafeEntry) -> None:
        """Hold all levels, ramp them to a value, or set it at once; its outputs cannot be switched off."""
        if entry.action is SafeAction.HOLD:
            return
        if entry.action is SafeAction.OFF:
            raise InstrumentError("its outputs cannot be switched off", allowed="hold, ramp or value", where=self.name)
        goal = entry.value or 0.0
        for channel in range(1, N_CHANNELS + 1):
            if not math.isclose(self.level(channel), goal, abs_tol=1e-6):
                self._fix(channel)
                self._ramp(channel, goal, entry.rate if entry.action is SafeAction.RAMP and entry.rate else math.inf)

    def _fix(self, channel: int) -> None:
        """Let a channel follow its level at once; the large range, which it had at power-on, is kept."""
        self.session.write(command(f"SOUR{channel}:VOLT:MODE", Word("FIX")))
        self.check()

    def _ramp(self, channel: int, goal: float, rate: float) -> None:
        """Move at ``rate`` by monotonic time: a late step is larger only by the time that has passed."""
        start, began = self.level(channel), self._clock.monotonic()
        distance, sign = abs(goal - start), math.copysign(1.0, goal - start)
        while math.isfinite(rate) and (moved := rate * (self._clock.monotonic() - began)) < distance:
            self._put(channel, start + sign * moved)
            self._clock.pause(min(STEP, (distance - moved) / rate))
        self._put(channel, goal)
        if not math.isclose(found := self.level(channel), goal, rel_tol=1e-4, abs_tol=1e-4):
            raise InstrumentError(f"channel {channel} reads back as {found:g} V, not {goal:g} V", where=self.name)

    def _put(self, channel: int, level: float) -> None:
        self.write(f"SOUR{channel}:VOLT", level)
        self.check()
