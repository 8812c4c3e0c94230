"""Shots of an atom array in two pieces: load and look; then, by what was seen, sort, run the program and look again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.protocols import Awg, Camera, PulseGenerator
from qctl.core.record import Images, Record, Timing
from qctl.core.sequence import Exposing, Playlist, Sequence, Waveform
from qctl.platforms.tweezers.known import array_of
from qctl.platforms.tweezers.paths import Array, Way, assign
from qctl.platforms.tweezers.plays import REST, axis, rate_of, travelled

from .loop import Turn, run_loop
from .station import Station
from .together import attempt_each, said
from .upload import forget

Moves = list[tuple[int, int]]
Look = Callable[[NDArray[np.uint16]], list[int]]
"""Tells from a frame which sites hold an atom."""

Piece = tuple[dict[int, NDArray[np.float64]], float]
"""Spans of the pulse generator by output, s after its start, and the period."""

DEADLINE = 0.5  # s, from the first image to the start of the second piece
TRIES = 25  # loads in a row with too few atoms, after which loading is called broken
PATIENCE = 60.0  # s, beyond what a piece takes
MARGIN = 1e-3  # s
FULL = 32767
TWEEZERS = ("tweezers_x", "tweezers_y")


def play_sorted(
    station: Station, sequence: Sequence, playlists: Mapping[str, Playlist], known: Parameters, look: Look
) -> Record:
    """Play every shot with its sites filled: loads that catch too few atoms are repeated, and counted.

    Parameters
    ----------
    sequence : names the sites in ``filled``; its lights are those of a shot in one piece
    look : applied to the first image of each load

    Raises
    ------
    InstrumentError
        When an instrument fails, or arrays are loaded too thinly again and again.
    """
    run = _Sorted(station, sequence, playlists, known, look)
    try:
        run.play()
    except BaseException as error:
        forget(station, run.outputs)
        for name, answer in attempt_each(lambda name, output: output.stop(), run.outputs).items():
            if isinstance(answer, Exception):
                error.add_note(f"{name} could not be stopped ({said(answer)})")
        raise
    forget(station, run.outputs)
    for output in run.outputs.values():
        output.stop()
    return run.record()


@dataclass
class _Sorted:
    """One run under way."""

    station: Station
    sequence: Sequence
    playlists: Mapping[str, Playlist]
    known: Parameters
    look: Look
    timing: Timing = field(default_factory=Timing)

    def __post_init__(self) -> None:
        lab = self.station.laboratory
        ((self.line, exposing),) = self.sequence.exposing.items()
        self.exposing: Exposing = exposing
        pulsers = {digital.output.instrument for digital in self.sequence.digital.values()}
        self.pulser: PulseGenerator = self.station.pulser(pulsers.pop())
        camera = self.station.recorder(exposing.input.instrument)
        assert isinstance(camera, Camera)
        self.camera: Camera = camera
        self.array = Array.of(lab, self.known)
        self.deflector = lab.lines[TWEEZERS[0]].outputs[0].instrument
        names = dict.fromkeys((self.deflector, *self.playlists))
        self.awgs: dict[str, Awg] = {name: self.station.awg(name) for name in names}
        rows, columns = camera.limits.rows, camera.limits.columns
        shape = (self.sequence.shots, self.sequence.n_points, len(exposing.windows), rows, columns)
        self.pixels = np.zeros(shape, np.uint16)
        self.frame = np.zeros((1, rows, columns), np.uint16)
        self.first, self.second = self._pieces()
        self.reloads, self.short, self.point = 0, 0, 0
        self.todo: list[int] = []
        self.played: list[int] = []

    @property
    def outputs(self) -> dict[str, Awg | PulseGenerator]:
        """Return everything that plays."""
        pulser = next(iter(self.sequence.digital.values())).output.instrument
        return {pulser: self.pulser, **self.awgs}

    def play(self) -> None:
        """Play all shots of one sweep point after the other; those whose decision came late are played again."""
        turn = Turn(self._load, self._see, self._decide, self._act, self._finish)
        for point in range(self.sequence.n_points):
            self.point = point
            self._ready()
            self.todo = list(range(self.sequence.shots))
            while self.todo:
                self.played = []  # the shot that each turn filled, -1 where atoms were too few
                loop = run_loop(turn, len(self.todo), DEADLINE)
                self.timing += loop.timing
                late = zip(self.played, loop.late.tolist(), strict=True)
                self.todo += [shot for shot, missed in late if missed and shot >= 0]

    def record(self) -> Record:
        """Return what was seen, and how timely."""
        sequence = self.sequence
        timing = replace(self.timing, flags={**self.timing.flags, "loads with too few atoms": self.reloads})
        played = Record.of(sequence, self.known.id, timing, self.station.identities)
        return replace(played, images={self.line: Images(self.pixels, self.exposing)})

    # --- one turn ---

    def _load(self, shot: int) -> None:
        spans, period = self.first
        self._go(spans, period, 1)

    def _see(self, shot: int) -> None:
        self.camera.wait(PATIENCE)
        self.camera.fetch(self.frame)

    def _decide(self, shot: int) -> Moves | None:
        return assign(self.array, self.look(self.frame[0]), self.sequence.filled)

    def _act(self, number: int, moves: Moves | None) -> None:
        self.short = self.short + 1 if moves is None else 0
        if moves is None:
            self.played.append(-1)
            return
        awg = self.awgs[self.deflector]
        awg.load(self._journey(moves))
        awg.arm(None)
        awg.start()
        spans, period = self.second
        self._go(spans, period, len(self.exposing.windows))
        self.played.append(self.todo.pop(0))

    def _finish(self, number: int) -> None:
        if self.short:
            self.reloads += 1
            if self.short >= TRIES:
                self._refuse()
            return
        self.camera.wait(PATIENCE)
        self.camera.fetch(self.pixels[self.played[-1], self.point])

    def _go(self, spans: Mapping[int, NDArray[np.float64]], period: float, n_frames: int) -> None:
        self.pulser.load(spans)
        self.pulser.arm(period, 1)
        self.camera.arm(n_frames)
        self.pulser.start()
        self.station.clock.played(period)

    # --- what is played ---

    def _pieces(self) -> tuple[Piece, Piece]:
        """Return both pieces: what comes before the first image ends, and the rest."""
        sequence, lab = self.sequence, self.station.laboratory
        (look, seen), lead = self.exposing.windows[0].tolist(), sequence.lead
        longest = max(self.array.between(a, b).duration for a in range(len(self.array.sites)) for b in sequence.filled)
        sorting = np.ceil((len(sequence.filled) * (longest + REST) + MARGIN) / MARGIN) * MARGIN
        begin = look - sorting - MARGIN  # of the second piece, s after the trigger of the program
        first, second, last = {}, {}, 0.0
        for name, digital in sequence.digital.items():
            spans, number = digital.spans, digital.output.number
            first[number] = spans[spans[:, 1] <= seen + 1e-9] + lead
            later = spans[spans[:, 0] >= look - 1e-9] - begin
            if lab.lines[name].starts and self.exposing.input.instrument not in lab.lines[name].starts:
                later = np.concatenate([[[0.0, later[0, 1] - later[0, 0]]], later])  # the trigger of the journey
            second[number] = later
            last = max([last, *later[:, 1].tolist()])
        return (first, seen + lead + MARGIN), (second, last + MARGIN)

    def _ready(self) -> None:
        """Load the AWGs that do not sort: silence at the first trigger of the second piece, the program at the next."""
        for name, awg in self.awgs.items():
            if name != self.deflector:
                row = self.playlists[name].steps[self.point]
                used = np.flatnonzero(row >= 0).tolist()
                awg.load(self._two_steps(name, {channel: silence(self._fewest(name)) for channel in used}))
                awg.arm(None)
                awg.start()

    def _fewest(self, name: str) -> int:
        """Return the fewest samples that an AWG plays."""
        return self.awgs[name].limits.min_samples

    def _journey(self, moves: Moves) -> Playlist:
        """Return what the deflector plays: the journeys of all moves, then its part of the program."""
        lab, played = self.station.laboratory, {}
        for line in TWEEZERS:
            rate = rate_of(lab, line)
            numbers = axis(self.known, array_of(lab), line)
            parts = [part for a, b in moves for part in _with_rest(self.array.between(a, b), numbers, rate)]
            wave = np.concatenate([*parts, np.zeros(0)])
            level = self.known[f"{array_of(lab)}.{line}.level"]
            codes = np.zeros(max(len(wave), self._fewest(self.deflector)), np.int16)
            codes[: len(wave)] = np.rint(wave.real * level * FULL)
            played[lab.lines[line].outputs[0].number - 1] = Waveform(codes, np.zeros(len(codes), np.uint8))
        return self._two_steps(self.deflector, played)

    def _two_steps(self, name: str, before: Mapping[int, Waveform]) -> Playlist:
        """Return a playlist whose first step plays ``before`` (by channel from 0) and whose second is the program's."""
        program = self.playlists.get(name)
        n_channels = self.awgs[name].limits.n_channels
        steps = np.full((2, n_channels), -1, np.int32)
        waveforms = list(before.values())
        for place, channel in enumerate(before):
            steps[0, channel] = place
        if program is None:
            waveforms.append(silence(self._fewest(name)))
            steps[1, list(before)] = len(waveforms) - 1
        else:
            row = program.steps[self.point]
            for channel in np.flatnonzero(row >= 0).tolist():
                waveforms.append(program.waveforms[row[channel]])
                steps[1, channel] = len(waveforms) - 1
        for step in steps:  # a channel that the other step uses is silent here
            length = max(len(waveforms[k].codes) for k in step[step >= 0].tolist())
            idle = [c for c in np.flatnonzero((steps >= 0).any(axis=0)).tolist() if step[c] < 0]
            if idle:
                waveforms.append(silence(length))
                step[idle] = len(waveforms) - 1
        return _unique(waveforms, steps)

    def _refuse(self) -> None:
        raise InstrumentError(
            f"{TRIES} loads in a row left too few atoms for {len(self.sequence.filled)} sites",
            allowed=f"{len(self.sequence.filled)} of {len(self.array.sites)} sites loaded",
            where=self.station.laboratory.name,
            remedy="look at loading light, trap light and imaging light, or use fewer qubits",
        )


def assigned(laboratory: Laboratory, known: Parameters, filled: tuple[int, ...]) -> Callable[[list[int]], Moves | None]:
    """Return what says which moves fill sites, see `qctl.platforms.tweezers.paths.assign`."""
    array = Array.of(laboratory, known)
    return lambda loaded: assign(array, loaded, filled)


def silence(n_samples: int) -> Waveform:
    """Return a waveform of nothing."""
    return Waveform(np.zeros(n_samples, np.int16), np.zeros(n_samples, np.uint8))


def _with_rest(way: Way, numbers: tuple[float, float, float], rate: float) -> tuple[NDArray[np.complex128], ...]:
    return travelled(way, numbers, rate), np.zeros(round(REST * rate), np.complex128)


def _unique(waveforms: list[Waveform], steps: NDArray[np.int32]) -> Playlist:
    """Return a playlist in which no waveform stands twice."""
    kept: dict[bytes, int] = {}
    places = []
    for one in waveforms:
        places.append(kept.setdefault(one.codes.tobytes(), len(kept)))
    first = [waveforms[places.index(k)] for k in range(len(kept))]
    table = np.array([*places, -1], np.int32)
    return Playlist(tuple(first), table[steps])
