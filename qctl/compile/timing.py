"""When each native operation starts: as soon or as late as possible, on a grid that every clock shares."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.program import Op, Program
from qctl.core.protocols import Platform
from qctl.core.schedule import OPERATION, Schedule
from qctl.kernels.schedule import schedule as as_soon_as_possible
from qctl.platforms.wiring import station_tick


def time_program(
    program: Program,
    placement: tuple[int, ...],
    platform: Platform,
    known: Mapping[str, float],
    laboratory: Laboratory,
    *,
    alap: bool = False,
) -> Schedule:
    """Return the schedule of a placed program of native operations.

    A tick is whole in samples of every clock, and every duration is whole in ticks: so is every start. All sweep
    points are moved to end together: their last readouts then share one short acquisition window, and a passive wait
    before the first gate changes nothing, because carriers count their phase from the start of the shot.

    Parameters
    ----------
    placement : physical index of each logical qubit, as routing left it
    alap : start as late as possible: qubits wait in their ground state rather than excited
    """
    tick = station_tick(laboratory)
    duration, frame = platform.spans(program, known, laboratory, tick)
    events, n_qubits = program.events, len(laboratory.qubits)
    op, q, bit = (np.ascontiguousarray(events[name]) for name in ("op", "q", "bit"))
    start, phase, length = _asap(op, q, bit, duration, frame, program.starts, n_qubits)
    point = np.repeat(np.arange(program.n_points, dtype=np.int32), np.diff(program.starts))
    if alap:
        back = (program.starts[:-1] + program.starts[1:] - 1)[point] - np.arange(len(op))  # each point read backwards
        mirrored, _, _ = _asap(op[back], q[back], bit[back], duration[back], frame[back], program.starts, n_qubits)
        start = length[point] - mirrored[back] - duration
    if program.n_points > 1:
        start += (length.max() - length)[point]
    rows = np.empty(len(events), OPERATION)
    rows["point"], rows["op"], rows["q"], rows["bit"], rows["start"], rows["duration"] = (
        point,
        op,
        q,
        bit,
        start,
        duration,
    )
    theta = events["angle"][:, 0]
    rows["angle"] = np.abs(theta)  # R(-theta, phi) is R(theta, phi + pi)
    phase += events["angle"][:, 1] + np.pi * (theta < 0)
    rows["phase"] = phase * (op == Op.R)
    return Schedule(
        operations=rows,
        n_points=program.n_points,
        n_bits=program.n_bits,
        qubits=laboratory.qubit_names,
        tick=tick,
        length_ticks=np.full(program.n_points, length.max(initial=0)),
        placement=placement,
    )


def _asap(
    op: NDArray[np.int16],
    q: NDArray[np.int32],
    bit: NDArray[np.int32],
    duration: NDArray[np.int64],
    frame: NDArray[np.float64],
    starts: NDArray[np.int64],
    n_qubits: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    start, phase = np.zeros(len(op), np.int64), np.zeros(len(op))
    length = np.zeros(len(starts) - 1, np.int64)
    as_soon_as_possible(op, q, bit, duration, frame, starts, n_qubits, int(Op.BARRIER), start, phase, length)
    return start, phase, length
