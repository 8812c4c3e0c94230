"""How many photons say that an ion is bright: histograms of both states, and where least is told wrong."""

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

from ..assignment import AssignmentCheck, patterns, shots_by_state
from .beams import alone
from .photons import Photons, fit_photons

MIXED = 0.25  # share of ions in the wrong state that no pulse that is a little off explains
FEWEST = 3.0  # mean photons of a bright ion below which it is dark, or gone


@dataclass(frozen=True)
class IonReadout:
    """Prepare 0 and 1 in turn, and count photons.

    The threshold comes from a mixture of Poissonians with the tails of ions that change their state while they are
    looked at; fitted to both histograms at once it is found to one photon from a few hundred shots.
    """

    name: ClassVar[str] = "ion_readout"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 2000

    def scan(self, known: Parameters) -> Scan:
        """Return one point for each pattern."""
        return Scan(patterns(self.laboratory, self.targets, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return threshold and errors of each ion."""
        every = zip(self.targets, shots_by_state(result), strict=True)
        return tuple(self._outcome(qubit, zeros.real, ones.real) for qubit, (zeros, ones) in every)

    def _outcome(self, qubit: str, zeros: NDArray[np.float64], ones: NDArray[np.float64]) -> Outcome:
        dark, bright = (np.rint(part[np.isfinite(part)]).astype(np.int64) for part in (zeros, ones))
        figure = _histogram(qubit, dark, bright)
        if not len(dark) or not len(bright) or max(bright.mean(), dark.mean()) < FEWEST:
            reason = (
                f"{qubit} gives {bright.mean() if len(bright) else 0:.1f} photons when it should be bright: it is dark"
            )
            return Outcome(qubit, figures=(figure,), reason=reason)
        if reason := _unprepared(qubit, dark, bright):
            return Outcome(qubit, figures=(figure,), reason=reason)
        model = fit_photons(dark, bright)
        wrong0, wrong1 = np.mean(dark > model.threshold), np.mean(bright <= model.threshold)
        found = {
            "counts": Estimate(float(model.threshold), 0.5, run=self.name),
            "p01": _share(float(wrong0), len(dark), self.name),
            "p10": _share(float(wrong1), len(bright), self.name),
        }
        named = {f"{qubit}.readout.{name}": estimate for name, estimate in found.items()}
        return Outcome(qubit, named, figures=(figure,), notes=(_note(model),))


def _unprepared(qubit: str, dark: NDArray[np.int64], bright: NDArray[np.int64]) -> str:
    """Return what is wrong with how states are prepared, in plain words; empty where nothing is.

    Both histograms together tell where bright begins: half of what the brightest tenth gives.
    """
    most = float(np.quantile(np.concatenate([dark, bright]), 0.9))
    lit, unlit = float(np.mean(dark > most / 2)), float(np.mean(bright <= most / 2))
    if most >= FEWEST and lit > MIXED:
        return (
            f"{qubit} is bright in {lit:.0%} of the shots in which nothing was played on it: the pumping light is "
            "blocked or off resonance"
        )
    if most >= FEWEST and unlit > MIXED:
        return (
            f"a pi pulse leaves {qubit} dark in {unlit:.0%} of the shots: the ion is hot, look at cooling light and "
            "trap, or its pulses are far off"
        )
    return ""


def _share(share: float, shots: int, run: str) -> Estimate:
    smooth = (share * shots + 0.5) / (shots + 1)
    return Estimate(smooth, float(np.sqrt(smooth * (1 - smooth) / shots)), run=run)


def _note(model: Photons) -> str:
    return f"{model.bright:.1f} photons from state 1, {model.dark:.2f} from state 0; more than {model.threshold} say 1"


def _histogram(qubit: str, dark: NDArray[np.int64], bright: NDArray[np.int64]) -> Figure:
    most = int(max(dark.max(initial=1), bright.max(initial=1)))
    counts = np.bincount(np.concatenate([dark, bright]), minlength=most + 1).astype(float)
    return Figure(f"photons of {qubit}", np.arange(len(counts), dtype=float), counts, "photons", "shots")


NODE = Node(
    name=IonReadout.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="readout.counts", low=-0.5, high=1e4, floor=20.0),
        Quantity(name="readout.p01", low=-0.01, high=0.5, floor=0.02),
        Quantity(name="readout.p10", low=-0.01, high=0.5, floor=0.02),
    ),
    make=lambda laboratory, targets, known: IonReadout(laboratory, targets),
    needs=("ion_ramsey",),
    claims=alone,
    check=lambda laboratory, targets, known: AssignmentCheck(laboratory, targets),
    largest_error=5.0,
)
