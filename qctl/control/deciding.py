"""Play a sequence whose decisions instruments take within the shot, and bring back what was told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qctl.core.branching import Branching
from qctl.core.errors import InstrumentError, LimitError
from qctl.core.protocols import Awg, Decider, DeciderLimits, Limits
from qctl.core.record import Record, Told
from qctl.core.sequence import Playlist, Sequence

from .play import PATIENCE, master_of
from .redo import Chunk, until_whole
from .station import Station
from .stopwatch import Stopwatch
from .together import attempt_each, each, said
from .upload import forget, upload


def play_deciding(
    station: Station, sequence: Sequence, playlists: Mapping[str, Playlist], parameters_id: str
) -> Record:
    """Upload, play all shots, fetch what was told; outputs are stopped on any way out.

    Parameters
    ----------
    station : open, at its operating point
    sequence : with a branching
    playlists : what each AWG plays, in steps that branch
    parameters_id : the snapshot that it was compiled with

    Raises
    ------
    InstrumentError
        When an instrument refuses, or a chunk is not whole after three attempts.
    """
    branching = sequence.branching
    assert branching is not None
    run = _Run(station, sequence, branching, playlists)
    most = shots_at_once(branching, station.limits)
    told = Told(
        np.empty((sequence.shots, len(branching.windows)), np.uint8),
        np.empty((sequence.shots, len(branching.windows)), np.complex128),
        branching,
    )
    try:
        for first in range(0, sequence.shots, most):
            run.chunk(first, min(first + most, sequence.shots), told)
    except BaseException as error:
        run.stop_after(error)
        raise
    run.stop()
    return replace(Record.of(sequence, parameters_id, run.watch.timing, station.identities), told=told)


def shots_at_once(branching: Branching, limits: Limits) -> int:
    """Return how many shots the memory of the instrument that decides holds; raise LimitError when not even one."""
    declared, n_windows = limits.get(branching.decider), len(branching.windows)
    if not isinstance(declared, DeciderLimits):
        raise LimitError("it declares no limits of a decider", where=branching.decider)
    if not 0 < n_windows <= declared.memory:
        raise LimitError(f"{n_windows} answers in a shot", allowed=f"1 to {declared.memory}", where=branching.decider)
    return min(declared.memory // n_windows, declared.max_shots)


class _Run:
    """One run under way."""

    def __init__(
        self, station: Station, sequence: Sequence, branching: Branching, playlists: Mapping[str, Playlist]
    ) -> None:
        self.station, self.sequence, self.branching, self.playlists = station, sequence, branching, playlists
        self.watch = Stopwatch()
        self.master = master_of(sequence, playlists)
        self.awgs: dict[str, Awg] = {name: station.awg(name) for name in playlists}
        self.decider: Decider = station.decider(branching.decider)

    def chunk(self, first: int, last: int, told: Told) -> None:
        """Play and fetch shots ``first`` to ``last``; a chunk with any fault is discarded whole and redone."""
        chunk = Chunk(first, last, last - first)
        until_whole(lambda: self._attempt(first, last, told), self.stop, chunk, self.watch, self.station, self.awgs)

    def _attempt(self, first: int, last: int, told: Told) -> None:
        n_shots, master = last - first, self.awgs[self.master]
        with self.watch.stage("upload"):
            upload(self.station, self.playlists)
        with self.watch.stage("arm"):
            each(_arm_and_start, {name: awg for name, awg in self.awgs.items() if name != self.master})
            self.decider.arm(self.branching, n_shots)
            master.arm(self.sequence.period)
        with self.watch.stage("run"):
            master.start()
            self._wait(n_shots)
            self.station.clock.played(n_shots * self.sequence.period)
        with self.watch.stage("fetch"):
            self.decider.fetch(told.answers[first:last], told.points[first:last])
        with self.watch.stage("stop"):
            self.stop()
            each(lambda name, instrument: instrument.check(), {**self.awgs, self.branching.decider: self.decider})

    def _wait(self, n_shots: int) -> None:
        self.watch.deadlines += 1
        deadline = time.monotonic() + n_shots * self.sequence.period + PATIENCE
        try:
            self.decider.wait(max(0.0, deadline - time.monotonic()))
        except InstrumentError:
            self.watch.misses += 1
            raise

    def stop(self) -> None:
        """Stop all outputs, the master first so that no slave waits for its trigger; raise the first failure."""
        self.awgs[self.master].stop()
        each(lambda name, awg: awg.stop(), {name: awg for name, awg in self.awgs.items() if name != self.master})
        self.decider.stop()

    def stop_after(self, error: BaseException) -> None:
        """Stop what can be stopped; what cannot is noted on the error, which stays the one that is raised."""
        forget(self.station, self.awgs)
        outputs: dict[str, Awg | Decider] = {**self.awgs, self.branching.decider: self.decider}
        for name, answer in attempt_each(lambda name, output: output.stop(), outputs).items():
            if isinstance(answer, Exception):
                error.add_note(f"{name} could not be stopped ({said(answer)})")


def _arm_and_start(name: str, awg: Awg) -> None:
    awg.arm(None)
    awg.start()
