"""Simulated Keysight Infiniium oscilloscope: segmented memory, triggers, ten bits, saturation.

Source: Infiniium Oscilloscopes Programmer's Guide, version 06.40. The codes of the WORD format: 60 to each ADC code, so
that ten bits span -30720 to 30660; 31744 and 32256 mark samples below and above the range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .device import Handler, Reply, ScpiDevice, Setting, nr3, toggle
from .message import Parameter
from .scope_measure import measure
from .signals import Armed
from .values import ScpiError, choice, number, quoted, whole, words

MODEL = "DSO9404A"
IDENTITY = "KEYSIGHT TECHNOLOGIES,DSO9404A,{serial},06.40.01101"

N_CHANNELS = 4
N_FUNCTIONS = 16
BITS = 10
RATES = (0.5e9, 1e9, 2e9, 2.5e9, 5e9, 10e9)
MAX_SEGMENTS = 65_536
MEMORY = 100_000_000  # samples per channel
MIN_SAMPLES = 16
REARM = 4.5e-6  # s from the end of a segment to the next trigger that is seen
BANDWIDTH = 4e9
CODE_STEP = 60
CLIPPED_LOW, CLIPPED_HIGH = 31744, 32256
_BLOCK = 1 << 16  # samples converted at once

_CHANNEL = (range(1, N_CHANNELS + 1),)
_FUNCTION = (range(1, N_FUNCTIONS + 1),)
_SOURCES = choice((*(f"CHANnel{k}" for k in range(1, 5)), *(f"CHAN{k}" for k in range(1, 5)),
                   *(f"FUNCtion{k}" for k in range(1, 17)), *(f"WMEMory{k}" for k in range(1, 5))))  # fmt: skip
_INPUTS = choice(("AUX", "LINE", *(f"CHANnel{k}" for k in range(1, 5)), *(f"DIGital{k}" for k in range(17))))


def _number(pattern: str, value: float, low: float, high: float, unit: str = "", **more: Any) -> Setting:  # noqa: ANN401
    return Setting(pattern, value, lambda p: number(p, unit), nr3, low, high, **more)


def _word(pattern: str, value: str, *names: str, **more: Any) -> Setting:  # noqa: ANN401
    return Setting(pattern, value, choice(names), **more)


class Infiniium(ScpiDevice):
    """The instrument; its rack asks what it waits for (``waiting``) and brings what it hears (``deliver``)."""

    look: Callable[[], None] = staticmethod(lambda: None)
    """Called whenever somebody asks whether an acquisition is complete: the rack plays what can be played."""

    def make_settings(self) -> Iterable[Setting]:
        """Return the plain settings."""
        self._rate = Setting(":ACQuire:SRATe[:ANALog]", 10e9, _rate, nr3)
        self._points = Setting(":ACQuire:POINts[:ANALog]", 0, whole, str, MIN_SAMPLES, MEMORY)
        self._mode = _word(
            ":ACQuire:MODE", "RTIM", "ETIMe", "RTIMe", "PDETect", "HRESolution", "SEGMented", "SEGPdetect", "SEGHres"
        )
        self._count = Setting(":ACQuire:SEGMented:COUNt", 2, whole, str, 1, MAX_SEGMENTS)
        self._index = Setting(":ACQuire:SEGMented:INDex", 1, whole, str, 1, MAX_SEGMENTS)
        self._whole = toggle(":WAVeform:SEGMented:ALL")
        self._range = _number(":CHANnel#:RANGe", 0.8, 8e-3, 8.0, "V", suffixes=_CHANNEL)
        self._offset = _number(":CHANnel#:OFFSet", 0.0, -8.0, 8.0, "V", suffixes=_CHANNEL)
        self._shown = toggle(":CHANnel#:DISPlay", suffixes=_CHANNEL)
        self._span = _number(":TIMebase:RANGe", 1e-6, 5e-12, 200.0, "S")
        self._position = _number(":TIMebase:POSition", 0.0, -200.0, 200.0, "S")
        self._reference = _word(":TIMebase:REFerence", "CENT", "LEFT", "CENTer", "RIGHt")
        self._sweep = _word(":TRIGger:SWEep", "AUTO", "AUTO", "TRIGgered")
        self._edge = Setting(":TRIGger:EDGE:SOURce", "CHAN1", _INPUTS)
        self._slope = _word(":TRIGger:EDGE:SLOPe", "POS", "POSitive", "NEGative", "EITHer")
        self._source = Setting(":WAVeform:SOURce", "CHAN1", _SOURCES)
        self._header = toggle(":SYSTem:HEADer")
        return (
            self._rate, self._mode, self._count, self._index, self._whole, self._range, self._offset,
            self._shown, self._span, self._position, self._reference, self._sweep, self._edge, self._slope,
            self._source, self._header,
            _word(":WAVeform:FORMat", "WORD", "WORD"),
            _word(":WAVeform:BYTeorder", "LSBF", "LSBFirst"),
            toggle(":WAVeform:STReaming"),
            _word(":WAVeform:VIEW", "ALL", "ALL", "MAIN"),
            toggle(":ACQuire:SEGMented:TTAGs"),
            Setting(":ACQuire:INTerpolate", "1", choice(("ON", "OFF", "0", "1", "INT1", "INT2", "INT4", "INT8", "INT16",
                                                         "INT32"))),
            toggle(":ACQuire:AVERage"),
            Setting(":ACQuire:AVERage:COUNt", 2, whole, str, 2, 65_534),
            _number(":CHANnel#:SCALe", 0.1, 1e-3, 1.0, "V", suffixes=_CHANNEL),
            _word(":CHANnel#:INPut", "DC50", "DC", "DC50", "DCFifty", "AC", "LFR1", "LFR2", suffixes=_CHANNEL),
            toggle(":CHANnel#:DIFFerential", suffixes=_CHANNEL),
            toggle(":TIMebase:REFClock"),
            toggle(":TIMebase:ROLL:ENABle"),
            _word(":TRIGger:MODE", "EDGE", "EDGE", "GLITch", "TIMeout", "STATe"),
            toggle(":FUNCtion#:DISPlay", suffixes=_FUNCTION),
            Setting(":MEASure:SOURce", "CHAN1", _SOURCES),
        )  # fmt: skip

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return acquisition, data transfer, and what has two parameters."""
        self.codes: dict[int, NDArray[np.int16]] = {}  # by channel: (n_segments, n_samples)
        self._recorded: Armed | None = None
        self._scales: dict[int, tuple[float, float]] = {}
        self.waiting: Armed | None = None
        self._events = {"AER": 0, "ADER": 0, "TER": 0}
        self._levels: dict[str, float] = {}
        self._band = BANDWIDTH
        limits = "TESTLIMITS?"
        return (
            (":SINGle", lambda: self._arm()),
            (":DIGitize", self._digitize),
            (":RUN", lambda: self._arm()),
            (":STOP", self._stop),
            (":RSTate?", lambda: "SING" if self.waiting else "STOP"),
            (":AER?", lambda: self._event("AER")),
            (":ADER?", lambda: self._event("ADER")),
            (":TER?", lambda: self._event("TER")),
            (":PDER?", lambda: self._event("ADER")),
            (":ASTate?", lambda: "ADONE" if self._done() else "ARM"),
            (":WAVeform:SEGMented:COUNt?", lambda: str(self._n_recorded())),
            (":WAVeform:PREamble?", lambda: self._preamble()),
            (":WAVeform:DATA?", self._data),
            (":WAVeform:POINts?", lambda: str(self._shown_record().n_samples)),
            (":WAVeform:XINCrement?", lambda: nr3(1 / self._shown_record().rate)),
            (":WAVeform:XORigin?", lambda: nr3(self._shown_record().delay)),
            (":WAVeform:YINCrement?", lambda: nr3(self._scale()[0])),
            (":WAVeform:YORigin?", lambda: nr3(self._scale()[1])),
            (":WAVeform:YUNits?", lambda: "VOLT"),
            (":WAVeform:XUNits?", lambda: "SEC"),
            (":ACQuire:POINts[:ANALog]", self._put_points),
            (":ACQuire:POINts[:ANALog]?", lambda: str(self._n_samples())),
            (":ACQuire:BANDwidth", self._put_band),
            (":ACQuire:BANDwidth?", lambda: nr3(self._band)),
            (f":ACQuire:BANDwidth:{limits}", lambda: f"1,<numeric>{1e6:.1E}:{BANDWIDTH:.1E}"),
            (f":ACQuire:POINts:{limits}", lambda: f"1,<numeric>{MIN_SAMPLES}:{MEMORY}"),
            (f":ACQuire:SRATe:{limits}", lambda: f"1,<numeric>{RATES[0]:.1E}:{RATES[-1]:.1E}"),
            (":TRIGger:LEVel", lambda of, value: self._levels.update({_INPUTS(of): number(value, "V")})),
            (":TRIGger:LEVel?", lambda of: nr3(self._levels.get(_INPUTS(of), 0.0))),
            (":FUNCtion#?", self._function),
            (":SYSTem:ERRor?", self._error),
            *((f":MEASure:{name}?", self._measure(name)) for name in measure),
        )

    def reset(self) -> None:
        """Return to the defaults, stopped and with an empty memory."""
        super().reset()
        self._points.reset()
        self._stop()
        self.codes = {}
        self._scales = {}
        self._recorded = None
        self._levels.clear()
        self._band = BANDWIDTH

    # --- acquisition ---

    def _segmented(self) -> bool:
        return str(self._mode.get()).startswith("SEG")

    def _n_samples(self) -> int:
        return int(self._points.get()) or min(max(round(self._span.get() * self._rate.get()), MIN_SAMPLES), MEMORY)

    def _as_set(self) -> Armed:
        """Return what would be recorded with the settings of now."""
        record = self._n_samples() / self._rate.get()
        before = {"LEFT": 0.0, "CENT": record / 2, "RIGH": record}[self._reference.get()]
        listens = self._edge.get() == "AUX" and self._slope.get() != "NEG"
        return Armed(
            inputs=(),
            n_segments=1,
            delay=self._position.get() - before,
            rate=self._rate.get(),
            n_samples=self._n_samples(),
            rearm=REARM,
            armed=0,
            threshold=self._levels.get("AUX", 0.0) if listens else None,
            free_running=self._sweep.get() == "AUTO",
        )

    def _arm(self) -> None:
        inputs = tuple(channel for channel in _CHANNEL[0] if self._shown.get(channel))
        n_segments, n_samples = self._count.get() if self._segmented() else 1, self._n_samples()
        if not inputs:
            raise ScpiError(-221, "no channel is on")
        if n_segments * n_samples > MEMORY:
            raise ScpiError(-222, f"{n_segments} segments of {n_samples} samples, memory {MEMORY}")
        self.waiting = replace(self._as_set(), inputs=inputs, n_segments=n_segments, armed=next(self.clock))
        self._recorded = None
        self.codes = {}
        self._scales = {}
        self._events.update(AER=1, ADER=0, TER=0)

    def _digitize(self, *channels: Parameter) -> None:
        for channel in channels:
            self._shown.values[(int(words(channel)[-1]),)] = True
        self._arm()

    def _stop(self) -> None:
        self.waiting = None
        self.lock.notify_all()

    def prepare(self) -> Callable[[int, slice | NDArray[np.int64], NDArray[np.float32]], None]:
        """Make room for what is waited for; return a function that stores volts of some segments of a channel."""
        armed = self.waiting
        assert armed is not None
        codes = {channel: np.zeros((armed.n_segments, armed.n_samples), np.int16) for channel in armed.inputs}
        scales = {channel: (self._range.get(channel), self._offset.get(channel)) for channel in armed.inputs}

        def store(channel: int, segments: slice | NDArray[np.int64], volts: NDArray[np.float32]) -> None:
            codes[channel][segments] = convert(volts, *scales[channel])

        self._filling = armed, codes, scales
        return store

    def deliver(self, armed: Armed) -> None:
        """End the acquisition: what was stored becomes readable, unless it was given up meanwhile."""
        if self.waiting is not armed:
            return
        _, self.codes, self._scales = self._filling
        self._recorded, self.waiting = armed, None
        self._events.update(ADER=1, TER=1)
        self.lock.notify_all()

    def abandon(self) -> None:
        """End the acquisition with nothing recorded."""
        self.waiting = None
        self._events.update(ADER=1)
        self.lock.notify_all()

    def complete(self) -> bool:
        """Say whether no acquisition is under way."""
        return self._done()

    def _done(self) -> bool:
        if self.waiting is not None:
            self.look()
        return self.waiting is None

    def _event(self, name: str) -> str:
        self._done()
        value, self._events[name] = self._events[name], 0
        return str(value)

    def _n_recorded(self) -> int:
        return self._recorded.n_segments if self._done() and self._recorded else 0

    # --- data ---

    def _shown_record(self) -> Armed:
        """Return what is in the memory, or what would be: the preamble is there before the first record."""
        return self._recorded or self._as_set()

    def _channel(self) -> int:
        source = self._source.get()
        channel = int(source[-1]) if source.startswith("CHAN") else 0
        if channel not in self.codes:
            raise ScpiError(-221, f"{source} holds no record")
        return channel

    def _scale(self) -> tuple[float, float]:
        source = self._source.get()
        channel = int(source[-1]) if source.startswith("CHAN") else 1
        full, offset = self._scales.get(channel, (self._range.get(channel), self._offset.get(channel)))
        return full / (1 << BITS) / CODE_STEP, offset

    def _preamble(self) -> str:
        record, (increment, origin) = self._shown_record(), self._scale()
        full = increment * CODE_STEP * (1 << BITS)
        fields = (
            "2", "1", record.n_samples, 1, nr3(1 / record.rate), nr3(record.delay), 0, nr3(increment), nr3(origin), 0,
            1, nr3(record.n_samples / record.rate), nr3(record.delay), nr3(full), nr3(origin),
            quoted("23 NOV 2026"), quoted("12:00:00:00"), quoted(self.identity.split(",")[1]), 1, 100, 2, 1,
            nr3(BANDWIDTH), nr3(0.0),
        )  # fmt: skip
        return ",".join(map(str, fields))

    def _data(self, start: Parameter = "1", size: Parameter | None = None) -> Reply:
        codes = self.codes[self._channel()]
        if not (self._whole.get() and self._segmented()):
            index = self._index.get() if self._segmented() else 1
            if index > len(codes):
                raise ScpiError(-222, f"segment {index} of {len(codes)}")
            codes = codes[index - 1]
        flat = codes.reshape(-1)
        first = whole(start) - 1
        part = flat[first:] if size is None else flat[first : first + whole(size)]
        return b"#0" + part.astype("<i2", copy=False).tobytes()

    # --- small things ---

    def _put_points(self, value: Parameter) -> None:
        if words(value).upper() == "AUTO":
            self._points.reset()
        else:
            self._points.put(value)

    def _put_band(self, value: Parameter) -> None:
        band = BANDWIDTH if words(value).upper() in ("AUTO", "MAX") else number(value, "HZ")
        if not 1e6 <= band <= BANDWIDTH:
            raise ScpiError(-222, f"bandwidth {band:g}")
        self._band = band

    def _function(self, given: int) -> str:
        name = f"FUNC{max(given, 1)}"
        return f":{name}:ADD CHAN1,CHAN2" if self._header.get() else "ADD CHAN1,CHAN2"

    def _error(self, form: Parameter = "NUMBer") -> str:
        code, text = self._quoted_error()
        return f"{code},{text}" if choice(("NUMBer", "STRing"))(form) == "STR" else str(code)

    def _measure(self, name: str) -> Handler:
        def answer(*parameters: Parameter) -> str:
            named = [words(p).upper() for p in parameters if words(p).upper().startswith("CHAN")]
            source = named[0] if named else next(s for s in self.settings if s.pattern == ":MEASure:SOURce").get()
            channel = int(source[-1]) if source.startswith("CHAN") else 0
            if self._recorded is None or channel not in self.codes:
                return nr3(9.99999e37)  # what the instrument says when it cannot measure
            full, offset = self._scales[channel]
            volts = self.codes[channel][0] * (full / (1 << BITS) / CODE_STEP) + offset
            return nr3(measure[name](volts, 1 / self._recorded.rate))

        return answer


