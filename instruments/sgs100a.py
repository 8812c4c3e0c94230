"""Rohde & Schwarz SGS100A microwave source.

Source: R&S SGS100A SGMA RF Source User Manual (1173.9105.02), chapter 10 "Remote Control Commands".
"""

from __future__ import annotations

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry

from .scpi import Choice, Number, ScpiInstrument, Switch, refuse_beyond

_NOT_FITTED = (-113, -241)  # SCPI: undefined header, hardware missing


class Sgs100a(ScpiInstrument):
    """Continuous-wave source, 1 MHz to 12.75 GHz."""

    identity = "Rohde&Schwarz,SGS100A"

    frequency = Number("SOUR:FREQ", low=1e6, high=12.75e9)
    power_dbm = Number("SOUR:POW", low=-20.0, high=25.0)
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
