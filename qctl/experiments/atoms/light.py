"""What local light does beside what it is for: the shift of its own atom's frequency, and turns of the neighbours."""

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

from ..rows import Row, barrier, flip, half, indices
from .deflectors import numbered
from .seen import asking, bright

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LightShift:
    """Half turns back and forth behind a quarter turn: angles cancel, what light shifts the frequency by adds up.

    A qubit whose frequency lies ``d`` above the light's turns by ``-8 d T`` in each pair of half turns of length T,
    about the axis at right angles (first order of both pulses in ``d``): ``P(1) = 1/2 - sin(8 n d T) / 2``.

    Parameters
    ----------
    pairs : numbers of pairs
    """

    name: ClassVar[str] = "light_shift"
    laboratory: Laboratory
    targets: tuple[str, ...]
    pairs: tuple[int, ...] = (0, 4, 8, 12)
    shots: int = 200

    def scan(self, known: Parameters) -> Scan:
        """Return rows that add up one way, then rows that add up the other way."""
        qubits, circuits = indices(self.laboratory, self.targets), list[list[Row]]()
        for sign in (1, -1):
            for n in self.pairs:
                circuits.append([row for q in qubits for row in (half(q), *(_back_and_forth(q, sign) * n))])
        return Scan(asking(self.laboratory, self.targets, circuits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the shift at the amplitude of the half turn."""
        p, sigma = bright(result, known)
        half_way = len(self.pairs)
        signal = p[:half_way] - p[half_way:]
        errors = np.hypot(sigma[:half_way], sigma[half_way:])
        return tuple(self._outcome(t, signal[:, k], errors[:, k], known) for k, t in enumerate(self.targets))

    def _outcome(self, target: str, signal: Floats, errors: Floats, known: Parameters) -> Outcome:
        n = np.array(self.pairs, float)
        slope, error = through_zero(n, signal, errors)
        figure = Figure(f"half turns back and forth of {target}", n, signal, "pairs", "difference of P(1)", errors)
        if abs(slope) * n.max() > 1.0:
            return Outcome(target, figures=(figure,), reason="the shift is too large for so many pairs")
        seconds = known[f"{target}.x180.duration"]
        name = f"{target}.x180.shift"
        value = known[name] - slope / (8 * seconds)
        return Outcome(target, {name: Estimate(value, error / (8 * seconds), "Hz", run=self.name)}, figures=(figure,))


def _back_and_forth(qubit: int, sign: int) -> list[Row]:
    return [flip(qubit, -sign * pi / 2), flip(qubit, sign * pi / 2)]


def through_zero(x: Floats, y: Floats, errors: Floats) -> tuple[float, float]:
    """Return the slope of a line through 0 and its error, which grows where points scatter more than they should."""
    weight = 1 / errors**2
    norm = float((weight * x**2).sum())
    slope = float((weight * x * y).sum()) / norm
    ratio = float(np.sqrt(np.mean(((y - slope * x) / errors) ** 2)))
    return slope, max(1.0, ratio) / norm**0.5


@dataclass(frozen=True, slots=True)
class Crosstalk:
    """Turn every second atom again and again; see how far the others, at the equator, are turned along.

    Parameters
    ----------
    turns : half turns of each atom, about one axis and about the opposite one
    """

    name: ClassVar[str] = "crosstalk"
    laboratory: Laboratory
    targets: tuple[str, ...]
    turns: int = 10
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return two circuits in which the first half watches, then two in which the other half does."""
        circuits, everybody = list[list[Row]](), indices(self.laboratory, self.laboratory.qubit_names)
        for colour in (0, 1):
            watching = self._coloured(known, colour)
            for phase in (0.0, pi):
                first = [*(half(q) for q in watching), *barrier(everybody, 1)]
                others = [q for q in everybody if q not in watching]
                circuits.append([*first, *(flip(q, phase) for q in others for _ in range(self.turns))])
        return Scan(asking(self.laboratory, self.targets, circuits, self.shots))

    def _coloured(self, known: Parameters, colour: int) -> list[int]:
        """Return half of the qubits, like the fields of one colour of a chessboard."""
        names = self.laboratory.qubit_names
        columns, rows = (numbered([known[f"{q}.site.{axis}"] for q in names]) for axis in ("column", "row"))
        return [k for k, (c, r) in enumerate(zip(columns, rows, strict=True)) if (c + r) % 2 == colour]

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return how far all others together turn an atom, in parts of their own turns."""
        p, sigma = bright(result, known)
        first = self._coloured(known, 0)
        found = []
        for k, target in enumerate(self.targets):
            own = 0 if self.laboratory.qubit_names.index(target) in first else 2
            swing, error = p[own, k] - p[own + 1, k], float(np.hypot(sigma[own, k], sigma[own + 1, k]))
            angle = float(np.arcsin(np.clip(swing, -1, 1)))
            if abs(angle) > 1.2:
                found.append(Outcome(target, reason="its neighbours' light turns it far: the pointer misses its atoms"))
                continue
            total = self.turns * pi
            found.append(
                Outcome(target, {f"{target}.crosstalk": Estimate(angle / total, error / total, run=self.name)})
            )
        return tuple(found)


SHIFT = Node(
    name=LightShift.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="x180.shift", low=-1e5, high=1e5, floor=2e4),),
    make=lambda laboratory, targets, known: LightShift(laboratory, targets),
    needs=("fine_flop",),
    claims=lambda laboratory, known, target: frozenset({target}),
    largest_error=0.05,
)
CROSSTALK = Node(
    name=Crosstalk.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="crosstalk", low=-0.3, high=0.3, floor=0.05),),
    make=lambda laboratory, targets, known: Crosstalk(laboratory, targets),
    needs=("fine_flop",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
