"""Programs that the host steers within a shot: all its parts, checked before one is played."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from qctl.core.answers import as_measured, decisions, used_after_measurement
from qctl.core.course import Measuring
from qctl.core.errors import CompileError, UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.protocols import Limits
from qctl.core.sequence import Sequence
from qctl.core.tree import Tree
from qctl.platforms import platform_of
from qctl.platforms.parts import check_spare, in_parts_of, measuring_of, refuse_late

from .limits import check_length, check_limits
from .resets import drop_passive_resets
from .timing import time_program
from .tree import forest_of


@dataclass(frozen=True)
class Steered:
    """One sweep point of a program, ready to be played in parts.

    Parameters
    ----------
    program : with its decisions
    point : which sweep point of it
    measuring : how the machine measures
    sequence : whose sweep points are the parts
    """

    program: Program
    point: int
    measuring: Measuring
    sequence: Sequence

    @property
    def tree(self) -> Tree:
        """Return which part follows which answers."""
        assert self.sequence.tree is not None
        return self.sequence.tree


def needs_parts(program: Program) -> bool:
    """Say whether a program cannot be played at one go by a machine that measures last."""
    if decisions(program):
        return True
    flat = as_measured(program)
    if len(used_after_measurement(flat)):
        return True
    try:
        drop_passive_resets(flat)
    except CompileError:
        return True
    return False


def is_steered(program: Program, laboratory: Laboratory) -> bool:
    """Say whether a laboratory plays a program in parts: it can, and the program asks for it."""
    return measuring_of(laboratory) is not None and needs_parts(program)


def steered_points(
    program: Program, known: Parameters, laboratory: Laboratory, limits: Limits, *, mitigate: bool = False
) -> list[Steered]:
    """Return all parts of each sweep point; ``mitigate`` says that readout errors are to be undone.

    Raises
    ------
    UsageError
        When they are: that gives weights of keys, not bits to decide by.
    CompileError, LimitError
        As `steered` does.
    """
    if mitigate:
        raise UsageError("mitigation of a program that the host steers", remedy="run it without")
    return [steered(program, known, laboratory, limits, point=point) for point in range(program.n_points)]


def steered(program: Program, known: Parameters, laboratory: Laboratory, limits: Limits, *, point: int = 0) -> Steered:
    """Return all parts of one sweep point of a program.

    Raises
    ------
    CompileError
        When qubits forget before the host has decided, or a part leaves it too little time: with both figures.
    LimitError
        When a number is beyond what an instrument or the laboratory file allows.
    """
    measuring, slot = measuring_of(laboratory), laboratory.slot
    assert measuring is not None
    assert slot is not None
    refuse_late(known, laboratory)
    inside = in_parts_of(laboratory)
    forest = forest_of(program, known, laboratory, measuring, inside.turned(laboratory, known, slot), point=point)
    if not forest.tree.n_parts:
        raise CompileError("nothing is measured", allowed="at least one measurement", where=laboratory.name)
    schedule = time_program(forest.program, forest.placement, platform_of(laboratory), known, laboratory)
    check_length(schedule, slot, laboratory.name)
    sequence = inside.sequence(schedule, known, laboratory, slot)
    check_spare(sequence, laboratory)
    sequence = replace(
        sequence,
        shots=program.shots,
        tree=forest.tree,
        digest=hashlib.sha256(repr((program.digest, point, laboratory.digest, known.id)).encode()).hexdigest(),
    )
    check_limits(sequence, laboratory, limits)
    return Steered(program, point, measuring, sequence)
