"""Programs that measure first and compute afterwards: what is played, and what its answers amount to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .flow import Statement, steers
from .outputs import shown
from .program import Op, Program
from .walk import Walk


def decisions(program: Program) -> list[Statement]:
    """Return what makes events of a program depend on measured bits; none where it can be played at one go."""
    return [statement for block in program.flow for statement in steers(block)]


def used_after_measurement(program: Program) -> NDArray[np.intp]:
    """Return the rows that act on a qubit behind its measurement, sweep point by sweep point."""
    events = program.events
    rows = np.arange(len(events))
    point = np.repeat(np.arange(program.n_points), np.diff(program.starts))
    first = np.full((program.n_points, int(events["q"].max(initial=0)) + 1), len(events))
    measured = events["op"] == Op.MEASURE
    np.minimum.at(first, (point[measured], events["q"][measured, 0]), rows[measured])
    acts = ~np.isin(events["op"], (Op.BARRIER, Op.DELAY, Op.MEASURE, Op.ID))
    late = np.zeros(len(events), bool)
    for column in range(2):
        here = np.flatnonzero(acts & (events["q"][:, column] >= 0))
        late[here] |= first[point[here], events["q"][here, column]] < here
    return np.flatnonzero(late)


def as_measured(program: Program) -> Program:
    """Return what is played of a program without decisions: a bit for each measurement, in the order of a point's rows.

    Programs without flow and hidden bits are returned as they are.
    """
    if not program.flow and not program.n_hidden:
        return program
    events = program.events.copy()
    measures = events["op"] == Op.MEASURE
    before = np.concatenate([[0], np.cumsum(measures)])
    point = np.repeat(np.arange(program.n_points), np.diff(program.starts))
    events["bit"][measures] = (before[:-1] - before[program.starts[point]])[measures]
    n_bits = int(np.max(np.diff(before[program.starts]), initial=0))
    return replace(program, events=events, n_bits=n_bits, bits=(), flow=(), n_cells=0, n_hidden=0, outputs=(), notes=())


def told_last(program: Program) -> Program:
    """Return the program with bit -1, which no result shows, where a later row of its point measures into the same bit.

    Only the order of rows says which answer a bit keeps: windows come in the order of time, or of qubits.
    """
    rows = np.flatnonzero(program.events["op"] == Op.MEASURE)
    point = np.searchsorted(program.starts, rows, side="right")
    _, last = np.unique((point * (program.n_bits + 1) + program.events["bit"][rows])[::-1], return_index=True)
    if len(last) == len(rows):
        return program
    events = program.events.copy()
    events["bit"][np.delete(rows[::-1], last)] = -1
    return replace(program, events=events)


def worked_out(
    program: Program, answers: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.generic]]]:
    """Return the bits that a program shows, and its outputs, for the answers of all measurements.

    Parameters
    ----------
    program : without decisions
    answers : uint8, shape (n_points, shots, n_measurements), as `as_measured` numbers them

    Returns
    -------
    uint8, shape (n_points, shots, n_shown), and by name of the output an array of shape (n_points, shots, ...)
    """
    n_points, shots, _ = answers.shape
    bits = np.zeros((n_points, shots, program.n_bits - program.n_hidden), np.uint8)
    outputs: list[dict[str, NDArray[np.generic]]] = []
    for point in range(n_points):
        rows, where = np.unique(answers[point], axis=0, return_inverse=True)
        ends = [_end(program, point, row) for row in rows]
        bits[point] = np.array([end.bits[: bits.shape[2]] for end in ends], np.uint8).reshape(len(rows), -1)[where]
        outputs.append(shown(dict(program.outputs), [end.outputs() for end in ends], where.reshape(-1)))
    return bits, {name: np.stack([each[name] for each in outputs]) for name in outputs[0]} if outputs else {}


def _end(program: Program, point: int, answers: NDArray[np.uint8]) -> Walk:
    """Return the end of the one way that leads through these answers."""
    walk, used = Walk(program, point), 0
    while (events := walk.advance()) is not None:
        n = int(np.count_nonzero(events["op"] == Op.MEASURE))
        walk.tell(answers[used : used + n])
        used += n
    return walk
