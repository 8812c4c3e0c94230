"""The shape of the Rydberg gate: depth and slope of its phase and its duration, by what they leave undone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..rows import Row, barrier, cz, flip, half
from .rydberg import pairs, together
from .seen import asking, left, ones

Floats = NDArray[np.float64]

KNOBS = ("gate.depth", "gate.slope", "gate.duration")
REACH = (0.14, 0.12, 0.1)  # of each knob to either side: rad, share of the Rabi frequency, share of the duration
CURVATURE = 2.4, 1.3, 4.0
"""Infidelity of a gate by the square of what each knob is off by (rad, share of the Rabi frequency, share of the
duration): second differences in the levels of two blockaded atoms, much the same for all Rabi frequencies."""
ROUND = 0.1  # share by which a bowl's form is not that of `bowl` where everything ends wrongly


def echoed(a: int, b: int, repeats: int) -> list[Row]:
    """Return quarter turns, and between them pairs of gates, each followed by a half turn of both atoms.

    The half turns take phases of single atoms away, so that only what a pair does is left: two perfect gates then do
    nothing, and both quarter turns make a half turn.
    """
    both, rows = [a, b], [half(a), half(b)]
    for number in range(2 * repeats):
        rows += [*barrier(both, 10 + number % 2), cz(a, b), *barrier(both, 20 + number % 2), flip(a), flip(b)]
    return [*rows, half(a), half(b)]


@dataclass(frozen=True, slots=True)
class GateShape:
    """Move three knobs of the gate at once; the share of wrong endings is a bowl around the best values.

    Points are a central composite design (Box and Wilson, J. R. Stat. Soc. B 13, 1): the middle, corners and stars.

    Parameters
    ----------
    scale : of the reach of all knobs; what is already known is looked at more closely
    repeats : pairs of gates in a row, an even number: two pairs undo the flips of one another
    """

    name: ClassVar[str] = "gate_shape"
    laboratory: Laboratory
    targets: tuple[str, ...]
    scale: float = 1.0
    repeats: int = 2
    shots: int = 260

    def design(self) -> Floats:
        """Return the points, shape (n_points, 3), in units of each knob's reach."""
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * 0.7
        stars = np.concatenate([s * np.eye(3) for s in (-1.2, -0.7, 0.7, 1.2)])
        return np.concatenate([np.zeros((3, 3)), corners, stars])

    def steps(self, known: Parameters) -> Floats:
        """Return the reach of each knob in its own unit."""
        (array,) = self.targets
        return self.scale * np.array([REACH[0], REACH[1], REACH[2] * known[f"{array}.gate.duration"]])

    def scan(self, known: Parameters) -> Scan:
        """Return one setting for each point of the design."""
        (array,) = self.targets
        qubits = [self.laboratory.qubit_names.index(q) for q in pairs(self.laboratory)]
        circuit = [row for a, b in zip(qubits[::2], qubits[1::2], strict=True) for row in echoed(a, b, self.repeats)]
        middle = np.array([known[f"{array}.{knob}"] for knob in KNOBS])
        settings = tuple(
            {f"{array}.{knob}": float(v) for knob, v in zip(KNOBS, middle + point * self.steps(known), strict=True)}
            for point in self.design()
        )
        return Scan(asking(self.laboratory, pairs(self.laboratory), [circuit], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the middle of the bowl."""
        (array,) = self.targets
        p, sigma = wrong(result, known)
        fit = bowl(self.design(), p, sigma)
        figure = Figure("wrong endings", np.arange(float(len(p))), p, "point of the design", "share", sigma)
        if not fit.ok:
            return (Outcome(array, fits=(fit,), figures=(figure,), reason=f"no best shape: {fit.reason}"),)
        steps, found = self.steps(known), {}
        for k, knob in enumerate(KNOBS):
            value = known[f"{array}.{knob}"] + steps[k] * fit.value(f"x{k}")
            found[f"{array}.{knob}"] = Estimate(value, float(steps[k] * fit.error(f"x{k}")), UNITS[k], run=self.name)
        note = f"at best {100 * fit.value('floor'):.1f} % of {2 * self.repeats} gates in a row end wrongly"
        return (Outcome(array, found, (fit,), (figure,), notes=(note,)),)


UNITS = ("rad", "", "s")


class GateShapeFine(GateShape):
    """The same with smaller steps and more shots, once the bowl's middle is roughly known."""

    name: ClassVar[str] = "gate_shape_fine"


def wrong(result: Result, known: Parameters) -> tuple[Floats, Floats]:
    """Return the share of pairs that do not end in 1 and 1, lost ones included, and its error, shape (n_points,)."""
    both = together(result)[..., ::2]
    good = (ones(result, known) & left(result, known)).reshape(*both.shape, 2).all(axis=-1)
    n, k = np.maximum(both.sum(axis=(1, 2)), 1), (both & ~good).sum(axis=(1, 2))
    smooth = (k + 1) / (n + 2)
    return k / n, np.sqrt(smooth * (1 - smooth) / n)


def bowl(points: Floats, p: Floats, sigma: Floats) -> Fit:
    """Fit ``floor + (1 - floor) (1 - exp(-q))``, q a quadratic form around the middle: a bowl that levels off.

    It is a bowl near its middle alone: points count less the higher they lie.
    """
    names = ("x0", "x1", "x2", "floor", "a0", "a1", "a2", "b01", "b02", "b12")

    def curve(v: Floats) -> Floats:
        off = points - v[:3]
        q = (v[4:7] ** 2 * off**2).sum(axis=1)
        q = q + v[7] * off[:, 0] * off[:, 1] + v[8] * off[:, 0] * off[:, 2] + v[9] * off[:, 1] * off[:, 2]
        return np.asarray(v[3] + (1 - v[3]) * (1 - np.exp(-np.clip(q, -1, 50))))

    low = (-2.5, -2.5, -2.5, -0.1, 0.02, 0.02, 0.02, -3, -3, -3)
    high = (2.5, 2.5, 2.5, 0.6, 3, 3, 3, 3, 3, 3)
    starts = [(0.0, y, 0.0, 0.1, 0.4, 0.8, 0.4, 0, 0, 0) for y in (-0.6, 0.0, 0.6)]
    starts.append((*points[int(np.argmin(p))], 0.1, 0.4, 0.8, 0.4, 0, 0, 0))
    error = np.hypot(sigma, ROUND * p**2)
    return fit_any_curve("bowl", names, curve, starts, (low, high), np.arange(float(len(p))), p, error)


_BOUNDS = {"gate.depth": (0.1, 1.5, 0.5), "gate.slope": (-0.5, 0.5, 0.3), "gate.duration": (50e-9, 5e-6, 1e-6)}


def _finds(*, fine: bool) -> tuple[Quantity, ...]:
    """Return what is found; the wide search is not worth its time again once the close one has succeeded."""

    def cost(k: int, known: Parameters, target: str) -> float:
        unit = known[f"{target}.gate.duration"] if KNOBS[k] == "gate.duration" else 1.0
        return CURVATURE[k] / unit**2 if fine else 0.0

    return tuple(
        Quantity(name=name, low=low, high=high, floor=floor, curvature=partial(cost, k))
        for k, (name, (low, high, floor)) in enumerate(_BOUNDS.items())
    )


NODE = Node(
    name=GateShape.name,
    kind=Target.LINE,
    finds=_finds(fine=False),
    make=lambda laboratory, targets, known: GateShape(laboratory, targets),
    needs=("rydberg_rabi",),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
FINE = Node(
    name=GateShapeFine.name,
    kind=Target.LINE,
    finds=_finds(fine=True),
    make=lambda laboratory, targets, known: GateShapeFine(laboratory, targets, scale=0.6, repeats=2, shots=700),
    needs=("gate_shape",),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