def convert(volts: NDArray[np.float32], full: float, offset: float) -> NDArray[np.int16]:
    """Return WORD codes: rounded to the ADC's steps, marked where it saturates. ``volts`` are changed on the way."""
    found = np.empty(volts.shape, np.int16)
    n_rows = max(1, _BLOCK // max(1, volts[:1].size))  # so many stay in the cache from one step to the next
    for first in range(0, len(volts), n_rows):
        _converted(volts[first : first + n_rows], full, offset, found[first : first + n_rows])
    return found


def _converted(volts: NDArray[np.float32], full: float, offset: float, codes: NDArray[np.int16]) -> None:
    top, steps = 1 << (BITS - 1), volts
    steps -= np.float32(offset)
    steps *= np.float32((1 << BITS) / full)
    np.rint(steps, out=steps)
    clipped = steps.size and (steps.max() > top - 1 or steps.min() < -top)
    high, low = (steps > top - 1, steps < -top) if clipped else (None, None)
    np.copyto(codes, np.clip(steps, -top, top - 1, out=steps) if clipped else steps, casting="unsafe")
    codes *= CODE_STEP
    if clipped:
        codes[high], codes[low] = CLIPPED_HIGH, CLIPPED_LOW


def _rate(parameter: Parameter) -> float:
    if words(parameter).upper() in ("AUTO", "MAX"):
        return RATES[-1]
    asked = number(parameter, "HZ")
    if asked not in RATES:
        raise ScpiError(-222, f"sample rate {asked:g}")
    return asked


MOCK = Infiniium
