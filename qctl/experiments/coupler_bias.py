"""Where a coupler is off: the direct current at which pulses of both signs open it alike.

Exchange is even in the flux of the coupler's loop: pulses of heights +c and -c bring |11> back first at the same
distance from zero flux. Half their sum is how far the loop rests from there, in heights; a second current tells how
heights translate into currents. What the coupler's pulse adds to the qubit's flux changes its sign too: where
`flux_crosstalk` knows it, the qubit's pulse makes up for it. The static shift itself, a few kHz, hardly depends on the
current where the coupler is off: the exchange is the sharper ruler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.fit import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse
from qctl.core.result import Result
from qctl.platforms.known import value

from .cz import POWER, around, least_loss
from .pairs import Pair, claims, gate_pulse, guarded, pairs_of, qubits_of
from .rows import Row, flip, play, program
from .signal import excited
from .walks import BIAS, HEIGHT

Floats = NDArray[np.float64]
CROSSTALK = 6e-3  # relative, of a height: a coupler's pulse moves the qubit a little, with its sign


@dataclass(frozen=True)
class CouplerBias:
    """First return of |11> for coupler pulses of both signs, at two currents."""

    name: ClassVar[str] = "coupler_bias"
    laboratory: Laboratory
    targets: tuple[str, ...]
    columns: int = 21
    span: float = 0.30  # relative
    step: float = 0.25e-3  # A, between both currents
    shots: int = 150

    def scan(self, known: Parameters) -> Scan:
        """Return both signs, at the present current and beside it."""
        pairs, pulses, circuits = self._pairs(known), list[Pulse](), list[list[Row]]()
        qubits = qubits_of(pairs)
        for sign in (1, -1):
            for u in self._factors():
                first = len(pulses)
                for pair in pairs:
                    flux, coupler, _ = around(known, pair)
                    height = coupler * float(u)
                    felt = value(known, f"{pair.flux}.crosstalk.{pair.coupler}", 0.0) * height
                    pulses.append(gate_pulse(known, pair, flux + (1 - sign) * felt, sign * height))
                gates = [play((p.high, p.low), first + k) for k, p in enumerate(pairs)]
                circuits.append([*(flip(q) for q in qubits), *guarded(qubits, gates)])
        beside = {f"{pair.coupler}.bias": known[f"{pair.coupler}.bias"] + self.step for pair in pairs}
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)), ({}, beside))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the current of each coupler, and the first return from there."""
        pairs = {pair.name: (k, pair) for k, pair in enumerate(self._pairs(known))}
        ones, sigma = (part.reshape(2, 2, self.columns, -1) for part in excited(result, known))
        outcomes = []
        for name in self.targets:
            if name not in pairs:
                outcomes.append(Outcome(name, reason="the coupler has no flux line, or no source of direct current"))
                continue
            k, pair = pairs[name]
            outcomes.append(self._outcome(known, pair, 1 - ones[..., 2 * k], sigma[..., 2 * k]))
        return tuple(outcomes)

    def _outcome(self, known: Parameters, pair: Pair, lost: Floats, sigma: Floats) -> Outcome:
        heights = around(known, pair)[1] * self._factors()
        fits = [[returned(heights, lost[b, s], sigma[b, s]) for s in range(2)] for b in range(2)]
        every = tuple(fit for row in fits for fit in row)
        figure = Figure(
            f"loss of |11> of {pair.name} for both signs of the coupler", np.concatenate([heights, -heights]),
            lost[0].ravel(), "coupler (full scale)", "loss", sigma[0].ravel(), marks=tuple(
                s * fit.value("best") for s, fit in zip((1, -1), fits[0], strict=True)),
        )  # fmt: skip
        if bad := next((fit for fit in every if not fit.ok), None):
            return Outcome(pair.name, fits=every, figures=(figure,), reason=bad.reason)
        best, error = (np.array([[get(fit) for fit in row] for row in fits]) for get in (_best, _error))
        rest, known_to = (best[:, 0] - best[:, 1]) / 2, np.hypot(error[:, 0], error[:, 1]) / 2
        known_to = np.hypot(known_to, CROSSTALK / 2 * heights.mean())
        by_current = (rest[1] - rest[0]) / self.step
        if abs(rest[1] - rest[0]) < 5 * np.hypot(*known_to):
            return Outcome(
                pair.name, fits=every, figures=(figure,), reason="the direct current does not reach the coupler"
            )
        bias = f"{pair.coupler}.bias"
        found = {
            bias: Estimate(
                known[bias] - rest[0] / by_current,
                float(np.hypot(known_to[0], rest[0] / (rest[1] - rest[0]) * np.hypot(*known_to)) / abs(by_current)),
                "A", run=self.name,
            ),
            f"{pair.name}.chevron.coupler_amplitude": Estimate(
                float(best[0].mean()), float(np.hypot(*error[0]) / 2), run=self.name
            ),
        }  # fmt: skip
        gate = known.estimates[f"{pair.name}.cz.coupler_amplitude"]
        if np.isfinite(gate.error):  # a CZ that is known already stays at the flux where it is
            moved = Estimate(gate.value - float(rest[0]), float(np.hypot(gate.error, known_to[0])), run=self.name)
            found[f"{pair.name}.cz.coupler_amplitude"] = moved
        return Outcome(pair.name, found, every, (figure,))

    def _factors(self) -> Floats:
        return 1 + self.span * np.linspace(-1, 1, self.columns)

    def _pairs(self, known: Parameters) -> tuple[Pair, ...]:
        pairs = pairs_of(self.laboratory, known, self.targets)
        return tuple(p for p in pairs if has_source(self.laboratory, p.name) and f"{p.coupler}.bias" in known)


def returned(heights: Floats, lost: Floats, sigma: Floats) -> Fit:
    """Return the first return of |11> anywhere in a wide scan: the one curve that fits best says around where."""
    tried, cost = np.linspace(heights[3], heights[-3], 60), []
    for best in tried:  # beyond the first return the exchange follows no simple power: points there say nothing
        used = heights <= 1.1 * best
        wave = 0.03 + 0.95 * np.sin(np.pi * (heights[used] / best) ** POWER) ** 2
        cost.append(float(np.sum((lost[used] - wave) ** 2) + 0.125 * np.sum(~used)))
    fits: list[Fit] = []
    for k in np.argsort(cost):
        best = float(tried[k])
        if all(abs(best - other.value("best")) > 0.05 * best for other in fits):
            near = np.abs(heights - best) < 0.11 * best
            fits.append(least_loss(heights[near], lost[near], sigma[near]))
        if fits[-1].ok or len(fits) == 3:
            break
    return fits[-1] if fits[-1].ok else fits[0]


def has_source(laboratory: Laboratory, coupling: str) -> bool:
    """Say whether a direct current reaches the coupler."""
    line = laboratory.couplings[coupling].flux
    return line is not None and laboratory.lines[line].bias is not None


def _best(fit: Fit) -> float:
    return fit.value("best")


def _error(fit: Fit) -> float:
    return fit.error("best")


NODE = Node(
    name=CouplerBias.name,
    kind=Target.COUPLING,
    finds=(
        Quantity(name="flux.bias", low=-20e-3, high=20e-3, floor=1e-3, walk=BIAS),
        Quantity(name="chevron.coupler_amplitude", low=0.02, high=0.95, floor=0.05, walk=HEIGHT),
        Quantity(name="cz.coupler_amplitude", low=0.02, high=0.95, floor=0.05, walk=HEIGHT),
    ),
    make=lambda laboratory, targets, known: CouplerBias(laboratory, targets),
    needs=("chevron",),
    claims=claims,
    applies=has_source,
)
