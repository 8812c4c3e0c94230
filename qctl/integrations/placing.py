"""Shapes of programs that come again and again, by content: only the first of a loop is placed and routed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from qctl.compile.shape import Shape, shape_of
from qctl.core.program import Program

from .machine import Machine

MOST_SHAPES = 256


class ShapeCache:
    """The shapes used last; a shape answers for one program, one laboratory and one snapshot of parameters."""

    def __init__(self, most: int = MOST_SHAPES) -> None:
        self._most = most
        self._shapes: OrderedDict[tuple[object, ...], Shape] = OrderedDict()
        self._lock = Lock()
        self.hits = self.misses = 0

    def shape(self, machine: Machine, program: Program, free: NDArray[np.bool_], *, optimise: bool = True) -> Shape:
        """Return a program of one sweep point, placed for all values of the angles that ``free`` marks."""
        laboratory, known = machine.laboratory, machine.parameters
        key = (laboratory.digest, known.digest, _closed(program, free).digest, free.tobytes(), optimise)
        with self._lock:
            found = self._shapes.get(key) if laboratory.digest else None
            if found is not None:
                self._shapes.move_to_end(key)
                self.hits += 1
                return found
            self.misses += 1
        made = shape_of(program, free, known, laboratory, optimise=optimise)
        with self._lock:
            self._shapes[key] = made
            while len(self._shapes) > self._most:
                self._shapes.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget all shapes."""
        with self._lock:
            self._shapes.clear()


@dataclass(frozen=True)
class Marked:
    """A program of one sweep point, and which of its angles change from one to the next of those that look like it.

    Parameters
    ----------
    marks : shape (n_events, 3)
    """

    program: Program
    marks: NDArray[np.bool_]


def placed_together(
    machine: Machine, sources: Seq[Marked], *, optimise: bool = True
) -> list[tuple[Program, tuple[int, ...]]]:
    """Return programs that hold all sources as sweep points, and which source each point is.

    Sources that differ in marked angles alone are placed once and become points of one program. Others stay as they
    are: on logical qubits, each is placed on its own when it runs.
    """
    groups: dict[tuple[str, bytes], list[int]] = {}
    for index, source in enumerate(sources):
        key = (_closed(source.program, source.marks).digest, source.marks.tobytes())
        groups.setdefault(key, []).append(index)
    found: list[tuple[Program, tuple[int, ...]]] = []
    for members in groups.values():
        first = sources[members[0]]
        if np.any(first.marks) and not first.program.flow:
            values = np.array([sources[k].program.events["angle"][sources[k].marks] for k in members])
            shape = SHAPES.shape(machine, first.program, first.marks, optimise=optimise)
            found.append((shape.bind(values), tuple(members)))
        else:
            found += [(sources[k].program, (k,)) for k in members]
    return found


def _closed(program: Program, free: NDArray[np.bool_]) -> Program:
    """Return the program with 0 in all free angles: two that agree in it have one shape."""
    events = program.events.copy()
    events["angle"][free] = 0.0
    return Program(events, program.n_qubits, program.n_bits, physical=program.physical)


SHAPES = ShapeCache()
"""One for the whole process."""
