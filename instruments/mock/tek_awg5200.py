"""Simulated Tektronix AWG5208: eight channels that play waveforms or the tracks of a sequence.

Source: AWG5200 Series programmer manual 077-1337; ranges from the datasheet 76W-61347. Samples become DAC codes of the
channel's resolution; each marker in use takes one bit of it, so a marker exists only where the resolution leaves room.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .device import Handler, ScpiDevice, Setting, toggle
from .mass_memory import MassMemory
from .message import Parameter
from .signals import PlayedStep, Player
from .values import ScpiError, choice, number, quoted, string, whole
from .waveform_list import Lists
from .wfmx import Step, Waveform

MODEL = "AWG5208"
IDENTITY = "TEKTRONIX,AWG5208,{serial},FV:6.0.0242.0"

N_CHANNELS = 8
N_MARKERS = 4  # of each channel
MAX_RATE = 2.5e9
EVENT_SETUP = 1.3e-6  # s; the manuals name no figure, so drivers must assume more
LEVEL, MAX_LEVEL = 1.4, 5.0  # V, of a trigger input: at power-on, and at most
SOURCE_OHM = 50  # of a marker; a trigger input has 50 ohm at power-on, or 1 kohm
_CHANNEL = (range(1, N_CHANNELS + 1),)
_MARKER = (range(1, N_CHANNELS + 1), range(1, N_MARKERS + 1))
_INPUTS = choice(("ATRigger", "BTRigger", "ITRigger"))


def nr3(value: float) -> str:
    """Write a number as this series does: ``2.5000000000E+09``."""
    return f"{value:.10E}"


def _number(pattern: str, value: float, low: float, high: float, unit: str = "", **more: Any) -> Setting:  # noqa: ANN401
    return Setting(pattern, value, lambda p: number(p, unit), nr3, low, high, **more)


def _word(pattern: str, value: str, *names: str, **more: Any) -> Setting:  # noqa: ANN401
    return Setting(pattern, value, choice(names), **more)


class TekAwg5200(ScpiDevice):
    """The instrument; ``player`` says what it plays now."""

    options = "50,DC,SEQ,DIGUP"
    _playing: tuple[int, Player] | None = None
    _place = 0  # step that waits, as far as a jump said so
    started = 0  # number of the event in the rack at which it was set running; 0 when stopped

    def make_settings(self) -> Iterable[Setting]:
        """Return the plain settings; those that shape what is played are kept under short names."""
        source, marker, generator = "[:SOURce#]", "SOURce#:MARKer#:VOLTage[:LEVel][:IMMediate]", "FGEN[:CHANnel#]"
        self._rate = _number("CLOCk:SRATe", 2.5e9, 298.0, MAX_RATE, "HZ")
        self._interval = _number("TRIGger[:SEQuence]:INTerval[:ADJust]", 1e-5, 1e-6, 10.0, "S")
        self._amplitude = _number(
            f"{source}:VOLTage[:LEVel][:IMMediate][:AMPLitude]", 0.5, 0.025, 1.5, "V", suffixes=_CHANNEL
        )
        self._offset = _number(f"{source}:VOLTage[:LEVel][:IMMediate]:OFFSet", 0.0, -2.0, 2.0, "V", suffixes=_CHANNEL)
        self._bits = Setting(f"{source}:DAC:RESolution", 16, whole, str, 12, 16, _CHANNEL)
        self._mode = _word(
            f"{source}:RMODe", "CONT", "CONTinuous", "TRIGgered", "TCONtinuous", "GATed", suffixes=_CHANNEL
        )
        self._input = _word(f"{source}:TINPut", "ATR", "ATRigger", "BTRigger", "ITRigger", suffixes=_CHANNEL)
        self._high = _number(f"{marker}:HIGH", 1.0, -0.5, 1.75, "V", suffixes=_MARKER)
        self._low = _number(f"{marker}:LOW", 0.0, -0.3, 1.55, "V", suffixes=_MARKER)
        self._output = toggle("OUTPut#[:STATe]", suffixes=_CHANNEL)
        self._all_off = toggle("OUTPut:OFF")
        return (
            self._rate, self._interval, self._amplitude, self._offset, self._bits, self._mode, self._input,
            self._high, self._low, self._all_off, self._output,
            _word("INSTrument:MODE", "AWG", "AWG", "FGEN"),
            _word("CLOCk:SOURce", "INT", "INTernal", "EFIXed", "EVARiable", "EXTernal"),
            _number("CLOCk:ECLock:FREQuency", 6.25e9, 6.25e9, 12.5e9, "HZ"),
            _number("CLOCk:EREFerence:FREQuency", 35e6, 35e6, 250e6, "HZ"),
            toggle("CLOCk:OUTPut[:STATe]"),
            toggle("CLOCk:SOUT[:STATe]"),
            _number("CLOCk:PHASe[:ADJust]", 0.0, -10_800.0, 10_800.0, "DEG"),
            _word("TRIGger[:SEQuence]:SOURce", "EXT", "EXTernal", "INTernal"),
            _word("TRIGger[:SEQuence]:WVALue", "ZERO", "FIRSt", "ZERO"),
            _number(f"{source}:SKEW", 0.0, -2e-9, 2e-9, "S", suffixes=_CHANNEL),
            _number("SOURce#:MARKer#:DELay", 0.0, 0.0, 100e-12, "S", suffixes=_MARKER),
            _word("OUTPut#:PATH", "DCHB", "DCHB", "DCHV", "ACDirect", suffixes=_CHANNEL),
            _word("OUTPut#:WVALue[:ANALog][:STATe]", "ZERO", "FIRST", "ZERO", suffixes=_CHANNEL),
            _word("OUTPut#:WVALue:MARKer#", "LOW", "FIRST", "LOW", "HIGH", suffixes=_MARKER),
            _word("OUTPut#:SVALue[:ANALog][:STATe]", "ZERO", "OFF", "ZERO", suffixes=_CHANNEL),
            _word("OUTPut#:SVALue:MARKer#", "LOW", "OFF", "LOW", suffixes=_MARKER),
            _number(f"{generator}:AMPLitude", 0.5, 0.0, 1.5, "V", suffixes=_CHANNEL),
            _number(f"{generator}:OFFSet", 0.0, -0.25, 0.25, "V", suffixes=_CHANNEL),
            _number(f"{generator}:DCLevel", 0.0, -0.25, 0.25, "V", suffixes=_CHANNEL),
            _number(f"{generator}:PHASe", 0.0, -180.0, 180.0, "DEG", suffixes=_CHANNEL),
            _number(f"{generator}:SYMMetry", 50.0, 0.0, 100.0, suffixes=_CHANNEL),
            _word(f"{generator}:PATH", "DCHB", "DCHB", "DCHV", "ACD", suffixes=_CHANNEL),
            _word(
                f"{generator}:TYPE", "SINE", "SINE", "SQUare", "TRIangle", "NOISe", "DC", "GAUSsian", "EXPRise",
                "EXPDecay", "NONE", suffixes=_CHANNEL,
            ),
        )  # fmt: skip

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return lists, files, and what has an effect or two parameters."""
        self.lists = Lists(self.faults)
        self.disk = MassMemory(self.lists)
        self._assets: dict[int, tuple[str, int]] = {}  # by channel: waveform and 0, or sequence and track
        self._frequencies: dict[int, float] = {}
        self._trigger: dict[tuple[str, str], float] = {}
        asset, trigger, frequency = "[:SOURce#]:CASSet", "TRIGger[:SEQuence]", "FGEN[:CHANnel#]:FREQuency"
        return (
            *self.lists.commands(),
            *self.disk.commands(),
            (f"{asset}?", lambda n: quoted(self._asset_text(n))),
            (f"{asset}:TYPE?", lambda n: self._asset_type(n)),
            (f"{asset}:WAVeform", self._assign_waveform),
            ("[:SOURce#]:WAVeform", self._assign_waveform),
            ("[:SOURce#]:WAVeform?", lambda n: quoted(self._asset_text(n))),
            (f"{asset}:SEQuence", self._assign_sequence),
            (f"{asset}:CLEar", lambda n: self._assets.pop(self._channel(n), None) and None),
            ("[:SOURce#]:JUMP:FORCe", self._jump),
            ("AWGControl:RUN[:IMMediate]", self._run_now),
            ("AWGControl:STOP[:IMMediate]", self._stop),
            ("AWGControl:RSTATe?", lambda: str(self.run_state())),
            ("AWGControl:CONFigure:CNUMber?", lambda: str(N_CHANNELS)),
            (f"{trigger}:LEVel", lambda value, of="ATR": self._put_level(number(value, "V"), of)),
            (f"{trigger}:LEVel?", lambda of="ATR": nr3(self._get_trigger("LEVEL", of, LEVEL))),
            (f"{trigger}:IMPedance", lambda value, of="ATR": self._put_impedance(number(value, "OHM"), of)),
            (f"{trigger}:IMPedance?", lambda of="ATR": f"{self._get_trigger('IMPEDANCE', of, SOURCE_OHM):.0f}"),
            (f"{trigger}:SLOPe", lambda value, of="ATR": self._put_trigger("SLOPE", _slope(value), of)),
            (f"{trigger}:SLOPe?", lambda of="ATR": "POS" if self._get_trigger("SLOPE", of, 1) > 0 else "NEG"),
            (f"{trigger}:MODE", lambda value, of="ATR": self._put_trigger("MODE", _timing(value), of)),
            (f"{trigger}:MODE?", lambda of="ATR": "ASYN" if self._get_trigger("MODE", of, 0) else "SYNC"),
            (f"{trigger}[:IMMediate]", lambda of="ATR": _INPUTS(of) and None),
            (f"{frequency}?", lambda n: nr3(self._frequencies.get(self._channel(n), 1.2e6))),
            (frequency, self._put_frequency),
            ("FGEN[:CHANnel#]:PERiod?", lambda n: nr3(1 / self._frequencies.get(self._channel(n), 1.2e6))),
        )

    def reset(self) -> None:
        """Stop and return to the defaults; lists and disk stay, as on the instrument."""
        super().reset()
        self._assets.clear()
        self._frequencies.clear()
        self._trigger.clear()
        self.started = 0

    # --- what it plays ---

    def run_state(self) -> int:
        """Return 0 stopped, 1 waiting for its trigger, 2 running."""
        if not self.started:
            return 0
        names = [name for name, track in self._assets.values() if track]
        if names:
            return 2 if self.lists.sequences[names[0]].steps[0].wait == "OFF" else 1
        return 2 if self._mode.get(1) == "CONT" else 1

    def player(self) -> Player | None:
        """Return what it plays, or None when it is stopped."""
        if not self.started:
            return None
        if self._playing is None or self._playing[0] != self.changes:
            self._playing = self.changes, self._player()
        return self._playing[1]

    def _player(self) -> Player:
        numbered = [(c, m) for c in _CHANNEL[0] for m in range(1, N_MARKERS + 1)]
        return Player(
            rate=self._rate.get(),
            interval=self._interval.get(),
            steps=self._played_steps(),
            started=self.started,
            marker_levels={marker_number(c, m): (self._low.get(c, m), self._high.get(c, m)) for c, m in numbered},
            threshold=self._threshold("ATR"),
            event_threshold=self._threshold("BTR"),
            event_setup=EVENT_SETUP,
            first=self._place,
        )

    def _threshold(self, of: str) -> float:
        """Return how high a marker, as it is into 50 ohm, must rise to be seen at an input.

        A marker comes out of 50 ohm, so an input of higher impedance sees more of it. Only rising edges are simulated.
        """
        if self._get_trigger("SLOPE", of, 1) < 0:
            return math.inf
        ohm = self._get_trigger("IMPEDANCE", of, SOURCE_OHM)
        return self._get_trigger("LEVEL", of, LEVEL) * (ohm + SOURCE_OHM) / (2 * ohm)

    def _played_steps(self) -> tuple[PlayedStep, ...]:
        drawn: dict[tuple[str, int], tuple[NDArray[np.float32], Mapping[int, NDArray[np.int64]]]] = {}
        names = {name for name, track in self._assets.values() if track}
        if not names:
            wait = "OFF" if self._mode.get(1) == "CONT" else self._input.get(1)
            step = Step([self._assets.get(channel, (None, 0))[0] for channel in _CHANNEL[0]], wait, goto="1")
            return (self._played(step, {c: c for c in self._assets}, 0, drawn),)
        sequence = self.lists.sequences[names.pop()]
        tracks = {channel: track for channel, (_, track) in self._assets.items()}
        ends = {"NEXT": None, "FIRS": 0, "FIRST": 0, "LAST": len(sequence.steps) - 1, "END": len(sequence.steps)}
        played = []
        for index, step in enumerate(sequence.steps):
            place = ends.get(step.goto, -1)
            following = index + 1 if place is None else int(step.goto) - 1 if place < 0 else place
            following = index if step.repeat == 0 else following
            if step.repeat > 1:
                raise ScpiError(-221, "the simulation plays each step once, or for ever")
            jump = ends.get(step.jump, -1)
            to = index + 1 if jump is None else int(step.jump) - 1 if jump < 0 else jump
            found = self._played(step, tracks, following, drawn)
            played.append(replace(found, event=step.jump_input, jump=to))
        return tuple(played)

    def _played(
        self,
        step: Step,
        tracks: Mapping[int, int],
        following: int,
        drawn: dict[tuple[str, int], tuple[NDArray[np.float32], Mapping[int, NDArray[np.int64]]]],
    ) -> PlayedStep:
        volts: dict[int, NDArray[np.float32]] = {}
        edges: dict[int, NDArray[np.int64]] = {}
        lengths = set()
        for channel, track in tracks.items():
            name = step.assets[track - 1] if track <= len(step.assets) else None
            if name is None:
                continue
            waveform = self.lists.waveforms.get(name)
            if waveform is None:  # deleted while it was playing
                continue
            lengths.add(len(waveform.samples))
            if not self._is_on(channel):
                continue
            if (name, channel) not in drawn:
                drawn[name, channel] = self._draw(waveform, channel)
            volts[channel], rising = drawn[name, channel]
            edges |= rising
        if len(lengths) > 1:
            raise ScpiError(-221, f"waveforms of {sorted(lengths)} samples in one step")
        return PlayedStep(lengths.pop() if lengths else 0, volts, edges, step.wait, following)

    def _draw(self, waveform: Waveform, channel: int) -> tuple[NDArray[np.float32], Mapping[int, NDArray[np.int64]]]:
        """Quantise as the DAC does, saturating at full scale; find where markers rise."""
        bits = self._bits.get(channel)
        top = float(2 ** (bits - 1) - 1)
        codes = np.rint(np.clip(waveform.samples, -1, 1) * np.float32(top))
        volts = codes * np.float32(self._amplitude.get(channel) / 2 / top) + np.float32(self._offset.get(channel))
        rising = {}
        for marker in range(1, min(N_MARKERS, 16 - bits) + 1):
            high = (waveform.markers >> (marker - 1)) & 1
            if high.any():
                rising[marker_number(channel, marker)] = np.flatnonzero(np.diff(high.astype(np.int8), prepend=0) > 0)
        return volts.astype(np.float32), rising

    def _is_on(self, channel: int) -> bool:
        return bool(self._output.get(channel)) and not self._all_off.get()

    # --- commands ---

    def _channel(self, given: int) -> int:
        channel = 1 if given < 0 else given
        if not 1 <= channel <= N_CHANNELS:
            raise ScpiError(-114, f"channel {channel}")
        return channel

    def _asset_text(self, given: int) -> str:
        name, track = self._assets.get(self._channel(given), ("", 0))
        return f"{name},{track}" if track else name

    def _asset_type(self, given: int) -> str:
        found = self._assets.get(self._channel(given))
        return "NONE" if found is None else "SEQ" if found[1] else "WAV"

    def _assign_waveform(self, channel: int, name: Parameter) -> None:
        self.lists.waveform(name)
        self._assign(channel, string(name), 0)

    def _assign_sequence(self, channel: int, name: Parameter, track: Parameter = "1") -> None:
        sequence = self.lists.sequence(name)
        if not 1 <= whole(track) <= sequence.n_tracks:
            raise ScpiError(-222, f"track {track} of {sequence.n_tracks}")
        self._assign(channel, sequence.name, whole(track))

    def _assign(self, channel: int, name: str, track: int) -> None:
        others = {n for c, (n, t) in self._assets.items() if t and c != self._channel(channel)}
        if track and others - {name}:
            raise ScpiError(-221, "one sequence at a time")
        self._assets[self._channel(channel)] = name, track

    def _run_now(self) -> None:
        missing = {name for name, track in self._assets.values() if name not in self._entries(track)}
        if missing or not self._assets:
            raise ScpiError(-221, f"nothing to play: {', '.join(sorted(missing)) or 'no asset'}")
        self.started, self._place = next(self.clock), 0
        try:
            self.player()
        except ScpiError:
            self.started = 0
            raise
        self.lock.notify_all()

    def _jump(self, channel: int, step: Parameter) -> None:
        """Let a step wait next; all tracks of a sequence go on together."""
        name, track = self._assets.get(self._channel(channel), ("", 0))
        if not self.started or not track:
            raise ScpiError(-221, "no sequence is playing")
        n = len(self.lists.sequences[name].steps)
        place = {"FIRST": 1, "FIRS": 1, "LAST": n, "END": n}.get(str(step).upper()) or whole(step)
        if not 1 <= place <= n:
            raise ScpiError(-222, f"step {place} of {n}")
        self._place = place - 1
        if self._playing is not None and self._playing[0] == self.changes - 1:  # nothing but this has changed
            self._playing = self.changes, replace(self._playing[1], first=self._place)

    def _entries(self, track: int) -> Mapping[str, object]:
        return self.lists.sequences if track else self.lists.waveforms

    def _stop(self) -> None:
        self.started = 0
        self._playing = None
        self.lock.notify_all()

    def _put_level(self, value: float, of: Parameter) -> None:
        if not abs(value) <= MAX_LEVEL:
            raise ScpiError(-222, f"trigger level {value:g}")
        self._put_trigger("LEVEL", value, of)

    def _put_impedance(self, value: float, of: Parameter) -> None:
        if value not in (50.0, 1000.0):
            raise ScpiError(-222, f"trigger impedance {value:g}")
        self._put_trigger("IMPEDANCE", value, of)

    def _put_trigger(self, what: str, value: float, of: Parameter) -> None:
        self._trigger[what, _INPUTS(of)] = value

    def _get_trigger(self, what: str, of: Parameter, otherwise: float) -> float:
        return self._trigger.get((what, _INPUTS(of)), otherwise)

    def _put_frequency(self, channel: int, value: Parameter) -> None:
        self._frequencies[self._channel(channel)] = number(value, "HZ")


def marker_number(channel: int, marker: int) -> int:
    """Return the number by which a laboratory file calls a marker: those of channel 1 come first."""
    return (channel - 1) * N_MARKERS + marker


def _slope(value: Parameter) -> float:
    return 1.0 if choice(("POSitive", "NEGative"))(value) == "POS" else -1.0


def _timing(value: Parameter) -> float:
    return float(choice(("SYNChronous", "ASYNchronous"))(value) == "ASYN")


MOCK = TekAwg5200
