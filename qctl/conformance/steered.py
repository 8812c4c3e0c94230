"""What a laboratory's own numbers say a program gives that the host steers: every way through it, with its chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from qctl.compile.timing import time_program
from qctl.compile.tree import forest_of
from qctl.core.course import Course
from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.tree import column
from qctl.platforms import platform_of
from qctl.platforms.parts import in_parts_of, measuring_of

from .noise import Noisy, assignment, drawn, prepare

RARE = 1e-9  # ways less likely are left out


def predict_steered(program: Program, known: Parameters, laboratory: Laboratory) -> dict[str, float]:
    """Return the probability of each key, of shots that end within the parts that are uploaded.

    A part's state is carried through its gates; for each answer, what a wrong reading adds to it; the qubit is then in
    0, or stays as it was found. The others wait for the rest of the slot.

    Raises
    ------
    UsageError
        When the host steers nothing there.
    """
    measuring, slot = measuring_of(laboratory), laboratory.slot
    if measuring is None or slot is None:
        raise UsageError(f"shots of {laboratory.name} that the host steers", allowed="a laboratory with a slot")
    forest = forest_of(program, known, laboratory, measuring, None)
    schedule = time_program(forest.program, forest.placement, platform_of(laboratory), known, laboratory)
    starts, tick = forest.program.starts.tolist(), float(schedule.tick)
    found: dict[str, float] = defaultdict(float)
    course = Course(program, measuring=measuring)
    course.advance()
    used = np.unique(forest.program.events["q"][forest.program.events["op"] != Op.BARRIER])
    first = Noisy(*drawn(tuple(int(q) for q in used if q >= 0), known, laboratory), known, laboratory)
    prepare(first)
    todo = [(0, first, course)]
    while todo:
        part, walk, course = todo.pop()
        for row in range(*starts[part : part + 2]):
            at = schedule.operations[row]
            walk.step(forest.program.events[row], float(at["start"]) * tick, float(at["duration"]) * tick)
        asked = [q for q in forest.tree.asked[part].tolist() if q >= 0]
        for answers, after in _answered(walk, asked, grounded=measuring.grounded):
            chance = float(np.trace(after.state.rho.reshape(-1, 2**after.state.n, 2**after.state.n).sum(axis=0)).real)
            further = copy(course)
            if chance < RARE * len(after.state.rho):
                continue
            if further.advance(answers) is None:
                found["".join(map(str, further.bits()))] += chance
            elif (following := int(forest.tree.follows[part, column(answers)])) >= 0:
                begin = float(schedule.operations["start"][slice(*starts[following : following + 2])].min()) * tick
                _rest(after, asked, slot, begin)
                todo.append((following, after, further))
    total = sum(found.values())
    return {key: chance / total for key, chance in found.items()}


def _rest(walk: Noisy, asked: list[int], slot: float, begin: float) -> None:
    """Let qubits wait for the rest of a slot; the next part's schedule counts from ``begin``, s."""
    inside = in_parts_of(walk.laboratory)
    for qubit, time in list(walk.until.items()):
        walk.until[qubit] = time - slot
        if qubit not in asked and inside.refocused(walk.laboratory, walk.known, qubit, slot):
            walk.refocus(qubit, slot - time, begin)


def _answered(walk: Noisy, asked: list[int], *, grounded: bool) -> Iterator[tuple[tuple[int, ...], Noisy]]:
    """Yield each answer, and the state that it leaves, as large as it is likely."""
    for answers in product((0, 1), repeat=len(asked)):
        after = replace(walk, state=copy(walk.state), until=dict(walk.until), shifted=dict(walk.shifted))
        for qubit, answer in zip(asked, answers, strict=True):
            reads = _reads(walk, qubit)[answer]
            kept = np.zeros((4, 4), np.complex128)
            kept[0, 0], kept[0 if grounded else 3, 3] = reads
            after.state.channel(kept, qubit)
        yield answers, after


def _reads(walk: Noisy, qubit: int) -> NDArray[np.float64]:
    """Return the probability of each answer for each state, shape (2, 2)."""
    found = in_parts_of(walk.laboratory).misread(walk.laboratory, walk.known, qubit)
    return assignment(walk.known, walk.laboratory.qubit_names[qubit], found)
