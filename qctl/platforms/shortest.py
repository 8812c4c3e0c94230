"""The shortest shot that a laboratory can play: one qubit measured, and whatever belongs to every shot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qctl.core.laboratory import Laboratory
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.schedule import OPERATION, Schedule
from qctl.core.sequence import Sequence

from .registry import platform_of
from .wiring import station_tick


def shortest_schedule(known: Mapping[str, float], lab: Laboratory) -> Schedule:
    """Return a measurement of the first qubit, in time."""
    program = Program(np.array([event(Op.MEASURE, (0,), bit=0)], EVENT), 1, 1, physical=True)
    tick = station_tick(lab)
    duration, _ = platform_of(lab).spans(program, known, lab, tick)
    rows = np.zeros(1, OPERATION)
    rows["op"], rows["q"], rows["duration"] = Op.MEASURE, (0, -1), duration
    return Schedule(rows, 1, 1, lab.qubit_names, tick, duration, (0,))


def shortest_shot(known: Mapping[str, float], lab: Laboratory) -> Sequence:
    """Return what is played for that."""
    return platform_of(lab).sequence(shortest_schedule(known, lab), known, lab, 1)
