"""Which sites of an array a program wants an atom in."""

from __future__ import annotations

from dataclasses import replace

from qctl.core.program import Program
from qctl.core.sequence import Sequence


def with_atoms(program: Program, sequence: Sequence) -> Sequence:
    """Return a sequence that asks for an atom in each qubit's site; programs on physical qubits take what is there."""
    if program.physical or not sequence.exposing:
        return sequence
    return replace(sequence, filled=tuple(sorted({qubit for qubit in sequence.placement if qubit >= 0})))
