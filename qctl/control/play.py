"""Play a sequence and bring back what the digitizers heard."""

from __future__ import annotations

import time
from collections.abc import Mapping

from qctl.core.errors import CompileError, InstrumentError
from qctl.core.protocols import Awg, Digitizer
from qctl.core.record import Record
from qctl.core.sequence import Playlist, Sequence

from .recording import Recording, chunks, recordings
from .station import Station
from .stopwatch import Stopwatch
from .together import attempt_each, each, said
from .upload import forget, upload

REDOS = 2  # a chunk that is not whole is played again at most this often
PATIENCE = 120.0  # seconds granted beyond what the shots themselves take; simulated shots take longer than real ones


def play(station: Station, sequence: Sequence, playlists: Mapping[str, Playlist], parameters_id: str) -> Record:
    """Upload what changed, play all shots of all sweep points, fetch every segment; AWGs are stopped on any way out.

    Parameters
    ----------
    station : open, at its operating point
    sequence : what is heard, how often
    playlists : what each AWG plays, one step per sweep point
    parameters_id : the snapshot that it was compiled with

    Raises
    ------
    LimitError
        When a single shot of all sweep points does not fit a digitizer.
    InstrumentError
        When an instrument refuses, or a chunk is not whole after three attempts.
    """
    run = _Run(station, sequence, playlists, recordings(sequence))
    pieces = chunks(sequence, station.limits, run.heard)
    try:
        for first, last in pieces:
            run.chunk(first, last)
    except BaseException as error:
        run.stop_after(error)
        raise
    run.stop()
    by_digitizer = {recording.digitizer: recording for recording in run.heard}
    return Record(
        traces={
            name: by_digitizer[listening.inputs[0].instrument].trace(listening)
            for name, listening in sequence.listening.items()
        },
        shots=sequence.shots,
        n_points=sequence.n_points,
        n_bits=sequence.n_bits,
        qubits=sequence.qubits,
        placement=sequence.placement,
        sequence_digest=sequence.digest,
        parameters_id=parameters_id,
        timing=run.watch.timing,
        instruments=station.identities,
    )


class _Run:
    """One run under way: who takes part, and how it has gone so far."""

    def __init__(
        self, station: Station, sequence: Sequence, playlists: Mapping[str, Playlist], heard: list[Recording]
    ) -> None:
        self.station, self.sequence, self.playlists, self.heard = station, sequence, playlists, heard
        self.watch = Stopwatch()
        self.master = _master(sequence, playlists)
        self.awgs: dict[str, Awg] = {name: station.awg(name) for name in playlists}
        self.digitizers: dict[str, Digitizer] = {r.digitizer: station.digitizer(r.digitizer) for r in heard}

    def chunk(self, first: int, last: int) -> None:
        """Play and fetch shots ``first`` to ``last``; a chunk with any fault is discarded whole and redone."""
        for attempt in range(REDOS + 1):
            try:
                self._attempt(first, last)
            except InstrumentError as error:
                self.watch.discarded_segments += (last - first) * self.sequence.n_points
                self.watch.count("redone chunks" if attempt < REDOS else "given up chunks")
                forget(self.station, self.playlists)
                if attempt == REDOS:
                    error.add_note(f"shots {first} to {last} were tried {REDOS + 1} times")
                    raise
                self.stop()
            else:
                return

    def _attempt(self, first: int, last: int) -> None:
        n_segments = (last - first) * self.sequence.n_points
        with self.watch.stage("upload"):
            upload(self.station, self.playlists)
        with self.watch.stage("arm"):
            self._arm(n_segments)
        with self.watch.stage("run"):
            self.awgs[self.master].start()
            self._wait(n_segments)
            self.station.clock.played(n_segments * self.sequence.period)
        with self.watch.stage("fetch"):
            for recording in self.heard:
                self._fetch(recording, first, last)
        with self.watch.stage("stop"):
            self.stop()
            each(lambda name, instrument: instrument.check(), {**self.awgs, **self.digitizers})

    def _arm(self, n_segments: int) -> None:
        """Slaves and digitizers wait for the trigger before the master may send any."""
        slaves = {name: awg for name, awg in self.awgs.items() if name != self.master}

        def arm_and_start(name: str, awg: Awg) -> None:
            awg.arm(None)
            awg.start()

        def listen(name: str, recording: Recording) -> None:
            digitizer = self.digitizers[name]
            digitizer.arm(recording.inputs, n_segments, recording.delay, recording.n_samples)

        each(arm_and_start, slaves)
        each(listen, {recording.digitizer: recording for recording in self.heard})
        self.awgs[self.master].arm(self.sequence.period)

    def _wait(self, n_segments: int) -> None:
        """Wait in this very thread, one digitizer after the other: Ctrl-C then ends the wait at once."""
        deadline = time.monotonic() + n_segments * self.sequence.period + PATIENCE
        self.watch.deadlines += len(self.digitizers)
        try:
            for digitizer in self.digitizers.values():
                digitizer.wait(max(0.0, deadline - time.monotonic()))
        except InstrumentError:
            self.watch.misses += 1
            raise

    def _fetch(self, recording: Recording, first: int, last: int) -> None:
        volts = self.digitizers[recording.digitizer].fetch(recording.room(first, last))
        if first > 0 and volts != recording.volts:
            raise InstrumentError(
                f"its scale moved from {recording.volts} to {volts} within a run", where=recording.digitizer
            )
        recording.volts = volts

    def stop(self) -> None:
        """Stop all AWGs, the master first so that no slave waits for its trigger; raise the first failure."""
        slaves = {name: awg for name, awg in self.awgs.items() if name != self.master}
        try:
            self.awgs[self.master].stop()
        finally:
            each(lambda name, awg: awg.stop(), slaves)

    def stop_after(self, error: BaseException) -> None:
        """Stop what can be stopped; what cannot is noted on the error, which stays the one that is raised."""
        forget(self.station, self.playlists)
        for name, answer in attempt_each(lambda name, awg: awg.stop(), self.awgs).items():
            if isinstance(answer, Exception):
                error.add_note(f"{name} could not be stopped ({said(answer)})")


def _master(sequence: Sequence, playlists: Mapping[str, Playlist]) -> str:
    """Return the AWG whose marker starts all others."""
    owners = sorted({port.instrument for port in sequence.triggers})
    if len(owners) != 1 or owners[0] not in playlists:
        raise CompileError(
            f"trigger markers of {', '.join(owners) or 'no AWG'}",
            allowed="markers of exactly one AWG, which has a playlist",
            remedy="declare one trigger line in the laboratory file",
        )
    return owners[0]
