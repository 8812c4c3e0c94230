"""Telling states in the zone: how bright its places are with atoms in 0 and in 1, how often that is told wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
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
from qctl.platforms.parts import measuring_of
from qctl.platforms.tweezers.known import READING

from ..rows import flip, indices
from .presence import LEAST_APART, TwoPeaks, two_peaks
from .seen import asking, left, share, there

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST = 30  # atoms in each place that came and went, from which a threshold is told


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """Atoms in 0, then in 1, are carried into the zone, seen by its light, and carried back.

    Those of three sites near the zone stand in its three places; what they are told by is the same for all others.
    """

    name: ClassVar[str] = "zone_reading"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return shots with nobody turned, then with all three."""
        (array,) = self.targets
        names = self._near(known)
        turned = [flip(qubit) for qubit in indices(self.laboratory, names)]
        return Scan(asking(self.laboratory, names, [[], turned], self.shots), ({f"{array}.zone.reading": 1.0},))

    def _near(self, known: Parameters) -> tuple[str, ...]:
        """Return the qubits next to the zone, one for each place."""
        (array,) = self.targets
        row, column = known[f"{array}.zone.row_1"], known[f"{array}.zone.column_1"]

        def distance(name: str) -> float:
            return hypot(known[f"{name}.site.row"] - row, known[f"{name}.site.column"] - column)

        return tuple(sorted(self.laboratory.qubits, key=distance)[: len(READING)])

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the threshold of each place, and both errors of all of them together."""
        (array,) = self.targets
        came, stayed = there(result), there(result) & left(result, known)
        values = result.iq.real[:, :, np.argsort([bit for _, bit in result.measured])]
        if stayed.sum(axis=1).min() < FEWEST:
            return (Outcome(array, reason="too few atoms came to the zone and back: they are lost on the way"),)
        seen = [values[:, :, k][stayed[:, :, k]] for k in range(len(READING))]
        peaks = [two_peaks(mine) for mine in seen]
        figures = tuple(_figure(*one) for one in zip(READING, seen, peaks, strict=True))
        if alike := [number for number, one in zip(READING, peaks, strict=True) if one.apart < LEAST_APART]:
            reason = f"atoms in 0 and in 1 look alike in place {alike[0]}: light there is off, weak or too short"
            return (Outcome(array, figures=figures, reason=reason),)
        found = {
            f"{array}.zone.counts_{number}": Estimate(one.threshold, one.width / len(mine) ** 0.5, run=self.name)
            for number, mine, one in zip(READING, seen, peaks, strict=True)
        }
        wrong = (values > np.array([one.threshold for one in peaks])) ^ np.array([False, True])[:, None, None]
        errors, sigmas = _over_all(wrong, stayed)
        for name, p, sigma in zip(("p01", "p10"), errors, sigmas, strict=True):
            found[f"{array}.zone.{name}"] = Estimate(p, sigma, run=self.name)
        kept, _ = _over_all(stayed, came)
        notes = (f"{kept[0]:.1%} of atoms in 0 and {kept[1]:.1%} of those in 1 are there afterwards",)
        return (Outcome(array, found, figures=figures, notes=notes),)


def _over_all(yes: Bools, of: Bools) -> tuple[list[float], list[float]]:
    """Return how often ``yes`` among ``of`` in all places together, for both states, and its errors."""
    found, sigmas = share(yes.reshape(2, -1, 1), of.reshape(2, -1, 1))
    return found[:, 0].tolist(), sigmas[:, 0].tolist()


def _figure(number: int, values: Floats, peaks: TwoPeaks) -> Figure:
    counts, edges = np.histogram(values, 50)
    middles, name = (edges[1:] + edges[:-1]) / 2, f"brightness of place {number}"
    return Figure(name, middles, counts.astype(float), "grey values", "shots", marks=(peaks.threshold,))


NODE = Node(
    name=ZoneReading.name,
    kind=Target.LINE,
    finds=(
        Quantity(name="zone.counts_*", low=0.0, high=65535.0, floor=1000.0),
        Quantity(name="zone.p01", low=0.0, high=0.5, floor=0.1),
        Quantity(name="zone.p10", low=0.0, high=0.5, floor=0.1),
    ),
    make=lambda laboratory, targets, known: ZoneReading(laboratory, targets),
    needs=("states", "zone"),
    claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
    applies=lambda laboratory, target: measuring_of(laboratory) is not None,
)
