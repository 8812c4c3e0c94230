"""What atoms pick up while they are away from their sites and in the gate, by rows of gates: frames take it back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.drift import Walk
from qctl.calibrate.fits import Fit, fit_linear
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result
from qctl.platforms.tweezers.plays import visit
from qctl.platforms.wiring import station_tick

from ..drawn import drawn
from ..rows import Row, barrier, cz, half
from .rydberg import alone, pairs
from .seen import asking, left, ones, share

Floats = NDArray[np.float64]

PHASES = np.arange(4) * pi / 2  # of the second turn
USUAL = 1.15e-3  # s for which an atom is away in a gate, about
FAINT = 0.3  # contrast of a fringe below which it points nowhere


@dataclass(frozen=True, slots=True)
class GatePhase:
    """Let gates act on single atoms between two quarter turns: the phase that each picks up, ``a + 2 pi d T`` a gate.

    ``a`` is the gate's own. ``T`` is how long an atom is away from its site; of a pair, one leaves first and comes back
    last. ``d`` is what its frequency there is off from that of the sites' mean, which is what is believed before. One
    gate says roughly which way a phase points; many in a row say it that many times better. One pair after the
    other, each at rest before and behind its row, so that what sites' own frequencies are off by hardly counts.

    Parameters
    ----------
    repeats : gates in a row; an atom must stay coherent meanwhile
    """

    name: ClassVar[str] = "gate_phase"
    laboratory: Laboratory
    targets: tuple[str, ...]
    repeats: int = 8
    shots: int = 600

    def of_sites(self, known: Parameters) -> float:
        """Return the mean frequency of atoms in their sites, Hz."""
        return float(np.mean([known[f"{q}.frequency"] for q in self.laboratory.qubit_names]))

    def pairs(self) -> list[tuple[int, int]]:
        """Return the atoms that are carried together."""
        qubits = [self.laboratory.qubit_names.index(q) for q in pairs(self.laboratory)]
        return list(zip(qubits[::2], qubits[1::2], strict=True))

    def scan(self, known: Parameters) -> Scan:
        """Return one circuit for each number of gates and phase of the second turn, phases fastest."""
        (array,) = self.targets
        circuits = [self._circuit(n, float(phase)) for n in (1, self.repeats) for phase in PHASES]
        setting = {f"{array}.away": self.of_sites(known)}
        return Scan(asking(self.laboratory, pairs(self.laboratory), circuits, self.shots), (setting,))

    def _circuit(self, n: int, phase: float) -> list[Row]:
        rows: list[Row] = []
        for a, b in self.pairs():
            rows += [half(a), half(b)]
            for number in range(n):
                rows += [*barrier([a, b], number), cz(a, b)]
            rows += [*barrier([a, b], n), half(a, phase), half(b, phase)]
            rows += barrier(range(len(self.laboratory.qubits)), n + 1)
        return rows

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the phase of the gate and the frequency of atoms away from their sites."""
        (array,) = self.targets
        p, sigma = share(ones(result, known), alone(result) & left(result, known))
        p, sigma = (part.reshape(2, len(PHASES), -1) for part in (p, sigma))
        # A fringe has its top where the second turn's phase makes up for what the frames are off by.
        signal = 2 * np.mean(p * np.exp(1j * PHASES)[:, None], axis=1)
        contrast = 2 * np.abs(signal)
        if contrast.min() < FAINT:
            return (Outcome(array, reason=f"hardly any fringe: contrast {contrast.min():.2f}"),)
        error = np.sqrt(2 * np.mean(sigma[1] ** 2, axis=0) / len(PHASES)) / np.abs(signal[1]) / self.repeats
        away, uncertain = self._times(known)
        fit = self._fit(away, signal, np.hypot(error, uncertain))
        figures = (drawn("phase of single atoms", fit, "time away (s)", y_label="phase of a gate (rad)"),)
        if not fit.ok:
            return (Outcome(array, fits=(fit,), figures=figures, reason=f"no common phase: {fit.reason}"),)
        found = self._found(fit, known, float(away.mean()))
        note = f"contrast {contrast[0].mean():.3f} behind one gate, {contrast[1].mean():.3f} behind {self.repeats}"
        return (Outcome(array, found, (fit,), figures, notes=(note,)),)

    def _fit(self, away: Floats, signal: NDArray[np.complex128], sigma: Floats) -> Fit:
        """Fit the phase of one gate on an atom that is away for as long as the mean, and what frequencies are off by.

        Parameters
        ----------
        signal : shape (2, n_atoms), amplitude and phase of the fringes behind one gate and behind many
        """
        rough = float(np.angle(signal[0].sum()))
        off = rough + np.angle(signal[1] * np.exp(-1j * self.repeats * rough)) / self.repeats

        columns = np.stack([np.ones(len(away)), -2 * pi * (away - away.mean())], axis=1)
        (fit,) = fit_linear(columns, off[None], sigma[None], names=("phase", "ahead"))
        return replace(fit, x=away)

    def _found(self, fit: Fit, known: Parameters, away: float) -> dict[str, Estimate]:
        """Return both; the error of the phase is that of an atom that is away for as long as the mean."""
        (array,) = self.targets
        sites, ahead = self.of_sites(known), fit.value("ahead")
        phase = known[f"{array}.gate.phase"] + fit.value("phase") + 2 * pi * away * ahead
        turned = float(np.angle(np.exp(1j * phase)))
        return {
            f"{array}.gate.phase": Estimate(turned, fit.error("phase"), "rad", run=self.name),
            f"{array}.away": Estimate(sites + ahead, fit.error("ahead"), "Hz", run=self.name),
        }

    def _times(self, known: Parameters) -> tuple[Floats, Floats]:
        """Return for how long each atom is away in a gate, s, and what its site's frequency makes uncertain, rad."""
        tick = float(station_tick(self.laboratory))
        plans = [visit(self.laboratory, known, a, b, tick) for a, b in self.pairs()]
        apart = np.array([plan.away(k) for plan in plans for k in (0, 1)])
        totals = np.array([plan.total for plan in plans for _ in (0, 1)])
        errors = np.array([known.estimates[f"{q}.frequency"].error for q in pairs(self.laboratory)])
        return apart, 2 * pi * totals * np.where(np.isfinite(errors), errors, 0.0)


NODE = Node(
    name=GatePhase.name,
    kind=Target.LINE,
    finds=(
        Quantity(
            name="gate.phase",
            low=-4.0,
            high=4.0,
            floor=7.0,
            curvature=lambda known, target: 0.4,
            follows=lambda known, target: {"away": 2 * pi * USUAL},
        ),
        # What it is off by is part of the phase's error; clock states away from their sites move by some hertz.
        Quantity(name="away", low=1e6, high=45e6, floor=2e3, walk=Walk(5.0)),
    ),
    make=lambda laboratory, targets, known: GatePhase(laboratory, targets),
    needs=("gate_shape_fine", "fringes_long"),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
    largest_error=5.0,
    least_contrast=0.0,  # where atoms away from their sites run as believed, all phases are alike
)
