"""Start every native operation as soon as its qubits are free, and count up the virtual-Z frames."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

LAST = np.iinfo(np.int64).max


def schedule(
    op: NDArray[np.int16],
    q: NDArray[np.int32],
    bit: NDArray[np.int32],
    duration: NDArray[np.int64],
    frame: NDArray[np.float64],
    starts: NDArray[np.int64],
    n_qubits: int,
    barrier: int,
    start: NDArray[np.int64],
    phase: NDArray[np.float64],
    length: NDArray[np.int64],
) -> None:
    """Fill ``start``, ``phase`` and ``length``: rows start as soon as possible (ASAP), in program order on each qubit.

    ``start = max(end of what went before on q[0], the same on q[1])``; each sweep point begins at tick 0 with frames 0.

    Parameters
    ----------
    op : shape (n,); only rows equal to ``barrier`` are told from the others
    q : shape (n, 2); qubits of a row, ``q[:, 1]`` is -1 where there is one only
    bit : shape (n,); consecutive barrier rows with one bit value are one barrier over their ``q[:, 0]``
    duration : shape (n,), ticks; not looked at in barrier rows
    frame : shape (n, 2), rad; what a row adds to the frames of ``q[0]`` and ``q[1]``; not looked at in barrier rows
    starts : shape (n_points + 1,); rows ``starts[p]:starts[p + 1]`` are sweep point ``p``
    barrier : the code of barrier rows
    start : shape (n,), ticks; filled
    phase : shape (n,), rad; filled with the frame of ``q[0]`` before the row
    length : shape (n_points,), ticks; filled with the end of the last row of each point

    Raises
    ------
    ValueError
        When the shapes do not fit each other, a qubit is not there, or a duration is negative or ends beyond int64.
        What was filled until then is left.
    """
    n = len(op)
    if not n == len(q) == len(bit) == len(duration) == len(frame) == len(start) == len(phase):
        raise ValueError("op, q, bit, duration, frame, start and phase do not fit each other")
    if q.shape[1:] != (2,) or frame.shape[1:] != (2,):
        raise ValueError("q and frame need two columns")
    if n_qubits < 0 or len(starts) < 1 or len(starts) != len(length) + 1:
        raise ValueError("starts, length and n_qubits do not fit each other")
    if starts[0] != 0 or starts[-1] != n or np.any(np.diff(starts) < 0):
        raise ValueError("starts must rise from 0 to the number of rows")
    for point in range(len(length)):
        free_at, frames = [0] * n_qubits, [0.0] * n_qubits
        rows = range(int(starts[point]), int(starts[point + 1]))
        for key, together in groupby(rows, lambda row: int(bit[row]) if op[row] == barrier else None):
            if key is None:
                for row in together:
                    _place(row, q[row].tolist(), int(duration[row]), frame, free_at, frames, start, phase)
            else:
                _align(list(together), q, free_at, frames, start, phase)
        length[point] = max(free_at, default=0)


def _place(
    row: int,
    qubits: list[int],
    duration: int,
    frame: NDArray[np.float64],
    free_at: list[int],
    frames: list[float],
    start: NDArray[np.int64],
    phase: NDArray[np.float64],
) -> None:
    a, b = qubits
    if not (0 <= a < len(free_at) and -1 <= b < len(free_at)) or duration < 0:
        raise _bad(row)
    now = max(free_at[a], free_at[b] if b >= 0 else 0)
    if now + duration > LAST:
        raise _bad(row)
    start[row], phase[row] = now, frames[a]
    for column, qubit in enumerate(qubits):
        if qubit >= 0:
            free_at[qubit] = now + duration
            frames[qubit] += float(frame[row, column])


def _align(
    rows: list[int],
    q: NDArray[np.int32],
    free_at: list[int],
    frames: list[float],
    start: NDArray[np.int64],
    phase: NDArray[np.float64],
) -> None:
    for row in rows:
        if not 0 <= q[row, 0] < len(free_at):
            raise _bad(row)
    now = max(free_at[q[row, 0]] for row in rows)
    for row in rows:
        start[row] = free_at[q[row, 0]] = now
        phase[row] = frames[q[row, 0]]


def _bad(row: int) -> ValueError:
    return ValueError(f"row {row} names a qubit that is not there, lasts less than nothing, or ends beyond int64")
