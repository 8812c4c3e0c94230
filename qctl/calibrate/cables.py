"""Which drive line leads to which qubit, when several do not answer to their own: asked through the others'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qctl.core.laboratory import Laboratory

from .acceptance import judge
from .drift import Drift
from .node import Node
from .progress import Key, Record
from .report import Standing
from .workbench import Workbench

MOST = 6  # silent qubits that are asked through each other's lines; more of them are no exchanged cables


def exchanged(bench: Workbench, nodes: Mapping[str, Node], records: Mapping[Key, Record]) -> dict[str, str]:
    """Return by qubit, in words, which lines lead to other qubits than they should.

    The first step that sees a drive is played once for each way to exchange the lines of all silent qubits in a circle.
    """
    node = next((one for one in nodes.values() if one.sees_drive), None)
    if node is None:
        return {}
    silent = tuple(
        target
        for (name, target), one in records.items()
        if name == node.name and one.state.standing is Standing.QUARANTINED and not one.passes
    )
    if not 2 <= len(silent) <= MOST:
        return {}
    found: dict[str, str] = {}
    for shift in range(1, len(silent)):
        lines = {q: bench.laboratory.qubits[silent[(k + shift) % len(silent)]].drive for k, q in enumerate(silent)}
        carried = bench.carry_out(node.make(driven_by(bench.laboratory, lines), silent, bench.known))
        answers = {
            one.target for one in carried.outcomes if judge(one, node, bench.known, Drift(), bench.now()).accepted
        }
        found |= {target: lines[target] for target in silent if target in answers}
    return _said(found, bench.laboratory)


def driven_by(laboratory: Laboratory, lines: Mapping[str, str]) -> Laboratory:
    """Return a laboratory in which some qubits are driven through other lines."""
    qubits = {n: replace(one, drive=lines.get(n, one.drive)) for n, one in laboratory.qubits.items()}
    return replace(laboratory, qubits=qubits)


def _said(found: Mapping[str, str], laboratory: Laboratory) -> dict[str, str]:
    own = {laboratory.qubits[target].drive: target for target in found}
    texts: dict[str, str] = {}
    for target, line in found.items():
        other, mine = own.get(line, ""), laboratory.qubits[target].drive
        if other in texts and found[other] == mine:
            texts[target] = texts[other]
        elif other and found[other] == mine:
            both = f"{target} answers to {line}, and {other} to {mine}"
            texts[target] = f"the cables of {mine} and {line} are exchanged: {both}"
        else:
            texts[target] = f"{target} answers to {line} instead of {mine}: a cable leads to the wrong qubit"
    return texts
