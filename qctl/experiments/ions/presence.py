"""Whether every ion is there: photons in cooling light, against those of a place where none scatters."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
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
from qctl.platforms.ion_shot import DARK as DARK_SECONDS
from qctl.readout.screen import DARK, PRESENT

from ..rows import indices, program
from .beams import alone
from .photons import best_threshold

Integers = NDArray[np.int64]
FEWEST = 3.0  # mean photons of an ion in cooling light below which nobody can tell it from none
NO_PHOTON = 0.05  # what is taken for the mean of a place where not one photon was counted


@dataclass(frozen=True, slots=True)
class IonPresence:
    """Play nothing; count photons while all ions are cooled, while nothing shines, and of ions in 0 when detected.

    An ion in 0 scatters hardly more than an empty place, so its photons say what comes there in cooling light. What
    is more likely of each ion, that it scatters as most do or as an empty place does, is the ratio of likelihoods of
    two Poissonians (S. Olmschenk et al., Phys. Rev. A 76, 052314, sec. IV, count photons the same way).
    """

    name: ClassVar[str] = "ion_presence"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 200

    def scan(self, known: Parameters) -> Scan:
        """Return one point at which nothing is played."""
        return Scan(program(self.laboratory, [[]], indices(self.laboratory, self.targets), self.shots), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return of each ion how few photons say that it is not there, and what comes in darkness."""
        lines = [self.laboratory.qubits[target].readout for target in self.targets]
        cooled = np.array([result.watched[line, PRESENT][0].sum(axis=1) for line in lines])
        unlit = [int(result.watched[line, DARK][0].sum()) for line in lines]
        share = known["cooling.duration"] / known["detection.duration"]
        empty = np.maximum(result.photons[0].mean(axis=0) * share, NO_PHOTON)
        usual = max(float(np.median(cooled.mean(axis=1))), FEWEST)
        there = [_scatters(one, usual, float(least)) for one, least in zip(cooled, empty, strict=True)]
        return tuple(
            self._outcome(k, cooled[k], unlit[k], float(empty[k]), usual, there) for k in range(len(self.targets))
        )

    def _outcome(
        self, place: int, cooled: Integers, unlit: int, empty: float, usual: float, there: list[bool]
    ) -> Outcome:
        target, mean = self.targets[place], float(cooled.mean())
        figure = _histogram(target, cooled)
        if not there[place]:
            reason = (
                f"{target} gives {mean:.1f} photons in cooling light, an ion {usual:.0f}: it is dark, hot or lost; "
                f"{sum(there)} of {len(there)} ions are seen"
            )
            return Outcome(target, figures=(figure,), reason=reason)
        if empty > mean / 2:
            reason = f"{target} is bright though nothing was played on it: pumping light is blocked or off resonance"
            return Outcome(target, figures=(figure,), reason=reason)
        threshold, seconds = best_threshold(empty, mean), self.shots * DARK_SECONDS
        found = {
            "present": Estimate(float(threshold), 0.5, run=self.name),
            "stray": Estimate((unlit + 1) / seconds, sqrt(unlit + 1) / seconds, "Hz", run=self.name),
        }
        faint = float(np.mean(cooled <= threshold))
        note = (
            f"{mean:.1f} photons in cooling light, {empty:.2f} from an empty place; too few in {faint:.1%} of the shots"
        )
        named = {f"{target}.readout.{name}": estimate for name, estimate in found.items()}
        return Outcome(target, named, figures=(figure,), notes=(note,))


def _scatters(photons: Integers, usual: float, empty: float) -> bool:
    """Say whether photons come rather from an ion than from an empty place, most of the time."""
    each = photons * log(usual / empty) - (usual - empty) if usual > empty else photons - usual
    return bool(np.mean(each > 0) > 0.5)


def _histogram(target: str, photons: Integers) -> Figure:
    counts = np.bincount(photons).astype(float)
    return Figure(
        f"photons of {target} in cooling light", np.arange(len(counts), dtype=float), counts, "photons", "shots"
    )


NODE = Node(
    name=IonPresence.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="readout.present", low=-0.5, high=1e4, floor=50.0),
        Quantity(name="readout.stray", low=0.0, high=1e6, floor=1e3),
    ),
    make=lambda laboratory, targets, known: IonPresence(laboratory, targets),
    claims=alone,
    largest_error=5.0,
)
