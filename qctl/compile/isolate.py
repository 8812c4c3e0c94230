"""Operations that tolerate nothing beside them are put between barriers, and written once for each of their qubits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.program import Op, Program

FOLLOWER = 1.0
"""``angle[1]`` of the row that stands for the second qubit of an operation, and takes no time."""

_FIRST_BIT = 1 << 20  # of barriers; those of programs count from 0


def isolate(program: Program, exclusive: Collection[int], n_qubits: int) -> Program:
    """Return a placed program in which each exclusive 2-qubit operation has the machine for itself.

    A row ``op(a, b)`` becomes a barrier over all qubits, ``op(b, a)`` marked as `FOLLOWER`, ``op(a, b)``, and another
    barrier. Both rows start together, and each knows the frame of its first qubit.
    """
    events = program.events
    rows = np.flatnonzero(np.isin(events["op"], list(exclusive)))
    if not len(rows):
        return program
    count = np.ones(len(events), np.int64)
    count[rows] = 2 * n_qubits + 2
    first, source = np.cumsum(count) - count, np.repeat(np.arange(len(events)), count)
    out = events[source]
    begins = first[rows]
    _barriers(out, begins, n_qubits, _FIRST_BIT)
    _barriers(out, begins + n_qubits + 2, n_qubits, _FIRST_BIT + len(rows))
    followers = begins + n_qubits
    out["q"][followers] = events["q"][rows][:, ::-1]
    out["angle"][followers, 1] = FOLLOWER
    starts = np.append(first, len(out))[program.starts]
    return replace(program, events=out, starts=starts.astype(np.int64))


def _barriers(out: NDArray[np.void], begins: NDArray[np.int64], n_qubits: int, first_bit: int) -> None:
    for qubit in range(n_qubits):
        rows = begins + qubit
        out["op"][rows], out["q"][rows, 0], out["q"][rows, 1] = Op.BARRIER, qubit, -1
        out["bit"][rows], out["angle"][rows] = first_bit + np.arange(len(begins)), 0.0
