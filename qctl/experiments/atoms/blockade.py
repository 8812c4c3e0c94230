"""How Rydberg atoms see each other over distance."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..rows import flip
from .rydberg import gated, on_grid, pairs, plain, pooled, together
from .seen import asking, left

Floats = NDArray[np.float64]


def places(known: Parameters, array: str) -> dict[int, float]:
    """Return the distance of each further place of the zone from the first, pixels."""

    def place(number: int) -> Floats:
        return np.array([known[f"{array}.zone.{axis}_{number}"] for axis in ("row", "column")])

    numbers = [k for k in range(2, 10) if f"{array}.zone.row_{k}" in known]
    return {k: float(np.linalg.norm(place(k) - place(1))) for k in numbers}


def both_excited(times: Floats, rabi: float, interaction: float, detuning: float) -> Floats:
    """Return how likely two atoms that were in 1 are both in r: the exact levels 11, W and rr.

    Parameters
    ----------
    times : s
    rabi, interaction, detuning : Hz; ``H = Omega/sqrt(2) (|11><W| + |W><rr| + h.c.) - D |W><W| + (V - 2 D) |rr><rr|``
    """
    link = rabi / np.sqrt(2)
    h = 2 * pi * np.array([[0, link, 0], [link, -detuning, link], [0, link, interaction - 2 * detuning]])
    values, vectors = np.linalg.eigh(h)
    amplitude = (vectors[2] * vectors[0] * np.exp(-1j * values * times[:, None])).sum(axis=1)
    return np.asarray(np.abs(amplitude) ** 2)


@dataclass(frozen=True, slots=True)
class Interaction:
    """Bring pairs to places of the zone that lie further and further apart; see how often both are lost to r.

    ``V = Omega (R / d)^6``: near pairs are blockaded, far ones are two atoms on their own. R is the blockade radius.
    """

    name: ClassVar[str] = "interaction"
    laboratory: Laboratory
    targets: tuple[str, ...]
    n_points: int = 12
    longest: float = 0.6e-6
    shots: int = 100

    def times(self) -> Floats:
        """Return the durations of the light."""
        return np.array([on_grid(t) for t in np.linspace(60e-9, self.longest, self.n_points)])

    def scan(self, known: Parameters) -> Scan:
        """Return one setting for each place and duration."""
        (array,) = self.targets
        qubits = [self.laboratory.qubit_names.index(q) for q in pairs(self.laboratory)]
        settings = tuple(
            plain(array, known, float(t))
            | {f"{array}.zone.{axis}_2": known[f"{array}.zone.{axis}_{k}"] for axis in ("row", "column")}
            for k in places(known, array)
            for t in self.times()
        )
        circuit = gated(qubits, [flip(q) for q in qubits])
        return Scan(asking(self.laboratory, pairs(self.laboratory), [circuit], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the blockade radius."""
        (array,) = self.targets
        distances, times = np.array(list(places(known, array).values())), self.times()
        if len(distances) < 3:
            return (Outcome(array, reason=f"a zone of {len(distances) + 1} places, of which at least four are needed"),)
        pair = together(result)[..., ::2]
        gone = ~left(result, known)
        both, sigma = pooled(gone[..., ::2] & gone[..., 1::2], pair)
        rabi = known[f"{array}.rydberg.rabi"]

        def curve(v: Floats) -> Floats:
            rows = [both_excited(times, rabi, rabi * (v[0] / d) ** 6, 1e6 * v[1]) for d in distances]
            return np.asarray(v[3] + v[2] * np.concatenate(rows))

        bounds = (0.3 * distances.min(), -2.0, 0.3, -0.05), (2 * distances.max(), 2.0, 1.2, 0.2)
        starts = [(r, d, 0.9, 0.02) for r in np.linspace(distances.min(), distances.max(), 6) for d in (-0.4, 0.4)]
        axis = np.arange(float(len(both)))
        fit = fit_any_curve(
            "pairs", ("radius", "detuning", "height", "floor"), curve, starts, bounds, axis, both, sigma
        )
        image = both.reshape(len(distances), -1)
        figure = Figure("both lost to r", times, distances, "light (s)", "distance (pixels)", image=image)
        if not fit.ok:
            return (Outcome(array, fits=(fit,), figures=(figure,), reason=f"no blockade seen: {fit.reason}"),)
        radius = fit.value("radius")
        seen = ", ".join(f"{rabi * (radius / d) ** 6 / 1e6:.3g} MHz at {d:.1f}" for d in distances)
        found = {f"{array}.rydberg.radius": Estimate(radius, fit.error("radius"), run=self.name)}
        return (Outcome(array, found, (fit,), (figure,), notes=(f"V is {seen} pixels",)),)


INTERACTION = Node(
    name=Interaction.name,
    kind=Target.LINE,
    finds=(Quantity(name="rydberg.radius", low=0.5, high=100.0, floor=10.0),),
    make=lambda laboratory, targets, known: Interaction(laboratory, targets),
    needs=("rydberg_rabi",),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
