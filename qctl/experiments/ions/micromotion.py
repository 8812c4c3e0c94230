"""Where the ions sit on the trap's axis: micromotion takes least light from the carrier there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import fit_parabola
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import half, indices, program

ELECTRODE = "ex"


@dataclass(frozen=True, slots=True)
class IonMicromotion:
    """Quarter turns of all ions at each voltage of an electrode; the carrier is ``J_0`` of the index of micromotion.

    Berkeland et al., J. Appl. Phys. 83, 5025 (1998), eq. 29.

    Parameters
    ----------
    reach : V, to either side of what is believed
    turns : quarter turns in a row, one more than whole turns: what each lacks adds up
    """

    name: ClassVar[str] = "ion_micromotion"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 0.9
    turns: int = 5
    n_points: int = 9
    shots: int = 120

    def voltages(self, known: Parameters) -> NDArray[np.float64]:
        """Return the voltages that are tried, V."""
        return known[f"{ELECTRODE}.voltage"] + np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a row of quarter turns under each voltage."""
        qubits = indices(self.laboratory, self.laboratory.qubit_names)
        settings = tuple({f"{ELECTRODE}.voltage": float(v)} for v in self.voltages(known))
        return Scan(
            program(self.laboratory, [[half(q) for q in qubits for _ in range(self.turns)]], qubits, self.shots),
            settings,
        )

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the voltage at which the turn is largest."""
        (target,) = self.targets
        share = np.array([result.kept_bits(point).mean() for point in range(self.n_points)])
        shots = np.array([result.kept_bits(point).size for point in range(self.n_points)])
        sigma = np.sqrt(share * (1 - share) / shots + 1e-6)
        (fit,) = fit_parabola(self.voltages(known)[None], share[None], np.maximum(sigma, 0.006)[None])
        figures = (drawn(f"quarter turn against {target}", fit, "voltage (V)", y_label="bright"),)
        if not fit.ok or fit.value("curvature") > 0:
            reason = fit.reason or "the turn has no largest value within reach"
            return (Outcome(target, fits=(fit,), figures=figures, reason=reason),)
        found = Estimate(fit.value("centre"), fit.error("centre"), "V", run=self.name)
        return (Outcome(target, {f"{target}.voltage": found}, (fit,), figures),)


NODE = Node(
    name=IonMicromotion.name,
    kind=Target.LINE,
    finds=(Quantity(name="voltage", low=-5.0, high=5.0, floor=1.0),),
    make=lambda laboratory, targets, known: IonMicromotion(laboratory, targets),
    needs=("ion_readout",),
    claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
    applies=lambda laboratory, target: target == ELECTRODE,
    largest_error=1.0,
)
