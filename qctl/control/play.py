"""Play a sequence and bring back what digitizers, counters and cameras recorded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError, InstrumentError
from qctl.core.protocols import Awg, Instrument, PulseGenerator
from qctl.core.record import Record
from qctl.core.sequence import Playlist, Sequence

from .film import Film
from .recording import Recording
from .redo import Chunk, until_whole
from .station import Station
from .stopwatch import Stopwatch
from .taking import Taking, chunks, takings
from .tally import Tally
from .together import attempt_each, each, said
from .upload import forget, upload, upload_pulses

PATIENCE = 120.0  # seconds granted beyond what the shots themselves take; simulated shots take longer than real ones


def play(station: Station, sequence: Sequence, playlists: Mapping[str, Playlist], parameters_id: str) -> Record:
    """Upload what changed, play all shots of all sweep points, fetch everything; outputs are stopped on any way out.

    Parameters
    ----------
    station : open, at its operating point
    sequence : what is heard, how often
    playlists : what each AWG plays, one step per sweep point
    parameters_id : the snapshot that it was compiled with

    Raises
    ------
    LimitError
        When a single shot of all sweep points does not fit an instrument that records.
    InstrumentError
        When an instrument refuses, or a chunk is not whole after three attempts.
    """
    run = _Run(station, sequence, playlists, takings(sequence, station.limits))
    pieces = chunks(sequence, station.limits, run.taken)
    try:
        for first, last in pieces:
            run.chunk(first, last)
    except BaseException as error:
        run.stop_after(error)
        raise
    run.stop()
    return _record(run, parameters_id)


def _record(run: _Run, parameters_id: str) -> Record:
    sequence, by = run.sequence, {taking.instrument: taking for taking in run.taken}
    traces, counts, images = {}, {}, {}
    for name, listening in sequence.listening.items():
        recording = by[listening.inputs[0].instrument]
        assert isinstance(recording, Recording)
        traces[name] = recording.trace(listening)
    for name, counting in sequence.counting.items():
        tally = by[counting.input.instrument]
        assert isinstance(tally, Tally)
        counts[name] = tally.counts(counting)
    for name, exposing in sequence.exposing.items():
        film = by[exposing.input.instrument]
        assert isinstance(film, Film)
        images[name] = film.images(exposing)
    played = Record.of(sequence, parameters_id, run.watch.timing, run.station.identities)
    return replace(played, traces=traces, counts=counts, images=images)


class _Run:
    """One run under way: who takes part, and how it has gone so far."""

    def __init__(
        self, station: Station, sequence: Sequence, playlists: Mapping[str, Playlist], taken: tuple[Taking, ...]
    ) -> None:
        self.station, self.sequence, self.playlists, self.taken = station, sequence, playlists, taken
        self.watch = Stopwatch()
        self.master = master_of(sequence, playlists)
        self.awgs: dict[str, Awg] = {name: station.awg(name) for name in playlists}
        self.pulser: PulseGenerator | None = station.pulser(self.master) if sequence.digital else None
        self.inputs: dict[str, Instrument] = {t.instrument: station.recorder(t.instrument) for t in taken}

    @property
    def outputs(self) -> dict[str, Awg | PulseGenerator]:
        """Return everything that plays, the master first."""
        first: dict[str, Awg | PulseGenerator] = {self.master: self.pulser or self.awgs[self.master]}
        return first | self.awgs

    def chunk(self, first: int, last: int) -> None:
        """Play and fetch shots ``first`` to ``last``; a chunk with any fault is discarded whole and redone."""
        chunk = Chunk(first, last, (last - first) * self.sequence.n_points)
        until_whole(lambda: self._attempt(first, last), self.stop, chunk, self.watch, self.station, self.outputs)

    def _attempt(self, first: int, last: int) -> None:
        n_shots = (last - first) * self.sequence.n_points
        with self.watch.stage("upload"):
            upload(self.station, self.playlists)
            if self.pulser is not None:
                upload_pulses(self.station, self.master, self.pulser, _pulses(self.sequence))
        with self.watch.stage("arm"):
            self._arm(n_shots)
        with self.watch.stage("run"):
            (self.pulser or self.awgs[self.master]).start()
            self._wait(n_shots)
            self.station.clock.played(n_shots * self.sequence.period)
        with self.watch.stage("fetch"):
            for taking in self.taken:
                taking.fetch(self.inputs[taking.instrument], first, last)
        with self.watch.stage("stop"):
            self.stop()
            each(lambda name, instrument: instrument.check(), {**self.outputs, **self.inputs})

    def _arm(self, n_shots: int) -> None:
        """Slaves, and all that records, wait for the trigger before the master may send any."""
        slaves = {name: awg for name, awg in self.awgs.items() if name != self.master}

        def arm_and_start(name: str, awg: Awg) -> None:
            awg.arm(None)
            awg.start()

        each(arm_and_start, slaves)
        each(lambda name, taking: taking.arm(self.inputs[name], n_shots), {t.instrument: t for t in self.taken})
        if self.pulser is not None:
            self.pulser.arm(self.sequence.period, n_shots)
        else:
            self.awgs[self.master].arm(self.sequence.period)

    def _wait(self, n_shots: int) -> None:
        """Wait in this very thread, one recorder after the other: Ctrl-C then ends the wait at once."""
        deadline = time.monotonic() + n_shots * self.sequence.period + PATIENCE
        self.watch.deadlines += len(self.taken)
        try:
            for taking in self.taken:
                self.station.recorder(taking.instrument).wait(max(0.0, deadline - time.monotonic()))
        except InstrumentError:
            self.watch.misses += 1
            raise

    def stop(self) -> None:
        """Stop all outputs, the master first so that no slave waits for its trigger; raise the first failure."""
        slaves = {name: awg for name, awg in self.awgs.items() if name != self.master}
        try:
            self.outputs[self.master].stop()
        finally:
            each(lambda name, awg: awg.stop(), slaves)

    def stop_after(self, error: BaseException) -> None:
        """Stop what can be stopped; what cannot is noted on the error, which stays the one that is raised."""
        forget(self.station, self.outputs)
        for name, answer in attempt_each(lambda name, output: output.stop(), self.outputs).items():
            if isinstance(answer, Exception):
                error.add_note(f"{name} could not be stopped ({said(answer)})")


def _pulses(sequence: Sequence) -> dict[int, NDArray[np.float64]]:
    """Return by output what a pulse generator gives in a shot, s after its start."""
    return {digital.output.number: digital.spans + sequence.lead for digital in sequence.digital.values()}


def master_of(sequence: Sequence, playlists: Mapping[str, Playlist]) -> str:
    """Return what starts everything: the pulse generator, or the AWG whose marker starts all others."""
    pulsers = sorted({digital.output.instrument for digital in sequence.digital.values()})
    if pulsers:
        if len(pulsers) > 1 or sequence.triggers:
            others = ", ".join([*pulsers[1:], *map(str, sequence.triggers)])
            raise CompileError(f"shots timed by {pulsers[0]} and {others}", allowed="one pulse generator")
        return pulsers[0]
    owners = sorted({port.instrument for port in sequence.triggers})
    if len(owners) != 1 or owners[0] not in playlists:
        raise CompileError(
            f"trigger markers of {', '.join(owners) or 'no AWG'}",
            allowed="markers of exactly one AWG, which has a playlist",
            remedy="declare one trigger line in the laboratory file",
        )
    return owners[0]
