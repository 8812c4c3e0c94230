"""Parts of a shot, as `qctl.core.course` hands them out, to native operations; frames are carried from part to part."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.flow import Turn, statements
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import EVENT, Op, Program, event
from qctl.platforms import platform_of
from qctl.platforms.wiring import station_tick

from .isolate import isolate
from .lower import entangler_of, lower
from .route import coupled, route


@dataclass(frozen=True, slots=True)
class Part:
    """What is played until the next decision.

    Parameters
    ----------
    program : native operations on physical qubits; a bit for each measurement
    frames : rad, shape (n_physical,); what later pulses on each qubit must be turned by, as if ``RZ`` stood before them
    """

    program: Program
    frames: NDArray[np.float64]


class Parts:
    """Makes parts of one program playable; all of them have its qubits in the same places.

    Parameters
    ----------
    program : with or without decisions
    known, laboratory : what is known, and of what

    Raises
    ------
    CompileError
        When its qubits would have to move: a branch not taken must not leave them elsewhere.
    """

    def __init__(self, program: Program, known: Parameters, laboratory: Laboratory) -> None:
        self._known, self._laboratory = known, laboratory
        self._platform, self._tick = platform_of(laboratory), station_tick(laboratory)
        sketch = _sketch(program)
        _, self.placement = route(sketch, known, laboratory, optimise=False)
        self._check(sketch.events["q"])

    def _check(self, pairs: NDArray[np.int32]) -> None:
        joined, names = coupled(self._laboratory), self._laboratory.qubit_names
        for a, b in self._places(pairs[pairs[:, 1] >= 0]).tolist():
            if not joined[a, b]:
                raise CompileError(
                    f"a gate between {names[a]} and {names[b]} in a program with decisions",
                    allowed="coupled pairs: nothing is moved between parts of a shot",
                    where=self._laboratory.name,
                    remedy="use physical qubits that are coupled",
                )

    def _places(self, q: NDArray[np.int32]) -> NDArray[np.int32]:
        place = np.array([*self.placement, -1], np.int32)  # -1, an unused qubit, stays unused
        return place[q]

    def part(self, events: NDArray[np.void], frames: NDArray[np.float64]) -> Part:
        """Return a part of a shot that begins in given frames.

        Parameters
        ----------
        events : as `qctl.core.course.Course.advance` returns them
        frames : rad, shape (n_physical,), as the part before left them; zeros for the first one
        """
        placed = events.copy()
        placed["q"] = self._places(events["q"])
        before = np.array([event(Op.RZ, [int(q)], [float(frames[q])]) for q in np.flatnonzero(frames)], EVENT)
        n_bits = int(np.count_nonzero(events["op"] == Op.MEASURE))
        program = Program(np.concatenate([before, placed]), len(frames), n_bits, physical=True)
        native = lower(program, merge=True, entangler=entangler_of(self._platform.natives))
        native = isolate(native, self._platform.exclusive, len(frames))
        _, turned = self._platform.spans(native, self._known, self._laboratory, self._tick)
        after = np.zeros(len(frames))
        q = native.events["q"]
        for column in range(2):
            used = q[:, column] >= 0
            np.subtract.at(after, q[used, column], turned[used, column])
        return Part(native, np.remainder(after + np.pi, 2 * np.pi) - np.pi)


def _sketch(program: Program) -> Program:
    """Return one program that uses all qubits and joins all pairs that any way through a program does."""
    turns = [each.qubits for block in program.flow for each in statements(block) if isinstance(each, Turn)]
    acts = program.events["q"][program.events["op"] != Op.BARRIER].tolist()
    rows = sorted({tuple(sorted(qubit for qubit in q if qubit >= 0)) for q in [*acts, *turns]})
    events = [event(Op.CZ if len(q) == 2 else Op.X, q) for q in rows if q]
    return replace(
        program, events=np.array(events, EVENT), starts=np.zeros(0, np.int64), flow=(), outputs=(), pulses=(), notes=()
    )
