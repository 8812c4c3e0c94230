"""Keysight Infiniium oscilloscope as a triggered digitizer with segmented memory.

Source: Infiniium Oscilloscopes Programmer's Guide (version 06.40 and later), chapters ":ACQuire Commands",
":TIMebase Commands", ":TRIGger Commands", ":WAVeform Commands" and "Root Level (:) Commands".
"""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeEntry
from qctl.core.protocols import DigitizerLimits
from qctl.transport import Session, Word, command, grammar

from .pace import WALL, Clock, wait_until
from .scpi import Choice, Number, ScpiInstrument, Switch, commands

TRIGGER_LEVEL = 0.5  # V at the AUX input, half of a marker's amplitude
FIRST_SPECIAL_CODE = 31232  # WORD format: 31232 is a hole, 31744 clipped low, 32256 clipped high
_PREAMBLE_FIELDS = 24
_BLOCK_RATE = 10e6  # bytes per second that even a slow link manages


class Scale(NamedTuple):
    """What a preamble says of one channel."""

    points: int
    interval: float  # s
    origin: float  # s
    volts_per_code: float
    volts_at_zero: float


class Infiniium(ScpiInstrument):
    """Four channels, ten bits, one segment for each edge at the AUX trigger input."""

    identity = "KEYSIGHT TECHNOLOGIES,"
    greeting = commands(
        (":SYSTem:HEADer", Word("OFF")),
        (":WAVeform:FORMat", Word("WORD")),
        (":WAVeform:BYTeorder", Word("LSBFirst")),
        (":WAVeform:STREaming", True),
    )
    error_query = command(":SYSTem:ERRor?", Word("STRing"))
    limits: ClassVar[DigitizerLimits] = DigitizerLimits(
        n_channels=4,
        bits=10,
        rates=(0.5e9, 1e9, 2e9, 2.5e9, 5e9, 10e9),
        max_segments=65_536,
        memory=100_000_000,
        rearm=4.5e-6,
        min_samples=16,
        max_full_scale=4.0,
        min_full_scale=4e-3,
    )

    sample_rate = Number(":ACQuire:SRATe", low=limits.rates[0], high=limits.rates[-1])
    reference = Switch(":TIMebase:REFClock")
    sweep = Choice(":TRIGger:SWEep", "TRIGgered", "AUTO")

    def __init__(self, session: Session, name: str = "", clock: Clock = WALL) -> None:
        super().__init__(session, name)
        self._clock = clock
        self._rate = 0.0
        self._inputs: tuple[int, ...] = ()
        self._shape = (0, 0)
        self._delay = 0.0
        self._armed = -1  # generation of the session when it was armed
        self._scratch = np.empty(0, np.int16)

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Set the 10 MHz reference, sample rate, range of all inputs and the trigger; it has no output to limit."""
        self.reference = True
        if entry.sample_rate is not None:
            if entry.sample_rate not in self.limits.rates:
                rates = ", ".join(f"{rate:g}" for rate in self.limits.rates)
                raise InstrumentError(f"sample rate {entry.sample_rate:g}", allowed=rates, where=self.name)
            self.sample_rate = entry.sample_rate
        for channel in range(1, self.limits.n_channels + 1):
            self.write(f":CHANnel{channel}:INPut", Word("DC50"))
            self.write(f":CHANnel{channel}:OFFSet", 0.0)
            if entry.full_scale is not None:
                self.write(f":CHANnel{channel}:RANGe", 2 * entry.full_scale)
        self.session.write(
            *commands(
                (":TRIGger:MODE", Word("EDGE")),
                (":TRIGger:EDGE:SOURce", Word("AUX")),
                (":TRIGger:EDGE:SLOPe", Word("POSitive")),
                (":TRIGger:LEVel", Word("AUX"), TRIGGER_LEVEL),
                (":TRIGger:SWEep", Word("TRIGgered")),
                (":ACQuire:MODE", Word("SEGMented")),
                (":ACQuire:AVERage", False),
                (":ACQuire:INTerpolate", Word("OFF")),
                (":TIMebase:REFerence", Word("LEFT")),
                (":WAVeform:SEGMented:ALL", True),
            )
        )
        self.check()
        level = self.ask(grammar.nr3, ":TRIGger:LEVel?", Word("AUX"))
        if not math.isclose(level, TRIGGER_LEVEL, abs_tol=0.05):
            raise InstrumentError(f"trigger level {level:g} V", allowed=f"{TRIGGER_LEVEL:g} V", where=self.name)
        self._rate = self.sample_rate

    def arm(self, inputs: tuple[int, ...], n_segments: int, delay: float, n_samples: int) -> None:
        """Wait for ``n_segments`` triggers; each records ``n_samples`` from ``delay`` seconds after it."""
        self._refuse(inputs, n_segments, n_samples)
        self._inputs, self._shape, self._delay = inputs, (n_segments, n_samples), delay
        self.session.write(
            command(":STOP"),
            *(command(f":CHANnel{k}:DISPlay", k in inputs) for k in range(1, self.limits.n_channels + 1)),
            *commands(
                (":ACQuire:SEGMented:COUNt", n_segments),
                (":ACQuire:POINts", n_samples),
                (":TIMebase:RANGe", n_samples / self._rate),
                (":TIMebase:POSition", delay),
            ),
        )
        self.check()
        self._event(":AER?")  # reading clears the two event registers
        self._event(":ADER?")
        self.write(":SINGle")
        wait_until(lambda: self._event(":AER?"), 5.0, self._clock, lambda: "it was not armed", self.name)
        self.check()
        self._armed = self.session.generation

    def wait(self, timeout: float) -> None:
        """Return when all segments are there; at the deadline say how many are missing."""
        wait_until(lambda: self._event(":ADER?"), timeout, self._clock, self._missing, self.name)

    def fetch(self, out: NDArray[np.int16]) -> tuple[float, float]:
        """Fill ``out`` (n_segments, n_inputs, n_samples); return volts per code and volts at code 0.

        Memory laid out input by input (``np.empty((n_inputs, n_segments, n_samples)).swapaxes(0, 1)``) is filled
        without a copy.
        """
        n_segments, n_samples = self._shape
        if out.shape != (n_segments, len(self._inputs), n_samples) or out.dtype != np.dtype("<i2"):
            raise InstrumentError(f"room of shape {out.shape}, {out.dtype}", where=self.name)
        if self._armed != self.session.generation:
            raise InstrumentError(
                "a fault since it was armed: its memory is uncertain", where=self.name, remedy="record again"
            )
        found = self.ask(grammar.nr1, ":WAVeform:SEGMented:COUNt?")
        if found != n_segments:
            self.check()  # the instrument may know why
            raise InstrumentError(f"{found} segments were recorded", allowed=f"{n_segments}", where=self.name)
        scales = [self._fetch_input(channel, out[:, k]) for k, channel in enumerate(self._inputs)]
        self.check()
        if len(set(scales)) != 1:
            raise InstrumentError(f"inputs of different scales: {scales}", where=self.name)
        return scales[0]

    def make_safe(self, entry: SafeEntry) -> None:
        """Stop recording; it has no output."""
        self.write(":STOP")
        self.check()

    def _fetch_input(self, channel: int, out: NDArray[np.int16]) -> tuple[float, float]:
        self.write(":WAVeform:SOURce", Word(f"CHANnel{channel}"))
        scale = self._scale()
        whole = out.flags.c_contiguous
        target = out if whole else self._room(out.size)
        timeout = self.session.timeout + target.nbytes / _BLOCK_RATE
        self.session.ask_block(command(":WAVeform:DATA?"), target, indefinite=True, timeout=timeout)
        if not whole:
            out[...] = target.reshape(out.shape)
        if out.size and int(target.max()) >= FIRST_SPECIAL_CODE:
            raise InstrumentError(
                f"input {channel} was clipped or has holes",
                where=self.name,
                remedy="enlarge its full_scale in the laboratory file, or lower the readout amplitude",
            )
        return scale.volts_per_code, scale.volts_at_zero

    def _scale(self) -> Scale:
        """Read the preamble, and refuse data that are not where and when they were asked."""
        scale = self.ask(scale_of, ":WAVeform:PREamble?")
        at_rate = math.isclose(scale.interval, 1 / self._rate, rel_tol=1e-6)
        on_time = abs(scale.origin - self._delay) < scale.interval / 2
        if scale.points != self._shape[1] or not at_rate or not on_time or not scale.volts_per_code > 0:
            raise InstrumentError(
                f"it recorded {scale}",
                allowed=f"{self._shape[1]} points at {self._rate:g} Hz from {self._delay:g} s",
                where=self.name,
            )
        return scale

    def _room(self, n_codes: int) -> NDArray[np.int16]:
        if len(self._scratch) < n_codes:
            self._scratch = np.empty(n_codes, np.int16)
        return self._scratch[:n_codes]

    def _event(self, query: str) -> bool:
        return self.ask(grammar.boolean, query, retry=False)

    def _missing(self) -> str:
        found = self.ask(grammar.nr1, ":WAVeform:SEGMented:COUNt?")
        return f"{self._shape[0] - found} of {self._shape[0]} segments were not triggered"

    def _refuse(self, inputs: tuple[int, ...], n_segments: int, n_samples: int) -> None:
        limits = self.limits
        if not self._rate:
            raise InstrumentError("not configured", where=self.name, remedy="configure it first")
        if not inputs or not set(inputs) <= set(range(1, limits.n_channels + 1)):
            raise InstrumentError(f"inputs {inputs}", allowed=f"1 to {limits.n_channels}", where=self.name)
        if not 1 <= n_segments <= limits.max_segments or n_samples < limits.min_samples:
            raise InstrumentError(
                f"{n_segments} segments of {n_samples} samples",
                allowed=f"1 to {limits.max_segments} segments of at least {limits.min_samples} samples",
                where=self.name,
            )
        if n_segments * n_samples > limits.memory:
            raise InstrumentError(
                f"{n_segments * n_samples} samples per channel",
                allowed=f"{limits.memory}",
                where=self.name,
                remedy="record in several runs",
            )


def scale_of(preamble: str) -> Scale:
    """Read a preamble (a reader as in :mod:`qctl.transport.grammar`); its fields by index: see the guide."""
    fields = preamble.split(",")
    if len(fields) < _PREAMBLE_FIELDS:
        raise ValueError(f"expected at least {_PREAMBLE_FIELDS} fields")
    return Scale(grammar.nr1(fields[2]), *(grammar.nr3(fields[k]) for k in (4, 5, 7, 8)))
