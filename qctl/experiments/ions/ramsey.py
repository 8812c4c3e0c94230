"""The frequency of an ion's carrier, from the beat between two quarter turns that wait for each other."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.node import Curvature, Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from ..ramsey import beats_in
from ..rows import half, indices, late, program, wait
from ..signal import projected
from .beams import FIELD, TICK, alone, gate_check

COARSE = 6e3  # Hz; what is taken for the error of a guess
SLOW = 5.0  # Hz; how much a frequency wanders while it is measured
LONGEST = 1.5e-3  # s; longer waits cost memory of the beams' generator


@dataclass(frozen=True, slots=True)
class IonRamsey:
    """Turn, wait, turn back about an axis that runs ahead; the less is known, the closer the waits."""

    name: ClassVar[str] = "ion_ramsey"
    laboratory: Laboratory
    targets: tuple[str, ...]
    n_points: int = 21
    shots: int = 100

    def beat(self, known: Parameters, target: str) -> tuple[NDArray[np.float64], float]:
        """Return waits, s, and the artificial detuning of one target, Hz."""
        reach = 4 * min(known.estimates[f"{target}.frequency"].error, COARSE) + 3 * SLOW
        length = min((self.n_points / 2.4 - 1.5) / (2 * reach), LONGEST)
        waits = round(length / (self.n_points - 1) / TICK) * TICK * np.arange(float(self.n_points))
        return waits, reach + 1.5 / float(waits[-1])

    def scan(self, known: Parameters) -> Scan:
        """Return both quarter turns of all targets for each wait."""
        beats, qubits, circuits = (
            [self.beat(known, t) for t in self.targets],
            indices(self.laboratory, self.targets),
            [],
        )
        for k in range(self.n_points):
            own = [float(waits[k]) for waits, _ in beats]
            turns = [2 * pi * ahead * t for (_, ahead), t in zip(beats, own, strict=True)]
            every = zip(qubits, own, turns, strict=True)
            circuits.append(late(qubits, [[half(q), wait(q, t), half(q, turn)] for q, t, turn in every], own))
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the frequency of each target."""
        signal, sigma = projected(result)
        beats = [self.beat(known, target) for target in self.targets]
        fits = beats_in(np.array([waits for waits, _ in beats]), signal.T, np.maximum(sigma.T, 0.15))
        return tuple(
            self._outcome(target, fit, ahead, known)
            for target, fit, (_, ahead) in zip(self.targets, fits, beats, strict=True)
        )

    def _outcome(self, target: str, fit: Fit, ahead: float, known: Parameters) -> Outcome:
        figures = (drawn(f"Ramsey fringes of {target}, {ahead:.0f} Hz ahead", fit, "wait (s)", y_label="photons"),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no beat seen: {fit.reason}")
        # The ion runs ahead of its frame by (true - known), the second pulse ahead of the frame by `ahead`.
        value = known[f"{target}.frequency"] + ahead - fit.value("frequency")
        error = float(np.hypot(fit.error("frequency"), SLOW))
        found = {f"{target}.frequency": Estimate(value, error, "Hz", run=self.name)}
        return Outcome(target, found, (fit,), figures)


def frequency_curvature(known: Parameters, qubit: str) -> float:
    """Return the gate error per square of a detuning, 1 / Hz^2: a pi pulse turns away by half of d times its length."""
    return float((pi * known[f"{qubit}.x180.duration"]) ** 2 / 6)


@dataclass(frozen=True, slots=True)
class IonRamseyLong(IonRamsey):
    """The same with the longest waits: gates of two last ten times longer than those of one."""

    name: ClassVar[str] = "ion_ramsey_long"
    shots: int = 150


def _node(kind: type[IonRamsey], needs: tuple[str, ...], curvature: Curvature) -> Node:
    return Node(
        name=kind.name,
        kind=Target.QUBIT,
        finds=(Quantity(name="frequency", low=1e6, high=31e6, floor=10e3, curvature=curvature, walk=FIELD),),
        make=lambda laboratory, targets, known: kind(laboratory, targets),
        needs=needs,
        claims=alone,
        check=gate_check if kind is IonRamseyLong else None,
    )


NODE = _node(IonRamsey, ("ion_rabi",), lambda known, qubit: 0.0)  # what is left is for the longer waits
LONG = _node(IonRamseyLong, ("ion_rabi_cold",), frequency_curvature)
