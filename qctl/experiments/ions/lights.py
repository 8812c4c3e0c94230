"""Where pumping light is in resonance, and how long ions are looked at."""

from __future__ import annotations

from dataclasses import dataclass
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

from ..assignment import patterns, shots_by_state
from ..drawn import drawn
from ..rows import indices, program
from .beams import LOCK, on_ticks
from .photons import distribution, fit_photons

Floats = NDArray[np.float64]
PUMPING, DETECTION = "pumping", "detection"


@dataclass(frozen=True, slots=True)
class IonPumping:
    """Too little pumping light, at each frequency: fewest ions are left bright where it is in resonance.

    Cooling leaves three of four ions bright; pumping empties that by ``exp(-rate t / (1 + (2 d / width)^2))``.

    Parameters
    ----------
    duration : s, for which pumping light is on
    reach : Hz, to either side of what is believed
    """

    name: ClassVar[str] = "ion_pumping"
    laboratory: Laboratory
    targets: tuple[str, ...]
    duration: float = float(on_ticks(24e-6))
    reach: float = 24e6
    n_points: int = 11
    shots: int = 150

    def frequencies(self, known: Parameters) -> Floats:
        """Return the frequencies that are tried, Hz."""
        return known[f"{PUMPING}.tone.frequency"] + np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a shot without any pulse for each frequency."""
        qubits = indices(self.laboratory, self.laboratory.qubit_names)
        settings = tuple(
            {
                f"{PUMPING}.tone.frequency": float(f),
                f"{PUMPING}.duration": self.duration,
                "cooling.sideband_duration": 0.0,
            }
            for f in self.frequencies(known)
        )
        return Scan(program(self.laboratory, [[]], qubits, self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return where pumping is fastest."""
        (target,) = self.targets
        x = self.frequencies(known)
        bits = [result.kept_bits(point) for point in range(self.n_points)]
        seen = np.array([(one.sum() + 0.5) / (one.size + 1) for one in bits])
        sigma = np.sqrt(seen * (1 - seen) / np.array([one.size + 1 for one in bits]))
        fit = fit_any_curve(
            "pumping", ("centre", "width", "turns", "before"),
            lambda p: p[3] * np.exp(-p[2] / (1 + (2 * (x - p[0]) / p[1]) ** 2)),
            [(x.mean() + s * self.reach, 24e6, 1.0, 0.75) for s in (-0.5, 0.0, 0.5)],
            ((x[0], 5e6, 0.05, 0.3), (x[-1], 60e6, 30.0, 1.0)), x, seen, np.maximum(sigma, 0.01),
        )  # fmt: skip
        figures = (drawn("pumping light", fit, "frequency (Hz)", y_label="left bright"),)
        if not fit.ok:
            reason = f"pumping light empties nothing, it is blocked or far off: {fit.reason}"
            return (Outcome(target, fits=(fit,), figures=figures, reason=reason),)
        found = Estimate(fit.value("centre"), fit.error("centre"), "Hz", run=self.name)
        return (Outcome(target, {f"{target}.tone.frequency": found}, (fit,), figures),)


@dataclass(frozen=True, slots=True)
class IonDetectionTime:
    """Photons of both states for several times of detection: too short, and they overlap; too long, and states leak.

    Thresholds belong to a time: `ion_readout` follows.
    """

    name: ClassVar[str] = "ion_detection_time"
    laboratory: Laboratory
    targets: tuple[str, ...]
    times: tuple[float, ...] = (60e-6, 100e-6, 150e-6, 200e-6, 300e-6, 450e-6)
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return both states of all ions for each time."""
        settings = tuple({f"{DETECTION}.duration": t} for t in self.times)
        return Scan(patterns(self.laboratory, self.laboratory.qubit_names, self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the shortest time at which, but for chance, no more is told wrong than at the best, over all ions."""
        (target,) = self.targets
        wrong = np.array([self._wrong(result.points(2 * k, 2 * k + 2)) for k in range(len(self.times))])
        mean, spread = wrong.mean(axis=1), wrong.std(axis=1) / max(wrong.shape[1], 1) ** 0.5
        least = float(mean.min())
        chance = np.sqrt(least * (1 - least) / (2 * self.shots * wrong.shape[1]))
        best = float(self.times[int(np.argmax(mean <= least + 2 * chance))])
        figure = Figure("time of detection", np.array(self.times), mean, "s", "told wrong", spread, marks=(best,))
        if least > 0.2:
            return (Outcome(target, figures=(figure,), reason=f"{least:.0%} is told wrong at best"),)
        found = Estimate(best, 0.25 * best, "s", run=self.name)
        note = f"{least:.2%} is told wrong at best; thresholds are to be found again"
        return (Outcome(target, {f"{target}.duration": found}, figures=(figure,), notes=(note,)),)

    def _wrong(self, result: Result) -> list[float]:
        """Return the share that the best threshold tells wrong, by ion: by the laws of photons, not by rare events."""
        errors = []
        for zeros, ones in shots_by_state(result):
            dark, bright = (np.rint(part.real[np.isfinite(part.real)]).astype(np.int64) for part in (zeros, ones))
            if not len(dark) or not len(bright):
                return [0.5]
            model = fit_photons(dark, bright)
            n = np.arange(model.threshold + 1)
            low = distribution(n, model.dark, model.bright, model.leak_dark).sum()
            high = distribution(n, model.bright, model.dark, model.leak_bright).sum()
            errors.append(float((1 - low + high) / 2))
        return errors


def _node(kind: type[IonPumping] | type[IonDetectionTime], line: str, found: Quantity, needs: tuple[str, ...]) -> Node:
    return Node(
        name=kind.name,
        kind=Target.LINE,
        finds=(found,),
        make=lambda laboratory, targets, known: kind(laboratory, targets),
        needs=needs,
        claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
        applies=lambda laboratory, target: target == line,
        largest_error=1.0,
        least_contrast=2.0,
    )


TONE = Quantity(name="tone.frequency", low=1e6, high=170e6, floor=10e6, walk=LOCK)
TIME = Quantity(name="duration", low=1e-6, high=5e-3, floor=1e-3)
PUMP = _node(IonPumping, PUMPING, TONE, ("ion_readout",))
LOOK = _node(IonDetectionTime, DETECTION, TIME, ("ion_readout",))
