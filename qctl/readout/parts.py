"""Shots in parts, as a result: what the program shows at the end of each way, and which shots do not count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.course import Course, Measuring
from qctl.core.errors import ReadoutError
from qctl.core.laboratory import Laboratory
from qctl.core.operators import Number
from qctl.core.outputs import shown
from qctl.core.parameters import Parameters
from qctl.core.played import Played
from qctl.core.program import Program
from qctl.core.result import Result
from qctl.core.tree import Tree

from .image import is_lit
from .screen import screen

UNLIT = "no light while atoms are measured: it is off or blocked"
ENOUGH = 10  # shots from which that can be told
LATE, BEYOND = "the host decided too late", "more parts than were uploaded"
MOST_BEYOND = 0.01  # of all shots: what is left is as far from the truth as that


def ion_thresholds(qubits: tuple[str, ...], parameters: Parameters) -> NDArray[np.float64]:
    """Return the photons of light on single ions, more than which say 1, by qubit."""
    return np.array([parameters[f"{name}.focus.counts"] for name in qubits])


def read_parts(
    played: Played,
    program: Program,
    measuring: Measuring,
    tree: Tree,
    known: Parameters,
    laboratory: Laboratory,
    point: int = 0,
) -> Result:
    """Return what shots in parts say of one sweep point.

    Late shots, which were played again, are left out; those that would have gone on with a part that was not there do
    not count; ``dropped`` says how many. ``ways`` says how many of the others took which way: the answers of each part,
    in order.

    Raises
    ------
    ReadoutError
        When more than one in a hundred would have gone on: those that are left are the ones that ended soon.
    """
    _refuse_cut(played, tree, laboratory)
    n = len(played.parts)
    n_shown = program.n_bits - program.n_hidden
    bits, kept = np.zeros((n, n_shown), np.uint8), ~(played.late | played.beyond)
    which = np.full(n, -1, np.intp)  # to which end each shot came
    screened, dropped = screen(played.record, known, laboratory)
    dropped = dict(dropped)
    for reason, shots in ((LATE, played.late), (BEYOND, played.beyond)):
        if np.any(shots):
            dropped[reason] = int(shots.sum())
    kept &= True if screened is None else screened[0]
    if _unlit(played):
        dropped[UNLIT], kept = int(kept.sum()), kept & False
    ways: Counter[str] = Counter()
    ends: dict[bytes, tuple[list[int], dict[str, Number], str]] = {}
    numbers: dict[bytes, int] = {}
    for shot in np.flatnonzero(~(played.late | played.beyond)).tolist():
        key = played.parts[shot].tobytes() + played.codes[shot].tobytes()
        if key not in ends:
            ends[key] = _end(Course(program, point, measuring=measuring), tree, played.parts[shot], played.codes[shot])
        shows, _, way = ends[key]
        bits[shot], which[shot] = shows[:n_shown], numbers.setdefault(key, len(numbers))
        ways[way] += bool(kept[shot])
    record, timely = played.record, ~played.late
    outputs = shown(dict(program.outputs), [values for _, values, _ in ends.values()], which)
    return Result(
        bits=bits[None, timely],
        iq=np.zeros((1, int(timely.sum()), 0), np.complex128),
        measured=(),
        qubits=record.qubits,
        placement=record.placement,
        parameters_id=record.parameters_id,
        timing=replace(record.timing, flags={**record.timing.flags, "ways": len(ways)}),
        registers=program.bits,
        kept=kept[None, timely],
        dropped=dropped,
        outputs={name: row[None, timely] for name, row in outputs.items()},
        ways={way: number for way, number in sorted(ways.items()) if number},
    )


def _refuse_cut(played: Played, tree: Tree, laboratory: Laboratory) -> None:
    timely = ~played.late
    beyond, shots = int((played.beyond & timely).sum()), int(timely.sum())
    if beyond > MOST_BEYOND * shots:
        raise ReadoutError(
            f"{beyond} of {shots} shots went on beyond the {tree.n_parts} parts that were uploaded; those that are "
            "left ended soon",
            allowed=f"up to {MOST_BEYOND:.0%}",
            where=laboratory.name,
            remedy="end loops sooner",
        )


def _unlit(played: Played) -> bool:
    """Say whether no answer says 1, and no frame of answers shows any light."""
    seen = [is_lit(images) for images in played.record.images.values()]
    return len(played.parts) >= ENOUGH and not played.codes.any() and False in seen


def _end(
    course: Course, tree: Tree, parts: NDArray[np.int32], codes: NDArray[np.int32]
) -> tuple[list[int], dict[str, Number], str]:
    said = []
    course.advance()
    for part, code in zip(parts.tolist(), codes.tolist(), strict=True):
        if part < 0:
            break
        answers = tree.answers(part, code)
        said.append("".join(map(str, answers)))
        course.advance(answers)
    return course.bits(), course.outputs(), " ".join(said)
