"""Assignment: how often a prepared 0 or 1 is read as something else, with parameters as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Program
from qctl.core.result import Result

from .rows import flip, indices, program

PATTERNS = 2  # every other target in 1, then the others: each one in 0 and in 1, its neighbours in the other state


@dataclass(frozen=True)
class AssignmentCheck:
    """Prepare every target in 0 and in 1 in turn, and count wrong answers."""

    name: ClassVar[str] = "assignment"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 500

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each pattern."""
        return Scan(patterns(self.laboratory, self.targets, self.shots))

    def score(self, result: Result, known: Parameters) -> dict[str, tuple[float, float]]:
        """Return by qubit the share of wrong answers, (p01 + p10) / 2, and its standard error."""
        scores = {}
        for place, qubit in enumerate(self.targets):
            wrong = np.array([np.mean(result.bits[p, :, place] != prepared(p, place)) for p in range(PATTERNS)])
            smooth = (wrong * result.shots + 0.5) / (result.shots + 1)
            error = np.sqrt(np.sum(smooth * (1 - smooth) / result.shots)) / PATTERNS
            scores[qubit] = (float(wrong.mean()), float(error))
        return scores


def patterns(laboratory: Laboratory, targets: tuple[str, ...], shots: int) -> Program:
    """Return a program that prepares every target in 0 and in 1 in turn, and its neighbours the other way round.

    Each shot follows one in the other state: what the passive reset leaves of it is among the errors.
    """
    qubits = indices(laboratory, targets)
    circuits = [[flip(q) for place, q in enumerate(qubits) if prepared(point, place)] for point in range(PATTERNS)]
    return program(laboratory, circuits, qubits, shots)


def prepared(point: int, place: int) -> int:
    """Return in which state the target at ``place`` is prepared at sweep point ``point`` of `patterns`."""
    return (point + place) % PATTERNS


def shots_by_state(result: Result) -> list[tuple[NDArray[np.complex128], NDArray[np.complex128]]]:
    """Return by target the shots of `patterns` in which it was prepared in 0, and in 1; shape (shots,) each."""
    found = []
    for place, column in enumerate(np.argsort([bit for _, bit in result.measured])):
        first = 0 if prepared(0, place) == 0 else 1
        found.append((result.iq[first, :, column], result.iq[1 - first, :, column]))
    return found
