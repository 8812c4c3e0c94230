"""The waveform list and the sequence list of a simulated AWG5200: what programs, and files, put into its memory.

Source: AWG5200 Series programmer manual 077-1337, command groups Waveform and Sequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .device import Handler
from .faults import FaultScript
from .message import Parameter
from .values import ScpiError, block, choice, definite, quoted, string, whole, words
from .wfmx import Sequence, Step, Waveform

MIN_SAMPLES = 2400
GRANULARITY = 1
MEMORY = 2_000_000_000  # samples of all waveforms together
MAX_STEPS = 16_383
MAX_TRACKS = 8
MARKER_BITS = (6, 7, 4, 5)  # of markers 1 to 4 in WLISt:WAVeform:MARKer:DATA
Entry = TypeVar("Entry", Waveform, Sequence)
Number = TypeVar("Number", np.float32, np.uint8)
_WAITS = choice(("ATRigger", "BTRigger", "ITRigger", "OFF"))
_PLACES = choice(("NEXT", "FIRSt", "LAST", "END"))
_TIMINGS = choice(("END", "IMMediate"))
_FORMATS = choice(("REAL", "IQ"))


class Waveforms(dict[str, Waveform]):
    """Waveforms by name, and how many samples they are together."""

    n_samples = 0

    def __setitem__(self, name: str, waveform: Waveform) -> None:
        """Store a waveform, in place of one that has the name."""
        if name in self:
            del self[name]
        self.n_samples += len(waveform.samples)
        super().__setitem__(name, waveform)

    def __delitem__(self, name: str) -> None:
        """Forget one."""
        self.n_samples -= len(self[name].samples)
        super().__delitem__(name)

    def clear(self) -> None:
        """Forget all."""
        self.n_samples = 0
        super().clear()


class Lists:
    """All waveforms and sequences, by name, in the order in which they came."""

    def __init__(self, faults: FaultScript) -> None:
        self._faults = faults
        self.waveforms = Waveforms()
        self.sequences: dict[str, Sequence] = {}

    def clear(self) -> None:
        """Forget everything."""
        self.waveforms.clear()
        self.sequences.clear()

    def add_waveform(self, name: str, waveform: Waveform) -> None:
        """Store a waveform within the limits of the instrument."""
        n_samples = len(waveform.samples)
        if n_samples < MIN_SAMPLES or n_samples % GRANULARITY:
            raise ScpiError(-222, f"{n_samples} samples, at least {MIN_SAMPLES}")
        replaced = len(self.waveforms[name].samples) if name in self.waveforms else 0
        if n_samples + self.waveforms.n_samples - replaced > MEMORY:
            raise ScpiError(-225, f"{n_samples} samples")
        if name in self.waveforms and self._faults.keeps_waveform():
            return
        self.waveforms[name] = waveform

    def add_sequence(self, sequence: Sequence) -> None:
        """Store a sequence within the limits of the instrument."""
        if not 1 <= len(sequence.steps) <= MAX_STEPS or not 1 <= sequence.n_tracks <= MAX_TRACKS:
            raise ScpiError(-222, f"{len(sequence.steps)} steps, {sequence.n_tracks} tracks")
        self.sequences[sequence.name] = sequence

    def waveform(self, parameter: Parameter) -> Waveform:
        """Return the waveform whose quoted name is given."""
        return _known(self.waveforms, string(parameter))

    def sequence(self, parameter: Parameter) -> Sequence:
        """Return the sequence whose quoted name is given; QCoDeS leaves the quotes out in places."""
        text = words(parameter)
        return _known(self.sequences, string(text) if text[:1] in ("'", '"') else text)

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return the commands under WLISt and SLISt."""
        wave, sequence = "WLISt:WAVeform", "SLISt:SEQuence"
        step = f"{sequence}:STEP#"
        return (
            ("WLISt:SIZE?", lambda: str(len(self.waveforms))),
            ("WLISt:NAME?", lambda index: quoted(_nth(self.waveforms, index))),
            ("WLISt:LAST?", lambda: quoted(next(reversed(self.waveforms), ""))),
            ("WLISt:LIST?", lambda: quoted(",".join(self.waveforms))),
            (f"{wave}:NEW", self._new_waveform),
            (f"{wave}:DELete", lambda name: _delete(self.waveforms, name)),
            (f"{wave}:LENGth?", lambda name: str(len(self.waveform(name).samples))),
            (f"{wave}:TYPE?", lambda name: "REAL" if self.waveform(name) else ""),
            (f"{wave}:LMINimum?", lambda: str(MIN_SAMPLES)),
            (f"{wave}:LMAXimum?", lambda: str(MEMORY)),
            (f"{wave}:GRANularity?", lambda: str(GRANULARITY)),
            (f"{wave}:DATA", self._put_samples),
            (f"{wave}:DATA?", self._get_samples),
            (f"{wave}:MARKer:DATA", self._put_markers),
            (f"{wave}:MARKer:DATA?", self._get_markers),
            ("SLISt:SIZE?", lambda: str(len(self.sequences))),
            ("SLISt:NAME?", lambda index: quoted(_nth(self.sequences, index))),
            (f"{sequence}:NEW", self._new_sequence),
            (f"{sequence}:DELete", lambda name: _delete(self.sequences, name)),
            (f"{sequence}:LENGth?", lambda name: str(len(self.sequence(name).steps))),
            (f"{sequence}:TRACk?", lambda name: str(self.sequence(name).n_tracks)),
            (f"{sequence}:TRACk:MAX?", lambda: str(MAX_TRACKS)),
            (f"{sequence}:STEP:MAX?", lambda: str(MAX_STEPS)),
            (f"{sequence}:EVENt:JTIMing", lambda name, to: self._put_timing(name, to)),
            (f"{sequence}:EVENt:JTIMing?", lambda name: self.sequence(name).event_timing),
            (f"{step}:ADD", self._add_steps),
            (f"{step}:TASSet#:WAVeform", self._put_asset),
            (f"{step}:TASSet#[:WAVeform]?", lambda *at: quoted(self._asset(*at) or "")),
            (f"{step}:TASSet#:TYPE?", lambda *at: "WAV" if self._asset(*at) else "NONE"),
            (f"{step}:RCOunt", self._put_repeat),
            (f"{step}:RCOunt?", lambda n, name: _repeat_text(self._step(n, name).repeat)),
            (f"{step}:WINPut", lambda n, name, to: setattr(self._step(n, name), "wait", _WAITS(to))),
            (f"{step}:WINPut?", lambda n, name: self._step(n, name).wait),
            (f"{step}:GOTO", lambda n, name, to: setattr(self._step(n, name), "goto", _place(to))),
            (f"{step}:GOTO?", lambda n, name: self._step(n, name).goto),
            (f"{step}:EJINput", lambda n, name, to: setattr(self._step(n, name), "jump_input", _WAITS(to))),
            (f"{step}:EJINput?", lambda n, name: self._step(n, name).jump_input),
            (f"{step}:EJUMp", lambda n, name, to: setattr(self._step(n, name), "jump", _place(to))),
            (f"{step}:EJUMp?", lambda n, name: self._step(n, name).jump),
        )

    # --- waveforms ---

    def _new_waveform(self, name: Parameter, size: Parameter, form: Parameter = "REAL") -> None:
        if _FORMATS(form) != "REAL":
            raise ScpiError(-224, "only REAL waveforms")
        n_samples = whole(size)
        if not MIN_SAMPLES <= n_samples <= MEMORY:
            raise ScpiError(-222, f"{n_samples} samples, {MIN_SAMPLES} to {MEMORY}")
        self.add_waveform(string(name), Waveform(np.zeros(n_samples, np.float32), np.zeros(n_samples, np.uint8)))

    def _put_samples(self, name: Parameter, *place_and_block: Parameter) -> None:
        samples = self.waveform(name).samples
        data = np.frombuffer(_items(place_and_block, 4), "<f4")
        target = _part(samples, place_and_block[:-1], len(data))
        if not np.isfinite(data).all():
            raise ScpiError(-222, "samples that are not finite")
        if not self._faults.keeps_waveform():
            target[...] = data

    def _get_samples(self, name: Parameter, *place: Parameter) -> bytes:
        return definite(_part(self.waveform(name).samples, place).astype("<f4").tobytes())

    def _put_markers(self, name: Parameter, *place_and_block: Parameter) -> None:
        markers = self.waveform(name).markers
        data = np.frombuffer(_items(place_and_block, 1), np.uint8)
        target = _part(markers, place_and_block[:-1], len(data))
        if not self._faults.keeps_waveform():
            target[...] = sum(((data >> bit) & 1) << k for k, bit in enumerate(MARKER_BITS))

    def _get_markers(self, name: Parameter, *place: Parameter) -> bytes:
        markers = _part(self.waveform(name).markers, place)
        sent = np.zeros(len(markers), np.uint8)
        for k, bit in enumerate(MARKER_BITS):
            sent |= ((markers >> k) & 1) << bit
        return definite(sent.tobytes())

    # --- sequences ---

    def _new_sequence(self, name: Parameter, n_steps: Parameter, n_tracks: Parameter = "1") -> None:
        steps, tracks = whole(n_steps), whole(n_tracks)
        if not 1 <= steps <= MAX_STEPS or not 1 <= tracks <= MAX_TRACKS:
            raise ScpiError(-222, f"{steps} steps, {tracks} tracks")
        self.add_sequence(Sequence(string(name), tracks, [Step([None] * tracks) for _ in range(steps)]))

    def _put_timing(self, name: Parameter, timing: Parameter) -> None:
        if _TIMINGS(timing) != "END":
            raise ScpiError(-224, "the simulation jumps at the end of a step only")
        self.sequence(name).event_timing = "END"

    def _add_steps(self, number: int, name: Parameter, count: Parameter = "1") -> None:
        sequence, n_new = self.sequence(name), whole(count)
        if len(sequence.steps) + n_new > MAX_STEPS:
            raise ScpiError(-222, f"{len(sequence.steps) + n_new} steps")
        at = max(number, 1) - 1
        sequence.steps[at:at] = [Step([None] * sequence.n_tracks) for _ in range(n_new)]

    def _step(self, number: int, name: Parameter) -> Step:
        steps, index = self.sequence(name).steps, max(number, 1)
        if index > len(steps):
            raise ScpiError(-114, f"step {index} of {len(steps)}")
        return steps[index - 1]

    def _track(self, track: int, name: Parameter) -> int:
        n_tracks, index = self.sequence(name).n_tracks, max(track, 1)
        if index > n_tracks:
            raise ScpiError(-114, f"track {index} of {n_tracks}")
        return index - 1

    def _asset(self, number: int, track: int, name: Parameter) -> str | None:
        return self._step(number, name).assets[self._track(track, name)]

    def _put_asset(self, number: int, track: int, name: Parameter, waveform: Parameter) -> None:
        self.waveform(waveform)
        self._step(number, name).assets[self._track(track, name)] = string(waveform)

    def _put_repeat(self, number: int, name: Parameter, count: Parameter) -> None:
        named = {"ONCE": 1, "INFINITE": 0, "INF": 0}.get(words(count).upper())
        repeat = whole(count) if named is None else named
        if not 0 <= repeat <= 1 << 20:
            raise ScpiError(-222, str(count))
        self._step(number, name).repeat = repeat


