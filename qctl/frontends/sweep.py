"""A program that is swept over its inputs: one reading for each value, one program for all."""

from __future__ import annotations

import cmath
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ProgramError, UsageError
from qctl.core.flow import Assign, Block, Branch, Cell, Loop, Play, Scope, Statement
from qctl.core.program import Op, Program

Inputs = Mapping[str, object]
"""Values by name; rows of values of one length are a sweep, single values stay as they are in all of it."""


def points_of(inputs: Inputs, most: int) -> list[dict[str, object]]:
    """Return the inputs of each sweep point, of which there may be ``most``.

    Raises
    ------
    UsageError
        When rows differ in length, hold nothing, too much, or rows, and where a value is no finite number, bit or text.
    """
    rows = {name: row for name, value in inputs.items() if (row := _row(name, value, most)) is not None}
    lengths = {len(row) for row in rows.values()}
    if len(lengths) > 1 or 0 in lengths:
        shown = ", ".join(f"{name}: {len(row)}" for name, row in rows.items())
        raise UsageError(f"inputs of different lengths, or of none ({shown})", allowed="rows of one length")
    n_points = lengths.pop() if lengths else 1
    single = {name: _plain(value) for name, value in inputs.items() if name not in rows}
    points = [{**single, **{name: _plain(row[k]) for name, row in rows.items()}} for k in range(n_points)]
    for point in points:
        for name, value in point.items():
            _refuse_no_value(name, value)
    return points


def _refuse_no_value(name: str, value: object) -> None:
    number = isinstance(value, int) or (isinstance(value, (float, complex)) and cmath.isfinite(value))
    if not number and not (isinstance(value, str) and value.strip()):
        raise UsageError(
            f"{repr(value)[:60]} for the input {name!r}",
            allowed="a finite number, a truth value, a text such as 10ns, or a row of these",
            remedy="a row of rows: one input for each of its columns" if isinstance(value, (list, tuple)) else "",
        )  # fmt: skip


def _row(name: str, value: object, most: int) -> Sequence[object] | None:
    if isinstance(value, np.ndarray):
        if value.ndim > 1:
            raise UsageError(
                f"an array of {value.ndim} axes for the input {name!r}", allowed="a value, or a row of values"
            )
        if value.ndim == 0:
            return None
    elif not isinstance(value, (list, tuple, range)):
        return None
    refuse_many_points(len(value), name, most)
    return list(value)


def refuse_many_points(n_points: int, name: str, most: int) -> None:
    """Raise UsageError when an input has more values than a sweep may have points."""
    if n_points > most:
        raise UsageError(
            f"{n_points} values for the input {name!r}",
            allowed=f"at most {most} sweep points",
            remedy="run fewer points at once",
        )


def _plain(value: object) -> object:
    return value.item() if isinstance(value, (np.generic, np.ndarray)) else value


def joined(programs: Sequence[Program]) -> Program:
    """Return one program whose sweep points are the given programs.

    Raises
    ------
    ProgramError
        When their registers differ: sizes must not depend on what is swept.
    """
    if len(programs) == 1:
        return programs[0]
    programs = _with_outputs_in_cells(programs)
    first = programs[0]
    shared = [(p.n_qubits, p.bits, p.qubits, p.physical, p.pulses) for p in programs]
    if any(each != shared[0] for each in shared):
        raise ProgramError(
            "sweep points whose registers or pulses differ", allowed="registers that inputs do not change"
        )
    starts = np.cumsum([0, *(len(p.events) for p in programs)]).astype(np.int64)
    with_flow = any(p.flow for p in programs)
    flow = tuple(moved(p.flow[0] if p.flow else _whole(p), int(at)) for p, at in zip(programs, starts, strict=False))
    hidden = max(p.n_hidden for p in programs)
    events = np.concatenate([p.events for p in programs])
    tell_apart(events)
    return replace(
        first,
        events=events,
        starts=starts,
        n_bits=first.n_bits - first.n_hidden + hidden,
        n_hidden=hidden,
        n_cells=max(p.n_cells for p in programs),
        flow=flow if with_flow else (),
    )


def _with_outputs_in_cells(programs: Sequence[Program]) -> Sequence[Program]:
    """Return programs with the same outputs: those that inputs change are variables, which each point sets last."""
    shown = [dict(program.outputs) for program in programs]
    if any(list(each) != list(shown[0]) for each in shown):
        raise ProgramError(
            "sweep points with different outputs",
            allowed="outputs whose sizes inputs do not change",
            remedy="run them one by one",
        )
    changed = [name for name, term in shown[0].items() if any(each[name] != term for each in shown)]
    if not changed:
        return programs
    first = max(program.n_cells for program in programs)
    cells = {name: Cell(first + k) for k, name in enumerate(changed)}
    found = []
    for program, terms in zip(programs, shown, strict=True):
        last = tuple(Assign(cell.index, terms[name]) for name, cell in cells.items())
        outputs = tuple({**terms, **cells}.items())
        flow = (*program.flow[0], *last)
        found.append(replace(program, flow=(flow,), n_cells=first + len(cells), outputs=outputs))
    return found


def tell_apart(events: NDArray[np.void]) -> None:
    """Number barriers anew, so that the last one of a sweep point and the first of the next are two."""
    rows = np.flatnonzero(events["op"] == Op.BARRIER)
    if len(rows):
        bits = events["bit"][rows]
        new = np.concatenate([[True], (np.diff(bits) != 0) | (np.diff(rows) != 1)])
        events["bit"][rows] = np.cumsum(new)


def _whole(program: Program) -> Block:
    return (Play(0, len(program.events)),)


def moved(block: Block, rows: int) -> Block:
    """Return a block whose events stand that many rows later."""
    return tuple(_statement(each, rows) for each in block)


def _statement(each: Statement, rows: int) -> Statement:
    if isinstance(each, Play):
        return Play(each.first + rows, each.last + rows)
    if isinstance(each, Branch):
        return replace(each, then=moved(each.then, rows), otherwise=moved(each.otherwise, rows))
    if isinstance(each, (Scope, Loop)):
        return replace(each, body=moved(each.body, rows))
    return each
