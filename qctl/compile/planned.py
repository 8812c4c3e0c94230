"""What a laboratory plays for a program that is run alone: at one go, with branches or in parts; and for how long."""

from __future__ import annotations

from collections.abc import Sequence as Seq

from qctl.core.errors import CompileError, TooLongError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.protocols import Limits
from qctl.core.sequence import Sequence
from qctl.core.units import spoken

from . import compile_program
from .branching import compile_branching, instruments_decide
from .host import is_steered, steered_points


def planned(
    program: Program, known: Parameters, laboratory: Laboratory, limits: Limits, *, optimise: bool = True
) -> list[Sequence]:
    """Return everything that is uploaded: one sequence, or one for each sweep point where answers decide in shots.

    Raises
    ------
    CompileError, LimitError
        When the program cannot run.
    """
    if instruments_decide(program, laboratory):
        points = range(program.n_points)
        return [compile_branching(program, known, laboratory, limits, point=point) for point in points]
    if is_steered(program, laboratory):
        return [one.sequence for one in steered_points(program, known, laboratory, limits)]
    return [compile_program(program, known, laboratory, limits, optimise=optimise)]


def only(sequences: Seq[Sequence]) -> Sequence:
    """Return the one sequence of a program; raise CompileError where each sweep point is played for itself."""
    if len(sequences) != 1:
        raise CompileError(
            f"{len(sequences)} sweep points whose answers decide within shots, as one sequence",
            allowed="one sweep point: each is an upload of its own",
            remedy="compile it with one value for each input; run plays all of them",
        )
    return sequences[0]


def machine_time(sequences: Seq[Sequence]) -> float:
    """Return how long the instruments take for all shots of all sweep points, s; at most, where answers decide."""
    return sum(one.shots * one.shot_seconds for one in sequences)


def refuse_too_long(sequences: Seq[Sequence], laboratory: Laboratory, longest: float | None = None) -> float:
    """Return the machine time; raise TooLongError where it is more than ``longest`` s, or than the file allows."""
    allowed, seconds = laboratory.longest_run if longest is None else longest, machine_time(sequences)
    if seconds > allowed:
        shots = sum(one.shots * (1 if one.is_steered else one.n_points) for one in sequences)
        raise TooLongError(
            f"{shots} shots that take {spoken(seconds)} of machine time",
            allowed=f"{spoken(allowed)} a run",
            where=laboratory.name,
            remedy="fewer shots, or a longer time for this run (longest=, --longest) "
            "or for all (longest_run in the laboratory file)",
        )
    return seconds
