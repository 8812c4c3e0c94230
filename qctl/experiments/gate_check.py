"""How wrong single-qubit gates work now: rows of them about random axes that should end where they began."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.result import Result

from .rows import Row, flip, half, indices, program
from .signal import between

SEED = 20  # old and new values are compared over the same rows


@dataclass(frozen=True, slots=True)
class GateCheck:
    """Pseudo-identities: random quarter and half turns, then what undoes them, by itself two quarter turns.

    Half of the rows should end in 0 and half in 1; the share of wrong answers grows with every kind of error: of
    angle, frequency, phase and coherence.

    Parameters
    ----------
    length : gates in a row
    rows : of each end
    """

    name: ClassVar[str] = "gate_check"
    laboratory: Laboratory
    targets: tuple[str, ...]
    length: int = 24
    rows: int = 4
    shots: int = 150

    def scan(self, known: Parameters) -> Scan:
        """Return two references and the rows, on all targets at once; each has random axes of its own."""
        rng = np.random.default_rng(SEED)
        qubits = indices(self.laboratory, self.targets)
        circuits: list[list[Row]] = [[], [flip(q) for q in qubits]]
        for k in range(2 * self.rows):
            circuits.append([row for q in qubits for row in _pseudo_identity(q, self.length, bool(k % 2), rng)])
        return Scan(program(self.laboratory, circuits, qubits, self.shots))

    def score(self, result: Result, known: Parameters) -> dict[str, tuple[float, float]]:
        """Return the share of wrong answers of each target and its standard error."""
        ones, sigma = between(result, [0], [1])
        wrong = np.where(np.arange(2 * self.rows)[:, None] % 2 == 1, 1 - ones[2:], ones[2:])
        # A pi pulse that hardly excites makes both references alike: then every answer is wrong.
        share = np.clip(wrong.mean(axis=0), -1.0, 1.0)
        errors = np.sqrt(np.sum(sigma[2:] ** 2, axis=0) + (sigma[:2].max(axis=0) * self.rows) ** 2) / (2 * self.rows)
        return {t: (float(s), float(min(e, 1.0))) for t, s, e in zip(self.targets, share, errors, strict=True)}


def _pseudo_identity(qubit: int, length: int, excited: bool, rng: np.random.Generator) -> list[Row]:
    """Return random turns of one qubit and two quarter turns that bring it to 0 (or to 1)."""
    axes, whole = 2 * pi * rng.random(length), rng.random(length) < 0.4
    state = np.array([1.0, 0.0], complex)
    for axis, full in zip(axes, whole, strict=True):
        state = turn(pi if full else pi / 2, axis) @ state
    rows = [flip(qubit, float(a)) if full else half(qubit, float(a)) for a, full in zip(axes, whole, strict=True)]
    return [*rows, *(half(qubit, axis) for axis in way_home(state, excited))]


def turn(angle: float, axis: float) -> NDArray[np.complex128]:
    """Return the matrix of a turn by ``angle`` about ``cos(axis) X + sin(axis) Y``."""
    c, s = np.cos(angle / 2), np.sin(angle / 2)
    return np.array([[c, -1j * s * np.exp(-1j * axis)], [-1j * s * np.exp(1j * axis), c]])


def way_home(state: NDArray[np.complex128], excited: bool) -> tuple[float, float]:
    """Return the axes of two quarter turns that bring a state to 0, or to 1, up to its phase.

    The first turns about the axis that brings the state to the equator; there the second one is at right angles.
    """
    shadow = state[0].conjugate() * state[1]
    # A quarter turn about axis a brings z to x sin a - y cos a: 0 where a points along the state's own shadow.
    first = float(np.angle(shadow)) if abs(shadow) > 1e-12 else 0.0
    moved = turn(pi / 2, first) @ state
    return first, float(np.angle(moved[1] / moved[0])) + (pi / 2 if excited else -pi / 2)
