"""Conditional oscillation: a CZ at its set-point, seen all round the axis of the last quarter turn.

Two fringes of the low qubit, the high one in 0 and in 1: what lies between them is the conditional phase; what the
second one misses of the high qubit's population is lost (Rol et al., PRL 123, 120502, fig. 1). No parameter follows:
it shows a person what a CZ does, and where it is off.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_cosine
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .drawn import drawn
from .pairs import Pair, claims, each_pair, guarded, pairs_of, qubits_of, tunable
from .rows import cz, flip, half, program
from .signal import excited

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ConditionalOscillation:
    """Fringes of the low qubit around one CZ, with the high qubit in 0 and in 1."""

    name: ClassVar[str] = "conditional_oscillation"
    laboratory: Laboratory
    targets: tuple[str, ...]
    angles: int = 8
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return axes of the last quarter turn, all with the high qubit in 0, then all with it in 1."""
        pairs = pairs_of(self.laboratory, known, self.targets)
        gates, circuits = guarded(qubits_of(pairs), [cz(p.low, p.high) for p in pairs]), []
        for others in ([], [flip(p.high) for p in pairs]):
            start = [*(half(p.low) for p in pairs), *others]
            circuits += [[*start, *gates, *(half(p.low, float(a)) for p in pairs)] for a in self._axes()]
        return Scan(program(self.laboratory, circuits, qubits_of(pairs), self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the conditional phase of each coupling, at its set-point."""
        ones, sigma = (part.reshape(2, self.angles, -1) for part in excited(result, known))

        def read(k: int, pair: Pair) -> Outcome:
            low, high = ones[:, :, 2 * k], ones[:, :, 2 * k + 1]
            fits = fit_cosine(np.tile(self._axes(), (2, 1)), low, sigma[:, :, 2 * k], frequency=1 / (2 * pi))
            return self._outcome(pair.name, tuple(fits), high.mean(axis=1))

        return each_pair(self.laboratory, known, self.targets, read)

    def _outcome(self, name: str, fits: tuple[Fit, ...], high: Floats) -> Outcome:
        figures = tuple(
            drawn(f"low qubit of {name}, the high one in {k}", fit, "axis (rad)", y_label="population")
            for k, fit in enumerate(fits)
        )
        if bad := next((fit for fit in fits if not fit.ok), None):
            return Outcome(name, fits=fits, figures=figures, reason=f"no fringe seen: {bad.reason}")
        phase = (fits[0].value("phase") - fits[1].value("phase")) % (2 * pi)
        error = float(np.hypot(fits[0].error("phase"), fits[1].error("phase")))
        found = {f"{name}.cz.conditional_phase": Estimate(phase, error, "rad", run=self.name)}
        notes = (f"high qubit seen in 1: {high[1]:.3f} after starting there, {high[0]:.3f} otherwise",)
        return Outcome(name, found, fits, figures, notes=notes)

    def _axes(self) -> Floats:
        return np.asarray(2 * pi / self.angles * np.arange(self.angles))


NODE = Node(
    name=ConditionalOscillation.name,
    kind=Target.COUPLING,
    finds=(Quantity(name="cz.conditional_phase", low=-0.1, high=6.4, floor=6.3),),
    make=lambda laboratory, targets, known: ConditionalOscillation(laboratory, targets),
    needs=("cz",),
    claims=claims,
    applies=tunable,
)
