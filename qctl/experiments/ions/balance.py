"""How much stronger the blue tone of a beam must be than the red one: turns on both sidebands of one mode."""

from __future__ import annotations

from dataclasses import dataclass
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
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import Row, flip, indices, play, program
from ..signal import excited
from .beams import ETA, alone, on_ticks, rabi_frequency, tone

Floats = NDArray[np.float64]
EDGE = 4e-6  # s; raised cosines, of which half the area is lost
SYSTEMATIC = 2e-3  # relative; quanta that cooling leaves turn faster, not by the same share on both sides


@dataclass(frozen=True, slots=True)
class IonBalance:
    """Turns of one ion on the blue and on the red sideband of the first mode, by tones of one height at the generator.

    From the ground state blue light turns ``|0, 0>`` into ``|1, 1>``. For the red one, a blue pi pulse and one on the
    carrier make ``|0, 1>`` of it, which turns into ``|1, 0>`` by the same matrix element; what is left where it was
    becomes ``|1, 0>``, and turns back as fast. So turns per second tell the light of both tones (D. Leibfried et al.,
    Rev. Mod. Phys. 75, 281, eq. 70). One ion after the other, as they share the mode.

    Parameters
    ----------
    rate : turns per second that are aimed at; light shifts grow with its square
    turns : at the last point
    """

    name: ClassVar[str] = "ion_balance"
    laboratory: Laboratory
    targets: tuple[str, ...]
    rate: float = 2.5e3
    turns: float = 3.25
    n_points: int = 10
    shots: int = 120

    def share(self, known: Parameters, qubit: str) -> float:
        """Return how strong the light is, over that of a pi pulse."""
        return float(self.rate / (ETA / len(self.laboratory.qubits) ** 0.5 * rabi_frequency(known, qubit)))

    @property
    def times(self) -> Floats:
        """Return how long tones would play without edges, s."""
        return on_ticks(np.linspace(0.25, self.turns, self.n_points) / self.rate)

    def tone(self, known: Parameters, qubit: str, side: int, seconds: float) -> Pulse:
        """Return a pulse on a sideband; the carrier pulls both of them in by ``Omega^2 / 2 nu``."""
        share, mode = self.share(known, qubit), known["trap.mode_1"]
        pulled = (share * rabi_frequency(known, qubit)) ** 2 / (2 * mode)
        return tone(self.laboratory, known, qubit, side * (mode - pulled), share, seconds + EDGE, EDGE)

    def scan(self, known: Parameters) -> Scan:
        """Return blue turns, then red ones, of each ion."""
        qubits, pulses, circuits = indices(self.laboratory, self.targets), list[Pulse](), list[list[Row]]()
        for qubit, target in zip(qubits, self.targets, strict=True):
            raised = [play([qubit], len(pulses)), flip(qubit)]
            pulses.append(self.tone(known, target, 1, float(on_ticks(0.5 / self.rate))))
            for side, before in ((1, list[Row]()), (-1, raised)):
                for seconds in self.times:
                    circuits.append([*before, play([qubit], len(pulses))])
                    pulses.append(self.tone(known, target, side, float(seconds)))
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return by how much the blue tone of each ion must be stronger."""
        found, sigma = excited(result, known)
        shape = (len(self.targets), 2, self.n_points, len(self.targets))
        found, sigma = found.reshape(shape), np.maximum(sigma.reshape(shape), 0.02)
        return tuple(self._outcome(t, found[k, ..., k], sigma[k, ..., k]) for k, t in enumerate(self.targets))

    def _outcome(self, target: str, found: Floats, sigma: Floats) -> Outcome:
        blue, red = fits = tuple(self._turns(one, error) for one, error in zip(found, sigma, strict=True))
        figures = tuple(
            drawn(f"{colour} sideband of {target}", fit, "time (s)", y_label="bright")
            for colour, fit in zip(("blue", "red"), fits, strict=True)
        )
        if not (blue.ok and red.ok):
            return Outcome(target, fits=fits, figures=figures, reason=blue.reason or red.reason)
        ratio = red.value("rate") / blue.value("rate")
        errors = [fit.error("rate") / fit.value("rate") for fit in fits]
        error = ratio * float(np.hypot(errors[0], errors[1]))
        estimate = Estimate(ratio, float(np.hypot(error, SYSTEMATIC)), run=self.name)
        return Outcome(target, {f"{target}.balance": estimate}, fits, figures)

    def _turns(self, found: Floats, sigma: Floats) -> Fit:
        x = self.times
        return fit_any_curve(
            "turns on a sideband", ("rate", "middle", "contrast"),
            lambda p: p[1] - p[2] / 2 * np.cos(2 * np.pi * p[0] * x),
            [(self.rate * share, 0.5, 0.8) for share in (0.75, 0.85, 0.95, 1.05, 1.15, 1.25)],
            ((0.6 * self.rate, 0.2, 0.2), (1.4 * self.rate, 0.8, 1.2)), x, found, sigma,
        )  # fmt: skip


NODE = Node(
    name=IonBalance.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="balance", low=0.5, high=2.0, floor=0.5),),
    make=lambda laboratory, targets, known: IonBalance(laboratory, targets),
    needs=("ion_fine", "ion_modes"),
    claims=alone,
)
