"""Shots that the host steers: how a laboratory's platform does it, and whether a decision comes in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qctl.core.course import Measuring
from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.protocols import InParts
from qctl.core.sequence import Sequence
from qctl.core.units import format_quantity
from qctl.core.ways import EACH_WAY

from .registry import platform_of
from .shortest import shortest_schedule

DECISION = 4e-3  # s of a slot that must be left for the host; fewer, and a plain scheduler misses it again and again
SHORTEST_MEMORY = 2.0  # slots; a qubit that forgets faster than that does not remember until a decision has been taken


def measuring_of(lab: Laboratory) -> Measuring | None:
    """Return how a laboratory measures in the middle of a shot that the host steers; None where it cannot."""
    found = platform_of(lab).in_parts
    return None if found is None or lab.slot is None else found.measuring(lab)


def in_parts_of(lab: Laboratory) -> InParts:
    """Return how the platform of a laboratory plays shots in parts.

    Raises
    ------
    CompileError
        When it does not.
    """
    found = platform_of(lab).in_parts
    if found is None:
        raise CompileError(f"shots of {lab.name} that the host steers", allowed="a platform that plays shots in parts")
    return found


def coherence(known: Mapping[str, float], qubits: Iterable[str]) -> dict[str, float]:
    """Return how long qubits remember, s, as far as that is known: T2 of an echo, else that of a Ramsey experiment."""
    names, kinds = tuple(qubits), ("t2_ramsey", "t2")
    return {name: known[f"{name}.{kind}"] for kind in kinds for name in names if f"{name}.{kind}" in known}


def host_decides(known: Mapping[str, float], lab: Laboratory) -> bool:
    """Say whether the host can decide on measured bits within a shot, while qubits remember."""
    return measuring_of(lab) is not None and not_in_time(known, lab) is None


def not_in_time(known: Mapping[str, float], lab: Laboratory) -> CompileError | None:
    """Return why no decision of the host comes in time; None where one does."""
    try:
        refuse_late(known, lab)
    except CompileError as reason:
        return reason
    return None


def refuse_late(known: Mapping[str, float], lab: Laboratory) -> None:
    """Raise CompileError where a slot of the laboratory is too short for its host, or too long for its qubits.

    This is the one rule of what the host can decide within shots: compilers, targets and capabilities ask here.
    """
    if lab.slot is None:
        return
    check_spare(shortest_part(known, lab), lab)
    times = coherence(known, lab.qubits)
    if times and max(times.values()) < SHORTEST_MEMORY * lab.slot:
        name = max(times, key=lambda one: times[one])
        raise CompileError(
            f"feedback: a decision of the host takes a slot of {format_quantity(lab.slot, 's')}",
            allowed=f"two slots within T2, which is {format_quantity(times[name], 's')} at most ({name})",
            where=lab.name,
            remedy=f"shorten the slot, or {EACH_WAY}",
        )


def shortest_part(known: Mapping[str, float], lab: Laboratory) -> Sequence:
    """Return the part that measures one qubit and does nothing else."""
    assert lab.slot is not None
    return in_parts_of(lab).sequence(shortest_schedule(known, lab), known, lab, lab.slot)


def check_spare(part: Sequence, lab: Laboratory) -> None:
    """Raise CompileError where a part leaves the host too little of its slot."""
    assert lab.slot is not None
    if part.spare < DECISION:
        slot, left = lab.slot, lab.slot - DECISION
        taken = f"a part that takes {format_quantity(float(f'{slot - part.spare:.4g}'), 's')}"
        raise CompileError(
            f"{taken} of a slot",
            allowed=f"{format_quantity(max(0.0, left), 's')}: the host needs {format_quantity(DECISION, 's')} "
            f"of each slot of {format_quantity(slot, 's')}",
            where=lab.name,
            remedy="shorter parts, or a longer slot in the laboratory file",
        )
