"""Which sites of an array a program wants an atom in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qctl.core.program import Program
from qctl.core.sequence import Sequence


def with_atoms(program: Program, sequence: Sequence) -> Sequence:
    """Return a sequence that asks for an atom in the site of each qubit that gates act on or that is measured.

    Experiments say that they take atoms as they were loaded; theirs are returned as they are.
    """
    if program.as_loaded or not sequence.exposing:
        return sequence
    rows = [rows["qubit"] for one in sequence.exposing.values() for rows in (one.reads, one.watched)]
    return replace(sequence, filled=tuple(np.unique(np.concatenate(rows)).tolist()))
