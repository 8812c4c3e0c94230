"""Shapes of programs that come again and again, by content: only the first of a loop is placed and routed."""

from __future__ import annotations

from collections import OrderedDict
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


def _closed(program: Program, free: NDArray[np.bool_]) -> Program:
    """Return the program with 0 in all free angles: two that agree in it have one shape."""
    events = program.events.copy()
    events["angle"][free] = 0.0
    return Program(events, program.n_qubits, program.n_bits, physical=program.physical)


SHAPES = ShapeCache()
"""One for the whole process."""
