"""The quadrature of gate pulses (DRAG) that leaves no phase behind."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_zero
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from .drawn import drawn
from .drive import drag_curvature, rotation
from .gate_check import GateCheck
from .rows import Row, flip, half, indices, play, program
from .signal import between

Floats = NDArray[np.float64]
KINDS = ("x180", "x90")
TILT = 1.0  # rad; how far pairs may turn at the ends of the scan: the sine is still steep
PAIR = {"x180": 2.0, "x90": 2**0.5}  # turn about y of a pair, in turns that an error of one pulse makes
ENDS = (pi / 2, -pi / 2)
CALIBRATION_ERROR = 0.004  # a detuning of some kHz is as good as so much drag


@dataclass(frozen=True, slots=True)
class Drag:
    """Pairs of pulses there and back cancel errors of amplitude, but turn about y by twice the phase error of each.

    A last quarter turn about +x or -x of that shows its sign; the difference of both has no offset (Motzoi et al.,
    PRL 103, 110501; Lucero et al., PRA 82, 042339). The more is known, the more pairs.

    Parameters
    ----------
    guess : error of a drag that nobody measured
    most : pairs
    """

    name: ClassVar[str] = "drag"
    laboratory: Laboratory
    targets: tuple[str, ...]
    guess: float = 0.25
    most: int = 24
    n_points: int = 9
    shots: int = 150

    def span(self, known: Parameters, target: str, kind: str) -> float:
        """Return how far a drag is scanned to either side: 2.5 errors, at least so that most pairs turn by `TILT`."""
        error = min(known.estimates[f"{target}.{kind}.drag"].error, self.guess)
        return max(2.5 * error, TILT / (self.most * self._pair(known, target, kind)))

    def pairs(self, known: Parameters, target: str, kind: str) -> int:
        """Return how many pairs are played: the ends of the scan turn by about `TILT`."""
        turned = self._pair(known, target, kind) * self.span(known, target, kind)
        return int(np.clip(round(TILT / turned), 1, self.most))

    def _pair(self, known: Parameters, target: str, kind: str) -> float:
        """Return by how much a pair turns per error of a drag, rad."""
        return PAIR[kind] * float(np.sqrt(6 * drag_curvature(kind)(known, target)))

    def drags(self, known: Parameters, target: str, kind: str) -> Floats:
        """Return the drags that are tried."""
        span = self.span(known, target, kind)
        return known[f"{target}.{kind}.drag"] + span * np.linspace(-1, 1, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return two references; then for each kind of pulse and each end the drags, drags fastest."""
        qubits, pulses = indices(self.laboratory, self.targets), list[Pulse]()
        circuits: list[list[Row]] = [[], [flip(q) for q in qubits]]
        for kind in KINDS:
            first = len(pulses)
            for target in self.targets:
                pulses += [
                    rotation(self.laboratory, known, target, kind, drag=float(d))
                    for d in self.drags(known, target, kind)
                ]
            for end in ENDS:
                for k in range(self.n_points):
                    rows: list[Row] = []
                    for place, (qubit, target) in enumerate(zip(qubits, self.targets, strict=True)):
                        number = first + place * self.n_points + k
                        pair = [play([qubit], number), play([qubit], number, pi)]
                        rows += [*pair * self.pairs(known, target, kind), half(qubit, end)]
                    circuits.append(rows)
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return both drags of each target."""
        ones, sigma = between(result, [0], [1])
        shape = (len(KINDS), len(ENDS), self.n_points, len(self.targets))
        p, e = ones[2:].reshape(shape), sigma[2:].reshape(shape)
        tilts, errors = p[:, 0] - p[:, 1], np.hypot(e[:, 0], e[:, 1])
        fits = {}
        for k, kind in enumerate(KINDS):
            x = np.array([self.drags(known, target, kind) for target in self.targets])
            fits[kind] = fit_zero(x, tilts[k].T, errors[k].T)
        return tuple(
            self._outcome(target, {kind: fits[kind][k] for kind in KINDS}, known)
            for k, target in enumerate(self.targets)
        )

    def _outcome(self, target: str, fits: dict[str, Fit], known: Parameters) -> Outcome:
        figures = tuple(
            drawn(f"pairs of {kind} of {target}", fit, "drag", y_label="tilt", marks=(fit.value("zero"),))
            for kind, fit in fits.items()
        )
        every, found = tuple(fits.values()), {}
        for kind, fit in fits.items():
            name, zero = f"{target}.{kind}.drag", fit.value("zero")
            if not fit.ok:
                return Outcome(target, fits=every, figures=figures, reason=f"pairs of {kind}: {fit.reason}")
            if abs(zero - known[name]) > 1.5 * self.span(known, target, kind):
                reason = f"pairs of {kind}: no drag that was tried leaves no phase, {zero:.2f} is too far outside"
                return Outcome(target, fits=every, figures=figures, reason=reason)
            found[name] = Estimate(zero, float(np.hypot(fit.error("zero"), CALIBRATION_ERROR)), run=self.name)
        return Outcome(target, found, every, figures)


NODE = Node(
    name=Drag.name,
    kind=Target.QUBIT,
    finds=tuple(
        Quantity(name=f"{kind}.drag", low=-3.0, high=4.0, floor=0.7, curvature=drag_curvature(kind)) for kind in KINDS
    ),
    make=lambda laboratory, targets, known: Drag(laboratory, targets),
    needs=("anharmonicity", "single_shots"),
    after=("drive_mixer",),
    claims=lambda laboratory, known, target: frozenset({target}),
    check=lambda laboratory, targets, known: GateCheck(laboratory, targets),
)
