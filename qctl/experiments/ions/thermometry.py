"""Quanta of the centre-of-mass mode, from the ratio of its sidebands: how fast it heats, how hard to cool it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.experiment import Experiment
from qctl.calibrate.fits import fit_line
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import Row, indices, play, program, wait
from .beams import ETA, on_ticks, rabi_frequency, tone

Floats = NDArray[np.float64]
TRAP, COOLING = "trap", "cooling"
DURATION = float(on_ticks(160e-6))


def sidebands(laboratory: Laboratory, known: Parameters, waits: tuple[float, ...], shots: int) -> Scan:
    """Return a red and a blue sideband on every ion behind each wait."""
    names = laboratory.qubit_names
    pulses, circuits, qubits = list[Pulse](), list[list[Row]](), indices(laboratory, names)
    share = 0.4 / (ETA / len(names) ** 0.5 * DURATION * rabi_frequency(known, names[0]))
    for seconds in waits:
        for side in (-1, 1):
            pulled = side * (share * rabi_frequency(known, names[0])) ** 2 / (2 * known[f"{TRAP}.mode_1"])
            offset = side * known[f"{TRAP}.mode_1"] - pulled
            q, rest = qubits[0], max(waits) - seconds  # points end together: what waits less waits behind its pulse
            circuits.append([wait(q, seconds), play([q], len(pulses)), wait(q, rest)])
            pulses.append(tone(laboratory, known, names[0], offset, share, DURATION))
    return Scan(program(laboratory, circuits, qubits, shots, tuple(pulses)))


def quanta(result: Result) -> tuple[Floats, Floats]:
    """Return the mean quanta by pairs of points, red and blue, ``R / (1 - R)``, and standard errors.

    Exact for a thermal state, whatever pulse both are driven with (Turchette et al., Phys. Rev. A 61, 063418, eq. 8).
    """
    bits = [result.kept_bits(point)[:, 0] for point in range(len(result.bits))]
    share = np.array([(one.sum() + 0.5) / (len(one) + 1) for one in bits])
    sigma = np.sqrt(share * (1 - share) / np.array([len(one) + 1 for one in bits]))
    red, blue = share[::2], share[1::2]
    ratio = np.clip(red / blue, 0, 0.95)
    error = np.hypot(sigma[::2] / blue, ratio * sigma[1::2] / blue)
    return ratio / (1 - ratio), error / (1 - ratio) ** 2


@dataclass(frozen=True, slots=True)
class IonHeating:
    """Quanta behind ever longer waits."""

    name: ClassVar[str] = "ion_heating"
    laboratory: Laboratory
    targets: tuple[str, ...]
    waits: tuple[float, ...] = (0.0, 1e-3, 2e-3, 3e-3)
    shots: int = 500

    def scan(self, known: Parameters) -> Scan:
        """Return both sidebands behind each wait."""
        return sidebands(self.laboratory, known, tuple(on_ticks(np.array(self.waits)).tolist()), self.shots)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the heating rate, quanta per second."""
        (target,) = self.targets
        mean, errors = quanta(result)
        (fit,) = fit_line(np.array(self.waits)[None], mean[None], errors[None])
        figures = (drawn("heating of the centre of mass", fit, "wait (s)", y_label="quanta"),)
        if not fit.ok:
            return (Outcome(target, fits=(fit,), figures=figures, reason=fit.reason),)
        found = Estimate(fit.value("slope"), fit.error("slope"), "Hz", run=self.name)
        return (Outcome(target, {f"{TRAP}.heating": found}, (fit,), figures),)


@dataclass(frozen=True, slots=True)
class IonCooling:
    """Quanta behind sideband cooling of several strengths; the coldest is taken."""

    name: ClassVar[str] = "ion_cooling"
    laboratory: Laboratory
    targets: tuple[str, ...]
    amplitudes: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4)
    shots: int = 400

    def scan(self, known: Parameters) -> Scan:
        """Return both sidebands behind each strength of cooling."""
        settings = tuple({f"{COOLING}.sideband_amplitude": a} for a in self.amplitudes)
        return Scan(sidebands(self.laboratory, known, (0.0,), self.shots).program, settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the strength that leaves fewest quanta; of those that are alike, the weakest."""
        (target,) = self.targets
        mean, errors = quanta(result)
        alike = mean <= mean.min() + 2 * errors[np.argmin(mean)]
        best = float(self.amplitudes[int(np.argmax(alike))])
        figure = Figure(
            "sideband cooling", np.array(self.amplitudes), mean, "amplitude", "quanta", errors, marks=(best,)
        )
        if mean.min() > 1:
            return (Outcome(target, figures=(figure,), reason=f"{mean.min():.1f} quanta are left at best"),)
        found = Estimate(best, 0.05, run=self.name)
        note = f"{mean.min():.3f} quanta are left in the centre-of-mass mode"
        return (Outcome(target, {f"{COOLING}.sideband_amplitude": found}, figures=(figure,), notes=(note,)),)


def _node(name: str, kind: Callable[[Laboratory, tuple[str, ...]], Experiment], line: str, found: Quantity) -> Node:
    return Node(
        name=name,
        kind=Target.LINE,
        finds=(found,),
        make=lambda laboratory, targets, known: kind(laboratory, targets),
        needs=("ion_rabi_cold",),
        claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
        applies=lambda laboratory, target: target == line,
        largest_error=2.0,
        least_contrast=0.0,
    )


HEATING = _node(IonHeating.name, IonHeating, TRAP, Quantity(name="heating", low=-1e3, high=1e5, floor=100.0))
COOL = _node(IonCooling.name, IonCooling, COOLING, Quantity(name="sideband_amplitude", low=0.0, high=2.0, floor=1.0))
