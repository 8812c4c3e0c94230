"""Decision: the line between 0 and 1 for the instrument that tells states while the shot goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import fit_two_states
from qctl.calibrate.node import Node
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Parameters
from qctl.core.result import Result

from .assignment import AssignmentCheck, patterns, prepared
from .rows import indices
from .single_shots import clouds_picture, decided, histogram, told_apart_by


@dataclass(frozen=True)
class Decision:
    """Prepare 0 and 1 in turn and tell the clouds apart, as single_shots does, by the instrument that decides.

    It has inputs, a clock and a way of its own behind the splitter, and weighs all samples of a window alike; so the
    line of the digitizer is not its line.
    """

    name: ClassVar[str] = "decision"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 2000

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each pattern."""
        return Scan(patterns(self.laboratory, self.targets, self.shots), told=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return rotation, threshold and errors of each qubit."""
        return tuple(self._outcome(qubit, *pair) for qubit, pair in zip(self.targets, self._shots(result), strict=True))

    def _shots(self, result: Result) -> list[tuple[NDArray[np.complex128], NDArray[np.complex128]]]:
        """Return by target the shots in which it was prepared in 0, and in 1."""
        column = {qubit: k for k, (qubit, _) in enumerate(result.measured)}
        found = []
        for place, qubit in enumerate(indices(self.laboratory, self.targets)):
            first = 0 if prepared(0, place) == 0 else 1
            found.append((result.iq[first, :, column[qubit]], result.iq[1 - first, :, column[qubit]]))
        return found

    def _outcome(self, qubit: str, zeros: NDArray[np.complex128], ones: NDArray[np.complex128]) -> Outcome:
        fit = fit_two_states(zeros, ones)
        figures = (clouds_picture(zeros, ones, fit), histogram(fit))
        if not fit.ok:
            return Outcome(qubit, fits=(fit,), figures=figures, reason=fit.reason)
        found = {f"{qubit}.decision.{name}": one for name, one in decided(fit, self.name).items()}
        return Outcome(qubit, found, (fit,), figures)


class DecisionCheck(AssignmentCheck):
    """Count wrong answers of the instrument itself: its own thresholds, told within the shot."""

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each pattern."""
        return replace(super().scan(known), told=True)


def _decided(laboratory: Laboratory, qubit: str) -> bool:
    return laboratory.lines[laboratory.qubits[qubit].readout].decided_by is not None


NODE = Node(
    name=Decision.name,
    kind=Target.QUBIT,
    finds=told_apart_by("decision"),
    make=lambda laboratory, targets, known: Decision(laboratory, targets),
    needs=("single_shots",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
    check=lambda laboratory, targets, known: DecisionCheck(laboratory, targets),
    applies=_decided,
)
