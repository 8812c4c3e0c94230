"""From a program to its candidates: prepared once, compiled once, placed up to 64 times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from qctl.compile import compile_program
from qctl.compile.route import used_qubits
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.protocols import Limits
from qctl.core.sequence import Sequence
from qctl.platforms import platform_of

from .claims import POINTER, claims_elsewhere, claims_of
from .placement import MOST, Placement, Prepared, counted, placed, placements, prepare, success
from .request import Candidate


@dataclass(frozen=True)
class Relocatable:
    """A program that can be played wherever one of its candidates says.

    Parameters
    ----------
    prepared : its gates, on qubits that are still to be placed
    candidates : the best first; may be empty, when it fits nowhere
    """

    prepared: Prepared
    candidates: tuple[Candidate, ...]

    def sequence(self, candidate: Candidate, known: Parameters, laboratory: Laboratory, limits: Limits) -> Sequence:
        """Return its waveforms in one place; what was compiled before comes from the cache."""
        where = Placement(candidate.placement, candidate.expected_success)
        found = compile_program(placed(self.prepared, where, laboratory), known, laboratory, limits)
        return found if self.prepared.program.physical else replace(found, placement=candidate.placement)


def relocatable(
    program: Program,
    known: Parameters,
    laboratory: Laboratory,
    limits: Limits,
    *,
    most: int = MOST,
    halo: int | None = None,
) -> Relocatable:
    """Return a program with its candidates. Physical programs have one: where they say.

    Raises
    ------
    CompileError, LimitError
        When it cannot run on this laboratory at all.
    """
    if program.physical:
        prepared, places = _as_it_stands(program, known, laboratory)
    else:
        prepared = prepare(program, known, laboratory)
        places = placements(prepared, known, laboratory, most)
    if not places:
        return Relocatable(prepared, ())
    first = compile_program(placed(prepared, places[0], laboratory), known, laboratory, limits)
    there = claims_of(first, places[0].qubits, known, laboratory, limits, halo=halo)
    events = prepared.program.events
    measured = np.unique(events["q"][events["op"] == Op.MEASURE, 0]).tolist()
    duration = laboratory.period * first.n_points

    pointers = set[str]()
    if len(places) > 1 and any(name.startswith(POINTER) for name in there.equal):
        second = compile_program(placed(prepared, places[1], laboratory), known, laboratory, limits)
        other = claims_of(second, places[1].qubits, known, laboratory, limits, halo=halo).equal
        pointers = {name for name, value in there.equal.items() if name.startswith(POINTER) and other[name] != value}

    def candidate(number: int, place: Placement) -> Candidate:
        read = measured if program.physical else [place.qubits[k] for k in measured]
        claims = (
            claims_elsewhere(there, place.qubits, read, known, laboratory, halo=halo, pointers=pointers)
            if number
            else there
        )
        claims = replace(claims, equal={**claims.equal, **_operations(prepared.program, place, laboratory)})
        return Candidate(
            placement=place.qubits, claims=claims, expected_success=place.expected_success, duration_s=duration
        )

    return Relocatable(prepared, tuple(candidate(number, place) for number, place in enumerate(places)))


def _operations(program: Program, place: Placement, laboratory: Laboratory) -> dict[str, str]:
    """Return the claim on a machine whose 2-qubit operations tolerate nothing beside them: who has some is alone."""
    if not platform_of(laboratory).exclusive:
        return {}
    joins = bool(np.any(program.events["q"][:, 1] >= 0))
    return {"operations on pairs": f"{program.digest} on {place.qubits}" if joins else "none"}


def _as_it_stands(
    program: Program, known: Mapping[str, float], laboratory: Laboratory
) -> tuple[Prepared, tuple[Placement, ...]]:
    used = tuple(used_qubits(program).tolist())
    fixed = counted(program)
    return fixed, (Placement(used, success(used, fixed, known, laboratory)),) if used else ()
