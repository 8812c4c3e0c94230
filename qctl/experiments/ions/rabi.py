"""How hard to drive a carrier for a pi pulse: the oscillation with the amplitude of one pulse."""

from __future__ import annotations

from dataclasses import dataclass
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
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from ..drawn import drawn
from ..rabi import turning_point
from ..rows import Row, indices, play, program
from ..signal import projected
from .beams import alone, rotation

STRONG = 0.01  # relative; modulators and hot modes bend the oscillation so much


@dataclass(frozen=True, slots=True)
class IonRabi:
    """Sweep the amplitude of one pulse; photons tell where it turns."""

    name: ClassVar[str] = "ion_rabi"
    laboratory: Laboratory
    targets: tuple[str, ...]
    n_points: int = 21
    shots: int = 100

    def amplitudes(self, known: Parameters) -> NDArray[np.float64]:
        """Return the amplitudes of each target, shape (n_targets, n_points)."""
        tops = [min(0.98, 2.4 * known[f"{target}.x180.amplitude"]) for target in self.targets]
        return np.array(tops)[:, None] * np.linspace(0, 1, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return one pulse on every target at once, for each amplitude."""
        qubits, pulses, circuits = indices(self.laboratory, self.targets), list[Pulse](), list[list[Row]]()
        for column in self.amplitudes(known).T:
            circuits.append([play([qubit], len(pulses) + k) for k, qubit in enumerate(qubits)])
            pulses += [
                rotation(self.laboratory, known, target, "x180", float(a))
                for target, a in zip(self.targets, column, strict=True)
            ]
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitudes of pi and pi/2 of each target."""
        signal, sigma = projected(result)
        fits = fit_cosine(self.amplitudes(known), signal.T, np.maximum(sigma.T, 0.15))
        return tuple(self._outcome(*both) for both in zip(self.targets, fits, strict=True))

    def _outcome(self, target: str, fit: Fit) -> Outcome:
        value, error = turning_point(fit) if fit.ok else (np.nan, np.nan)
        figures = (drawn(f"Rabi oscillation of {target}", fit, "amplitude", y_label="photons", marks=(value,)),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no oscillation seen: {fit.reason}")
        error = float(np.hypot(error, STRONG * value))
        found = {f"{target}.x180.amplitude": (value, error), f"{target}.x90.amplitude": (value / 2, error / 2)}
        estimates = {name: Estimate(*both, run=self.name) for name, both in found.items()}
        return Outcome(target, estimates, (fit,), figures)


@dataclass(frozen=True, slots=True)
class IonRabiCold(IonRabi):
    """The same, once all modes are cold: motion takes strength from the light."""

    name: ClassVar[str] = "ion_rabi_cold"


def _node(kind: type[IonRabi], needs: tuple[str, ...]) -> Node:
    return Node(
        name=kind.name,
        kind=Target.QUBIT,
        finds=tuple(
            Quantity(name=f"{gate}.amplitude", low=0.01, high=1.0, floor=0.1)  # what it costs is for `ion_fine` to mend
            for gate in ("x180", "x90")
        ),
        make=lambda laboratory, targets, known: kind(laboratory, targets),
        needs=needs,
        claims=alone,
    )


NODE = _node(IonRabi, ())
COLD = _node(IonRabiCold, ("ion_modes",))
