"""Dispersive shift: by how much a resonator moves when its qubit goes from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_resonator
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .feedline import swept, tones_at
from .resonators import WARM, fit_steady, line_of
from .rows import flip, indices, program

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
us, MHz = 1e-6, 1e6
SETTLED = 0.4  # of a tone, after which its answer counts as settled


@dataclass(frozen=True)
class DispersiveShift:
    """Sweep the tone over the resonance with the qubit in 0 and in 1.

    The resonance of 0 comes from a fit of its notch. What 1 adds, ``B (L1 - L0)`` with ``L = 1 / (1 + 2 i (f - f_s) /
    kappa)``, is proportional to ``L0 L1``; divided by L0 it is a plain resonance at f1, however many shots of 1 were
    lost: they make it smaller, not wider (A. Blais et al., Rev. Mod. Phys. 93, 025005, section IV, for the two lines).

    Parameters
    ----------
    below, above : linewidths around the resonance with the qubit in 0
    kind : "notch" or "transmission"
    """

    name: ClassVar[str] = "dispersive_shift"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 100
    n_points: int = 13
    below: float = 1.9
    above: float = 1.1
    duration: float = 1 * us
    kind: str = "notch"

    def scan(self, known: Parameters) -> Scan:
        """Return 0 and 1 for each step of all tones."""
        steps = np.stack([self._frequencies(qubit, known) for qubit in self.targets])
        settings = tones_at(self.targets, steps, self.duration)
        qubits = indices(self.laboratory, self.targets)
        asked = program(self.laboratory, [[], [flip(q) for q in qubits]], qubits, self.shots)
        return Scan(asked, settings, traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return shift, and resonance and linewidth with the qubit in 0."""
        x = np.stack([self._frequencies(qubit, known) for qubit in self.targets])
        both = swept(self.laboratory, self.targets, result, np.repeat(x, 2, axis=1), SETTLED * self.duration)
        z, sigma = (np.stack([part[:, 0::2], part[:, 1::2]]) for part in both)  # (state, target, step)
        cold = z[0] - WARM * (z[1] - z[0])  # without the shots that were in 1 nevertheless, as many as usual
        zero = fit_steady(x, cold, sigma[0], self.kind, SETTLED * self.duration, self.duration)
        lines = np.stack([line_of(fit) if fit.ok else np.ones(len(fit.x)) for fit in zero])
        one = fit_resonator(x, (z[1] - z[0]) / lines, np.hypot(*sigma) / np.abs(lines), kind="transmission")
        return tuple(
            self._outcome(qubit, zero[k], one[k], x[k], np.asarray(z[:, k], np.complex128))
            for k, qubit in enumerate(self.targets)
        )

    def _frequencies(self, qubit: str, known: Parameters) -> Floats:
        centre, width = known[f"{qubit}.resonator.frequency"], known[f"{qubit}.resonator.kappa"]
        return np.linspace(centre - self.below * width, centre + self.above * width, self.n_points)

    def _outcome(self, qubit: str, zero: Fit, one: Fit, x: Floats, z: Complexes) -> Outcome:
        marks = (zero.value("frequency") / 1e9, one.value("frequency") / 1e9) if zero.ok and one.ok else ()
        figures = tuple(
            Figure(f"qubit in {n}", x / 1e9, np.abs(y) * 1e3, "frequency (GHz)", "|I + iQ| (mV)", marks=marks)
            for n, y in enumerate(z)
        )
        if not (zero.ok and one.ok):
            why = f"what 1 changes is no resonance: {one.reason}" if zero.ok else f"qubit in 0: {zero.reason}"
            return Outcome(qubit, fits=(zero, one), figures=figures, reason=why)
        f0, kappa = zero.value("frequency"), zero.value("kappa")
        shift = one.value("frequency") - f0
        errors = {
            "frequency": np.hypot(zero.error("frequency"), WARM / 2 * kappa),
            "kappa": np.hypot(zero.error("kappa"), WARM * kappa),
        }
        errors["shift"] = np.hypot(one.error("frequency"), 2 * errors["frequency"])  # the middle is what is seen best
        values = {"frequency": f0, "kappa": kappa, "shift": shift}
        found = {
            f"{qubit}.resonator.{name}": Estimate(value, float(errors[name]), "Hz", run=self.name)
            for name, value in values.items()
        }
        note = f"1 moves the resonance by {shift / MHz:.3f} MHz, {shift / kappa:.2f} linewidths"
        return Outcome(qubit, found, (zero, one), figures, notes=(note,))


NODE = Node(
    name=DispersiveShift.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="resonator.frequency", low=1e9, high=20e9, floor=0.2 * MHz),
        Quantity(name="resonator.kappa", low=10e3, high=50e6, floor=0.2 * MHz),
        Quantity(name="resonator.shift", low=-50e6, high=50e6, floor=0.2 * MHz),
    ),
    make=lambda laboratory, targets, known: DispersiveShift(laboratory, targets),
    needs=("resonators", "ramsey"),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
)
