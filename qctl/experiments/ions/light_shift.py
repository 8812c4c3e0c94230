"""By how much the light of its beam shifts an ion: a Ramsey fringe with ever more light, far from any resonance."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np

from qctl.calibrate.fits import fit_line
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Shape, Tone
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import Row, half, indices, play, program
from ..signal import between
from .beams import around, on_ticks

BESIDE = 1.25  # of the first mode: well apart from it, and from the second, which lies at 1.73
SYSTEMATIC = 0.1  # tones to both sides are not quite equal, and shift by what they differ


@dataclass(frozen=True, slots=True)
class IonLightShift:
    """A tone to each side of the carrier between two quarter turns; the phase grows with the power.

    Both tones pull the ion towards themselves, and cancel; what is left is what light does by its power alone.

    Parameters
    ----------
    share : amplitude of each tone at full power, over that of a pi pulse
    """

    name: ClassVar[str] = "ion_light_shift"
    laboratory: Laboratory
    targets: tuple[str, ...]
    share: float = 0.9
    duration: float = float(on_ticks(240e-6))
    powers: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    shots: int = 200

    def tones(self, known: Parameters, qubit: str, power: float) -> Pulse:
        """Return both tones, of a share of the full power."""
        offset, frequency = BESIDE * known["trap.mode_1"], known[f"{qubit}.frequency"]
        rate = 1 / float(on_ticks(16e-9))
        held = [float(np.sinc((frequency + side * offset) / rate)) for side in (1, -1)]
        height = self.share * float(np.sqrt(power)) * known[f"{qubit}.x180.amplitude"]
        line = self.laboratory.qubits[qubit].drive
        return Pulse(
            tuple(
                Tone(line=line, amplitude=height * float(np.sqrt(held[1 - k] / held[k])), duration=self.duration,
                     edge=8e-6, shape=Shape.FLAT, frequency=frequency + side * offset)
                for k, side in enumerate((1, -1))
            )
        )  # fmt: skip

    def scan(self, known: Parameters) -> Scan:
        """Return two references, then both quadratures of the fringe for each power."""
        qubits = indices(self.laboratory, self.targets)
        pulses, circuits = list[Pulse](), list[list[Row]]()
        circuits += [[], [row for q in qubits for row in (half(q), half(q))]]
        for power in self.powers:
            for phase in (0.0, pi / 2):
                circuits.append(
                    [r for k, q in enumerate(qubits) for r in (half(q), play([q], len(pulses) + k), half(q, phase))]
                )
            pulses += [self.tones(known, target, power) for target in self.targets]
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the shift of each ion by one tone of a pi pulse's amplitude, Hz."""
        ones, sigma = between(result, [0], [1])
        waves = (2 * ones[2:] - 1).reshape(len(self.powers), 2, -1)
        angles = np.unwrap(np.arctan2(waves[:, 1], waves[:, 0]), axis=0)
        errors = 2 * sigma[2:].reshape(waves.shape).mean(axis=1)
        fits = fit_line(np.array(self.powers), angles.T, errors.T)
        scale = 1 / (2 * pi * (self.duration - 8e-6) * 2 * self.share**2)
        outcomes = []
        for target, fit in zip(self.targets, fits, strict=True):
            figures = (drawn(f"light on {target}", fit, "power", y_label="phase (rad)"),)
            if not fit.ok:
                outcomes.append(Outcome(target, fits=(fit,), figures=figures, reason=fit.reason))
                continue
            value = scale * fit.value("slope")
            error = float(np.hypot(scale * fit.error("slope"), SYSTEMATIC * value))
            named = {f"{target}.light_shift": Estimate(value, error, "Hz", run=self.name)}
            outcomes.append(Outcome(target, named, (fit,), figures))
        return tuple(outcomes)


NODE = Node(
    name=IonLightShift.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="light_shift", low=-1e5, high=1e5, floor=1e3),),
    make=lambda laboratory, targets, known: IonLightShift(laboratory, targets),
    needs=("ion_fine",),
    claims=around,
    largest_error=1.0,
    least_contrast=0.0,
)
