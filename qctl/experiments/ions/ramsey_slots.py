"""The frequency of an ion to a hertz: what shots in parts need, in which ions wait for slots of 20 ms."""

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

from ..drawn import drawn
from ..rows import half, indices, program, wait
from ..signal import excited
from .beams import FIELD, TICK, alone, gate_check

WAIT = round(5e-3 / TICK) * TICK  # s; what cooling and detection leave of a shot of 10 ms
WANDERS = 0.3  # Hz; how much the mean frequency of some hundred shots wanders


@dataclass(frozen=True, slots=True)
class IonRamseySlots:
    """Turn, wait for as long as a shot allows, turn back about axes all round: the fringe's phase is what ran ahead.

    One wait at a few axes costs less memory of the beams' generator than many waits, and tells the same, since the
    frequency is known to far better than a turn within the wait.
    """

    name: ClassVar[str] = "ion_ramsey_slots"
    laboratory: Laboratory
    targets: tuple[str, ...]
    n_axes: int = 12
    shots: int = 250

    @property
    def axes(self) -> NDArray[np.float64]:
        """Return the axes of the second quarter turn, rad."""
        return np.linspace(0, 2 * pi, self.n_axes, endpoint=False)

    def scan(self, known: Parameters) -> Scan:
        """Return both quarter turns of all targets for each axis."""
        qubits = indices(self.laboratory, self.targets)
        circuits = [
            [row for q in qubits for row in (half(q), wait(q, WAIT), half(q, float(axis)))] for axis in self.axes
        ]
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the frequency of each target."""
        p, sigma = excited(result, known)
        turns = self.axes / (2 * pi)
        fits = fit_cosine(np.tile(turns, (len(self.targets), 1)), p.T, sigma.T, frequency=1.0)
        found = []
        for target, fit in zip(self.targets, fits, strict=True):
            figures = (drawn(f"{target} after {WAIT * 1e3:.0f} ms", fit, "axis (turns)", y_label="P(1)"),)
            if not fit.ok:
                found.append(Outcome(target, fits=(fit,), figures=figures, reason=f"no fringe seen: {fit.reason}"))
                continue
            # An ion that runs ahead of its frame by d has turned by 2 pi d WAIT when the second turn comes.
            ahead = -fit.value("phase") / (2 * pi * WAIT)
            error = float(np.hypot(fit.error("phase") / (2 * pi * WAIT), WANDERS))
            value = Estimate(known[f"{target}.frequency"] + ahead, error, "Hz", run=self.name)
            names = {f"{target}.frequency": value, f"{target}.memory": _memory(fit, self.name)}
            found.append(Outcome(target, names, (fit,), figures))
        return tuple(found)


def _memory(fit: Fit, run: str) -> Estimate:
    """Return what the wait leaves of a superposition, preparation and turns included; too rough to tell T2 from it."""
    return Estimate(2 * fit.value("amplitude"), 2 * fit.error("amplitude"), run=run)


def _curvature(known: Parameters, qubit: str) -> float:
    """Return the error of a superposition that waits, per square of a detuning, 1 / Hz^2."""
    return (2 * pi * WAIT) ** 2 / 6


def _ignorance(known: Parameters, qubit: str) -> float:
    """Return hardly anything: no gate errs by it, but until it is known nobody has looked."""
    return 1e-6


NODE = Node(
    name=IonRamseySlots.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="frequency", low=1e6, high=31e6, floor=100.0, curvature=_curvature, walk=FIELD),
        Quantity(name="memory", low=0.0, high=1.2, floor=0.5, curvature=_ignorance),
    ),
    make=lambda laboratory, targets, known: IonRamseySlots(laboratory, targets),
    needs=("ion_ramsey_long",),
    claims=alone,
    check=gate_check,
    largest_error=1.5,
)
