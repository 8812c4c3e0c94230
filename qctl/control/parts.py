"""Shots in parts: all parts are uploaded beforehand; by each answer the host lets the AWGs jump to the next one.

Every part lasts one slot, and begins at an edge of the slot's clock: what was not decided by then is a miss, the shot
is given up, counted, and played again. So the phases of all parts are known beforehand, whatever this computer does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.played import Played
from qctl.core.protocols import Awg, Jumper, Metronome, PulseGenerator
from qctl.core.record import Record, Timing
from qctl.core.sequence import Playlist, Sequence
from qctl.core.tree import BEYOND, Tree
from qctl.kernels.decide import code_of

from .loop import Loop, Parts, run_parts
from .station import Station
from .stopwatch import Stopwatch
from .together import attempt_each, each, said
from .upload import forget, upload, upload_pulses

MARGIN = 0.5e-3  # s of a slot that nobody counts on
MOST_MISSES = 0.5  # share of the shots of a round; with more, the host is too slow for this slot
FEWEST = 20  # shots from which that is judged
PATIENCE = 60.0  # s, beyond what a part takes


class Side(Protocol):
    """Whatever listens to the answers."""

    least: NDArray[np.float64]
    """What a value must exceed to say 1, by channel."""

    channels: NDArray[np.int32]
    """Shape (n_parts, most); which channel tells each answer of each part, -1 none."""

    def ready(self, n_shots: int) -> None:
        """Make room for so many shots."""

    def prepare(self, shot: int) -> None:
        """Do what comes before the first part and is not timed."""

    def arm(self, part: int, opening: bool) -> None:
        """Let the instruments that hear a part wait for it."""

    def fetch(self, shot: int, part: int, opening: bool, values: NDArray[np.float64]) -> None:
        """Wait for the answers; fill ``values``, by channel."""

    def closed(self, shot: int) -> None:
        """Do what comes after the last part and is not timed."""

    def record(self, record: Record, n_shots: int) -> Record:
        """Return the record with what was seen beside the answers, of the shots that were played."""


@dataclass
class PartsPlayer:
    """One run under way.

    Parameters
    ----------
    sequence : whose sweep points are the parts
    playlists : what each AWG plays in each part
    """

    station: Station
    sequence: Sequence
    tree: Tree
    playlists: Mapping[str, Playlist]
    side: Side
    most_deep: int

    def __post_init__(self) -> None:
        pulsers = {digital.output.instrument for digital in self.sequence.digital.values()}
        self.name = pulsers.pop()
        self.pulser = _metronome(self.station, self.name)
        self.awgs = {name: _jumper(self.station, name) for name in self.playlists}
        digital = self.sequence.digital
        self.all = tuple(sorted(one.output.number for one in digital.values()))
        self.later = tuple(sorted(digital[n].output.number for n in digital if n not in self.sequence.opening))
        self.watch = Stopwatch()

    @property
    def deadline(self) -> float:
        """Return how long the host has for a decision, s."""
        return self.sequence.spare - MARGIN

    @property
    def outputs(self) -> dict[str, Awg | PulseGenerator]:
        """Return everything that plays."""
        return {self.name: self.pulser, **self.awgs}

    def play(self, n_shots: int, parameters_id: str) -> Played:
        """Play so many shots to their end; those that were late are played again, and stand there too.

        Raises
        ------
        InstrumentError
            When an instrument fails, or more decisions are late than in time.
        """
        rounds: list[Played] = []
        timing, missing = Timing(), n_shots
        try:
            while missing:
                found = self._round(missing, parameters_id)
                rounds.append(found)
                timing += found.record.timing
                missing = int(found.late.sum())
                if missing > MOST_MISSES * len(found.late) and len(found.late) >= FEWEST:
                    self._refuse(found)
        except BaseException as error:
            forget(self.station, self.outputs)
            for name, answer in attempt_each(lambda name, output: output.stop(), self.outputs).items():
                if isinstance(answer, Exception):
                    error.add_note(f"{name} could not be stopped ({said(answer)})")
            raise
        for output in self.outputs.values():
            output.stop()
        each(lambda name, output: output.check(), self.outputs)
        return _joined(rounds, timing)

    # --- one round ---

    def _round(self, n_shots: int, parameters_id: str) -> Played:
        shape = (n_shots, self.most_deep)
        self.parts, self.codes = np.full(shape, -1, np.int32), np.zeros(shape, np.int32)
        self.values = np.zeros((*shape, len(self.side.least)))
        self.beyond = np.zeros(n_shots, bool)
        self.side.ready(n_shots)
        with self.watch.stage("upload"):
            self._upload()
        turn = Parts(self._begin, self._fetch, self._decide, self._act)
        with self.watch.stage("run"):
            waits = self.station.clock.stands
            loop, late = run_parts(turn, n_shots, self.most_deep, self.deadline, waits=waits)
        return self._played(loop, late, parameters_id)

    def _upload(self) -> None:
        upload(self.station, self.playlists)
        ready_for_parts(self.station, self.sequence, self.pulser)

        def run(name: str, awg: Awg) -> None:
            awg.arm(None)
            awg.start()

        each(run, self.awgs)

    def _begin(self, shot: int) -> None:
        self.side.prepare(shot)
        ready_for_parts(self.station, self.sequence, self.pulser)
        self._start(shot, 0, 0)

    def _act(self, shot: int, depth: int, part: int) -> None:
        self._start(shot, depth + 1, part)

    def _start(self, shot: int, depth: int, part: int) -> None:
        self.parts[shot, depth] = part
        for awg in self.awgs.values():
            awg.jump(part)
        self.side.arm(part, depth == 0)
        self.pulser.enable(self.later if depth else self.all)
        self.pulser.start()

    def _fetch(self, shot: int, depth: int) -> None:
        self.side.fetch(shot, int(self.parts[shot, depth]), depth == 0, self.values[shot, depth])
        self.station.clock.played(self.sequence.period)

    def _decide(self, shot: int, depth: int) -> int:
        part = self.parts[shot, depth]
        code = code_of(self.values[shot, depth], self.side.least, self.side.channels[part])
        self.codes[shot, depth] = code
        following = int(self.tree.follows[part, code])
        if following < 0:
            self.beyond[shot] = following == BEYOND
            self.side.closed(shot)
        return following

    def _played(self, loop: Loop, late: NDArray[np.bool_], parameters_id: str) -> Played:
        sequence, n_shots = self.sequence, len(late)
        timing = loop.timing
        flags = {"parts": int((self.parts >= 0).sum())}
        if self.station.clock.stands and timing.misses:
            flags["late, had time not stood still"] = timing.misses
        seconds = {**timing.seconds, **{stage: self.watch.seconds.pop(stage) for stage in ("upload", "run")}}
        misses = 0 if self.station.clock.stands else timing.misses
        timing = Timing(timing.deadlines, misses, int(late.sum()), flags, seconds)
        record = Record.of(sequence, parameters_id, timing, self.station.identities)
        record = replace(record, shots=n_shots, n_points=1)
        told = np.take_along_axis(self.values, np.maximum(self.side.channels[self.parts], 0), axis=2)
        return Played(self.parts, self.codes, told, late, self.beyond, self.side.record(record, n_shots))

    def _refuse(self, found: Played) -> None:
        timing = found.record.timing
        raise InstrumentError(
            f"{timing.misses} of {timing.deadlines} decisions of the host came late; half of them took "
            f"{timing.seconds['reaction p50'] * 1e3:.3g} ms",
            allowed=f"{self.deadline * 1e3:.3g} ms of each slot of {self.sequence.period * 1e3:g} ms",
            where=self.station.laboratory.name,
            remedy="a longer slot, as long as qubits remember, or a computer with less to do",
        )


def ready_for_parts(station: Station, sequence: Sequence, pulser: Metronome) -> None:
    """Let the pulse generator hold what a part needs, and wait for an edge; nothing is sent where it does already."""
    digital = sequence.digital.values()
    name = next(iter(digital)).output.instrument
    pulses = {one.output.number: one.spans + sequence.lead for one in digital}
    upload_pulses(station, name, pulser, pulses)
    pulser.arm_at_edge(sequence.period)


def _metronome(station: Station, name: str) -> Metronome:
    found = station.pulser(name)
    if not isinstance(found, Metronome):
        raise InstrumentError("it does not start with a clock", allowed="a pulse generator that does", where=name)
    return found


def _jumper(station: Station, name: str) -> Jumper:
    found = station.awg(name)
    if not isinstance(found, Jumper):
        raise InstrumentError(
            "it does not jump to a step on command", allowed="an AWG that does", where=name, remedy="use another driver"
        )
    return found


def _joined(rounds: list[Played], timing: Timing) -> Played:
    """Return all rounds as one run."""
    records = [each.record for each in rounds]
    parts, codes, values = (
        np.concatenate(column) for column in zip(*((r.parts, r.codes, r.values) for r in rounds), strict=True)
    )
    return Played(
        parts,
        codes,
        values,
        np.concatenate([one.late for one in rounds]),
        np.concatenate([one.beyond for one in rounds]),
        replace(
            records[0],
            shots=sum(record.shots for record in records),
            timing=timing,
            counts={
                line: replace(one, photons=np.concatenate([record.counts[line].photons for record in records]))
                for line, one in records[0].counts.items()
            },
            images={
                line: replace(one, pixels=np.concatenate([record.images[line].pixels for record in records]))
                for line, one in records[0].images.items()
            },
        ),
    )
