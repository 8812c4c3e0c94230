"""How much of a pulse on one flux line reaches the loop of a qubit nearby.

The qubit stands on the slope of its arc while its neighbour's line plays the same pulse up and down: phases differ by
the crosstalk times twice that height (Abrams et al., PR Applied 12, 064022, of direct currents; Dai et al., PRX Quantum
2, 040313). What is even in the neighbour's height, exchange above all, drops out. The loop of a coupler has no
frequency that can be seen here: only qubits are victims.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from .drawn import drawn
from .flux_arc import is_moved, neighbouring, power_of_shape, slope
from .flux_tails import operating
from .pairs import guarded
from .phases import ANGLES, LEAST_CONTRAST, phase_of, wrapped
from .rows import Row, half, indices, play, program
from .signal import excited

Floats = NDArray[np.float64]
STEPS = np.array([-1.0, -0.4, 0.4, 1.0])
REACH = 0.05  # of height by height
DISTORTED = 0.04  # relative; by which the neighbour's line, not straightened, changes its pulse


@dataclass(frozen=True)
class FluxCrosstalk:
    """Phase of a pulsed qubit against the height of the same pulse on each line next to it."""

    name: ClassVar[str] = "flux_crosstalk"
    laboratory: Laboratory
    targets: tuple[str, ...]
    height: float = 0.15  # of the neighbour's pulse
    duration: float = 120e-9
    edge: float = 8e-9
    shots: int = 250

    def scan(self, known: Parameters) -> Scan:
        """Return sets of sources that share no victim, then heights, then axes, fastest last."""
        qubits, pulses, circuits = indices(self.laboratory, self.targets), list[Pulse](), list[list[Row]]()
        for sources in self._sets():
            for step in STEPS:
                first = len(pulses)
                for place, target in enumerate(self.targets):
                    own = self._tone(str(self.laboratory.qubits[target].flux), operating(known, target))
                    extra = () if place else tuple(self._tone(line, self.height * float(step)) for line in sources)
                    pulses.append(Pulse((own, *extra)))
                middle = guarded(qubits, [play((q,), first + k) for k, q in enumerate(qubits)])
                for angle in ANGLES:
                    circuits.append([*(half(q) for q in qubits), *middle, *(half(q, float(angle)) for q in qubits)])
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the crosstalk onto each qubit's line."""
        ones, sigma = (part.reshape(-1, len(STEPS), len(ANGLES), part.shape[1]) for part in excited(result, known))
        phase, error, contrast = phase_of(ones, sigma)
        found = []
        for k, target in enumerate(self.targets):
            if np.median(contrast[..., k]) < LEAST_CONTRAST:
                found.append(Outcome(target, reason="no interference is seen: readout or frequency are wrong"))
            else:
                found.append(self._outcome(known, target, phase[..., k], error[..., k]))
        return tuple(found)

    def _outcome(self, known: Parameters, target: str, phase: Floats, error: Floats) -> Outcome:
        line, fits, figures, found = self.laboratory.qubits[target].flux, [], [], {}
        area = power_of_shape(1, self.duration, self.edge)
        by_height = 2 * pi * area * slope(known, target, operating(known, target))
        for number, sources in enumerate(self._sets()):
            for source in (one for one in sources if one in near_lines(self.laboratory, target)):
                x = self.height * STEPS
                start, y = untangled(phase[number], by_height * x)
                fit = fit_any_curve(
                    "crosstalk", ("even", "shift", "crosstalk"),
                    lambda p, x=x: p[0] * (x / self.height) ** 2 + p[1] + by_height * p[2] * x,  # type: ignore[misc]
                    [(0.0, 0.0, start)], ([-9.0, -9.0, -0.1], [9.0, 9.0, 0.1]), x, y, error[number], least_contrast=0.0,
                )  # fmt: skip
                fits.append(fit)
                figures.append(drawn(f"phase of {target}", fit, f"height on {source} (full scale)", y_label="rad"))
                name = f"{line}.crosstalk.{source}"
                value = fit.value("crosstalk")
                wide = float(np.hypot(fit.error("crosstalk"), DISTORTED * value))
                found[name] = Estimate(value, wide, run=self.name)
        if bad := next((fit for fit in fits if not fit.ok), None):
            return Outcome(target, fits=tuple(fits), figures=tuple(figures), reason=bad.reason)
        return Outcome(target, found, tuple(fits), tuple(figures))

    def _tone(self, line: str, height: float) -> Tone:
        return Tone(line=line, amplitude=height, duration=self.duration, edge=self.edge)

    def _sets(self) -> list[tuple[str, ...]]:
        """Return the lines next to all targets but their own, in sets of which no target has two next to it."""
        own = {self.laboratory.qubits[target].flux for target in self.targets}
        near = [near_lines(self.laboratory, target) for target in self.targets]
        sets: list[list[str]] = []
        for line in dict.fromkeys(line for lines in near for line in lines if line not in own):
            free = (s for s in sets if not any(line in lines and set(s) & set(lines) for lines in near))
            chosen = next(free, None)
            if chosen is None:
                sets.append([line])
            else:
                chosen.append(line)
        return [tuple(one) for one in sets]


def untangled(phase: Floats, by_crosstalk: Floats) -> tuple[float, Floats]:
    """Return the crosstalk that the phases are nearest to, and the phases with the whole turns that follow."""
    tried = []
    for crosstalk in np.arange(-REACH, REACH, 1e-3):
        left = np.exp(1j * (phase - by_crosstalk * crosstalk))
        tried.append((abs(left.sum()), float(crosstalk), float(np.angle(left.sum()))))
    _, best, middle = max(tried)
    return best, by_crosstalk * best + wrapped(phase - by_crosstalk * best - middle)


def near_lines(laboratory: Laboratory, qubit: str) -> tuple[str, ...]:
    """Return the flux lines of the couplings of a qubit, and of the qubits behind them."""
    found = []
    for name in neighbouring(laboratory, qubit):
        coupling = laboratory.couplings[name]
        found += [coupling.flux, *(laboratory.qubits[other].flux for other in coupling.pair if other != qubit)]
    return tuple(line for line in found if line is not None)


NODE = Node(
    name=FluxCrosstalk.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="flux.crosstalk.*", low=-0.2, high=0.2, floor=0.02),),
    make=lambda laboratory, targets, known: FluxCrosstalk(laboratory, targets),
    needs=("flux_tails",),
    claims=lambda laboratory, known, qubit: frozenset({qubit, *neighbouring(laboratory, qubit)}),
    applies=is_moved,
    least_contrast=0.0,
)
