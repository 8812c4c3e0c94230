"""Rohde & Schwarz SGS100A microwave source.

Source: R&S SGS100A SGMA RF Source User Manual (1173.9105.02), chapter 10 "Remote Control Commands".
"""

from __future__ import annotations

from typing import ClassVar

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import StandingLimits

from .scpi import Choice, Number, ScpiInstrument, Switch, refuse_beyond

_NOT_FITTED = (-113, -241)  # SCPI: undefined header, hardware missing


class Sgs100a(ScpiInstrument):
    """Continuous-wave source, 1 MHz to 12.75 GHz."""

    identity = "Rohde&Schwarz,SGS100A"

    limits: ClassVar[StandingLimits] = StandingLimits(
        n_channels=1, unit="dBm", min_level=-20.0, max_level=25.0, min_frequency=1e6, max_frequency=12.75e9
    )
    safe_actions: ClassVar[frozenset[SafeAction]] = frozenset({SafeAction.HOLD, SafeAction.OFF, SafeAction.VALUE})

    frequency = Number("SOUR:FREQ", low=limits.min_frequency, high=limits.max_frequency)
    power_dbm = Number("SOUR:POW", low=limits.min_level, high=limits.max_level)
    output = Switch("OUTP:STAT")
    reference = Choice("SOUR:ROSC:SOUR", "INTernal", "EXTernal")

    _limit: LimitEntry | None = None

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Set reference, frequency and power (dBm, within ``limit``), modulation off; the output stays as it is."""
        self._limit = limit
        self._switch_modulation_off()
        self.reference = "EXTernal"
        if entry.frequency is not None:
            self.frequency = entry.frequency
        if entry.power is not None:
            self._set_power(entry.power)

    def on(self) -> None:
        """Switch the carrier on."""
        refuse_beyond(self._limit, self.power_dbm, "power", self.name)
        self.output = True

    def make_safe(self, entry: SafeEntry) -> None:
        """Hold, lower the power to a value, or (for anything else) switch the output off."""
        if entry.action is SafeAction.HOLD:
            return
        if entry.action is SafeAction.VALUE and entry.value is not None:
            self._set_power(entry.value)
        else:
            self.output = False

    def live(self) -> tuple[str, ...]:
        """Return its output, where that is on as read back now."""
        return ("output",) if self.output else ()

    def _switch_modulation_off(self) -> None:
        """Switch both modulators off; they are options, and one that is not there modulates nothing."""
        for header in ("SOUR:IQ:STAT", "SOUR:PULM:STAT"):
            self.write(header, False)
            found = [entry for entry in self.session.errors() if entry.code not in _NOT_FITTED]
            if found:
                entries = "; ".join(f'{entry.code},"{entry.message}"' for entry in found)
                raise InstrumentError(f"{header} 0: {entries}", where=self.name)

    def _set_power(self, power_dbm: float) -> None:
        refuse_beyond(self._limit, power_dbm, "power", self.name)
        self.power_dbm = power_dbm
