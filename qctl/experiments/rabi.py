"""How hard to drive for a pi pulse: the oscillation with the amplitude of one pulse."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_cosine
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from .drawn import drawn
from .drive import amplitude_curvature, rotation
from .rows import Row, indices, play, program
from .signal import projected

Floats = NDArray[np.float64]
STRONG = 0.005  # relative: a strong pulse turns by so much less than a weak one promises, level 2 pushes
ODD_START = 0.6  # rad; an oscillation in amplitude starts with a turning point


@dataclass(frozen=True, slots=True)
class Rabi:
    """Sweep the amplitude of one gate pulse; a pi pulse ends at the first turning point.

    Parameters
    ----------
    highest : amplitude while nobody knows better; later the first two turning points are looked at
    """

    name: ClassVar[str] = "rabi"
    laboratory: Laboratory
    targets: tuple[str, ...]
    highest: float = 0.95
    n_points: int = 31
    shots: int = 100

    def amplitudes(self, known: Parameters) -> Floats:
        """Return the amplitudes of each target, shape (n_targets, n_points)."""
        found = [known.estimates[f"{target}.x180.amplitude"] for target in self.targets]
        tops = [min(self.highest, 2.2 * f.value) if np.isfinite(f.error) else self.highest for f in found]
        return np.array(tops)[:, None] * np.linspace(0, 1, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return one pulse on every target at once, for each amplitude."""
        qubits, pulses, circuits = indices(self.laboratory, self.targets), list[Pulse](), list[list[Row]]()
        for column in self.amplitudes(known).T:
            circuits.append([play([qubit], len(pulses) + k) for k, qubit in enumerate(qubits)])
            pulses += [
                rotation(self.laboratory, known, target, "x180", amplitude=float(a))
                for target, a in zip(self.targets, column, strict=True)
            ]
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitudes of pi and pi/2 of each target."""
        amplitudes, (signal, sigma) = self.amplitudes(known), projected(result)
        fits = fit_cosine(amplitudes, signal.T, sigma.T)
        return tuple(self._outcome(*both) for both in zip(self.targets, fits, strict=True))

    def _outcome(self, target: str, fit: Fit) -> Outcome:
        value, error = turning_point(fit) if fit.ok else (np.nan, np.nan)
        figures = (drawn(f"Rabi oscillation of {target}", fit, "amplitude", marks=(value,)),)
        reason = "" if fit.ok else f"no oscillation seen: {fit.reason}"
        if fit.ok and abs(value * 2 * pi * fit.value("frequency") - pi) > ODD_START:
            reason = f"the oscillation does not start with a turning point: its first one is at {value:.3f}"
        if reason:
            return Outcome(target, fits=(fit,), figures=figures, reason=reason)
        error = float(np.hypot(error, STRONG * value))
        found = {f"{target}.x180.amplitude": (value, error), f"{target}.x90.amplitude": (value / 2, error / 2)}
        estimates = {name: Estimate(*both, run=self.name) for name, both in found.items()}
        both_names = (f"{target}.x180.amplitude", f"{target}.x90.amplitude")
        return Outcome(target, estimates, (fit,), figures, covariances={both_names: error**2 / 2})


def turning_point(fit: Fit) -> tuple[float, float]:
    """Return the first turning point after that at 0 and its standard deviation; 0 itself lies where it was seen."""
    frequency, phase = fit.value("frequency"), fit.value("phase")
    half_turns = round(1 + phase / pi)
    value = (half_turns * pi - phase) / (2 * pi * frequency)
    slope = np.zeros(len(fit.names))
    slope[fit.names.index("frequency")], slope[fit.names.index("phase")] = -value / frequency, -0.5 / (pi * frequency)
    return float(value), float(np.sqrt(slope @ fit.covariance @ slope))


NODE = Node(
    name=Rabi.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="x180.amplitude", low=0.01, high=1.0, floor=0.3, curvature=amplitude_curvature("x180")),
        Quantity(name="x90.amplitude", low=0.005, high=1.0, floor=0.15, curvature=amplitude_curvature("x90")),
    ),
    make=lambda laboratory, targets, known: Rabi(laboratory, targets),
    needs=("qubit_spectroscopy",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
