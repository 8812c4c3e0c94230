"""One trip round: program to result, on one open laboratory."""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Seq
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from qctl.compile import compile_program, flatten, instruments_decide, join, with_atoms
from qctl.compile.host import Steered, is_steered, steered_points
from qctl.compile.planned import planned
from qctl.compile.resets import active_resets
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.control import Station, limits_of, open_station, operating_point, shots_at_once
from qctl.core.answers import decisions
from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program, Register
from qctl.core.record import Record, Timing
from qctl.core.result import Result, points_in_a_row, shots_in_a_row
from qctl.core.sequence import Playlist, Sequence
from qctl.core.ways import ways
from qctl.frontends import Inputs, Text, Written
from qctl.readout import compute, gather, gather_points, read_out, stop_if_lost, undo_readout_errors
from qctl.store import ParameterStore, state_folder

from .deciding import run_told
from .known import known_parameters, refuse_strangers, stored_as
from .playing import play_as_asked
from .said import Tell, check_run, log_failure
from .steering import steer
from .trying import tried
from .uploads import uploads
from .viewing import Viewing

log = logging.getLogger(__name__)

UNGUARDED_SECONDS = 10.0  # of shots of a calibration, which looks for ions or atoms itself


class Lab(Viewing):
    """An open laboratory: ``Lab.open("transmon5").run(text, shots=4000).counts``.

    Best used in ``with``; without it, the laboratory is made safe and closed when Python ends, or by ``close``.
    Instruments are opened at the first run, not before.

    Attributes
    ----------
    laboratory : what its file says
    limits : what its instruments can play and record
    parameters : the snapshot that programs are compiled with; assign another to use it from the next run on
    """

    def __init__(
        self, laboratory: Laboratory, parameters: Parameters, *, seed: int | None = None, twin: Path | None = None
    ) -> None:
        self.laboratory, self.parameters = laboratory, parameters
        self.limits = limits_of(laboratory)
        self._seed, self._twin = seed, twin
        self._stack: ExitStack | None = None
        self._station: Station | None = None
        self._operating: dict[str, float] | None = None  # biases that the chip sits at

    @classmethod
    def open(
        cls,
        laboratory: str | os.PathLike[str],
        *,
        seed: int | None = None,
        twin: str | os.PathLike[str] | None = None,
        state: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Read a laboratory file (or the name of one that comes with qctl) and what is known of it.

        Parameters
        ----------
        laboratory : path of a YAML file, or a name such as ``transmon5``
        seed : makes a simulated laboratory repeat itself
        twin : file of hidden truths for a simulated laboratory, instead of its own
        state : folder of the parameter store; by default QCTL_STATE_DIR or the platform's own. Its newest snapshot
            goes before the one that the laboratory file names

        Raises
        ------
        ConfigError
            With every mistake of the file.
        StoreError
            When there is a parameter store that cannot be read.
        """
        found, truth = read_laboratory(find_laboratory(laboratory)), None if twin is None else Path(twin)
        with ParameterStore.open(state_folder(state), stored_as(found, truth)) as store:
            measured = store.snapshot()
        return cls(found, known_parameters(found, measured), seed=seed, twin=truth)

    @property
    def station(self) -> Station:
        """Return the instruments; the first use opens them."""
        if self._station is None:
            with ExitStack() as stack:
                self._station = stack.enter_context(open_station(self.laboratory, seed=self._seed, twin=self._twin))
                self._stack = stack.pop_all()
            atexit.register(self.close)
        return self._station

    def wait(self, seconds: float) -> None:
        """Let time pass without playing anything: a sleep, or virtual time of a simulated rack."""
        self.station.pass_time(seconds)

    def now(self) -> float:
        """Return the time in seconds since 1970.

        On a simulated rack time is virtual: when it was started, plus a period for every shot, plus all waits.
        """
        return self.station.clock.now()

    def run(
        self,
        program: Program | Written | Text,
        shots: int = 4000,
        *,
        inputs: Inputs | None = None,
        mitigate: bool = False,
        parameters: Parameters | None = None,
        optimise: bool = True,
        each_way: bool = False,
        longest: float | None = None,
        tell: Tell | None = None,
    ) -> Result:
        """Compile, play and read out.

        Parameters
        ----------
        program : a Program, what Python code wrote, OpenQASM text, or the path of a file that holds it
        shots : repetitions of every sweep point
        inputs : values of the program's inputs, by name; rows of values of one length are the points of a sweep
        mitigate : add quasi-probabilities in which known readout errors are undone
        parameters : snapshot for this run only
        optimise : let the compiler look for a shorter program; False plays gates as they stand
        each_way : where measured bits decide what is played, play every way for itself and count the shots whose
            answers lead there (`qctl.core.ways`): as many as ``shots`` on the average, by chance more or fewer, since
            each way is a run of its own. Otherwise such programs are refused where nobody decides in time
        longest : s of machine time that this run may take; as the laboratory file says by default (`longest_run`)
        tell : called with the machine time, s, of a run that takes 10 s or more, before anything is opened for it

        Raises
        ------
        ProgramError, CompileError, LimitError
            Before anything was sent.
        InstrumentError
            When the laboratory fails; its outputs are stopped.
        """
        refuse_strangers(parameters or self.parameters, self.laboratory)
        ready = self._read(program, inputs, parameters).with_shots(shots)
        known = parameters or self.parameters
        if each_way and (decisions(ready) or len(active_resets(ready))):
            return self._run_each_way(ready, known, longest, tell, mitigate=mitigate, optimise=optimise)
        if instruments_decide(ready, self.laboratory):
            if mitigate:
                raise UsageError("mitigation of a program whose shots branch", remedy="run it without")
            sequences = planned(ready, known, self.laboratory, self.limits)
            check_run(sequences, self.laboratory, longest, tell)
            return run_told([(ready, known)], self.laboratory, self.limits, self.play, sequences)
        if is_steered(ready, self.laboratory):
            return self._run_in_parts(ready, known, longest, tell, mitigate=mitigate)
        pairs = [(ready, known)]
        return self.run_each(pairs, mitigate=mitigate, optimise=optimise, guarded=True, longest=longest, tell=tell)

    def run_told(self, pairs: Seq[tuple[Program, Parameters]]) -> Result:
        """Run programs read out by the instrument that tells states within the shot, and branch where they decide.

        Every sweep point is a run of its own; their points follow one another.

        Raises
        ------
        CompileError, LimitError
            Before anything is opened or sent.
        InstrumentError
            When the laboratory fails.
        """
        return run_told(pairs, self.laboratory, self.limits, self.play)

    def _run_each_way(
        self,
        program: Program,
        known: Parameters,
        longest: float | None,
        tell: Tell | None,
        *,
        mitigate: bool,
        optimise: bool,
    ) -> Result:
        if mitigate:
            raise UsageError("each way with mitigation", allowed="each way without it")
        points = [ways(program, point, len(self.laboratory.qubits)) for point in range(program.n_points)]
        every = list(chain.from_iterable(points))  # all are compiled before the first is played
        check_run([self._at_one_go(way.program, known, optimise) for way in every], self.laboratory, longest, tell)
        results = []
        for found in points:
            played = [self.run_each([(way.program, known)], optimise=optimise, guarded=True) for way in found]
            results.append(gather(program, found, played))
        return gather_points(program, results)

    def run_in_parts(self, pairs: Seq[tuple[Program, Parameters]]) -> Result:
        """Run programs in parts that the host steers, also where nothing is decided; their points follow one another.

        As `run_told` otherwise.
        """
        runs = [(steered_points(one, known, self.laboratory, self.limits), known) for one, known in pairs]
        return points_in_a_row([self._steered(points, known) for points, known in runs])

    def _steered(self, points: Seq[Steered], known: Parameters) -> Result:
        self._operate(known)
        with self._failing_loudly(points[0].sequence):
            return steer(self.station, points, known, self.limits)

    def _run_in_parts(
        self, program: Program, known: Parameters, longest: float | None, tell: Tell | None, *, mitigate: bool
    ) -> Result:
        points = steered_points(program, known, self.laboratory, self.limits, mitigate=mitigate)
        check_run([one.sequence for one in points], self.laboratory, longest, tell)
        (result,), spent = self._tried([self._steered(points, known)], points[0].sequence, known)
        result = replace(result, timing=result.timing + spent)
        self._warn([result])
        stop_if_lost([result], self.laboratory.name)
        return result

    def run_each(
        self,
        pairs: Seq[tuple[Program | Written | Text, Parameters]],
        shots: int | None = None,
        *,
        mitigate: bool = False,
        optimise: bool = True,
        traces: bool = False,
        guarded: bool = False,
        longest: float | None = None,
        tell: Tell | None = None,
    ) -> Result:
        """Run many programs, each with parameters of its own; their points follow one another.

        They are one upload as far as memories, biases and corrections of lines allow: programs that differ in biases,
        mixers, predistortion or delays run one after another.

        Parameters
        ----------
        pairs : programs and the parameters that each is compiled and read out with; all with the same bits
        shots : repetitions of every point; as the programs say by default
        traces : keep mean traces of all feedlines
        guarded : look each second (each minute at arrays) whether ions, atoms and light are there, and stop where
            hardly a shot counts
        longest, tell : as of `run`; what is not guarded may take any time

        Raises
        ------
        CompileError
            Before anything is opened or sent, also when a program measures nothing.
        InstrumentError
            When the laboratory fails, and where a guarded run stops.
        """
        if not pairs:
            raise UsageError("nothing to run", allowed="at least one program")
        programs = [(self._read(program, None, known), known) for program, known in pairs]
        ready = [(p if shots is None else p.with_shots(shots), known) for p, known in programs]
        sequences = [with_atoms(p, self._at_one_go(p, known, optimise)) for p, known in ready]
        check_run(sequences, self.laboratory, longest if guarded else inf, tell)
        results, timing = [], Timing()
        for batch in uploads(sequences, [known for _, known in programs], self.limits):
            members = [(sequences[k], programs[k][1], programs[k][0].bits) for k in batch]
            found, spent = self._batch(members, traces, guarded)
            timing += spent
            if mitigate:
                found = [undo_readout_errors(r, k) for r, (_, k, _) in zip(found, members, strict=True)]
            results += [compute(r, programs[k][0]) for r, k in zip(found, batch, strict=True)]
        return replace(points_in_a_row(results), timing=timing)

    def run_many(self, programs: Seq[Program | Written | Text], shots: int = 4000, *, mitigate: bool = False) -> Result:
        """Run many programs in one upload with the parameters of the laboratory."""
        pairs = [(program, self.parameters) for program in programs]
        return self.run_each(pairs, shots, mitigate=mitigate, guarded=True)

    def play(
        self,
        sequence: Sequence,
        parameters: Parameters | None = None,
        playlists: Mapping[str, Playlist] | None = None,
    ) -> Record:
        """Play a sequence and return what was recorded; ``playlists`` are those of it, where they are made already."""
        known = parameters or self.parameters
        playlists = flatten(sequence, self.laboratory, self.limits) if playlists is None else playlists
        station = self.station
        self._operate(known)
        with self._failing_loudly(sequence):
            record = play_as_asked(station, sequence, playlists, known.id, known)
        log.info(
            "%s: played %s, %d points of %d shots, parameters %s, discarded segments %d",
            self.laboratory.name,
            sequence.digest[:8],
            sequence.n_points,
            sequence.shots,
            known.id,
            record.timing.discarded_segments,
        )
        return record

    def _at_one_go(self, program: Program, known: Parameters, optimise: bool) -> Sequence:
        return compile_program(program, known, self.laboratory, self.limits, optimise=optimise)

    def _operate(self, known: Parameters) -> None:
        """Bring what stands still to where these parameters want it, if it is not there."""
        levels = operating_point(known)
        if self._operating != levels:
            self._operating = None
            self.station.operate(known)
            self._operating = levels

    @contextmanager
    def _failing_loudly(self, sequence: Sequence) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._operating = None  # nobody knows what still holds
            log_failure(f"{self.laboratory.name}: {sequence.digest[:8]}", error)
            raise

    def _batch(
        self, members: Seq[tuple[Sequence, Parameters, tuple[Register, ...]]], traces: bool, guarded: bool
    ) -> tuple[list[Result], Timing]:
        """Run what fits one upload; return a result for each member."""
        joined = join([sequence for sequence, _, _ in members])
        edges = np.cumsum([0, *(sequence.n_points for sequence, _, _ in members)]).tolist()
        parts: list[list[Result]] = [[] for _ in members]
        timing = Timing()
        for record in self._records(joined, members[0][1], guarded):
            timing += record.timing
            for k, (_, known, registers) in enumerate(members):
                piece = replace(record.points(edges[k], edges[k + 1]), parameters_id=known.id)
                parts[k].append(read_out(piece, known, self.laboratory, registers=registers, traces=traces))
            last = [part[-1] for part in parts]
            if guarded:
                last, spent = self._tried(last, joined, members[0][1])
                timing, parts = timing + spent, [[*p[:-1], one] for p, one in zip(parts, last, strict=True)]
            if joined.filled or joined.counting:  # atoms that stay where they were loaded are missing half of the time
                self._warn(last)
            if guarded:
                stop_if_lost(last, self.laboratory.name)
        return [shots_in_a_row(part) for part in parts], timing

    def _records(self, joined: Sequence, known: Parameters, guarded: bool) -> Iterator[Record]:
        """Yield what came back of all shots, in as many pieces as memories ask for."""
        playlists = flatten(joined, self.laboratory, self.limits)  # once for all pieces: they differ in shots alone
        for shots in shots_at_once(joined, self.limits, *(() if guarded else (UNGUARDED_SECONDS,))):
            yield self.play(replace(joined, shots=shots), known, playlists)

    def _tried(self, results: Seq[Result], played: Sequence, known: Parameters) -> tuple[list[Result], Timing]:
        """Return what was just played as a trial of its light leaves it, and how long that took."""
        return tried(results, self.laboratory, known, played, lambda one, told: self.run_each([(one, told)]), self.now)

    def _warn(self, results: Seq[Result]) -> None:
        for result in results:
            for reason, number in result.dropped.items():
                log.warning("%s: %d of %d shots: %s", self.laboratory.name, number, result.shots, reason)

    def close(self) -> None:
        """Make everything safe and close all instruments; a later run opens them again."""
        atexit.unregister(self.close)
        stack, self._stack, self._station, self._operating = self._stack, None, None, None
        if stack is not None:
            stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stack, self._stack, self._station, self._operating = self._stack, None, None, None
        atexit.unregister(self.close)
        if stack is not None:
            stack.__exit__(kind, error, trace)
