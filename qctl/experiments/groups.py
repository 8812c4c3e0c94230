"""Which qubits may be asked at the same time."""

from __future__ import annotations

from collections.abc import Sequence

from qctl.core.laboratory import Laboratory


def apart(laboratory: Laboratory, qubits: Sequence[str]) -> list[tuple[str, ...]]:
    """Return ``qubits`` in as few groups as come easily, in none of which two are coupled.

    What is left of a coupling at rest shifts a qubit by some kHz when its neighbour is excited.
    """
    pairs = [set(coupling.pair) for coupling in laboratory.couplings.values()]
    groups: list[list[str]] = []
    for qubit in qubits:
        fits = (group for group in groups if not any({qubit, other} in pairs for other in group))
        group = next(fits, None)
        if group is None:
            groups.append([qubit])
        else:
            group.append(qubit)
    return [tuple(group) for group in groups]
