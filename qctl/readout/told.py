"""Results of shots in which instruments decided: what each asked, what was answered, what the program made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.course import Course
from qctl.core.errors import ReadoutError
from qctl.core.operators import Number
from qctl.core.outputs import shown
from qctl.core.program import Op, Program
from qctl.core.record import DECISION, Record, Timing, Told
from qctl.core.result import Result


def read_told(record: Record, program: Program, point: int = 0) -> Result:
    """Return what a record says of one sweep point of a program.

    Returns
    -------
    its bits and outputs, shot by shot, as they are at the end of the way that the shot went. ``iq`` has a column for
    each window, NaN where the shot's way did not look. The timing report shows the longest latency of a decision, s

    Raises
    ------
    ReadoutError
        When a shot went a way that the program does not have.
    """
    told = record.told
    if told is None:
        raise ReadoutError("a record in which nothing was told", allowed="one of shots in which instruments decide")
    ways = told.branching.way_of(told.answers)
    if np.any(ways < 0):
        raise ReadoutError(f"{int(np.count_nonzero(ways < 0))} shots that went no way of the program")
    bits, outputs = _ends(program, point, told, ways)
    timing = record.timing
    if told.branching.decisions:
        timing = replace(timing, seconds={**timing.seconds, DECISION: told.branching.latency})
    windows = told.branching.windows
    return Result(
        bits=bits[np.newaxis],
        iq=_points(told, ways)[np.newaxis],
        measured=tuple((int(qubit), -1) for qubit in windows["qubit"]),
        qubits=record.qubits,
        placement=record.placement,
        parameters_id=record.parameters_id,
        timing=timing,
        registers=program.bits,
        outputs={name: values[np.newaxis] for name, values in outputs.items()},
    )


def latest_decision(timing: Timing, results: Sequence[Result]) -> Timing:
    """Return a report of several runs that shows their longest latency, not the sum."""
    latencies = [one.timing.seconds[DECISION] for one in results if DECISION in one.timing.seconds]
    return replace(timing, seconds={**timing.seconds, **({DECISION: max(latencies)} if latencies else {})})


def _points(told: Told, ways: NDArray[np.int64]) -> NDArray[np.complex128]:
    """Return what answers were told from, NaN where nothing was asked."""
    reads = told.branching.reads
    looked = np.zeros((len(reads), len(told.branching.windows)), bool)
    for way, read in enumerate(reads):
        looked[way, read[read >= 0]] = True
    return np.where(looked[ways], told.points, complex(np.nan, np.nan))


def _ends(
    program: Program, point: int, told: Told, ways: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.generic]]]:
    """Return bits and outputs at the end of each shot; shots that were answered alike end alike."""
    shots = len(ways)
    bits = np.zeros((shots, program.n_bits - program.n_hidden), np.uint8)
    ends, which = list[dict[str, Number]](), np.zeros(shots, np.intp)
    for way in np.unique(ways).tolist():
        mine = np.flatnonzero(ways == way)
        read = told.branching.reads[way]
        rows, where = np.unique(told.answers[mine][:, read[read >= 0]], axis=0, return_inverse=True)
        for number, row in enumerate(rows):
            course = _course(program, point, row)
            these = mine[where.reshape(-1) == number]
            bits[these] = course.bits()
            which[these] = len(ends)
            ends.append(course.outputs())
    return bits, shown(dict(program.outputs), ends, which)


def _course(program: Program, point: int, answers: NDArray[np.uint8]) -> Course:
    """Return a course that has come to its end by these answers."""
    course, used = Course(program, point), 0
    events = course.advance()
    while events is not None:
        n = int(np.count_nonzero(events["op"] == Op.MEASURE))
        events = course.advance(answers[used : used + n])
        used += n
    return course
