"""Defects that are asked for by name: ``tls:q2``, ``dead:q1.drive``, ``swapped:q0.drive,q1.drive``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.port import Port
from qctl.physics.twin import Twin

from .draw_drift import draw_sitting
from .plan import Plan

ALLOWED = "tls:QUBIT, dead:LINE, swapped:LINE,LINE"


def with_defects(laboratory: Laboratory, twin: Twin, asked: Sequence[str], seed: int) -> Twin:
    """Return a twin with what is asked for broken.

    Parameters
    ----------
    asked : texts of the form ``kind:target[,target]``
    seed : of what a defect leaves open

    Raises
    ------
    UsageError
        When a kind or a target is not known.
    """
    plan = Plan(laboratory, seed)
    for text in asked:
        kind, _, targets = text.partition(":")
        if kind not in _KINDS:
            raise UsageError(f"defect {text!r}", allowed=ALLOWED)
        twin = _KINDS[kind](plan, twin, tuple(targets.split(",")))
    return twin


def _two_level(plan: Plan, twin: Twin, targets: tuple[str, ...]) -> Twin:
    found = dict(twin.defects)
    for qubit in targets:
        if qubit not in twin.qubits:
            raise UsageError(f"no qubit {qubit!r}", allowed=", ".join(twin.qubits), where=plan.laboratory.name)
        found[qubit] = (*found.get(qubit, ()), draw_sitting(plan, qubit, twin.qubits[qubit]))
    return replace(twin, defects=found)


def _dead(plan: Plan, twin: Twin, targets: tuple[str, ...]) -> Twin:
    ports = tuple(port for name in targets for port in _outputs(plan, name))
    return replace(twin, dead=(*twin.dead, *ports))


def _swapped(plan: Plan, twin: Twin, targets: tuple[str, ...]) -> Twin:
    one, other = (_outputs(plan, name) for name in targets) if len(targets) == 2 else ((), ())
    if not one or len(one) != len(other):
        raise UsageError(f"cables of {' and '.join(targets)} swapped", allowed="two lines with as many outputs each")
    return replace(twin, swapped=(*twin.swapped, *zip(one, other, strict=True)))


def _outputs(plan: Plan, line: str) -> tuple[Port, ...]:
    lines = {name: wiring for name, wiring in plan.laboratory.lines.items() if not (wiring.starts or wiring.branches)}
    if line not in lines:
        raise UsageError(f"no line {line!r}", allowed=", ".join(lines), where=plan.laboratory.name)
    return lines[line].outputs


_KINDS: dict[str, Callable[[Plan, Twin, tuple[str, ...]], Twin]] = {
    "tls": _two_level,
    "dead": _dead,
    "swapped": _swapped,
}
