"""Novatech Instruments 409B: four synthesised sine waves, set over a serial line.

Source: 409B instruction manual, chapter "Serial control": 19200 baud, 8N1; ``Fn MHz`` (0.1 Hz steps), ``Vn 0...1023``,
``Pn 0...16383``, ``E d`` (echo off), ``I a`` (each takes effect at once), ``M n`` (phase continuous), ``QUE`` (all
settings, in hexadecimal); answers ``OK`` or ``?n``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import ClassVar

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import StandingLimits
from qctl.transport import LineSession, Refused

from .linked import SerialInstrument
from .scpi import refuse_beyond

N_CHANNELS = 4
MAX_FREQUENCY = 171.1276031e6  # Hz
STEP = 0.1  # Hz
FULL_SCALE_DBM = 4.0  # into 50 ohm, V1023
MAX_AMPLITUDE, TURN = 1023, 16384  # words of full scale, and of a whole turn of phase
ERRORS = {
    "?0": "unrecognised command",
    "?1": "bad frequency",
    "?2": "bad AM command",
    "?3": "line too long",
    "?4": "bad phase",
    "?5": "bad time",
    "?6": "bad mode",
    "?7": "bad amplitude",
    "?8": "bad constant",
    "?f": "bad byte",
}
_CHANNEL = re.compile(r"([0-9A-F]{8}) ([0-9A-F]{4}) ([0-9A-F]{4}) [0-9A-F]{4} [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{6}")
_LAST = re.compile(r"[0-9A-F]{2} [0-9A-F]{6} [0-9A-F]{4} [0-9A-F]{4} ([0-9A-F]{2})")
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Tone:
    """One channel in the words of the instrument: 0.1 Hz, parts of a turn, parts of full scale."""

    frequency: int
    phase: int
    amplitude: int


class Novatech409b(SerialInstrument):
    """Four tones. What was set is read back before anybody relies on it; output n of a laboratory is channel n - 1."""

    identity: ClassVar[str] = "Novatech,409B"
    baud_rate: ClassVar[int] = 19200
    limits: ClassVar[StandingLimits] = StandingLimits(
        n_channels=N_CHANNELS, unit="dBm", min_level=-math.inf, max_level=FULL_SCALE_DBM, max_frequency=MAX_FREQUENCY
    )
    safe_actions: ClassVar[frozenset[SafeAction]] = frozenset({SafeAction.HOLD, SafeAction.OFF})

    def __init__(self, session: LineSession, name: str = "") -> None:
        super().__init__(session, name)
        self._limit: LimitEntry | None = None
        self._wanted: dict[int, Tone] = {}  # by channel as the instrument counts, from 0
        session.exchange("E d", _ok)
        session.exchange("I a", _ok)
        self.idn = f"{self.identity},,{session.agreed('QUE', _firmware, N_CHANNELS + 1)}"

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Let phases run on when frequencies change; no tone changes."""
        self._limit = limit
        self.session.exchange("M n", _ok)

    def tune(self, channel: int, frequency: float, amplitude: float, phase: float = 0.0) -> None:
        """Set one channel to the nearest steps: 0.1 Hz, 1/1023 of full scale, 1/16384 of a turn.

        Parameters
        ----------
        channel : 1 to 4, as laboratory files count
        frequency : Hz
        amplitude : fraction of full scale, 0 to 1; 0 is off
        phase : rad

        Raises
        ------
        InstrumentError
            When a number is beyond what it, or the laboratory file, allows; when it reads back otherwise.
        """
        self._refuse(channel, frequency, amplitude)
        turns = round(phase / (2 * math.pi) * TURN) % TURN
        self._wanted[channel - 1] = Tone(round(frequency / STEP), turns, round(amplitude * MAX_AMPLITUDE))
        for _ in range(_TRIES):
            wrong = self._wrong()
            if not wrong:
                return
            for k, tone in wrong.items():
                self.session.exchange(f"F{k} {tone.frequency * STEP / 1e6:.7f}", _ok)
                self.session.exchange(f"P{k} {tone.phase}", _ok)
                self.session.exchange(f"V{k} {tone.amplitude}", _ok)
        if wrong := self._wrong():
            raise InstrumentError(f"it does not take {wrong}", where=self.name, remedy="check its cable and its ground")

    def _wrong(self) -> dict[int, Tone]:
        """Return what was set and is not so: a line that was spoilt on its way may have set another channel."""
        now = self.tones()
        return {k: tone for k, tone in self._wanted.items() if now[k] != tone}

    def tones(self) -> tuple[Tone, ...]:
        """Return all channels, as two readings in a row agree."""
        return self.session.agreed("QUE", _tones, N_CHANNELS + 1)

    def check(self) -> None:
        """Raise TransportError when something came that nobody asked for; it has no error queue."""
        self.session.quiet()

    def make_safe(self, entry: SafeEntry) -> None:
        """Hold all tones, or bring all amplitudes to zero."""
        if entry.action is SafeAction.HOLD:
            return
        if entry.action is not SafeAction.OFF:
            raise InstrumentError(f"{entry.action} of tones", allowed="hold or off", where=self.name)
        for channel, tone in enumerate(self.tones(), start=1):
            self.tune(channel, tone.frequency * STEP, 0.0, tone.phase / TURN * 2 * math.pi)

    def live(self) -> tuple[str, ...]:
        """Return the channels whose amplitude is not zero, as read back now."""
        return tuple(f"channel {k}" for k, tone in enumerate(self.tones(), start=1) if tone.amplitude)

    def _refuse(self, channel: int, frequency: float, amplitude: float) -> None:
        for bad, asked, allowed in (
            (not 1 <= channel <= N_CHANNELS, f"channel {channel}", f"1 to {N_CHANNELS}"),
            (not 0 <= frequency <= MAX_FREQUENCY, f"frequency {frequency:g}", f"0 to {MAX_FREQUENCY:g} Hz"),
            (not 0 <= amplitude <= 1, f"amplitude {amplitude:g}", "0 to 1"),
        ):
            if bad:
                raise InstrumentError(asked, allowed=allowed, where=self.name)
        if amplitude > 0:
            refuse_beyond(self._limit, FULL_SCALE_DBM + 20 * math.log10(amplitude), "power", self.name)


def _ok(lines: tuple[str, ...]) -> None:
    if lines[0] in ERRORS:
        raise Refused(ERRORS[lines[0]])
    if lines[0] != "OK":
        raise ValueError(f"{lines[0]!r} instead of OK")


def _tones(lines: tuple[str, ...]) -> tuple[Tone, ...]:
    matches = [_CHANNEL.fullmatch(line) for line in lines[:-1]]
    if not all(matches) or not _LAST.fullmatch(lines[-1]):
        raise ValueError("no table of settings")
    words = [[int(word, 16) for word in match.groups()] for match in matches if match]
    return tuple(Tone(*row) for row in words)


def _firmware(lines: tuple[str, ...]) -> str:
    match = _LAST.fullmatch(lines[-1])
    if match is None:
        raise ValueError(f"{lines[-1]!r} is no last line of the settings")
    return match[1]
