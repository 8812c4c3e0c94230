"""Resonator power: whether the resonance moves, or the resonator fades, as its tone grows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_line
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .feedline import loudest, qubits_on, swept
from .resonators import fit_steady
from .rows import indices, program

Floats = NDArray[np.float64]
us, MHz = 1e-6, 1e6
LOUDNESS = (0.25, 0.45, 0.65, 0.85, 1.0)  # of the largest amplitude that the line can play for all at once
SETTLED = 0.4  # of a tone, after which its answer counts as settled
JUMP = 0.5  # linewidths between two amplitudes: no slow pull, the qubit lets the resonator go


@dataclass(frozen=True)
class ResonatorPower:
    """Sweep tones over the resonance at several amplitudes.

    A resonator that is coupled to a transmon moves in proportion to the power in it, and far above the critical number
    of photons jumps to where it would be without the qubit ("punch-out": Reed et al., PRL 105, 173601; Bishop et al.,
    PRL 105, 100505). The slope is found where it is slow; a jump is told in words.
    """

    name: ClassVar[str] = "resonator_power"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 60
    n_points: int = 13
    widths: float = 2.0
    duration: float = 1 * us
    kind: str = "notch"

    def scan(self, known: Parameters) -> Scan:
        """Return all steps of all tones, for one amplitude after the other."""
        steps = np.stack([self._frequencies(qubit, known) for qubit in self.targets])
        settings = []
        for loudness, step in product(LOUDNESS, range(self.n_points)):
            one = {f"{qubit}.readout.duration": self.duration for qubit in self.targets}
            for qubit, frequency in zip(self.targets, steps[:, step].tolist(), strict=True):
                one |= {
                    f"{qubit}.readout.frequency": frequency,
                    f"{qubit}.readout.amplitude": loudness * self._loudest(qubit, known),
                }
            settings.append(one)
        asked = program(self.laboratory, [[]], indices(self.laboratory, self.targets), self.shots)
        return Scan(asked, tuple(settings), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return by how much each resonance moves with the square of the amplitude."""
        x = np.stack([self._frequencies(qubit, known) for qubit in self.targets])
        z, sigma = swept(
            self.laboratory, self.targets, result, np.tile(x, len(LOUDNESS)), SETTLED * self.duration
        )  # fmt: skip
        rows = (-1, self.n_points)
        fits = fit_steady(
            np.repeat(x, len(LOUDNESS), axis=0), z.reshape(rows), sigma.reshape(rows), self.kind,
            SETTLED * self.duration, self.duration,
        )  # fmt: skip
        n = len(LOUDNESS)
        return tuple(self._outcome(q, fits[k * n : (k + 1) * n], known) for k, q in enumerate(self.targets))

    def _frequencies(self, qubit: str, known: Parameters) -> Floats:
        centre, reach = known[f"{qubit}.resonator.frequency"], self.widths * known[f"{qubit}.resonator.kappa"]
        return np.linspace(centre - reach, centre + reach, self.n_points)

    def _loudest(self, qubit: str, known: Parameters) -> float:
        neighbours = qubits_on(self.laboratory, self.laboratory.qubits[qubit].readout)
        return known[f"{qubit}.readout.amplitude"] * loudest(known, neighbours)

    def _outcome(self, qubit: str, fits: list[Fit], known: Parameters) -> Outcome:
        power = (np.array(LOUDNESS) * self._loudest(qubit, known)) ** 2
        good = np.array([fit.ok for fit in fits])
        where = np.array([fit.value("frequency") for fit in fits])
        errors = np.array([fit.error("frequency") for fit in fits])
        figure = Figure(
            "resonance against power", power[good], where[good] / 1e9, "amplitude squared", "frequency (GHz)",
            errors[good] / 1e9,
        )  # fmt: skip
        if good.sum() < 3:
            lost = next(fit.reason for fit in fits if not fit.ok)
            return Outcome(qubit, figures=(figure,), reason=f"the resonance is lost at most amplitudes: {lost}")
        jumps = np.abs(np.diff(where[good])) > JUMP * known[f"{qubit}.resonator.kappa"]
        if np.any(jumps):
            first = float(np.sqrt(power[good][1:][jumps][0]))
            text = f"the resonator jumps at an amplitude of {first:.3g}: beyond it, it no longer feels the qubit"
            return Outcome(qubit, figures=(figure,), reason=text)
        (line,) = fit_line(power[good], where[good], errors[good])
        slope, error = line.value("slope"), line.error("slope")
        largest = power[good][-1]
        moved = f"{slope * largest / 1e3:.0f} ± {error * largest / 1e3:.0f} kHz"
        found = {f"{qubit}.resonator.power_shift": Estimate(slope, error, "Hz", run=self.name)}
        return Outcome(qubit, found, figures=(figure,), notes=(f"at an amplitude of {largest**0.5:.3g}: {moved}",))


NODE = Node(
    name=ResonatorPower.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="resonator.power_shift", low=-1e10, high=1e10, floor=20 * MHz),),
    make=lambda laboratory, targets, known: ResonatorPower(laboratory, targets),
    needs=("resonators",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
)
