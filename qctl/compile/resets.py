"""Resets that the wait between shots already does, and those that need a decision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.program import Op, Program
from qctl.core.ways import EACH_WAY


def drop_passive_resets(program: Program) -> Program:
    """Return the program without resets before a qubit's first gate or after its last.

    Between shots a qubit waits long enough to be in its ground state, and after its last operation nobody looks.

    Raises
    ------
    CompileError
        When a reset stands between operations of its qubit: that needs a decision within the shot.
    """
    events = program.events
    wrong = active_resets(program)
    if len(wrong):
        raise CompileError(
            f"event {wrong[0]} resets qubit {events['q'][wrong[0], 0]} between its operations",
            allowed="a reset before the first or after the last operation of a qubit",
            remedy="an active reset needs feedback: run the program alone where somebody decides, "
            f"use another qubit, or {EACH_WAY}",
        )
    keep = events["op"] != Op.RESET
    if np.all(keep):
        return program
    return replace(program, events=events[keep], starts=np.concatenate([[0], np.cumsum(keep)])[program.starts])


def active_resets(program: Program) -> NDArray[np.intp]:
    """Return the rows of resets between operations of their qubit: a measurement and a decision each."""
    events = program.events
    resets = np.flatnonzero(events["op"] == Op.RESET)
    if not len(resets):
        return resets
    acts = ~np.isin(events["op"], (Op.RESET, Op.DELAY, Op.BARRIER, Op.ID))
    point = np.repeat(np.arange(program.n_points), np.diff(program.starts))
    first = np.full((program.n_points, program.n_qubits), len(events))
    last = np.full((program.n_points, program.n_qubits), -1)
    for column in range(2):
        rows = np.flatnonzero(acts & (events["q"][:, column] >= 0))
        np.minimum.at(first, (point[rows], events["q"][rows, column]), rows)
        np.maximum.at(last, (point[rows], events["q"][rows, column]), rows)
    where = point[resets], events["q"][resets, 0]
    return np.asarray(resets[(first[where] < resets) & (resets < last[where])])