def _known(entries: dict[str, Entry], name: str) -> Entry:
    try:
        return entries[name]
    except KeyError:
        raise ScpiError(-224, f"no {name[:60]!r}") from None


def _nth(names: Iterable[str], index: Parameter) -> str:
    found = list(names)
    if not 1 <= whole(index) <= len(found):
        raise ScpiError(-222, f"{index} of {len(found)}")
    return found[whole(index) - 1]


def _delete(entries: dict[str, Entry], name: Parameter) -> None:
    if words(name).upper() == "ALL":
        entries.clear()
    elif string(name) not in entries:
        raise ScpiError(-224, f"no {name}")
    else:
        del entries[string(name)]


def _items(parameters: tuple[Parameter, ...], size: int) -> memoryview:
    if not parameters:
        raise ScpiError(-109)
    data = block(parameters[-1])
    if len(data) % size:
        raise ScpiError(-161, f"{len(data)} bytes")
    return data


def _part(whole_array: NDArray[Number], place: tuple[Parameter, ...], length: int | None = None) -> NDArray[Number]:
    """Return the part from a start index on; its size must agree with the data where both are given."""
    if len(place) > 2:
        raise ScpiError(-108)
    start = whole(place[0]) if place else 0
    size = whole(place[1]) if len(place) > 1 else length if length is not None else len(whole_array) - start
    if length is not None and size != length:
        raise ScpiError(-161, f"{length} samples where {size} were announced")
    if start < 0 or size < 0 or start + size > len(whole_array):
        raise ScpiError(-222, f"samples {start} to {start + size} of {len(whole_array)}")
    return whole_array[start : start + size]


def _place(parameter: Parameter) -> str:
    try:
        return _PLACES(parameter)
    except ScpiError:
        return str(whole(parameter))


def _repeat_text(repeat: int) -> str:
    return {0: "INF", 1: "ONCE"}.get(repeat, str(repeat))
