"""Local Raman pulses: how strong, at which frequency, and how well they are read."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.drift import Walk
from qctl.calibrate.fits import Fit, fit_cosine, fit_decay
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from ..drive import amplitude_curvature
from ..rabi import turning_point
from ..ramsey import beats_in
from ..rows import flip, half, indices, wait
from .check import AtomCheck
from .seen import asking, bright, left, ones, there

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STEP = 40e-9  # s: what is whole in samples of both AWGs


@dataclass(frozen=True, slots=True)
class Flop:
    """Sweep the amplitude of a half turn on every atom; later the error of some in a row.

    Parameters
    ----------
    highest : amplitude of one pulse while nobody knows better; later up to its third turning point
    """

    name: ClassVar[str] = "flop"
    laboratory: Laboratory
    targets: tuple[str, ...]
    highest: float = 0.95
    n_points: int = 25
    shots: int = 80

    def amplitudes(self) -> Floats:
        """Return the amplitudes of all targets."""
        return np.linspace(0, self.highest, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return one pulse on every target, for each amplitude."""
        circuit = [flip(q) for q in indices(self.laboratory, self.targets)]
        settings = tuple({f"{t}.x180.amplitude": float(a) for t in self.targets} for a in self.amplitudes())
        return Scan(asking(self.laboratory, self.targets, [circuit], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitudes of pi and pi/2 of each target."""
        p, sigma = bright(result, known)
        fits = fit_cosine(self.amplitudes(), p.T, sigma.T)
        return tuple(self._outcome(*both) for both in zip(self.targets, fits, strict=True))

    def _outcome(self, target: str, fit: Fit) -> Outcome:
        value, error = turning_point(fit) if fit.ok else (np.nan, np.nan)
        figures = (drawn(f"Rabi oscillation of {target}", fit, "amplitude", y_label="P(1)", marks=(value,)),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no oscillation seen: {fit.reason}")
        return Outcome(target, _both(self.name, target, value, error), (fit,), figures)


def _both(run: str, target: str, value: float, error: float) -> dict[str, Estimate]:
    """Return the amplitudes of a half and a quarter turn: pulses of one shape and length turn by their amplitude."""
    found = {"x180.amplitude": (value, error), "x90.amplitude": (value / 2, error / 2)}
    return {f"{target}.{name}": Estimate(*both, run=run) for name, both in found.items()}


@dataclass(frozen=True, slots=True)
class FineFlop:
    """Amplify the error of the amplitude: rows of quarter turns that end half way, where slopes are steepest.

    Parameters
    ----------
    turns : numbers of quarter turns, all odd: with a relative error e they end at ``1/2 +- sin(n pi e / 2) / 2``
    """

    name: ClassVar[str] = "fine_flop"
    laboratory: Laboratory
    targets: tuple[str, ...]
    turns: tuple[int, ...] = (1, 3, 5, 9, 13, 17, 21)
    shots: int = 250

    def scan(self, known: Parameters) -> Scan:
        """Return one row for each number of turns."""
        qubits = indices(self.laboratory, self.targets)
        circuits = [[half(q) for q in qubits for _ in range(n)] for n in self.turns]
        return Scan(asking(self.laboratory, self.targets, circuits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitudes that the errors say."""
        p, sigma = bright(result, known)
        return tuple(self._outcome(t, p[:, k], sigma[:, k], known) for k, t in enumerate(self.targets))

    def _outcome(self, target: str, p: Floats, sigma: Floats, known: Parameters) -> Outcome:
        n = np.array(self.turns, float)
        slope = n * pi / 4 * np.sin(n * pi / 2)  # of P(1) = (1 - cos(n pi (1 + e) / 2)) / 2 at e = 0
        weight = 1 / sigma**2
        e = float((weight * slope * (p - 0.5)).sum() / (weight * slope**2).sum())
        error = float(1 / np.sqrt((weight * slope**2).sum()))
        rest = (p - 0.5 - np.sin(slope * 2 * e) / 2) / sigma
        if abs(e) > 0.06:
            return Outcome(target, reason=f"the amplitude is off by {100 * e:.1f} %, too much for this step")
        error *= max(1.0, float(np.sqrt(np.mean(rest**2))))
        old = known[f"{target}.x90.amplitude"]
        value = old / (1 + e)
        figure = Figure(f"rows of quarter turns of {target}", n, p, "turns", "P(1)", sigma)
        found = {f"{target}.x90.amplitude": Estimate(value, error * old, run=self.name)}
        found[f"{target}.x180.amplitude"] = Estimate(2 * value, 2 * error * old, run=self.name)
        return Outcome(target, found, figures=(figure,))


@dataclass(frozen=True, slots=True)
class Fringes:
    """Quarter turns that wait for each other, the second one running ahead: the frequency of every atom.

    The less a frequency is known, the closer the waits.

    Parameters
    ----------
    coarse : what is taken for the error of a guess, Hz
    shortest : wait, s: all atoms have their first turn in it, one after the other
    longest : wait, s
    """

    name: ClassVar[str] = "fringes"
    laboratory: Laboratory
    targets: tuple[str, ...]
    coarse: float = 400.0
    shortest: float = 0.4e-3
    longest: float = 8e-3
    n_points: int = 20
    shots: int = 120

    def waits(self, known: Parameters) -> tuple[Floats, float]:
        """Return waits (s) and by how much the second turn runs ahead (Hz)."""
        error = max(min(known.estimates[f"{t}.frequency"].error, self.coarse) for t in self.targets)
        reach = 3 * error + 20.0
        step = max(self.shortest / 8, min(self.longest / (self.n_points - 1), 1 / (2.4 * 2 * reach)))
        waits = np.round((self.shortest + step * np.arange(self.n_points)) / STEP) * STEP
        return waits, reach + 1.5 / float(np.ptp(waits))

    def scan(self, known: Parameters) -> Scan:
        """Return one circuit for each wait."""
        waits, ahead = self.waits(known)
        qubits, circuits = indices(self.laboratory, self.targets), []
        for t in waits.tolist():
            first = [row for q in qubits for row in (half(q), wait(q, t))]
            circuits.append([*first, *(half(q, 2 * pi * ahead * t) for q in qubits)])
        return Scan(asking(self.laboratory, self.targets, circuits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the frequency of each target."""
        waits, ahead = self.waits(known)
        p, sigma = bright(result, known)
        fits = beats_in(np.broadcast_to(waits, p.T.shape), p.T, sigma.T)
        return tuple(self._outcome(t, fit, ahead, waits, known) for t, fit in zip(self.targets, fits, strict=True))

    def _outcome(self, target: str, fit: Fit, ahead: float, waits: Floats, known: Parameters) -> Outcome:
        figures = (drawn(f"Ramsey fringes of {target}, {ahead:.0f} Hz ahead", fit, "wait (s)", y_label="P(1)"),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no beat seen: {fit.reason}")
        # A qubit above its frame turns the way in which the second pulse runs ahead: both add up.
        value = known[f"{target}.frequency"] + fit.value("frequency") - ahead
        found = {f"{target}.frequency": Estimate(value, max(fit.error("frequency"), 0.3), "Hz", run=self.name)}
        if "tau" in fit.names and fit.value("tau") < 2 * waits[-1] and fit.error("tau") < 0.3 * fit.value("tau"):
            found[f"{target}.t2_ramsey"] = Estimate(fit.value("tau"), fit.error("tau"), "s", run=self.name)
        return Outcome(target, found, (fit,), figures)


@dataclass(frozen=True, slots=True)
class Pumping:
    """Pump for different times; what is left in 1 falls exponentially."""

    name: ClassVar[str] = "pumping"
    laboratory: Laboratory
    targets: tuple[str, ...]
    times: tuple[float, ...] = (10e-6, 20e-6, 30e-6, 50e-6, 70e-6, 100e-6, 150e-6, 250e-6)
    shots: int = 60

    def scan(self, known: Parameters) -> Scan:
        """Return one setting for each time: the light itself is switched."""
        settings = tuple({"pumping.duration": t} for t in self.times)
        return Scan(asking(self.laboratory, self.laboratory.qubit_names, [[]], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the 1/e time, all atoms together."""
        (array,) = self.targets
        stayed = there(result) & left(result, known)
        one = (ones(result, known) & stayed).sum(axis=(1, 2))
        n = np.maximum(stayed.sum(axis=(1, 2)), 1)
        smooth = (one + 1) / (n + 2)
        (fit,) = fit_decay(np.array(self.times), one / n, np.sqrt(smooth * (1 - smooth) / n))
        figures = (drawn("atoms left in 1", fit, "pumping (s)", y_label="P(1)"),)
        if not fit.ok:
            return (Outcome(array, fits=(fit,), figures=figures, reason=f"pumping light does nothing: {fit.reason}"),)
        tau = fit.value("tau")
        found = {f"{array}.pumping.tau": Estimate(tau, fit.error("tau"), "s", run=self.name)}
        left_over = float(np.exp(-known["pumping.duration"] / tau) / 2)
        note = f"pumping for {known['pumping.duration'] * 1e6:.0f} us leaves {left_over:.1e} in 1 for want of time"
        return (Outcome(array, found, (fit,), figures, notes=(note,)),)


def _qubits(laboratory: Laboratory, known: Parameters, target: str) -> frozenset[str]:
    return frozenset({target})


AMPLITUDES = (
    Quantity(name="x180.amplitude", low=0.01, high=1.0, floor=0.3, curvature=amplitude_curvature("x180")),
    Quantity(name="x90.amplitude", low=0.005, high=1.0, floor=0.15, curvature=amplitude_curvature("x90")),
)

FLOP = Node(
    name=Flop.name,
    kind=Target.QUBIT,
    finds=AMPLITUDES,
    make=lambda laboratory, targets, known: Flop(laboratory, targets),
    needs=("pointing", "pumping"),
    claims=_qubits,
)
FINE_FLOP = Node(
    name=FineFlop.name,
    kind=Target.QUBIT,
    finds=AMPLITUDES,
    make=lambda laboratory, targets, known: FineFlop(laboratory, targets),
    needs=("flop", "fringes"),
    claims=_qubits,
    check=lambda laboratory, targets, known: AtomCheck(laboratory, targets, length=12, shots=100),
)


WALK = Walk(2.0)  # Hz; clock states move with the square of the magnetic field and with trap light alone


def fringe_quantities(seconds: float) -> tuple[Quantity, ...]:
    """Return what fringes find; an error of the frequency turns a frame for ``seconds``, which is what it costs."""
    curvature = (2 * pi * seconds) ** 2 / 6
    return (
        Quantity(name="frequency", low=1e6, high=40e6, floor=2e3, curvature=lambda known, target: curvature, walk=WALK),
        Quantity(name="t2_ramsey", low=1e-4, high=100.0, floor=1.0),
    )


FRINGES = Node(
    name=Fringes.name,
    kind=Target.QUBIT,
    finds=fringe_quantities(1e-3),  # s, of a CZ
    make=lambda laboratory, targets, known: Fringes(laboratory, targets),
    needs=("flop",),
    claims=_qubits,
)
PUMPING = Node(
    name=Pumping.name,
    kind=Target.LINE,
    finds=(Quantity(name="pumping.tau", low=1e-7, high=1e-2, floor=1e-3),),
    make=lambda laboratory, targets, known: Pumping(laboratory, targets),
    needs=("presence",),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
