"""Atoms in the zone under Rydberg light: the resonance, and how fast atoms go round."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_cosine, fit_damped_cosine
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.fits.fit import failed
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import Row, barrier, cz, flip
from .seen import asking, left, there

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PAIRS = 2  # of neighbours, gated one after the other in each shot
OMEGA_T = 7.85  # 2 pi rabi times what a gate lasts beyond one of its edges (`gate.edge`)


def pairs(laboratory: Laboratory) -> tuple[str, ...]:
    """Return the qubits of a few pairs, those with the shortest way to the zone."""
    guess, array = laboratory.first_guess, next(iter(laboratory.qubits.values())).readout
    zone = np.array([guess[f"{array}.zone.row_1"], guess[f"{array}.zone.column_1"]])
    places = {q: np.array([guess[f"{q}.site.row"], guess[f"{q}.site.column"]]) for q in laboratory.qubits}
    nearest = sorted(places, key=lambda q: float(np.abs(places[q] - zone).sum()))
    return tuple(nearest[: 2 * PAIRS])


def alone(result: Result) -> Bools:
    """Return where an atom was there and its partner was not, shape (n_points, shots, n_targets)."""
    was = there(result)
    return was & ~_partners(was)


def together(result: Result) -> Bools:
    """Return where both atoms of a pair were there."""
    was = there(result)
    return was & _partners(was)


def _partners(of: Bools) -> Bools:
    return np.asarray(of.reshape(*of.shape[:2], -1, 2)[..., ::-1].reshape(of.shape))


def pooled(yes: Bools, of: Bools) -> tuple[Floats, Floats]:
    """Return how often ``yes`` among ``of``, all atoms together, and its standard deviation, shape (n_points,)."""
    n, k = np.maximum(of.sum(axis=(1, 2)), 1), (yes & of).sum(axis=(1, 2))
    smooth = (k + 1) / (n + 2)
    return k / n, np.sqrt(smooth * (1 - smooth) / n)


def gated(qubits: list[int], turns: list[Row]) -> list[Row]:
    """Return ``turns``, then one gate for each pair."""
    return [*turns, *barrier(qubits, 7), *(cz(a, b) for a, b in zip(qubits[::2], qubits[1::2], strict=True))]


def plain(array: str, known: Parameters, seconds: float) -> dict[str, float]:
    """Return settings with which the gate is a plain pulse: no phase runs."""
    nothing = {f"{array}.gate.{part}": 0.0 for part in ("depth", "slope", "lag", "edge")}
    return nothing | {f"{array}.gate.duration": seconds, f"{array}.rydberg.level": known[f"{array}.rydberg.level"]}


@dataclass(frozen=True, slots=True)
class Resonance:
    """Take atoms in 1 to the zone, shine for about half a turn at different frequencies: in r, they do not come back.

    Parameters
    ----------
    coarse, fine : Hz to either side, while the resonance was never seen and later
    """

    name: ClassVar[str] = "rydberg_resonance"
    laboratory: Laboratory
    targets: tuple[str, ...]
    coarse: float = 5e6
    fine: float = 4e6
    n_points: int = 31
    shots: int = 80

    def frequencies(self, known: Parameters) -> Floats:
        """Return the frequencies of the modulator."""
        found = known.estimates[f"{self.targets[0]}.rydberg.resonance"]
        reach = self.fine if np.isfinite(found.error) else self.coarse
        return found.value + np.linspace(-reach, reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return one setting for each frequency."""
        (array,) = self.targets
        qubits = [self.laboratory.qubit_names.index(q) for q in pairs(self.laboratory)]
        pulse = plain(array, known, on_grid(0.5 / known[f"{array}.rydberg.rabi"]))
        settings = tuple(pulse | {f"{array}.rydberg.resonance": float(f)} for f in self.frequencies(known))
        circuit = gated(qubits, [flip(q) for q in qubits])
        return Scan(asking(self.laboratory, pairs(self.laboratory), [circuit], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the resonance."""
        (array,) = self.targets
        lost, sigma = pooled(~left(result, known), there(result))
        fit = line(self.frequencies(known), on_grid(0.5 / known[f"{array}.rydberg.rabi"]), lost, sigma)
        figures = (drawn("atoms lost to r", fit, "modulator (Hz)", y_label="lost"),)
        if not fit.ok:
            return (Outcome(array, fits=(fit,), figures=figures, reason=f"no resonance seen: {fit.reason}"),)
        value, error = fit.value("centre"), fit.error("centre")
        found = {f"{array}.rydberg.resonance": Estimate(value, error, "Hz", run=self.name)}
        return (Outcome(array, found, (fit,), figures),)


def line(frequencies: Floats, seconds: float, p: Floats, sigma: Floats) -> Fit:
    """Fit what a square pulse leaves in r: ``Omega^2 / W^2 sin^2(W t / 2)``, ``W^2 = Omega^2 + d^2``.

    A modulator lets less through the further a tone lies from its own middle, which pulls the line's top there by some
    hundred kilohertz: the slope of the gate's phase takes that back.
    """

    def curve(v: Floats) -> Floats:
        detuning, rabi = 2 * pi * (frequencies - v[0]), 2 * pi * v[1]
        w = np.hypot(detuning, rabi)
        return np.asarray(v[3] + v[2] * (rabi / w * np.sin(w * seconds / 2)) ** 2)

    span = float(np.ptp(frequencies))
    tops = frequencies[np.argsort(p)[-3:]]
    starts = [(float(c), rabi, 0.8, 0.03) for c in tops for rabi in (0.3 / seconds, 0.5 / seconds, 0.8 / seconds)]
    low = (float(frequencies.min()), 0.05 / seconds, 0.1, -0.2)
    high = (float(frequencies.max()), 1.2 / seconds, 1.5, 0.5)
    names = ("centre", "rabi", "height", "floor")
    found = fit_any_curve("line", names, curve, starts, (low, high), frequencies, p, sigma)
    margin = 0.05 * span
    if found.ok and not low[0] + margin < found.value("centre") < high[0] - margin:
        return failed("line", names, "the line lies at the edge of the scan", frequencies, p, sigma)
    return found


@dataclass(frozen=True, slots=True)
class RydbergRabi:
    """Shine for different times on atoms that are alone in the zone, and on pairs, which go round faster."""

    name: ClassVar[str] = "rydberg_rabi"
    laboratory: Laboratory
    targets: tuple[str, ...]
    longest: float = 0.8e-6
    n_points: int = 27
    shots: int = 120

    def times(self) -> Floats:
        """Return the durations."""
        return np.array([on_grid(t) for t in np.linspace(20e-9, self.longest, self.n_points)])

    def scan(self, known: Parameters) -> Scan:
        """Return one setting for each duration."""
        (array,) = self.targets
        qubits = [self.laboratory.qubit_names.index(q) for q in pairs(self.laboratory)]
        settings = tuple(plain(array, known, float(t)) for t in self.times())
        circuit = gated(qubits, [flip(q) for q in qubits])
        return Scan(asking(self.laboratory, pairs(self.laboratory), [circuit], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the Rabi frequency of a single atom; what pairs do is a note."""
        (array,) = self.targets
        gone = ~left(result, known)
        fit = _flopping(self.times(), *pooled(gone, alone(result)))
        both = _flopping(self.times(), *pooled(gone, together(result)))
        figures = (drawn("single atoms lost to r", fit, "light (s)", y_label="lost"),)
        if not fit.ok:
            return (Outcome(array, fits=(fit,), figures=figures, reason=f"no oscillation seen: {fit.reason}"),)
        value, error = fit.value("frequency"), fit.error("frequency")
        area = OMEGA_T / (2 * pi * value)
        notes: tuple[str, ...] = ()
        if both.ok:
            ratio = both.value("frequency") / value
            notes = (f"pairs go round {ratio:.3f} times as fast; perfect blockade makes that 1.414",)
        found = {
            f"{array}.rydberg.rabi": Estimate(value, error, "Hz", run=self.name),
            f"{array}.gate.duration": Estimate(area + known[f"{array}.gate.edge"], area / value * error, "s"),
        }
        return (Outcome(array, found, (fit,), figures, notes=notes),)


def _flopping(times: Floats, p: Floats, sigma: Floats) -> Fit:
    (damped,) = fit_damped_cosine(times, p, sigma, tau_needed=False)
    (steady,) = fit_cosine(times, p, sigma)
    return damped if damped.ok or not steady.ok else steady


def on_grid(seconds: float) -> float:
    """Return a duration in whole samples of the laser's AWG, s."""
    return max(round(seconds / 10e-9), 1) * 10e-9


RESONANCE = Node(
    name=Resonance.name,
    kind=Target.LINE,
    finds=(Quantity(name="rydberg.resonance", low=1e6, high=45e6, floor=6e6),),
    make=lambda laboratory, targets, known: Resonance(laboratory, targets),
    needs=("zone", "holding_fine", "fine_flop"),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
RABI = Node(
    name=RydbergRabi.name,
    kind=Target.LINE,
    finds=(
        Quantity(name="rydberg.rabi", low=0.2e6, high=20e6, floor=3e6),
        Quantity(name="gate.duration", low=50e-9, high=5e-6, floor=1e-6),
    ),
    make=lambda laboratory, targets, known: RydbergRabi(laboratory, targets),
    needs=("rydberg_resonance",),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
