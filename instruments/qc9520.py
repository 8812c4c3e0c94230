"""Quantum Composers 9528 (9520 series) pulse generator: eight timers, multiplexed to eight outputs, on a serial line.

Source: 9520 series user manual, chapter "Programming the 9520 pulse generator": 115200 baud, 8N1; SCPI keywords, each
line acknowledged by ``ok`` or ``?n``. ``:PULSE0`` is the system timer T0, ``:PULSE1`` to ``:PULSE8`` are channels A to
H; the multiplexer ``:PULSEn:MUX`` is the sum of ``2^(k-1)`` over the timers k that are joined (or) at output n.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.core.protocols import PulserLimits
from qctl.transport import LineSession, Refused

from .linked import SerialInstrument

ERRORS = {
    "?1": "incorrect prefix",
    "?2": "missing keyword",
    "?3": "invalid keyword",
    "?4": "missing parameter",
    "?5": "invalid parameter",
    "?6": "query only",
    "?7": "no query form",
    "?8": "not available in the current state",
}
_TRIES = 4


class Qc9520(SerialInstrument):
    """Digital pulses. Different pulses of a shot get a timer each; an output joins those that it gives."""

    identity: ClassVar[str] = "QC,952"
    safe_actions: ClassVar[frozenset[SafeAction]] = frozenset({SafeAction.OFF})
    baud_rate: ClassVar[int] = 115200
    limits: ClassVar[PulserLimits] = PulserLimits(
        n_outputs=8,
        n_timers=8,
        resolution=250e-12,
        min_width=10e-9,
        max_time=999.99999999975,
        min_gap=100e-9,
        max_shots=9_999_999,
    )

    def __init__(self, session: LineSession, name: str = "") -> None:
        super().__init__(session, name)
        self.idn = session.agreed("*IDN?", _identity)
        self._known: dict[str, str] = {}  # settings that were read back, since the last fault
        self._generation = session.generation
        self._used: set[int] = set()  # outputs that were loaded with pulses

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Stop; bursts on its own clock, TTL levels, high while a pulse lasts, everything timed from T0."""
        self.stop()
        modes = {"CMOD": "NORM", "POL": "NORM", "OUTP:MODE": "TTL", "SYNC": "T0"}
        outputs = range(1, self.limits.n_outputs + 1)
        each = {f":PULSE{output}:{keyword}": value for output in outputs for keyword, value in modes.items()}
        self._set_all({":PULSE0:MODE": "BURS", ":PULSE0:TRIG:MODE": "DIS"} | each)

    def load(self, pulses: Mapping[int, NDArray[np.float64]]) -> None:
        """Replace what is given in a shot: by output, rise and fall in s after its start, shape (n_pulses, 2)."""
        step = self.limits.resolution
        spans = {
            output: [(rise, fall) for rise, fall in np.rint(times / step).astype(np.int64).tolist()]
            for output, times in pulses.items()
        }
        different = sorted({span for several in spans.values() for span in several})
        outputs = range(1, self.limits.n_outputs + 1)
        if len(different) > self.limits.n_timers or not set(spans) <= set(outputs):
            asked = f"{len(different)} different pulses on outputs {sorted(spans)}"
            raise InstrumentError(asked, allowed=f"{self.limits.n_timers} on outputs 1 to 8", where=self.name)
        wanted: dict[str, str] = {}
        for timer, (rise, fall) in enumerate(different, start=1):
            wanted[f":PULSE{timer}:DEL"] = _seconds(rise * step)
            wanted[f":PULSE{timer}:WIDT"] = _seconds((fall - rise) * step)
        for output in outputs:
            joined = sum(1 << different.index(span) for span in spans.get(output, ()))
            wanted |= {f":PULSE{output}:MUX": str(joined), f":PULSE{output}:STATE": str(int(joined > 0))}
        self.stop()
        self._set_all(wanted)
        self._used = {output for output, times in pulses.items() if len(times)}

    def enable(self, outputs: Collection[int]) -> None:
        """Let of the loaded outputs only these give their pulses: the others stay low, the timers run on."""
        self._set_all({f":PULSE{output}:STATE": str(int(output in outputs)) for output in sorted(self._used)})

    def arm(self, period: float, n_shots: int) -> None:
        """Set the period, s, and the number of shots of the next start."""
        if not 1 <= n_shots <= self.limits.max_shots:
            raise InstrumentError(f"{n_shots} shots", allowed=f"1 to {self.limits.max_shots}", where=self.name)
        if self._known.get(":PULSE0:TRIG:MODE", "DIS") != "DIS":
            self._set_all({":PULSE0:TRIG:MODE": "DIS"})
        self._set_all({":PULSE0:PER": _seconds(period), ":PULSE0:BCO": str(n_shots)})

    def arm_at_edge(self, period: float) -> None:
        """Let the next start wait for an edge of the trigger input, and give one shot."""
        self._set_all({":PULSE0:TRIG:MODE": "TRIG", ":PULSE0:PER": _seconds(period), ":PULSE0:BCO": "1"})

    def start(self) -> None:
        """Run; it is said once, a start that was not acknowledged is a fault."""
        self.session.exchange(":PULSE0:STATE 1", _ok, retry=False)

    def stop(self) -> None:
        """Stop at once; all outputs low."""
        for _ in range(_TRIES):
            self.session.exchange(":PULSE0:STATE 0", _ok)
            if self.session.agreed(":PULSE0:STATE?", _value) == "0":
                return
        raise InstrumentError("it does not stop", where=self.name, remedy="switch its outputs off by hand")

    def live(self) -> tuple[str, ...]:
        """Return its outputs, unless it reads back as stopped: then all are low."""
        return () if self.session.agreed(":PULSE0:STATE?", _value) == "0" else ("outputs",)

    def check(self) -> None:
        """Raise TransportError when something came that nobody asked for; it has no error queue."""
        self.session.quiet()

    def make_safe(self, entry: SafeEntry) -> None:
        """Stop: all outputs low."""
        if entry.action is not SafeAction.OFF:
            raise InstrumentError(f"{entry.action} of digital outputs", allowed="off", where=self.name)
        self.stop()

    def _set_all(self, wanted: Mapping[str, str]) -> None:
        """Set what is not known to be so already, and read it back; all of it again after any fault.

        A line that was spoilt on its way may have been understood, and changed something else.
        """
        for _ in range(_TRIES):
            if self._generation != self.session.generation:
                wanted = {**self._known, **wanted}
                self._known, self._generation = {}, self.session.generation
            for keyword in [keyword for keyword, value in wanted.items() if self._known.get(keyword) != value]:
                self._set(keyword, wanted[keyword])
            if self._generation == self.session.generation:
                return
        raise InstrumentError(
            "faults on its line again and again", where=self.name, remedy="check its cable and its ground"
        )

    def _set(self, keyword: str, value: str) -> None:
        self.session.exchange(f"{keyword} {value}", _ok)
        found = self.session.exchange(f"{keyword}?", _value)
        if not _same(found, value):
            self.session.suspect(f"{keyword} reads back as {found}, not {value}")
        self._known[keyword] = value


def _seconds(value: float) -> str:
    return f"{value:.11f}"  # 250 ps steps need eleven decimals


def _same(found: str, value: str) -> bool:
    try:
        return abs(float(found) - float(value)) < 1e-12
    except ValueError:
        return found == value


def _ok(lines: tuple[str, ...]) -> None:
    if lines[0] in ERRORS:
        raise Refused(ERRORS[lines[0]])
    if lines[0] != "ok":
        raise ValueError(f"{lines[0]!r} instead of ok")


def _value(lines: tuple[str, ...]) -> str:
    if lines[0] in ERRORS:
        raise Refused(ERRORS[lines[0]])
    if lines[0] == "ok":
        raise ValueError("ok instead of a value")
    return lines[0]


def _identity(lines: tuple[str, ...]) -> str:
    if lines[0].count(",") != 3 or not lines[0].startswith(Qc9520.identity):
        raise ValueError(f"{lines[0]!r} instead of {Qc9520.identity}...")
    return lines[0]
