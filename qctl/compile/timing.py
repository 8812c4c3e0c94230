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

BLOCK = 4096  # rows whose columns stay in the cache while several passes go over them


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
    rows, n_qubits = np.empty(len(program.events), OPERATION), len(laboratory.qubits)
    length = _asap(program.events, duration, frame, program.starts, n_qubits, rows)
    point = np.repeat(np.arange(program.n_points, dtype=np.int32), np.diff(program.starts))
    if alap:
        back = (program.starts[:-1] + program.starts[1:] - 1)[point] - np.arange(len(point))  # each point backwards
        mirrored = np.empty(len(rows), OPERATION)
        _asap(program.events[back], duration[back], frame[back], program.starts, n_qubits, mirrored)
        rows["start"] = length[point] - mirrored["start"][back] - duration
    late = length.max(initial=0) - length
    for first in range(0, len(rows), BLOCK):
        block = slice(first, first + BLOCK)
        rows["point"][block], rows["duration"][block] = point[block], duration[block]
        _fill(rows[block], program.events[block], late)
    return Schedule(
        operations=rows,
        n_points=program.n_points,
        n_bits=program.n_bits,
        qubits=laboratory.qubit_names,
        tick=tick,
        length_ticks=np.full(program.n_points, length.max(initial=0)),
        placement=placement,
        pulses=program.pulses,
    )


def _asap(
    events: NDArray[np.void],
    duration: NDArray[np.int64],
    frame: NDArray[np.float64],
    starts: NDArray[np.int64],
    n_qubits: int,
    rows: NDArray[np.void],
) -> NDArray[np.int64]:
    """Fill starts and frames of ``rows``; return the length of each point."""
    length = np.zeros(len(starts) - 1, np.int64)
    op, q, bit = (events[name] for name in ("op", "q", "bit"))
    start, phase = rows["start"], rows["phase"]
    as_soon_as_possible(op, q, bit, duration, frame, starts, n_qubits, int(Op.BARRIER), start, phase, length)
    return length


def _fill(rows: NDArray[np.void], events: NDArray[np.void], late: NDArray[np.int64]) -> None:
    """Complete rows that have point, start and frame: all points end together, pulses get their angle and phase."""
    op, angle = events["op"], events["angle"]
    rows["op"], rows["q"], rows["bit"] = op, events["q"], events["bit"]
    rows["start"] += late[rows["point"]]
    rotation, pulse, pair = op == Op.R, op == Op.PULSE, op == Op.RXX
    rows["angle"] = np.where(pair, angle[:, 0], np.abs(angle[:, 0]))  # R(-theta, phi) is R(theta, phi + pi)
    turned = np.where(rotation, angle[:, 1] + np.pi * (angle[:, 0] < 0), np.where(pair, 0.0, angle[:, 0]))
    rows["phase"] = (rows["phase"] + turned) * (rotation | pulse | pair)
