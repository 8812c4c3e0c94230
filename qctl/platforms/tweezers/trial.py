"""Shots whose answer is known beforehand: it comes only while pumping, Raman and Rydberg light do what they should."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

import numpy as np

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.sequence import Sequence

from .known import array_of
from .layer import TURNING

GATING = "rydberg_blue"  # the line without which no pair is gated

TURNED, GATED = "turned", "gated"
"""What is done to atoms by light that no image shows."""

ATOMS = 16  # that take part, those with the shortest way to the zone
PAIRS = 4  # of them
SHOTS = 16
BRIEF = 10e-6  # s of pumping light that hardly pumps


@dataclass(frozen=True)
class Trial:
    """A program on physical qubits, measured into the bit of their place, and what comes of it.

    Parameters
    ----------
    turned : places of atoms that end in 1
    left : of atoms that stay in 0
    pairs : (control, target) places of atoms that are gated: the target ends in 1 when the control was turned
    """

    program: Program
    turned: tuple[int, ...]
    left: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


def light_of(lab: Laboratory, known: Parameters, sequence: Sequence) -> str:
    """Return which light that no image shows a sequence needs: `GATED` (which is also `TURNED`), `TURNED`, or none.

    Nothing either where atoms were never turned right.
    """
    if lab.platform != "neutral_atom" or not any(_plays(sequence, one) for one in TURNING):
        return ""
    if not _is_turned(lab, known):
        return ""
    return GATED if _plays(sequence, GATING) else TURNED


def trial_of(lab: Laboratory, known: Parameters, light: str) -> Trial:
    """Return what tries light, as `light_of` names it.

    A quarter turn of the target, a gate and a quarter turn back bring it into 1 when its control is in 1, and back into
    0 when that is in 0 or missing. Without Rydberg light the frame's phase stays, but the control makes no difference.
    """
    qubits, gating = _nearest(lab, known), light == GATED
    pairs = [(k, k + 1) for k in range(0, 2 * PAIRS, 2) if k + 1 < len(qubits)] if gating else []
    others = range(2 * len(pairs), len(qubits))
    # One pair in four is left in 0. So is every second atom where nobody is gated.
    turned = [a for a, _ in pairs if a % 8] + [k for k in others if gating or k % 2]
    left = [a for a, _ in pairs if not a % 8] + [k for k in others if k not in turned]
    rows = [event(Op.R, (qubits[k],), (pi, 0.0)) for k in turned]
    for number, (a, b) in enumerate(pairs):
        rows += [*_barrier(qubits, 3 * number + 1), event(Op.R, (qubits[b],), (pi / 2, 0.0))]
        rows += [*_barrier(qubits, 3 * number + 2), event(Op.CZ, (qubits[a], qubits[b]))]
        rows += [*_barrier(qubits, 3 * number + 3), event(Op.R, (qubits[b],), (pi / 2, pi))]
    rows += _barrier(qubits, 1000) + [event(Op.MEASURE, (q,), (), k) for k, q in enumerate(qubits)]
    program = Program(
        np.array(rows, EVENT), len(lab.qubits), len(qubits), shots=SHOTS, physical=True, as_loaded=True
    )  # fmt: skip
    return Trial(program, tuple(turned), tuple(left), tuple(pairs))


def unpumped(known: Parameters) -> Mapping[str, float]:
    """Return settings with which atoms are hardly pumped: about half of them stay in 1, unless pumping light is on."""
    return {"pumping.duration": BRIEF}


def _plays(sequence: Sequence, line: str) -> bool:
    return line in sequence.tracks and bool(len(sequence.tracks[line].plays))


def _is_turned(lab: Laboratory, known: Parameters) -> bool:
    return all(np.isfinite(known.estimates[f"{name}.x180.amplitude"].error) for name in lab.qubit_names)


def _nearest(lab: Laboratory, known: Parameters) -> list[int]:
    zone = known[f"{array_of(lab)}.zone.row_1"], known[f"{array_of(lab)}.zone.column_1"]

    def way(k: int) -> float:
        name = lab.qubit_names[k]
        return abs(known[f"{name}.site.row"] - zone[0]) + abs(known[f"{name}.site.column"] - zone[1])

    return sorted(range(len(lab.qubit_names)), key=way)[:ATOMS]


def _barrier(qubits: list[int], label: int) -> list[tuple[object, ...]]:
    return [event(Op.BARRIER, (q,), (), label) for q in qubits]
