"""Keysight 53230A (53220A) universal counter as a photon counter: totalises while its external gate is high.

Source: Keysight 53220A/53230A Programmer's Reference, chapters "SENSe", "SAMPle", "TRIGger", "DATA", "FORMat"; user's
guide, chapters "Triggering and gating" (external gate) and "Formats and data flow" (memory of 1,000,000 readings).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeEntry
from qctl.core.protocols import CounterLimits
from qctl.transport import Session, Word, command, grammar

from .pace import WALL, Clock, wait_until
from .scpi import Choice, Number, ScpiInstrument, Switch, commands

THRESHOLD = 1.0  # V, of pulses into 50 ohm that make TTL of 2.5 V


class Counter53230a(ScpiInstrument):
    """One photon counter: channel 1 or 2, one reading for each pulse at the gate input."""

    identity = "Keysight Technologies,532"
    limits: ClassVar[CounterLimits] = CounterLimits(n_channels=2, memory=1_000_000, min_gate=1e-6, rearm=10e-6)

    gate_source = Choice("SENS:TOT:GATE:SOUR", "TIME", "EXTernal", "INPut1", "INPut2", "ADVanced")
    gate_polarity = Choice("SENS:TOT:GATE:POL", "POSitive", "NEGative")
    gate_output = Switch("OUTP")
    readings = Number("SAMP:COUN", low=1, high=1_000_000)

    def __init__(self, session: Session, name: str = "", clock: Clock = WALL) -> None:
        super().__init__(session, name)
        self._clock = clock
        self._n_readings, self._armed = 0, -1

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Listen at 50 ohm, direct coupled, at a fixed threshold; readings as 64-bit numbers, low byte first."""
        inputs = [
            (f"INP{k}:{header}", value)
            for k in (1, 2)
            for header, value in (("COUP", Word("DC")), ("IMP", 50), ("LEV:AUTO", False), ("LEV", THRESHOLD))
        ]
        self.session.write(
            command("ABOR"),
            *commands(*inputs, ("TRIG:SOUR", Word("IMM")), ("TRIG:COUN", 1)),
            *commands(("FORM", Word("REAL"), 64), ("FORM:BORD", Word("SWAP"))),
        )
        self.check()

    def arm(self, inputs: tuple[int, ...], n_readings: int) -> None:
        """Wait for ``n_readings`` gates; one of the two channels counts."""
        if len(inputs) != 1 or inputs[0] not in (1, 2) or not 1 <= n_readings <= self.limits.memory:
            raise InstrumentError(
                f"{n_readings} readings of channels {inputs}",
                allowed=f"up to {self.limits.memory} of channel 1 or 2",
                where=self.name,
            )
        self.session.write(
            command("ABOR"),
            command("SENS:FUNC", f"TOT {inputs[0]}"),
            *commands(("OUTP", False), ("SENS:TOT:GATE:SOUR", Word("EXT")), ("SENS:TOT:GATE:POL", Word("POS"))),
            command("SAMP:COUN", n_readings),
        )
        self.check()
        self.write("INIT")
        self.check()
        self._n_readings, self._armed = n_readings, self.session.generation

    def wait(self, timeout: float) -> None:
        """Return when all readings are there; raise InstrumentError at the deadline, saying how many are missing."""
        wait_until(lambda: self._found() >= self._n_readings, timeout, self._clock, self._missing, self.name)

    def fetch(self, out: NDArray[np.int64]) -> None:
        """Fill ``out`` (n_readings, 1)."""
        if out.shape != (self._n_readings, 1) or self._armed != self.session.generation:
            raise InstrumentError(
                f"room for {out.shape} readings, or a fault since it was armed", where=self.name, remedy="record again"
            )
        values = np.empty(self._n_readings, "<f8")
        self.session.ask_block(command("DATA:REM?", self._n_readings), values)
        self.check()
        counts = np.rint(values)
        if np.any(counts != values) or np.any(values < 0) or np.any(values > 2**53):
            raise InstrumentError(f"{float(values[counts != values][:1].sum())} is no count", where=self.name)
        out[:, 0] = counts

    def make_safe(self, entry: SafeEntry) -> None:
        """Stop counting; it has no output."""
        self.write("ABOR")
        self.check()

    def _found(self) -> int:
        return self.ask(grammar.nr1, "DATA:POIN?", retry=False)

    def _missing(self) -> str:
        found = self._found()
        self.write("ABOR")
        return f"{self._n_readings - found} of {self._n_readings} gates did not come"
