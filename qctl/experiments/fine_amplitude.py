"""The amplitudes of pi and pi/2 to a fraction of a per mille: many pulses in a row add up their errors."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_line
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .drawn import drawn
from .drive import amplitude_curvature
from .gate_check import GateCheck
from .rows import Row, flip, half, indices, program
from .signal import between

Floats = NDArray[np.float64]
ANGLES = {"x90": pi / 2, "x180": pi}
PERIOD = {"x90": 4, "x180": 2}  # pulses that make a whole turn
TILT = 0.7  # rad; how far three errors of what is known may turn at most: beyond a right angle nothing is told
SHRUNK = 0.05  # of a tilt
LENGTHS = 9


@dataclass(frozen=True, slots=True)
class FineAmplitude:
    """A quarter turn and whole turns behind it end on the equator, where the population is steepest.

    Whole turns of n pulses tilt by n times the error of each. How many are played follows from the known error, up to
    ``most``.
    """

    name: ClassVar[str] = "fine_amplitude"
    laboratory: Laboratory
    targets: tuple[str, ...]
    most: int = 40
    guess: float = 0.03  # relative error of an amplitude that nobody measured
    shots: int = 200

    def numbers(self, known: Parameters, kind: str) -> list[int]:
        """Return how many pulses are played in a row; the same for all targets."""
        estimates = [known.estimates[f"{target}.{kind}.amplitude"] for target in self.targets]
        worst = max(min(e.error / e.value, self.guess) for e in estimates)
        turns = int(np.clip(TILT / (3 * max(worst, 1e-4) * ANGLES[kind]), 8, self.most)) // PERIOD[kind]
        return [int(n) * PERIOD[kind] for n in np.round(np.linspace(0, max(turns, 2), LENGTHS))]

    def scan(self, known: Parameters) -> Scan:
        """Return two references, then ever longer rows of pi pulses, then of pi/2 pulses."""
        qubits = indices(self.laboratory, self.targets)
        circuits: list[list[Row]] = [[], [flip(q) for q in qubits]]
        for kind, pulse in (("x180", flip), ("x90", half)):
            circuits += [[r for q in qubits for r in (half(q), *[pulse(q)] * n)] for n in self.numbers(known, kind)]
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return both amplitudes of each target."""
        ones, sigma = between(result, [0], [1])
        tilts = np.arcsin(np.clip(2 * ones - 1, -1, 1))
        errors = 2 * sigma / np.maximum(np.cos(tilts), 0.3)
        fits = {}
        for kind, first in (("x180", 2), ("x90", 2 + LENGTHS)):
            n = np.array(self.numbers(known, kind), float)
            angles = ANGLES[kind] * n[:, None] + tilts[first : first + LENGTHS]
            fits[kind] = fit_line(n, angles.T, errors[first : first + LENGTHS].T)
        return tuple(
            self._outcome(target, {kind: fits[kind][k] for kind in fits}, known)
            for k, target in enumerate(self.targets)
        )

    def _outcome(self, target: str, fits: dict[str, Fit], known: Parameters) -> Outcome:
        figures = tuple(
            drawn(f"{kind} of {target} in a row", fit, "pulses", y_label="angle (rad)") for kind, fit in fits.items()
        )
        every, found = tuple(fits.values()), {}
        for kind, fit in fits.items():
            if not fit.ok:
                return Outcome(target, fits=every, figures=figures, reason=f"rows of {kind}: {fit.reason}")
            old, angle = known[f"{target}.{kind}.amplitude"], ANGLES[kind]
            tilt = fit.value("slope") - angle
            if abs(tilt) * float(fit.x[-1]) > 1.2:
                reason = f"rows of {kind} tilt by about a right angle: the amplitude is far off, Rabi first"
                return Outcome(target, fits=every, figures=figures, reason=reason)
            # The tilt itself is known to a few per cent only: decoherence and readout shrink it.
            error = float(np.hypot(fit.error("slope"), SHRUNK * tilt))
            found[f"{target}.{kind}.amplitude"] = Estimate(
                old * angle / (angle + tilt), old * error / angle, run=self.name
            )
        return Outcome(target, found, every, figures)


NODE = Node(
    name=FineAmplitude.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="x180.amplitude", low=0.01, high=1.0, floor=0.02, curvature=amplitude_curvature("x180")),
        Quantity(name="x90.amplitude", low=0.005, high=1.0, floor=0.01, curvature=amplitude_curvature("x90")),
    ),
    make=lambda laboratory, targets, known: FineAmplitude(laboratory, targets),
    needs=("drag", "single_shots"),
    claims=lambda laboratory, known, target: frozenset({target}),
    check=lambda laboratory, targets, known: GateCheck(laboratory, targets),
)
