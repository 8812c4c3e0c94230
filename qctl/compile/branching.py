"""Programs whose decisions instruments take within the shot: every way as a whole shot, and when the ways part.

A decision takes as long in every shot, whichever way it goes: windows, answers and steps stand at fixed times. So each
way has its waveforms from the beginning of the shot to its end, with carriers and filters that go on across decisions;
what ways have in common is found again when waveforms are cut into steps.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from qctl.core.answers import decisions
from qctl.core.branching import NOT_ASKED, TOLD, Branching, Decision, Telling
from qctl.core.errors import CompileError, LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.protocols import AwgLimits, DeciderLimits, Limits
from qctl.core.schedule import OPERATION, Schedule
from qctl.core.sequence import Sequence
from qctl.core.units import format_quantity
from qctl.core.ways import EACH_WAY
from qctl.platforms import platform_of
from qctl.platforms.known import value
from qctl.platforms.wiring import arrival, sample_rate, start_latency, station_tick

from .limits import check_limits
from .measured_together import measured_together
from .parts import Parts
from .resets import active_resets
from .timing import time_program
from .ways_within import Answers, Stretch, tree, walk

HOLD = 20e-9  # s between the beginning of a step and the first event that may count for it


def compile_branching(
    program: Program, known: Parameters, laboratory: Laboratory, limits: Limits, *, point: int = 0
) -> Sequence:
    """Return the ways of one sweep point as the points of a sequence, and what decides between them.

    Raises
    ------
    CompileError
        When the rack cannot decide, or not in time; when a shot could go on too long, or qubits would have to move.
    LimitError
        When a number is beyond what an instrument can do.
    """
    parts = Parts(program, known, laboratory)
    ways = list(walk(tree(program, parts, len(laboratory.qubits), point)))
    plan = _Plan(known, laboratory, limits, ways)
    plan.place()
    schedule = plan.schedule(parts.placement)
    sequence = platform_of(laboratory).sequence(schedule, known, laboratory, program.shots)
    branching = plan.branching()
    length = max([sequence.length, *(decision.cut for decision in branching.decisions)])
    content = repr((program.digest, point, laboratory.digest, sorted((n, v.value) for n, v in known.estimates.items())))
    found = replace(
        sequence,
        listening={},
        branching=branching,
        length=length,
        n_bits=branching.reads.shape[1],
        digest=hashlib.sha256(content.encode()).hexdigest(),
    )
    _refuse_late(branching, found, known, laboratory)
    check_limits(found, laboratory, limits)
    return found


def instruments_decide(program: Program, laboratory: Laboratory) -> bool:
    """Say whether a program needs decisions within its shots, and the laboratory has instruments that take them."""
    able = laboratory.event_line() is not None and any(line.decided_by for line in laboratory.lines.values())
    return able and bool(decisions(program) or len(active_resets(program)))


def _refuse_late(branching: Branching, sequence: Sequence, known: Parameters, laboratory: Laboratory) -> None:
    """Raise CompileError when a decision takes longer than any qubit of the program remembers."""
    used = sorted({int(qubit) for qubit in sequence.placement if qubit >= 0} | set(branching.tellings))
    times = {q: known[f"{laboratory.qubit_names[q]}.t2"] for q in used}
    qubit, best = max(times.items(), key=itemgetter(1))
    if branching.latency > best:
        raise CompileError(
            f"feedback: a decision takes {format_quantity(round(branching.latency, 10), 's')}",
            allowed=f"within T2, which is {format_quantity(best, 's')} at most ({laboratory.qubit_names[qubit]})",
            where=laboratory.name,
            remedy=f"use instruments that answer sooner, or {EACH_WAY}",
        )


@dataclass
class _Level:
    """All stretches that are as many decisions away from the beginning: they share their time.

    Parameters
    ----------
    stretches : by content
    start : ticks
    schedule : their operations, a point each
    asked : windows whose answers matter to any of them, in the order in which they decide
    """

    stretches: dict[object, Stretch]
    start: int = 0
    schedule: Schedule | None = None
    asked: list[int] = field(default_factory=list)

    def point(self, stretch: Stretch) -> int:
        return list(self.stretches).index(stretch.content)


@dataclass
class _Plan:
    """Levels in time, windows, decisions; filled by `place`."""

    known: Parameters
    laboratory: Laboratory
    limits: Limits
    ways: list[tuple[tuple[Stretch, Answers], ...]]
    windows: list[tuple[int, int, int, int]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)
    _n_staggered: int = 0  # windows whose answers have their times
    _free: float = 0.0  # from when on the next answer can be given, samples

    def __post_init__(self) -> None:
        self.tick, self.arrive = station_tick(self.laboratory), arrival(self.laboratory, self.known)
        self.started = start_latency(self.laboratory)
        for depth in range(max(map(len, self.ways))):
            here = {way[depth][0].content: way[depth][0] for way in self.ways if depth < len(way)}
            self.levels.append(_Level(here))
        pair = next((line.decided_by for line in self.laboratory.lines.values() if line.decided_by is not None), None)
        if pair is None:
            raise CompileError(
                "feedback by an instrument", allowed="a feedline with decided_by", where=self.laboratory.name
            )
        self.inputs, declared = pair, self.limits.get(pair[0].instrument)
        if not isinstance(declared, DeciderLimits):
            raise LimitError(f"{pair[0].instrument} decides", allowed="an instrument that tells states", where="driver")
        self.decider, self.rate = declared, sample_rate(self.laboratory, pair[0])
        self.line = self.laboratory.event_line()

    def place(self) -> None:
        """Put every level behind the decisions of the one before."""
        start = 0
        for level in self.levels:
            level.start, level.schedule = start, self._timed(level)
            ends = self._listen(level)
            start = self._decide(level, ends)

    def _timed(self, level: _Level) -> Schedule:
        """Return the operations of a level; all its stretches end together."""
        programs = [stretch.part.program for stretch in level.stretches.values()]
        rows = [p.events if len(programs) == 1 else measured_together(p.events) for p in programs]
        events, starts = np.concatenate(rows), np.cumsum([0, *map(len, rows)])
        n_bits = max(p.n_bits for p in programs)
        joined = Program(events, len(self.laboratory.qubits), n_bits, starts, physical=True)
        return time_program(joined, (), platform_of(self.laboratory), self.known, self.laboratory)

    def _measured(self, level: _Level, stretch: Stretch) -> NDArray[np.void]:
        """Return the measurements of a stretch, in the order in which the program asks."""
        assert level.schedule is not None
        rows = level.schedule.operations
        mine: NDArray[np.void] = rows[(rows["point"] == level.point(stretch)) & (rows["op"] == Op.MEASURE)]
        return mine[np.argsort(mine["bit"], kind="stable")]

    def _window(self, level: _Level, row: NDArray[np.void]) -> tuple[int, int, int]:
        """Return qubit, start and length of the window of a measurement, samples of the decider."""
        qubit = int(row["q"][0])
        name = self.laboratory.qubit_names[qubit]
        line = self.laboratory.qubits[name].readout
        wiring = self.laboratory.lines[line]
        if wiring.decided_by != self.inputs:
            raise CompileError(f"a measurement of {name} on {line}", allowed="feedlines with decided_by", where=line)
        seconds = (level.start + int(row["start"])) * float(self.tick) + self.arrive.chip - self._zero
        back = value(self.known, f"{line}.return_delay", wiring.return_delay)
        length = round(self.known[f"{name}.readout.duration"] * self.rate)
        return qubit, round((seconds + back) * self.rate), length

    @property
    def _zero(self) -> float:
        """Return when the decider can take its first sample, s after the start of the shot."""
        return self.started.get(self.inputs[0].instrument, 0.0)

    def _listen(self, level: _Level) -> dict[int, float]:
        """Note the windows of a level, and how late each answer is given.

        Returns
        -------
        by each window that matters, when its readout ends, s in the time of the schedule
        """
        matter: dict[int, float] = {}
        for stretch in level.stretches.values():
            for place, row in enumerate(self._measured(level, stretch)):
                qubit, start, length = self._window(level, row)
                number = self._note(qubit, start, length)
                if place in stretch.matters:
                    begin = (level.start + int(row["start"])) * float(self.tick)
                    matter[number] = begin + length / self.rate
        level.asked = sorted(matter, key=lambda number: (matter[number], number))
        self._stagger(level)
        return matter

    def _note(self, qubit: int, start: int, length: int) -> int:
        for number, (other, begin, n, late) in enumerate(self.windows):
            if (other, begin, n) == (qubit, start, length):
                return number
            if other == qubit and begin < start + length and start < begin + n + late:
                raise CompileError(
                    f"measurements of {self.laboratory.qubit_names[qubit]} that overlap from way to way",
                    allowed="all ways measure a qubit at one time, or at times apart",
                    where=self.laboratory.name,
                    remedy="put barriers around the measurements of the branches",
                )
        if start < self.decider.lead * self.rate:
            raise LimitError(f"a window {start} samples after the trigger", allowed=f"{self.decider.lead:g} s or later")
        self.windows.append((qubit, start, length, 0))
        return len(self.windows) - 1

    def _stagger(self, level: _Level) -> None:
        """Let answers come one after the other, of those that end together the deciding ones first.

        Every answer 1 takes the same way through the instrument.
        """
        here = range(self._n_staggered, len(self.windows))
        for number in sorted(here, key=lambda n: (self.windows[n][1] + self.windows[n][2], n not in level.asked, n)):
            qubit, start, length, _ = self.windows[number]
            late = max(0, math.ceil(self._free - (start + length)))
            self.windows[number] = qubit, start, length, late
            self._free = start + length + late + self.decider.spacing * self.rate
        self._n_staggered = len(self.windows)

    def _decide(self, level: _Level, ends: Mapping[int, float]) -> int:
        """Add the decisions of a level; return the tick at which the next one can begin."""
        assert level.schedule is not None
        now = level.start + int(level.schedule.length_ticks.max(initial=0))
        for number in level.asked:
            _, start, length, late = self.windows[number]
            known = (start + length + late) / self.rate + self.decider.latency
            self.decisions.append(self._decision(number, known, ends[number]))
            now = max(now, math.ceil(self.decisions[-1].cut / float(self.tick) - 1e-6))
        return now

    def _decision(self, window: int, known: float, end: float) -> Decision:
        """Return a decision by an answer: when the decider knows it, and when its readout ended by the schedule."""
        if self.line is None:
            raise CompileError(
                "a decision", allowed="a line with branches: from a marker to AWGs", where=self.laboratory.name
            )
        setup, shortest = self._awgs()
        before = self.decisions[-1] if self.decisions else None
        event = known
        if before is not None:
            event = max(event, before.cut + HOLD - self._zero - self.line.delay, before.event + 2 * self.decider.event)
        event = math.ceil(event * self.rate - 1e-6) / self.rate
        cut = self._zero + event + self.line.delay + setup
        if before is not None:
            cut = max(cut, before.cut + shortest)
        cut = math.ceil(cut / float(self.tick) - 1e-6) * float(self.tick)
        return Decision(window, event, cut, cut - end)

    def _awgs(self) -> tuple[float, float]:
        """Return how long before a step ends its event must come, and how long the shortest step is, s."""
        assert self.line is not None
        setups, shortest = [], []
        for name in self.line.branches:
            awg = self.limits.get(name)
            if not isinstance(awg, AwgLimits) or awg.event_setup is None:
                raise LimitError(f"{name} branches", allowed="an AWG with an event input", where=name)
            setups.append(awg.event_setup)
            rate = self.laboratory.instruments[name].sample_rate or 1.0
            shortest.append((awg.min_samples + awg.granularity) / rate)
        return max(setups), max(shortest)

    def schedule(self, placement: tuple[int, ...]) -> Schedule:
        """Return every way as a point."""
        rows = [self._rows(number, way) for number, way in enumerate(self.ways)]
        lengths = [self._end(way) for way in self.ways]
        return Schedule(
            operations=np.concatenate(rows),
            n_points=len(self.ways),
            n_bits=max(sum(stretch.n_answers for stretch, _ in way) for way in self.ways),
            qubits=self.laboratory.qubit_names,
            tick=self.tick,
            length_ticks=np.array(lengths, np.int64),
            placement=placement,
        )

    def _rows(self, number: int, way: tuple[tuple[Stretch, Answers], ...]) -> NDArray[np.void]:
        found, n_answers = [np.empty(0, OPERATION)], 0
        for level, (stretch, _) in zip(self.levels, way, strict=False):
            assert level.schedule is not None
            rows = level.schedule.operations
            mine = rows[rows["point"] == level.point(stretch)].copy()
            mine["point"], mine["start"] = number, mine["start"] + level.start
            mine["bit"][mine["op"] == Op.MEASURE] += n_answers
            n_answers += stretch.n_answers
            found.append(mine)
        return np.concatenate(found)

    def _end(self, way: tuple[tuple[Stretch, Answers], ...]) -> int:
        last = self.levels[len(way) - 1]
        assert last.schedule is not None
        return last.start + int(last.schedule.length_ticks.max(initial=0))

    def branching(self) -> Branching:
        """Return who decides what, with windows in order of time."""
        order = sorted(range(len(self.windows)), key=lambda n: (self.windows[n][1], self.windows[n][0]))
        place = {number: k for k, number in enumerate(order)}
        table = np.array([self.windows[number] for number in order], TOLD)
        deciding = [place[decision.window] for decision in self.decisions]
        moved = tuple(replace(d, window=k) for d, k in zip(self.decisions, deciding, strict=True))
        n_answers = max(sum(stretch.n_answers for stretch, _ in way) for way in self.ways)
        ways = np.full((len(self.ways), len(moved)), NOT_ASKED, np.int8)
        reads = np.full((len(self.ways), n_answers), -1, np.int32)
        for number, way in enumerate(self.ways):
            self._follow(number, way, place, ways, reads)
        return Branching(
            inputs=self.inputs,
            output=self.line.output if self.line is not None and moved else None,
            awgs=self.line.branches if self.line is not None and moved else (),
            tellings={int(qubit): self._telling(int(qubit)) for qubit in np.unique(table["qubit"])},
            windows=table,
            decisions=moved,
            ways=ways,
            reads=reads,
        )

    def _follow(
        self,
        number: int,
        way: tuple[tuple[Stretch, Answers], ...],
        place: Mapping[int, int],
        ways: NDArray[np.int8],
        reads: NDArray[np.int32],
    ) -> None:
        """Fill one row of the ways, and of the windows that they read."""
        first, n_answers = 0, 0
        for level, (stretch, answers) in zip(self.levels, way, strict=False):
            numbers = [self._note(*self._window(level, row)) for row in self._measured(level, stretch)]
            reads[number, n_answers : n_answers + len(numbers)] = [place[n] for n in numbers]
            for where, answer in zip(stretch.matters, answers, strict=True):
                ways[number, first + level.asked.index(numbers[where])] = answer
            first, n_answers = first + len(level.asked), n_answers + len(numbers)

    def _telling(self, qubit: int) -> Telling:
        name = self.laboratory.qubit_names[qubit]
        source = self.laboratory.lines[self.laboratory.qubits[name].readout].mixed_with
        carrier = self.laboratory.instruments[source].frequency if source else None
        length = round(self.known[f"{name}.readout.duration"] * self.rate)
        return Telling(
            self.known[f"{name}.readout.frequency"] - (carrier or 0.0),
            np.ones(length),
            value(self.known, f"{name}.decision.rotation", 0.0),
            value(self.known, f"{name}.decision.threshold", 0.0),
        )
