"""How much of the light that is meant for an ion its neighbours feel: they turn, slowly, when it plays their tone."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import Row, indices, play, program
from .beams import on_ticks, rabi_frequency

Floats = NDArray[np.float64]
EDGE = 4e-6  # s


@dataclass(frozen=True, slots=True)
class IonCrosstalk:
    """A beam plays the tone of a neighbour of its ion; how fast that one turns tells what it feels.

    ``P1 = sin^2(pi e Omega t)`` (Debnath et al., Nature 563, 63: crosstalk as a ratio of Rabi frequencies).
    """

    name: ClassVar[str] = "ion_crosstalk"
    laboratory: Laboratory
    targets: tuple[str, ...]
    longest: float = 600e-6
    n_points: int = 7
    shots: int = 120

    @property
    def durations(self) -> Floats:
        """Return how long light shines, s."""
        return on_ticks(np.linspace(2 * EDGE, self.longest, self.n_points))

    def neighbours(self) -> tuple[str, ...]:
        """Return the ions beside the target."""
        names = self.laboratory.qubit_names
        place = names.index(self.targets[0])
        return tuple(names[p] for p in (place - 1, place + 1) if 0 <= p < len(names))

    def scan(self, known: Parameters) -> Scan:
        """Return pulses of each length at the frequency of each neighbour."""
        (target,) = self.targets
        names = self.laboratory.qubit_names
        qubit, pulses, circuits = names.index(target), list[Pulse](), list[list[Row]]()
        line, height = self.laboratory.qubits[target].drive, known[f"{target}.x180.amplitude"]
        for other in self.neighbours():
            for duration in self.durations:
                circuits.append([play([qubit], len(pulses))])
                tone = Tone(line=line, amplitude=height, duration=float(duration), edge=EDGE,
                            frequency=known[f"{other}.frequency"])  # fmt: skip
                pulses.append(Pulse((tone,)))
        return Scan(program(self.laboratory, circuits, indices(self.laboratory, names), self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return what each neighbour feels, over what the target does, as amplitudes."""
        (target,) = self.targets
        found, fits, figures, names = dict[str, Estimate](), list[Fit](), [], self.laboratory.qubit_names
        for k, other in enumerate(self.neighbours()):
            points = range(k * self.n_points, (k + 1) * self.n_points)
            bits = [result.kept_bits(point)[:, names.index(other)] for point in points]
            seen = np.array([(one.sum() + 0.5) / (len(one) + 1) for one in bits])
            sigma = np.sqrt(seen * (1 - seen) / np.array([len(one) + 1 for one in bits]))
            fit = self._turning(seen, sigma, rabi_frequency(known, target))
            fits.append(fit)
            figures.append(drawn(f"{other} in the light of {target}", fit, "time (s)", y_label="bright"))
            if fit.ok:
                error = float(np.hypot(fit.error("share"), 1e-4))
                found[f"{target}.crosstalk.{other}"] = Estimate(fit.value("share"), error, run=self.name)
        reason = "" if found else f"neighbours do not turn: {fits[0].reason}"
        return (Outcome(target, found, tuple(f for f in fits if f.ok), tuple(figures), reason=reason),)

    def _turning(self, seen: Floats, sigma: Floats, rabi: float) -> Fit:
        lit = self.durations - EDGE
        return fit_any_curve(
            "slow flop", ("share", "floor"), lambda p: p[1] + (1 - 2 * p[1]) * np.sin(pi * p[0] * rabi * lit) ** 2,
            [(share, 0.01) for share in np.geomspace(5e-4, 0.03, 12)], ((0.0, -0.02), (0.06, 0.1)),
            self.durations, seen, np.maximum(sigma, 0.015), least_contrast=2.0,
        )  # fmt: skip


NODE = Node(
    name=IonCrosstalk.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="crosstalk.*", low=-1e-3, high=0.1, floor=0.02),),
    make=lambda laboratory, targets, known: IonCrosstalk(laboratory, targets),
    needs=("ion_fine",),
    claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
    applies=lambda laboratory, target: len(laboratory.qubits) > 1,
    largest_error=1.0,
    least_contrast=2.0,
)
