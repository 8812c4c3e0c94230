"""How much of neighbours' light is taken for a site's own: brightness of empty sites, by who is loaded around them."""

from __future__ import annotations

from dataclasses import dataclass
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

from .seen import asking, everybody

Floats = NDArray[np.float64]

REACH = 9.0  # pixels, from beyond which no light comes
FEWEST = 30  # shots with the site empty, or loaded


@dataclass(frozen=True, slots=True)
class BleedThrough:
    """Look at all sites in many shots, loaded at random; each neighbour's share is a slope of a dark site's brightness.

    What a site sees of all neighbours together is what its threshold must bear where all of them are loaded.
    """

    name: ClassVar[str] = "bleed_through"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 1000

    def scan(self, known: Parameters) -> Scan:
        """Return shots without gates, in which empty sites count too."""
        qubits = self.laboratory.qubit_names
        return Scan(asking(self.laboratory, qubits, [[]], self.shots), (everybody(qubits),))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return how much of neighbours' light each target sees, in parts of that of its own atom."""
        qubits, order = self.laboratory.qubit_names, np.argsort([bit for _, bit in result.measured])
        seen = result.iq.imag[0][:, order]
        loaded = seen > np.array([known[f"{q}.readout.present"] for q in qubits])
        places = np.array([[known[f"{q}.site.{axis}"] for axis in ("row", "column")] for q in qubits])
        matrix = np.zeros((len(qubits), len(qubits)))
        found = {t: self._outcome(qubits.index(t), t, seen, loaded, places, matrix) for t in self.targets}
        return tuple(found.values())

    def _outcome(
        self, k: int, target: str, seen: Floats, loaded: NDArray[np.bool_], places: Floats, matrix: Floats
    ) -> Outcome:
        """Return one site's outcome; its row of ``matrix``, which all outcomes draw, is filled in."""
        dark = ~loaded[:, k]
        if not FEWEST <= dark.sum() <= len(dark) - FEWEST:
            return Outcome(target, reason=f"empty in {dark.sum()} shots of {len(dark)}")
        apart = np.linalg.norm(places - places[k], axis=1)
        near = np.flatnonzero((apart < REACH) & (apart > 0))
        design = np.column_stack([np.ones(dark.sum()), loaded[dark][:, near]])
        slopes, *_ = np.linalg.lstsq(design, seen[dark, k], rcond=None)
        noise = np.var(seen[dark, k] - design @ slopes, ddof=design.shape[1])
        covariance = np.linalg.pinv(design.T @ design) * noise
        own = float(seen[~dark, k].mean() - seen[dark, k].mean())
        matrix[k, k], matrix[k, near] = 1.0, slopes[1:] / own
        value, error = float(slopes[1:].sum() / own), float(np.sqrt(covariance[1:, 1:].sum()) / own)
        sites = np.arange(float(len(places)))
        figure = Figure("bleed-through", sites, sites, "atom of site", "seen at site", image=matrix)
        found = {f"{target}.readout.bleed": Estimate(value, max(error, 1e-9), run=self.name)}
        return Outcome(target, found, figures=(figure,) if k == 0 else ())


NODE = Node(
    name=BleedThrough.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="readout.bleed", low=-0.5, high=2.0, floor=0.1),),
    make=lambda laboratory, targets, known: BleedThrough(laboratory, targets),
    needs=("presence",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
