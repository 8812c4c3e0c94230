"""What values that are known beforehand decide: input variables, counters. What nothing else steers is mere rows."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit.classical import expr, types

from qctl.core.answers import decisions
from qctl.core.errors import UsageError
from qctl.core.flow import Assign, Block, Play, Store
from qctl.core.program import Program
from qctl.core.walk import Walk
from qctl.frontends.sweep import tell_apart

MOST_STEPS = 50_000
WIDEST = 53  # bits of a whole number that a table of floats holds


@dataclass(frozen=True)
class Input:
    """A variable of a circuit whose value comes from outside, and the cell that holds it."""

    variable: expr.Var
    cell: int

    def statement(self, value: float) -> Assign:
        """Return what gives the variable a value; raise UsageError for one that its type does not hold."""
        kind, name = self.variable.type, self.variable.name
        if isinstance(kind, types.Float):
            return Assign(self.cell, float(value))
        width = kind.width if isinstance(kind, types.Uint) else 1
        if not isfinite(value) or value != int(value) or not 0 <= value < 2 ** min(width, WIDEST):
            raise UsageError(
                f"{value:g} for the input {name!r}", allowed=f"whole numbers from 0 to 2^{min(width, WIDEST)} - 1"
            )
        return Assign(self.cell, int(value))


def inputs_of(circuit: Any, cells: dict[Any, int]) -> tuple[Input, ...]:  # noqa: ANN401 (Qiskit's circuit)
    """Return the input variables of a circuit, in its order, each with a cell."""
    return tuple(Input(one, cells.setdefault(one.var, len(cells))) for one in circuit.iter_input_vars())


def given(program: Program, inputs: Seq[Input], values: Seq[float]) -> Program:
    """Return a program of one sweep point that begins with values for its inputs, decided as far as these do."""
    start = tuple(one.statement(value) for one, value in zip(inputs, values, strict=True))
    whole = program.flow[0] if program.flow else (Play(0, len(program.events)),)
    return settled(replace(program, flow=((*start, *whole),)))[0]


def settled(program: Program) -> tuple[Program, NDArray[np.intp]]:
    """Return a program of one sweep point as plain rows, where measured bits decide nothing, and which rows these were.

    Raises
    ------
    ProgramError
        When loops that nothing measured ends go on for more than 50,000 steps.
    """
    as_it_is = np.arange(len(program.events))
    if not decisions(program):
        return program, as_it_is
    tagged = program.events.copy()
    tagged["angle"][:, 0] = as_it_is
    walk = Walk(replace(program, events=tagged), 0, MOST_STEPS)
    found = walk.advance()
    if found is None or not walk.ended:
        return program, as_it_is
    rows = found["angle"][:, 0].astype(np.intp)
    events = program.events[rows]
    tell_apart(events)
    ones = [Store((bit,), 1) for bit, value in enumerate(walk.bits) if value]
    flow: tuple[Block, ...] = ((*ones, Play(0, len(events))),) if ones else ()
    return replace(program, events=events, starts=np.zeros(0, np.int64), flow=flow, n_cells=0), rows
