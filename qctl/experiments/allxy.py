"""Twenty-one pairs of gates whose pattern tells which error single-qubit gates have (AllXY)."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .rows import Row, flip, half, indices, program
from .signal import between

Floats = NDArray[np.float64]
# Capital letters are half turns, small ones quarter turns, I is no pulse.
WORDS = tuple("II XX YY XY YX xI yI xy yx xY yX Xy Yx xX Xx yY Yy XI YI xx yy".split())  # noqa: SIM905
IDEAL = np.repeat([0.0, 0.5, 1.0], [5, 12, 4])
ERRORS = {"amplitude": "", "frequency": "Hz", "drag": ""}
SEEN = 3.0  # standard deviations from which an error is named


@dataclass(frozen=True, slots=True)
class AllXY:
    """Play all pairs; errors of amplitude, frequency and drag each leave a pattern of their own in the staircase.

    (Reed, PhD thesis, Yale 2013, section 5.2.) The patterns are found by integrating raised cosines with a small error
    of each kind; least squares says how much of each the data hold. No gate is changed by it: it is a check for people,
    whose answers are kept as ``allxy.amplitude`` (relative), ``allxy.frequency`` and ``allxy.drag`` beside the gates.
    """

    name: ClassVar[str] = "allxy"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return two references and the pairs, on all targets at once."""
        qubits = indices(self.laboratory, self.targets)
        circuits: list[list[Row]] = [[], [flip(q) for q in qubits]]
        circuits += [[row for q in qubits for letter in word for row in _gate(q, letter)] for word in WORDS]
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the staircase of each target, and what it shows of each error; those that are clear, as notes too."""
        ones, sigma = between(result, [0], [1])
        return tuple(self._outcome(target, ones[2:, k], sigma[2:, k], known) for k, target in enumerate(self.targets))

    def _outcome(self, target: str, y: Floats, e: Floats, known: Parameters) -> Outcome:
        duration, alpha = known[f"{target}.x180.duration"], known[f"{target}.anharmonicity"]
        # Pulses turn about the mirror image of their phase; a qubit that lies above is one that is believed too low.
        scales = np.array([1.0, -duration, -1 / (2 * pi * alpha * duration)])
        # Readout and decay stretch and lift the stairs; they are fitted too.
        patterns = np.column_stack([syndromes(), np.ones(len(y)), IDEAL])
        weighted = patterns / e[:, None]
        inverse = np.linalg.pinv(weighted.T @ weighted)
        found = inverse @ weighted.T @ ((y - IDEAL) / e)
        errors = np.sqrt(np.diag(inverse))
        off = {
            name: Estimate(value, error, unit, run=self.name)
            for (name, unit), value, error in zip(
                ERRORS.items(), (found[:3] / scales).tolist(), (errors[:3] / np.abs(scales)).tolist(), strict=True
            )
        }
        notes = tuple(
            f"{name} off by {one.value:+.3g} ± {one.error:.2g} {one.unit}".rstrip()
            for name, one in off.items()
            if abs(one.value) > SEEN * one.error
        )
        x = np.arange(float(len(WORDS)))
        figure = Figure(
            f"AllXY of {target}", x, y, "pair: " + " ".join(WORDS), "population", e, x, IDEAL + patterns @ found
        )
        kept = {f"{target}.{self.name}.{name}": one for name, one in off.items()}
        return Outcome(target, kept, figures=(figure,), notes=notes)


def _gate(qubit: int, letter: str) -> list[Row]:
    if letter == "I":
        return []
    axis = 0.0 if letter in "xX" else pi / 2
    return [flip(qubit, axis) if letter.isupper() else half(qubit, axis)]


def syndromes() -> Floats:
    """Return how the population of each pair answers to a small error, shape (21, 3).

    By relative error of the amplitude; detuning times duration (turns); drag over 2 pi anharmonicity times duration.
    """
    step = 1e-4
    columns = []
    for k in range(len(ERRORS)):
        both = []
        for sign in (1, -1):
            wrong = [0.0] * len(ERRORS)
            wrong[k] = sign * step
            both.append(np.array([_population(word, *wrong) for word in WORDS]))
        columns.append((both[0] - both[1]) / (2 * step))
    return np.stack(columns, axis=1)


def _population(word: str, amplitude: float, detuning: float, slope: float) -> float:
    state = np.array([1.0, 0.0], complex)
    for letter in word:
        if letter != "I":
            axis = 0.0 if letter in "xX" else pi / 2
            state = _pulse(pi if letter.isupper() else pi / 2, axis, amplitude, detuning, slope) @ state
    return float(abs(state[1]) ** 2)


def _pulse(angle: float, axis: float, amplitude: float, detuning: float, slope: float) -> NDArray[np.complex128]:
    """Return what a raised cosine of duration 1 does to two levels: ``Q = slope dI/dt``, a detuning in turns."""
    n = 32
    s = (np.arange(n) + 0.5) / n
    in_phase = angle * (1 + amplitude) * (1 - np.cos(2 * pi * s)) / n
    quadrature = angle * slope * 2 * pi * np.sin(2 * pi * s) / n
    z = (in_phase + 1j * quadrature) * np.exp(1j * axis)
    whole = np.eye(2, dtype=np.complex128)
    for turn in z:
        generator = np.array([[-2 * pi * detuning / n, turn.conjugate()], [turn, 2 * pi * detuning / n]]) / 2
        size = np.sqrt(abs(turn) ** 2 + (2 * pi * detuning / n) ** 2) / 2
        sinc = np.sin(size) / size if size else 1.0
        whole = (np.cos(size) * np.eye(2) - 1j * sinc * generator) @ whole
    return whole


NODE = Node(
    name=AllXY.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="allxy.amplitude", low=-0.5, high=0.5, floor=0.1),
        Quantity(name="allxy.frequency", low=-20e6, high=20e6, floor=5e6),
        Quantity(name="allxy.drag", low=-10.0, high=10.0, floor=3.0),
    ),
    make=lambda laboratory, targets, known: AllXY(laboratory, targets),
    needs=("fine_amplitude", "drag"),
    claims=lambda laboratory, known, target: frozenset({target}),
)
