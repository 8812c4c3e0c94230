"""Exclusive operations have the machine for themselves; both of their qubits are told."""

import numpy as np

from qctl.compile.isolate import FOLLOWER, isolate
from qctl.core.program import EVENT, Op, Program, event
from qctl.kernels.schedule import schedule


def times(program, durations):
    n = len(program.events)
    start, phase, length = np.zeros(n, np.int64), np.zeros(n), np.zeros(program.n_points, np.int64)
    columns = [np.ascontiguousarray(program.events[name]) for name in ("op", "q", "bit")]
    schedule(*columns, durations, np.zeros((n, 2)), program.starts, 4, int(Op.BARRIER), start, phase, length)
    return start, length


def durations(program):
    op, second = program.events["op"], program.events["angle"][:, 1] == FOLLOWER
    return np.where(op == Op.RXX, 100 * ~second, np.where(op == Op.R, 10, 0)).astype(np.int64)


def test_nothing_plays_beside_an_exclusive_operation_and_both_rows_start_together():
    rows = [event(Op.R, (2,), (np.pi,)), event(Op.RXX, (0, 1), (0.3,)), event(Op.RXX, (2, 3), (0.2,))]
    rows += [event(Op.R, (0,), (np.pi,)), event(Op.R, (1,), (np.pi,))]
    program = isolate(Program(np.array(rows, EVENT), 4, 0), {Op.RXX}, 4)
    start, length = times(program, durations(program))
    pairs = program.events["op"] == Op.RXX
    assert program.events["q"][pairs].tolist() == [[1, 0], [0, 1], [3, 2], [2, 3]]
    assert start[pairs].tolist() == [10, 10, 110, 110]
    assert start[program.events["op"] == Op.R].tolist() == [0, 210, 210]
    assert length.tolist() == [220]


def test_points_keep_their_rows():
    rows = [event(Op.R, (0,), (np.pi,)), event(Op.RXX, (0, 1), (0.3,)), event(Op.R, (1,), (np.pi,))]
    program = Program(np.array(rows, EVENT), 4, 0, starts=np.array([0, 1, 2, 3]))
    isolated = isolate(program, {Op.RXX}, 4)
    assert isolated.starts.tolist() == [0, 1, 11, 12]
    assert isolate(program, set(), 4) is program
