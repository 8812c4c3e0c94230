"""How long events last on a laboratory: what programs ask whose waits depend on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import EVENT, Op, Program, event
from qctl.platforms import platform_of

from .lower import lower
from .timing import time_program


def durations(known: Parameters, laboratory: Laboratory) -> Callable[[Op, tuple[int, ...], tuple[float, ...]], float]:
    """Return a function from an event on physical qubits to how long it lasts as it would be played, s.

    Raises
    ------
    CompileError, LimitError, ParameterError
        By that function, when the laboratory cannot play the event as it stands.
    """

    @cache
    def seconds(op: Op, qubits: tuple[int, ...], angles: tuple[float, ...]) -> float:
        rows = np.array([event(op, qubits, angles, bit=0 if op == Op.MEASURE else -1)], EVENT)
        program = lower(Program(rows, len(laboratory.qubits), 1, physical=True))
        placement = tuple(range(len(laboratory.qubits)))
        schedule = time_program(program, placement, platform_of(laboratory), known, laboratory)
        return float(schedule.length_ticks[0] * schedule.tick)

    return seconds
