"""Exchange of |11> and |20> against the heights of both flux pulses: where they meet, and when |11> is back first.

The arc of the high qubit (`flux_arc`) predicts the height at which f(high) + anharmonicity = f(low); a few rows around
it, each with rising coupler, show how fast and how completely the two exchange. With ``G = sqrt(8) g`` (ordinary
frequencies), detuning d and the time T that the coupler is open, |11> is lost with
``G^2 / (G^2 + d^2) sin^2(pi sqrt(G^2 + d^2) T)`` (chevron; DiCarlo et al., Nature 460, 240). G rises with a power of
the coupler's pulse: the power is fitted. One full turn, ``G T = 1``, is a CZ.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.fits.fit import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from .flux_arc import height_for, slope
from .pairs import Pair, claims, gate_pulse, guarded, pairs_of, qubits_of, tunable
from .rows import flip, play, program
from .signal import excited
from .walks import HEIGHT

Floats = NDArray[np.float64]
NAMES = ("return", "power", "detuning", "swing", "offset")
SURE = 4e6  # Hz; a resonance predicted to better than this needs three rows, otherwise five


@dataclass(frozen=True)
class Chevron:
    """Loss of |11> over rows of flux pulses (detuning) and columns of coupler pulses."""

    laboratory: Laboratory
    targets: tuple[str, ...]
    lowest: float = 0.10
    highest: float = 0.46
    columns: int = 19
    step: float = 9e6  # Hz between rows
    shots: int = 100
    name: ClassVar[str] = "chevron"

    def scan(self, known: Parameters) -> Scan:
        """Return |11>, then both pulses."""
        pairs = self._playable(known)
        qubits, circuits = qubits_of(pairs), []
        pulses: list[Pulse] = []
        if not pairs:
            return Scan(program(self.laboratory, [[]], [0], 1))
        rows = {pair: self._rows(known, pair) for pair in pairs}
        for row in range(max(map(len, rows.values()))):
            for coupler in self._couplers():
                first = len(pulses)
                pulses += [gate_pulse(known, p, float(rows[p][row % len(rows[p])]), coupler) for p in pairs]
                gates = [play((p.high, p.low), first + k) for k, p in enumerate(pairs)]
                circuits.append([*(flip(q) for q in qubits), *guarded(qubits, gates)])
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return resonance and first return of each coupling."""
        pairs = {pair.name: k for k, pair in enumerate(self._playable(known))}
        playing = {pair.name: pair for pair in pairs_of(self.laboratory, known, self.targets)}
        if not pairs:
            return tuple(Outcome(name, reason=_why(known, playing.get(name))) for name in self.targets)
        ones, sigma = excited(result, known)
        return tuple(
            self._outcome(known, playing[name], 1 - ones[:, 2 * pairs[name]], sigma[:, 2 * pairs[name]])
            if name in pairs
            else Outcome(name, reason=_why(known, playing.get(name)))
            for name in self.targets
        )

    def _outcome(self, known: Parameters, pair: Pair, lost: Floats, sigma: Floats) -> Outcome:
        heights, couplers = self._rows(known, pair), self._couplers()
        seen = slice(0, len(heights) * len(couplers))
        height, coupler = (part.ravel() for part in np.meshgrid(heights, couplers, indexing="ij"))
        fit = self.fitted(known, pair, height, coupler, lost[seen], sigma[seen])
        image = lost[seen].reshape(len(heights), len(couplers))
        middle = slice(len(heights) // 2 * len(couplers), (len(heights) // 2 + 1) * len(couplers))
        figures = (
            Figure(f"loss of |11> of {pair.name}", couplers, heights, "coupler (full scale)", "flux (full scale)",
                   image=image),
            Figure(f"loss of |11> of {pair.name} at the predicted resonance", couplers, lost[seen][middle],
                   "coupler (full scale)", "loss", sigma[seen][middle], couplers, fit.curve.real[middle],
                   (fit.value("return"),) if fit.ok else ()),
        )  # fmt: skip
        if not fit.ok:
            return Outcome(pair.name, fits=(fit,), figures=figures, reason=fit.reason)
        predicted = predicted_height(known, pair) or 0.0
        by_height = abs(slope(known, pair.high_name, predicted))
        stem = f"{pair.name}.chevron"
        found = {
            f"{stem}.flux_amplitude": Estimate(
                predicted + fit.value("detuning") / by_height, fit.error("detuning") / by_height, run=self.name
            ),
            f"{stem}.coupler_amplitude": Estimate(fit.value("return"), fit.error("return"), run=self.name),
        }
        return Outcome(pair.name, found, (fit,), figures)

    def fitted(
        self, known: Parameters, pair: Pair, height: Floats, coupler: Floats, lost: Floats, sigma: Floats
    ) -> Fit:  # fmt: skip
        """Return the fit up to a little behind the first return: what lies beyond follows no simple power."""
        open_for, predicted = open_time(known, pair), predicted_height(known, pair) or 0.0
        below = (height - predicted) * -slope(known, pair.high_name, predicted)  # Hz below the predicted resonance
        starts = _starts(below, coupler, lost, sigma, open_for, self.step * (len(self._rows(known, pair)) // 2))
        used = coupler <= 1.06 * starts[0][0]
        if used.sum() < len(NAMES) + 3:
            used = coupler <= np.sort(np.unique(coupler))[4]

        def curve(p: Floats) -> Floats:
            return chevron(coupler, below, open_for, *p)

        part = fit_any_curve(
            "chevron", NAMES, lambda p: curve(p)[used], starts,
            ([self.lowest, 1.2, -60e6, 0.3, -0.05], [self.highest, 8.0, 60e6, 1.1, 0.2]),
            coupler[used], lost[used], sigma[used], least_contrast=5.0,
        )  # fmt: skip
        whole = curve(part.values) if np.isfinite(part.values).all() else np.full(len(lost), np.nan)
        return Fit(
            part.model, part.names, part.values, part.covariance, part.reduced_chi2, part.runs_p, part.at_bound,
            part.contrast, part.ok, part.reason, coupler, lost, np.where(used, sigma, np.inf), whole,
            int((~used).sum()),
        )  # fmt: skip

    def _couplers(self) -> Floats:
        return np.linspace(self.lowest, self.highest, self.columns)

    def _rows(self, known: Parameters, pair: Pair) -> Floats:
        """Return heights at the predicted resonance and around it."""
        errors = [known.estimates[f"{pair.high_name}.{what}"].error for what in ("anharmonicity", "frequency")]
        half = 1 if all(isfinite(e) for e in errors) and sum(errors) < SURE else 2
        middle = predicted_height(known, pair) or 0.0
        offsets = np.arange(-half, half + 1) * self.step / abs(slope(known, pair.high_name, middle))
        return np.asarray(middle + offsets)

    def _playable(self, known: Parameters) -> tuple[Pair, ...]:
        pairs = pairs_of(self.laboratory, known, self.targets)
        return tuple(pair for pair in pairs if predicted_height(known, pair) is not None)


def chevron(
    coupler: Floats, below: Floats, open_for: float, back: float, power: float, detuning: float, swing: float,
    offset: float,
) -> Floats:  # fmt: skip
    """Return the loss of |11>; ``back`` is the coupler's pulse of one turn, ``below`` and ``detuning`` in Hz."""
    turns, off = (coupler / back) ** power, (below - detuning) * open_for
    square = turns**2 + off**2
    return np.asarray(offset + swing * turns**2 / square * np.sin(pi * np.sqrt(square)) ** 2)


def predicted_height(known: Parameters, pair: Pair) -> float | None:
    """Return the height of a flux pulse at which |11> meets |20>; None where the arc does not reach so far."""
    if f"{pair.high_name}.arc_2" not in known:
        return None
    gap = known[f"{pair.high_name}.frequency"] + known[f"{pair.high_name}.anharmonicity"]
    return height_for(known, pair.high_name, known[f"{pair.low_name}.frequency"] - gap)


def open_time(known: Parameters, pair: Pair) -> float:
    """Return for how long the coupler is about as open as its pulse is high, s: G falls fast on its edges."""
    coupler = gate_pulse(known, pair).tones[1]
    return coupler.duration - 1.3 * coupler.edge


def _starts(
    below: Floats, coupler: Floats, lost: Floats, sigma: Floats, open_for: float, reach: float
) -> list[tuple[float, float, float, float, float]]:  # fmt: skip
    """Return the best of a grid of curves; points beyond the first return count as if nothing were known of them."""
    backs = np.exp(np.linspace(np.log(1.5 * coupler.min()), np.log(coupler.max()), 45))
    unknown, tried = 0.125 + np.mean(sigma**2), []
    for back in backs:
        used = coupler <= 1.08 * back
        for power in (2.2, 2.8, 3.4, 4.2):
            for detuning in np.linspace(-reach, reach, 7):
                wave = chevron(coupler[used], below[used], open_for, back, power, float(detuning), 0.9, 0.03)
                cost = np.sum((lost[used] - wave) ** 2) + unknown * np.sum(~used)
                tried.append((float(cost), (float(back), power, float(detuning), 0.9, 0.03)))
    tried.sort()
    return [start for _, start in tried[:2]]


def _why(known: Parameters, pair: Pair | None) -> str:
    if pair is None:
        return "the high qubit or the coupler has no flux line: there is no CZ by flux"
    if f"{pair.high_name}.arc_2" not in known:
        return f"nobody knows how far flux pulses move {pair.high_name}"
    return f"the flux line of {pair.high_name} does not reach the frequency at which |11> meets |20>"


NODE = Node(
    name=Chevron.name,
    kind=Target.COUPLING,
    finds=(
        Quantity(name="chevron.flux_amplitude", low=0.02, high=0.95, floor=0.02, walk=HEIGHT),
        Quantity(name="chevron.coupler_amplitude", low=0.02, high=0.95, floor=0.02, walk=HEIGHT),
    ),
    make=lambda laboratory, targets, known: Chevron(laboratory, targets),
    needs=("flux_tails", "fine_amplitude", "single_shots"),
    claims=claims,
    applies=tunable,
)
