"""Many programs on one machine: what may share an upload does, and every sweep point comes back on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Seq
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from qctl.core.errors import LimitError, ReadoutError, TooLongError
from qctl.core.kept import LEAST_KEPT, Kept
from qctl.core.program import Program
from qctl.core.result import Result, shots_in_a_row
from qctl.core.units import spoken

from .machine import Machine

REMEDY = "fewer shots or circuits at once, or a longer longest_run in the laboratory file"
AT_ONCE = 512  # sweep points of one run; keeps what is held in memory small


@dataclass(frozen=True)
class Point:
    """Answer of one sweep point of one program: ``result`` has one point, and maybe bits of other programs behind."""

    program: int
    point: int
    result: Result


def run_points(
    machine: Machine,
    programs: Seq[Program],
    shots: int,
    *,
    optimise: bool = True,
    between: Callable[[], None] = lambda: None,
) -> Iterator[Point]:
    """Run programs and yield what each sweep point says.

    Programs on physical qubits run as sweep points of one program, so that one upload takes all. Programs on logical
    qubits run one by one, because each is placed on its own, and so do those that measured bits steer. What is too much
    for the instruments is run in parts; what takes more machine time than one run may is refused, and all programs
    together are one run: before any is played, with the least that each can take.

    Parameters
    ----------
    between : called before each upload; may raise to stop here

    Raises
    ------
    TooLongError
        When all of it takes longer than ``longest_run``; shots that are played again, for others that did not count,
        are not reckoned.
    QctlError
        As the machine does.
    """
    _refuse_too_long(machine, programs, shots)
    together = [p.physical and not p.flow for p in programs]
    physical = [(index, point) for index, p in enumerate(programs) if together[index] for point in range(p.n_points)]
    alone = [i for i, p in enumerate(programs) if not together[i] and p.n_points]
    logical = [[(i, point) for point in range(programs[i].n_points)] for i in alone]
    groups = [physical[first : first + AT_ONCE] for first in range(0, len(physical), AT_ONCE)] + logical
    while groups:
        group = groups.pop(0)
        between()
        try:
            results = _counted(machine, _program_of(programs, group), shots, optimise=optimise, between=between)
        except LimitError as refused:
            if len(group) == 1 or programs[group[0][0]].flow or isinstance(refused, TooLongError):
                raise _for_plugins(refused) from refused.__cause__
            half = (
                len(group) // 2
            )  # too many points or samples, or one point that is too long: the half that has it fails
            groups[:0] = [group[:half], group[half:]]
            continue
        for (index, point), result in zip(group, results, strict=True):
            yield Point(index, point, result)


def _refuse_too_long(machine: Machine, programs: Seq[Program], shots: int) -> None:
    """Refuse what takes too long whatever the compiler finds: each shot of a sweep point lasts a period at least.

    Shots that the host steers last as many slots as their longest way has parts: those are reckoned when it is known.
    """
    laboratory = machine.laboratory
    allowed = getattr(machine, "longest_run", laboratory.longest_run)
    part = min(laboratory.period, laboratory.slot or laboratory.period)
    seconds = shots * sum(p.n_points * (part if p.flow else laboratory.period) for p in programs)
    if seconds > allowed:
        n_points = sum(program.n_points for program in programs)
        raise TooLongError(
            f"{n_points} circuits or sweep points of {shots} shots, which take {spoken(seconds)} of machine time",
            allowed=f"{spoken(allowed)} for all of them together",
            where=laboratory.name,
            remedy=REMEDY,
        )


def _for_plugins(refused: LimitError) -> LimitError:
    """Return a refusal with a remedy that users of plugins have: they cannot allow more time for one run."""
    if not isinstance(refused, TooLongError):
        return refused
    return TooLongError(refused.asked, allowed=refused.allowed, where=refused.where, remedy=REMEDY)


def _counted(
    machine: Machine, program: Program, shots: int, *, optimise: bool, between: Callable[[], None]
) -> list[Result]:
    """Return a result for each point, of as many shots that count as were asked for; others are played again.

    Each round plays what is missing, and as many more as did not count so far; where that is more than the machine
    takes at once, as many as in the first round. It ends where hardly any does.
    """
    found: list[list[Result]] = [[] for _ in range(program.n_points)]
    worst, asked, most = Kept(), shots, ceil(shots / LEAST_KEPT)
    while True:
        try:
            result = machine.run(program, asked, optimise=optimise)
        except LimitError:
            if asked <= shots:
                raise
            asked = most = shots
            continue
        for k, parts in enumerate(found):
            parts.append(_kept(result.points(k, k + 1), shots - sum(part.shots for part in parts)))
        worst += _of_worst_point(result)
        missing = shots - min(sum(part.shots for part in parts) for parts in found)
        if not missing:
            return [shots_in_a_row(parts) for parts in found]
        if worst.hardly_any:
            raise ReadoutError(
                f"{shots - missing} of {shots} shots count: {worst.said}", allowed="at least one in ten",
                where=machine.laboratory.name, remedy="look at the machine, then run again",
            )  # fmt: skip
        between()
        asked = min(most, ceil(missing / max(worst.kept / worst.shots, LEAST_KEPT)))


def _of_worst_point(result: Result) -> Kept:
    """Return how many shots count at the sweep point where the fewest do."""
    kept = min(len(result.kept_shots(point)) for point in range(len(result.bits)))
    return Kept(result.shots, kept, dict(result.dropped))


def _kept(result: Result, most: int) -> Result:
    """Return the first shots that count of a result of one point."""
    chosen = result.kept_shots(0)[:most]
    if len(chosen) == result.shots:
        return replace(result, kept=None)
    outputs = {name: values[:, chosen] for name, values in result.outputs.items()}
    return replace(result, bits=result.bits[:, chosen], iq=result.iq[:, chosen], outputs=outputs, kept=None)


def _program_of(programs: Seq[Program], group: Seq[tuple[int, int]]) -> Program:
    """Return the points of a group as one program."""
    first = programs[group[0][0]]
    if first.flow:
        return first
    pieces = [programs[index].events[slice(*programs[index].starts[point : point + 2])] for index, point in group]
    members = {index for index, _ in group}
    return Program(
        np.concatenate(pieces),
        n_qubits=max(programs[index].n_qubits for index in members),
        n_bits=max(programs[index].n_bits for index in members),
        starts=np.cumsum([0, *map(len, pieces)]).astype(np.int64),
        bits=first.bits if len(members) == 1 else (),
        physical=first.physical,
    )
