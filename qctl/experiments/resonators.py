"""Resonators: where each qubit's readout resonator lies and how wide it is, from the notch in its feedline."""

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
from .rows import indices, program
from .walks import RESONATOR

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
MHz, us = 1e6, 1e-6
ROUNDS = 2
WARM = 0.015  # of a linewidth: in some per cent of the shots the qubit is in 1, and the line is that of both
BETWEEN = (
    0.38,
    0.1,
)  # of a linewidth below the resonance, and its error: there 1, which shifts it down, answers otherwise


@dataclass(frozen=True)
class Resonators:
    """Sweep the tones of all qubits at once, with the qubits at rest.

    A resonator that nobody measured is looked for around the guess of its readout tone, further above than below: a
    tone belongs between the resonances of 0 and 1, and that of 0 is the upper one. A tone that nobody tuned yet is put
    halfway to the resonance of 1 as good designs have it; 0 and 1 differ there for any shift up to two linewidths.

    Parameters
    ----------
    below, above : Hz around a guess
    widths : linewidths to either side of a resonance that is known
    kind : "notch" or "transmission"
    """

    name: ClassVar[str] = "resonators"
    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 60
    n_points: int = 31
    below: float = 6.5 * MHz
    above: float = 8.5 * MHz
    widths: float = 2.5
    duration: float = 1 * us
    kind: str = "notch"

    def scan(self, known: Parameters) -> Scan:
        """Return one setting of all tones for each step."""
        steps = np.stack([self._frequencies(qubit, known) for qubit in self.targets])
        settings = tones_at(self.targets, steps, self.duration)
        return Scan(
            program(self.laboratory, [[]], indices(self.laboratory, self.targets), self.shots), settings, traces=True
        )

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return resonance and linewidth of each qubit's resonator, and where its tone belongs."""
        x = np.stack([self._frequencies(qubit, known) for qubit in self.targets])
        z, sigma = swept(self.laboratory, self.targets, result, x, self._late)
        fits = fit_steady(x, z, sigma, self.kind, self._late, self.duration)
        return tuple(self._outcome(*one, known) for one in zip(self.targets, fits, strict=True))

    @property
    def _late(self) -> float:
        return 0.4 * self.duration

    def _frequencies(self, qubit: str, known: Parameters) -> Floats:
        estimate = known.estimates.get(f"{qubit}.resonator.frequency")
        if estimate is not None and np.isfinite(estimate.error):
            reach = self.widths * known[f"{qubit}.resonator.kappa"]
            return np.linspace(estimate.value - reach, estimate.value + reach, self.n_points)
        guess = known[f"{qubit}.readout.frequency"]
        return np.linspace(guess - self.below, guess + self.above, self.n_points)

    def _outcome(self, qubit: str, fit: Fit, known: Parameters) -> Outcome:
        figure = picture(fit)
        if not fit.ok:
            return Outcome(qubit, fits=(fit,), figures=(figure,), reason=fit.reason)
        width = fit.value("kappa")
        frequency = Estimate(
            fit.value("frequency"), np.hypot(fit.error("frequency"), WARM / 2 * width), "Hz", run=self.name
        )
        kappa = Estimate(width, np.hypot(fit.error("kappa"), WARM * width), "Hz", run=self.name)
        found = {f"{qubit}.resonator.frequency": frequency, f"{qubit}.resonator.kappa": kappa}
        if not np.isfinite(known.estimates[f"{qubit}.readout.frequency"].error):
            below, error = BETWEEN
            found[f"{qubit}.readout.frequency"] = Estimate(
                frequency.value - below * width, error * width, "Hz", run=self.name
            )
        return Outcome(qubit, found, (fit,), (figure,))


def fit_steady(x: Floats, z: Complexes, sigma: Floats, kind: str, late: float, end: float) -> list[Fit]:
    """Fit resonators that still fill while they are listened to, from ``late`` to ``end`` (s) after their tones begin.

    The field settles as ``1 - exp(-(kappa / 2 + 2 pi i (f - f0)) t)`` (Gardiner and Collett, Phys. Rev. A 31, 3761).
    What a fit says is missing is added, then the fit is made again; each round leaves a small part of what was missing.
    """
    fits = fit_resonator(x, z, sigma, kind=kind)
    for _ in range(ROUNDS):
        sure = [np.isfinite(fit.values).all() for fit in fits]
        full = [row + missing(fit, late, end) if ok else row for fit, row, ok in zip(fits, z, sure, strict=True)]
        fits = fit_resonator(x, np.array(full), sigma, kind=kind)
    return fits


def missing(fit: Fit, late: float, end: float) -> Complexes:
    """Return what the mean from ``late`` to ``end`` lacks to the settled answer of a resonator."""
    line = line_of(fit)
    rate = np.pi * fit.value("kappa") / line  # of the field that is left: 1/s
    share = (np.exp(-rate * late) - np.exp(-rate * end)) / (rate * (end - late))
    if not fit.model.endswith("notch"):
        return np.asarray(fit.curve * share)
    depth = _depth(fit)
    return np.asarray(-depth * line / (1 - depth * line) * fit.curve * share)


def line_of(fit: Fit) -> Complexes:
    """Return the field in a resonator relative to resonance, ``1 / (1 + 2 i (f - f0) / kappa)``, at each point.

    Phases may run the other way (I and Q swapped): then it is the conjugate. Of both, the right one leaves a cable
    whose phase turns evenly when the resonator is taken out.
    """
    line = np.asarray(1 / (1 + 2j * (fit.x - fit.value("frequency")) / fit.value("kappa")), np.complex128)

    def bend(one: Complexes) -> float:
        cable = fit.curve / (1 - _depth(fit) * one if fit.model.endswith("notch") else one)
        steps = cable[1:] / cable[:-1]
        return float(np.std(steps))

    return line if bend(line) <= bend(line.conj()) else line.conj()


def _depth(fit: Fit) -> complex:
    return complex(fit.value("ql") / fit.value("qc") * np.exp(1j * fit.value("theta")))


def picture(fit: Fit) -> Figure:
    """Return what came back against frequency; the phase is in the complex points."""
    return Figure(
        "resonance", fit.x / 1e9, np.abs(fit.y) * 1e3, "frequency (GHz)", "|I + iQ| (mV)", fit.sigma * 1e3,
        fit.x / 1e9, np.abs(fit.curve) * 1e3, (fit.value("frequency") / 1e9,),
    )  # fmt: skip


NODE = Node(
    name=Resonators.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="resonator.frequency", low=1e9, high=20e9, floor=0.2 * MHz),
        Quantity(name="resonator.kappa", low=10e3, high=50e6, floor=0.2 * MHz),
        # Where a tone stands is a choice.
        Quantity(name="readout.frequency", low=1e9, high=20e9, floor=20 * MHz, walk=RESONATOR),
    ),
    make=lambda laboratory, targets, known: Resonators(laboratory, targets),
    needs=("readout_mixer",),
    claims=lambda laboratory, known, qubit: frozenset({qubit}),
)
