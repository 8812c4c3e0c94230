"""Who can be calibrated: qubits, couplings and feedlines of a laboratory, and how they hang together."""

from __future__ import annotations

from collections.abc import Iterable

from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target


def all_targets(laboratory: Laboratory, kind: Target) -> tuple[str, ...]:
    """Return the targets of one kind in the order of the file.

    Lines are those that come back to a digitizer or camera, and those that all qubits share: a trap, a light.
    """
    if kind is Target.QUBIT:
        return laboratory.qubit_names
    if kind is Target.COUPLING:
        return tuple(laboratory.couplings)
    seen = (name for name, line in laboratory.lines.items() if line.seen_by is not None)
    return (*laboratory.feedlines(), *seen, *shared(laboratory))


def shared(laboratory: Laboratory) -> tuple[str, ...]:
    """Return the lines that all qubits share: those that a synthesiser gives a tone, and electrodes."""
    return tuple(name for name, line in laboratory.lines.items() if line.carrier or line.supply)


def chosen(laboratory: Laboratory, wanted: Iterable[str]) -> dict[Target, tuple[str, ...]]:
    """Return by kind what must be calibrated for some qubits, couplings and feedlines; all for none named.

    A named qubit brings its feedline; two named neighbours bring their coupling; a named coupling brings its qubits.

    Raises
    ------
    UsageError
        When there is no such target.
    """
    asked = set(wanted) or set(laboratory.qubits)
    possible = {name for kind in Target for name in all_targets(laboratory, kind)}
    if unknown := sorted(asked - possible):
        raise UsageError(
            f"no target {', '.join(map(repr, unknown))}",
            allowed=f"qubits, couplings and feedlines, such as {', '.join(sorted(possible)[:4])}",
            where=laboratory.name,
        )
    pairs = {name: set(coupling.pair) for name, coupling in laboratory.couplings.items()}
    qubits = (asked & set(laboratory.qubits)).union(*(pairs[name] for name in asked & pairs.keys()))
    couplings = {name for name, pair in pairs.items() if name in asked or pair <= asked}
    lines = {laboratory.qubits[name].readout for name in qubits} | (asked & set(all_targets(laboratory, Target.LINE)))
    lines |= set(shared(laboratory))
    taken = {Target.QUBIT: qubits, Target.COUPLING: couplings, Target.LINE: lines}
    return {kind: tuple(n for n in all_targets(laboratory, kind) if n in names) for kind, names in taken.items()}


def related(laboratory: Laboratory, kind: Target, target: str, needed: Target) -> tuple[str, ...]:
    """Return the targets of kind ``needed`` that ``target`` (of ``kind``) hangs on.

    A coupling hangs on its qubits and their feedlines, a qubit on its feedline. A feedline hangs on all its qubits, and
    a qubit on all its couplings, where a step needs what was found of them.
    """
    if kind is needed:
        return (target,)
    qubits = _qubits_of(laboratory, kind, target)
    if needed is Target.QUBIT:
        return qubits
    if needed is Target.COUPLING:
        return tuple(name for name, one in laboratory.couplings.items() if set(one.pair) & set(qubits))
    if common := shared(laboratory):
        return common
    return tuple(dict.fromkeys(laboratory.qubits[qubit].readout for qubit in qubits))


def touching(laboratory: Laboratory, target: str) -> tuple[str, ...]:
    """Return a target, and all whose gates depend on it: the couplings of a qubit, the qubits of a coupling or line."""
    if target in laboratory.qubits:
        return target, *related(laboratory, Target.QUBIT, target, Target.COUPLING)
    kind = Target.COUPLING if target in laboratory.couplings else Target.LINE
    return target, *related(laboratory, kind, target, Target.QUBIT)


def is_sum(kind: Target, needed: Target) -> bool:
    """Say whether a need is met by many parts together, of which some may have failed."""
    order = (Target.LINE, Target.QUBIT, Target.COUPLING)
    return order.index(needed) > order.index(kind)


def _qubits_of(laboratory: Laboratory, kind: Target, target: str) -> tuple[str, ...]:
    if kind is Target.QUBIT:
        return (target,)
    if kind is Target.COUPLING:
        return laboratory.couplings[target].pair
    if target in shared(laboratory):
        return laboratory.qubit_names
    return tuple(name for name, qubit in laboratory.qubits.items() if qubit.readout == target)
