"""Programs in which measured bits decide what is played: refused, with figures, where nobody can decide in time."""

from __future__ import annotations

from collections.abc import Mapping

from qctl.core.answers import as_measured, decisions
from qctl.core.errors import CompileError
from qctl.core.flow import Branch, Loop
from qctl.core.laboratory import Laboratory
from qctl.core.program import Program
from qctl.core.units import format_quantity
from qctl.core.ways import EACH_WAY
from qctl.platforms import platform_of
from qctl.platforms.parts import coherence, measuring_of

from .resets import active_resets
from .route import used_qubits

HOST_LATENCY = 1e-3
"""s; a decision of this computer takes at least that long: fetch, read out, choose, arm, under a plain scheduler."""


def without_decisions(program: Program, known: Mapping[str, float], laboratory: Laboratory) -> Program:
    """Return a program that is played at one go.

    Arithmetic on measured bits is left to whoever reads the answers (`qctl.core.answers`).

    Raises
    ------
    CompileError
        When measured bits decide about events, or a qubit is reset between its operations: it says how long the
        qubits remember, and what a decision takes.
    """
    found = decisions(program)
    if not found:
        flat = as_measured(program)
        for row in active_resets(flat).tolist()[:1]:
            asked = f"feedback: event {row} resets qubit {flat.events['q'][row, 0]} between its operations"
            raise at_one_go(asked, program, known, laboratory)
        return flat
    first = next((each for each in found if isinstance(each, (Branch, Loop))), None)
    what = "a loop" if isinstance(first, Loop) else "a branch" if first else "an angle"
    raise at_one_go(f"feedback: {what} on measured bits", program, known, laboratory, first.where if first else "")


def at_one_go(
    asked: str, program: Program, known: Mapping[str, float], laboratory: Laboratory, where: str = ""
) -> CompileError:
    """Return the refusal of what needs a decision within the shot, for programs that are played at one go.

    A laboratory that decides within shots does it for programs that are run alone: then the remedy is to do so.
    """
    where, alone = where or laboratory.name, "run it alone (Lab.run, qctl run)"
    if measuring_of(laboratory) is not None:
        allowed = f"programs without decisions, where several share an upload; the host of {laboratory.name} decides "
        return CompileError(asked, allowed=f"{allowed}within shots of one that is run alone", where=where, remedy=alone)
    if laboratory.event_line() is not None:
        allowed = f"programs without decisions, where several share an upload; instruments of {laboratory.name} branch "
        return CompileError(asked, allowed=f"{allowed}for one that is run alone", where=where, remedy=alone)
    remedy = f"run it where somebody decides in time, or {EACH_WAY}"
    return CompileError(asked, allowed=memory(program, known, laboratory), where=where, remedy=remedy)


def memory(program: Program, known: Mapping[str, float], laboratory: Laboratory) -> str:
    """Return how long the qubits of a laboratory remember, beside what a decision of the host takes, as a text.

    Where they remember for longer than that, it says who would have to decide.
    """
    names = tuple(laboratory.qubits)
    physical = program.physical and [q for q in used_qubits(program) if q < len(names)]
    over = [names[q] for q in physical] if physical else list(names)
    times = coherence(known, over)
    needs = f"the host needs {format_quantity(HOST_LATENCY, 's')}, and {_nobody(laboratory)}"
    if not times:
        return f"decisions within the coherence time; {needs}"
    name, best = max(times.items(), key=lambda item: item[1])
    remembered = f"T2, which is {format_quantity(float(f'{best:.3g}'), 's')} at most ({name})"
    if best > HOST_LATENCY:
        who = "decisions of instruments that branch, or of a host that plays shots in parts"
        return f"{who}, within {remembered}; {needs}, nor does its host play shots in parts"
    return f"decisions within {remembered}; {needs}"


def _nobody(laboratory: Laboratory) -> str:
    if platform_of(laboratory).measures_last:
        return f"measuring ends the shot of all qubits of {laboratory.name}"
    return f"no instrument of {laboratory.name} branches"
