"""Programs in which measured bits decide what is played: refused, with figures, where nobody can decide in time."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.core.answers import as_measured, decisions
from qctl.core.errors import CompileError
from qctl.core.flow import Branch, Loop
from qctl.core.laboratory import Laboratory
from qctl.core.program import Program
from qctl.core.units import format_quantity
from qctl.platforms import platform_of
from qctl.platforms.parts import coherence, measuring_of

from .route import used_qubits

HOST_LATENCY = 1e-3
"""s; a decision of this computer takes at least that long: fetch, read out, choose, arm, under a plain scheduler."""


def without_decisions(program: Program, known: Mapping[str, float], laboratory: Laboratory) -> Program:
    """Return a program that is played at one go.

    Arithmetic on measured bits is left to whoever reads the answers (`qctl.core.answers`).

    Raises
    ------
    CompileError
        When measured bits decide about events: it says how long the qubits remember, and what a decision takes.
    """
    found = decisions(program)
    if not found:
        return as_measured(program)
    first = next((each for each in found if isinstance(each, (Branch, Loop))), None)
    what = "a loop" if isinstance(first, Loop) else "a branch" if first else "an angle"
    raise CompileError(
        f"feedback: {what} on measured bits",
        allowed=memory(program, known, laboratory),
        where=(first.where if first else "") or laboratory.name,
        remedy="run it where qubits remember for longer, or play each way for itself (each_way=True, --each-way)",
    )


def memory(program: Program, known: Mapping[str, float], laboratory: Laboratory) -> str:
    """Return how long the qubits of a laboratory remember, beside what a decision of the host takes, as a text."""
    names = tuple(laboratory.qubits)
    physical = program.physical and [q for q in used_qubits(program) if q < len(names)]
    over = [names[q] for q in physical] if physical else list(names)
    times = coherence(known, over)
    needs = f"the host needs {format_quantity(HOST_LATENCY, 's')}, and {_nobody(laboratory)}"
    if not times:
        return f"decisions within the coherence time; {needs}"
    name, best = max(times.items(), key=lambda item: item[1])
    return f"decisions within T2, which is {format_quantity(float(f'{best:.3g}'), 's')} at most ({name}); {needs}"


def _nobody(laboratory: Laboratory) -> str:
    if measuring_of(laboratory) is not None:
        return f"steers shots of {laboratory.name} for programs that are run alone"
    if platform_of(laboratory).measures_last:
        return f"measuring ends the shot of all qubits of {laboratory.name}"
    if laboratory.event_line() is None:
        return f"no instrument of {laboratory.name} branches"
    return f"instruments of {laboratory.name} branch for programs that are run alone"
