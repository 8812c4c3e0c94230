"""Resonator flux: where a resonator stands highest as the flux in its qubit's loop changes; its qubit does so there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import fit_parabola
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from .drawn import drawn
from .feedline import swept
from .resonators import fit_steady
from .rows import indices, program
from .walks import BIAS

Floats = NDArray[np.float64]
us, mA = 1e-6, 1e-3
LEAST = 4  # currents at which the resonance must be seen
SETTLED = 0.4  # of a tone, after which its answer counts as settled


@dataclass(frozen=True)
class ResonatorFlux:
    """Sweep tones over the resonance at several currents in the loops of all targets at once; each costs an upload.

    Near the sweet spot of a qubit below its resonator both stand highest: the qubit pushes the resonator up by
    ``g^2 / (f_r - f_q)`` (Blais et al., Rev. Mod. Phys. 93, 025005). The push hardly changes over the range in which a
    guess can be wrong, so this is for qubits that nobody has found yet.

    Parameters
    ----------
    reach : A, to either side of the current that is known
    """

    name: ClassVar[str] = "resonator_flux"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 60
    n_points: int = 13
    n_currents: int = 7
    widths: float = 2.0
    reach: float = 1.5 * mA
    duration: float = 1 * us
    kind: str = "notch"

    def scan(self, known: Parameters) -> Scan:
        """Return all steps of all tones, for one current after the other."""
        settings = []
        for k in range(self.n_currents):
            currents = {self._bias(q): float(self._currents(q, known)[k]) for q in self.targets if self._bias(q)}
            for step in range(self.n_points):
                tones = {f"{q}.readout.frequency": float(self._frequencies(q, known)[step]) for q in self.targets}
                lengths = {f"{q}.readout.duration": self.duration for q in self.targets}
                settings.append({**currents, **tones, **lengths})
        asked = program(self.laboratory, [[]], indices(self.laboratory, self.targets), self.shots)
        return Scan(asked, tuple(settings), traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the current at which each resonator stands highest."""
        x = np.stack([self._frequencies(qubit, known) for qubit in self.targets])
        late, rows = SETTLED * self.duration, (-1, self.n_points)
        z, sigma = swept(self.laboratory, self.targets, result, np.tile(x, self.n_currents), late)
        fits = fit_steady(
            np.repeat(x, self.n_currents, axis=0), z.reshape(rows), sigma.reshape(rows), self.kind, late, self.duration
        )
        shape = (len(self.targets), self.n_currents)
        where = np.array([fit.value("frequency") if fit.ok else np.nan for fit in fits]).reshape(shape)
        errors = np.array([fit.error("frequency") for fit in fits]).reshape(shape)
        return tuple(self._outcome(q, where[k], errors[k], known) for k, q in enumerate(self.targets))

    def _bias(self, qubit: str) -> str:
        flux = self.laboratory.qubits[qubit].flux
        return f"{flux}.bias" if flux is not None and self.laboratory.lines[flux].bias is not None else ""

    def _currents(self, qubit: str, known: Parameters) -> Floats:
        return np.linspace(-self.reach, self.reach, self.n_currents) + known[self._bias(qubit)]

    def _frequencies(self, qubit: str, known: Parameters) -> Floats:
        centre, reach = known[f"{qubit}.resonator.frequency"], self.widths * known[f"{qubit}.resonator.kappa"]
        return np.linspace(centre - reach, centre + reach, self.n_points)

    def _outcome(self, qubit: str, where: Floats, errors: Floats, known: Parameters) -> Outcome:
        bias = self._bias(qubit)
        if not bias:
            return Outcome(qubit, reason="its loop has no source of a direct current")
        if np.isfinite(where).sum() < LEAST:
            return Outcome(qubit, reason="the resonance is lost at most currents")
        (fit,) = fit_parabola(self._currents(qubit, known), where, errors)
        figures = (drawn(f"resonator of {qubit}", fit, "current (A)", y_label="frequency (Hz)"),)
        if not fit.ok or fit.value("curvature") >= 0:
            spread, typical = float(np.nanmax(where) - np.nanmin(where)), float(np.nanmedian(errors))
            text = f"the resonator does not arch over {2e3 * self.reach:.1f} mA: it moves by {spread / 1e3:.0f} kHz"
            return Outcome(qubit, fits=(fit,), figures=figures, reason=f"{text}, known to {typical / 1e3:.0f} kHz each")
        found = {bias: Estimate(fit.value("centre"), fit.error("centre"), "A", run=self.name)}
        return Outcome(qubit, found, (fit,), figures)


NODE = Node(
    name=ResonatorFlux.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="flux.bias", low=-0.1, high=0.1, floor=1 * mA, walk=BIAS),),
    make=lambda laboratory, targets, known: ResonatorFlux(laboratory, targets),
    needs=("resonators",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
)
