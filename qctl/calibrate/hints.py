"""What many failures together look like: the words of a physicist who walks along the wiring."""

from __future__ import annotations

import math
from collections.abc import Mapping

from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Parameters

from .acceptance import said
from .node import Node
from .progress import Key, Record
from .report import Standing

SHORT = 0.2  # of the expected T1: then something lossy sits on the qubit


def hints(
    records: Mapping[Key, Record],
    laboratory: Laboratory,
    nodes: Mapping[str, Node],
    known: Parameters,
    explained: Mapping[str, str],
) -> tuple[str, ...]:
    """Return what is explained already, then what the quarantined targets have in common, most shared first.

    Parameters
    ----------
    explained : by target, in words
    """
    lost = {
        (name, target): record.state.reason
        for (name, target), record in records.items()
        if record.state.standing is Standing.QUARANTINED and target not in explained
    }
    guessed = (*_shared(lost, records, laboratory, nodes), *_single(lost, records, laboratory, nodes))
    return (*dict.fromkeys(explained.values()), *_lossy(laboratory, known), *guessed)


def _lossy(laboratory: Laboratory, known: Parameters) -> tuple[str, ...]:
    """Return a hint for each qubit that lives much shorter than expected."""
    found = []
    for qubit in laboratory.qubits:
        name = f"{qubit}.t1"
        one, expected = known.estimates.get(name), laboratory.first_guess.get(name)
        if one is not None and expected and math.isfinite(one.error) and one.value < SHORT * expected:
            found.append(
                f"{qubit}: T1 is {said(one.value, 's', 2)} where {said(expected, 's', 2)} were expected: something "
                "lossy sits at its frequency, such as a two-level defect; a few MHz away it may live longer"
            )
    return tuple(found)


def _shared(
    lost: Mapping[Key, str], records: Mapping[Key, Record], laboratory: Laboratory, nodes: Mapping[str, Node]
) -> tuple[str, ...]:
    """Return a hint for each step that failed for all qubits of one instrument or source, but not for all others."""
    found = []
    for name, node in nodes.items():
        if node.kind is not Target.QUBIT:
            continue
        failed = {target for n, target in lost if n == name}
        asked = {target for n, target in records if n == name}
        for thing, users in _users(laboratory).items():
            common = users & asked
            if len(common) > 1 and common <= failed and (failed == common or failed != asked):
                found.append(f"{name} fails for all qubits that hang on {thing}: look there first")
    return tuple(dict.fromkeys(found))


def _single(
    lost: Mapping[Key, str], records: Mapping[Key, Record], laboratory: Laboratory, nodes: Mapping[str, Node]
) -> tuple[str, ...]:
    """Return a hint for each qubit that is heard but does not answer to its drive, or is not heard at all."""
    found, deaf = [], []
    for name, target in lost:
        if nodes[name].kind is not Target.QUBIT or "not seen" not in _word(lost[name, target]):
            continue
        drive = laboratory.qubits[target].drive
        heard = any(t == target and one.passes for (_, t), one in records.items())
        if heard:
            deaf.append(target)
            outputs = " and ".join(str(port) for port in laboratory.lines[drive].outputs)
            found.append(
                f"{target}: its resonator is heard, but nothing that its drive plays changes it: a dead output "
                f"({outputs}), a loose cable of {drive}, or a cable that leads to another qubit"
            )
        else:
            line = laboratory.qubits[target].readout
            found.append(f"{target}: nothing is heard of it: look at its resonator and at {line}")
    return tuple(dict.fromkeys([*_exchanged(tuple(dict.fromkeys(deaf)), laboratory), *found]))


def _exchanged(deaf: tuple[str, ...], laboratory: Laboratory) -> tuple[str, ...]:
    """Return a hint where several qubits are heard and none of them answers to its drive."""
    if len(deaf) < 2:
        return ()
    qubits, drives = (" and ".join(names) for names in (deaf, [laboratory.qubits[name].drive for name in deaf]))
    return (f"{qubits} are heard and none answers to its own drive: the cables of {drives} may be exchanged",)


def _word(reason: str) -> str:
    """Return "not seen" for reasons that say that there was nothing to see."""
    words = ("nothing", "no peak", "no line", "no oscillation", "the same at every point", "not seen")
    return "not seen" if any(word in reason for word in words) else reason


def _users(laboratory: Laboratory) -> dict[str, set[str]]:
    """Return by instrument or feedline the qubits whose drive or readout hangs on it."""
    found: dict[str, set[str]] = {}
    for name, qubit in laboratory.qubits.items():
        drive = laboratory.lines.get(qubit.drive)
        things = {qubit.readout} | ({port.instrument for port in drive.outputs} if drive else set())
        things |= {drive.mixed_with} if drive and drive.mixed_with else set()
        for thing in things:
            found.setdefault(thing, set()).add(name)
    return found
