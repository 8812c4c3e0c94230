"""Programs whose answers decide within the shot, by instruments or the host: jobs with the machine to themselves.

Each sweep point is an upload of its own, a take; a window plays one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qctl.compile import compile_branching, instruments_decide
from qctl.compile.host import is_steered, steered_points
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.played import Played
from qctl.core.program import Program
from qctl.core.protocols import Limits
from qctl.core.record import Record, Timing
from qctl.core.result import Result, points_in_a_row
from qctl.core.sequence import Sequence as Take
from qctl.platforms.parts import measuring_of
from qctl.readout import latest_decision, read_parts, read_told


def needs_the_machine(program: Program, laboratory: Laboratory) -> bool:
    """Say whether shots of a program branch on a laboratory: whoever played beside them would have to branch too."""
    return instruments_decide(program, laboratory) or is_steered(program, laboratory)


def takes_of(program: Program, known: Parameters, laboratory: Laboratory, limits: Limits) -> tuple[Take, ...]:
    """Return each sweep point as it is played.

    Raises
    ------
    CompileError, LimitError
        When one of them cannot be.
    """
    if not instruments_decide(program, laboratory):
        return tuple(one.sequence for one in steered_points(program, known, laboratory, limits))
    points = range(program.n_points)
    return tuple(compile_branching(program, known, laboratory, limits, point=point) for point in points)


def takes_in(compiled: Mapping[str, Any]) -> tuple[Take, ...]:
    """Return what a job's file holds; nothing when its shots do not branch."""
    first: Take = compiled["sequence"]
    return (first, *compiled["takes"]) if first.is_steered else ()


def read_takes(
    records: Sequence[Record | Played],
    takes: Sequence[Take],
    program: Program,
    known: Parameters,
    laboratory: Laboratory,
) -> Result:
    """Return what all sweep points say, in a row."""
    results, timing = list[Result](), Timing()
    for point, (record, take) in enumerate(zip(records, takes, strict=True)):
        if isinstance(record, Played):
            measuring = measuring_of(laboratory)
            assert measuring is not None
            assert take.tree is not None
            results.append(read_parts(record, program, measuring, take.tree, known, laboratory, point))
        else:
            results.append(read_told(record, program, point))
        timing += results[-1].timing
    return replace(points_in_a_row(results), timing=latest_decision(timing, results))
