"""A program with decisions, as all parts that its shots can need: natives of each, and what follows which answers."""

from __future__ import annotations

from collections import deque
from copy import copy
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from qctl.core.course import Course, Measuring
from qctl.core.errors import CompileError
from qctl.core.flow import Loop, statements
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import EVENT, Op, Program, said
from qctl.core.tree import BEYOND, END, Tree, column
from qctl.core.ways import EACH_WAY

from .parts import Parts

MOST_PARTS = 96  # uploaded; each costs a waveform on every line that it uses
MOST_DEEP = 16  # parts of one shot


@dataclass(frozen=True)
class Forest:
    """Parts as sweep points of one native program.

    Parameters
    ----------
    program : a point for each part, a bit for each of its measurements
    placement : physical index of each logical qubit
    """

    tree: Tree
    program: Program
    placement: tuple[int, ...]


@dataclass
class _Node:
    course: Course
    events: NDArray[np.void]
    frames: NDArray[np.float64]
    depth: int
    parent: tuple[int, int] | None  # part and column


def forest_of(
    program: Program,
    known: Parameters,
    laboratory: Laboratory,
    measuring: Measuring,
    turned: NDArray[np.float64] | None,
    *,
    point: int = 0,
    most_parts: int = MOST_PARTS,
    most_deep: int = MOST_DEEP,
) -> Forest:
    """Follow a program through all answers, the shortest ways first.

    Ways that go on alike share their parts. Where there is no room for all, loops that may go on for ever are cut off.

    Parameters
    ----------
    turned : rad, shape (n_physical,); by how much frames turn from the beginning of one part to that of the next, on
        account of the time that passes. None: parts are told as gates, no frames are carried
    point : sweep point of the program

    Raises
    ------
    CompileError
        When its qubits would have to be moved between parts; or when it has no loop, and more parts than there is room
        for: shots that needed the others would be missing from what it answers.
    ProgramError
        When some answers lead where the program has no meaning.
    """
    parts, course = Parts(program, known, laboratory), Course(program, point, measuring=measuring)
    natives: list[Program] = []
    asked: list[list[int]] = []
    most = 1 << measuring.at_once
    follows: list[NDArray[np.int32]] = []
    shared: dict[tuple[object, ...], int] = {}
    first = course.advance()
    todo = deque([_Node(course, first, np.zeros(len(laboratory.qubits)), 1, None)] if first is not None else [])
    while todo:
        node = todo.popleft()
        ahead = node.course.ahead()
        alike = None if ahead is None else (node.depth, said(node.events), node.frames.tobytes(), ahead)
        number = len(natives) if alike is None else shared.setdefault(alike, len(natives))
        if number == len(natives) and (number >= most_parts or node.depth > most_deep):
            _refuse_cut(program, point, laboratory, most_parts, most_deep)
            continue  # what was written beside its parent stays: BEYOND
        if node.parent is not None:
            follows[node.parent[0]][node.parent[1]] = number
        if number < len(natives):
            continue
        part = parts.part(node.events, node.frames)
        measured = node.events["q"][node.events["op"] == Op.MEASURE, 0]
        natives.append(part.program)
        asked.append([parts.placement[q] for q in measured.tolist()])
        follows.append(np.full(most, BEYOND, np.int32))
        for answers in product((0, 1), repeat=len(measured)):
            further = copy(node.course)
            events, place = further.advance(answers), column(answers)
            if events is None:
                follows[number][place] = END
            else:
                frames = np.zeros(len(part.frames)) if turned is None else part.frames + turned
                todo.append(_Node(further, events, frames, node.depth + 1, (number, place)))
    table = np.full((len(asked), measuring.at_once), -1, np.int32)
    for row, qubits in zip(table, asked, strict=True):
        row[: len(qubits)] = qubits
    return Forest(Tree(table, np.array(follows, np.int32).reshape(-1, most)), _joined(natives), parts.placement)


def _refuse_cut(program: Program, point: int, laboratory: Laboratory, most_parts: int, most_deep: int) -> None:
    """Refuse a program of which parts are left out, unless it has a loop, whose rounds get ever rarer."""
    if program.flow and any(isinstance(one, Loop) for one in statements(program.flow[point])):
        return
    raise CompileError(
        f"a program of more than {most_parts} parts, or of more than {most_deep} in one shot",
        allowed=f"up to {most_parts} parts that answers tell apart, {most_deep} one after the other",
        where=laboratory.name,
        remedy=f"measure fewer qubits that are used again or decide, or {EACH_WAY}",
    )


def _joined(natives: list[Program]) -> Program:
    events = np.concatenate([np.empty(0, EVENT), *(each.events for each in natives)])
    starts = np.cumsum([0, *(len(each.events) for each in natives)]).astype(np.int64)
    n_qubits = natives[0].n_qubits if natives else 1
    return Program(events, n_qubits, max((each.n_bits for each in natives), default=0), starts=starts, physical=True)
