"""Molmer-Sorensen gates of one pair: how strong, how far from the sideband, where the centre line, which frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.experiment import Experiment
from qctl.calibrate.fits import Fit, fit_cosine, fit_line, fit_parabola
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import half, program
from .ms_check import MsCheck
from .pairs import both, shares, strongest, whole_chain, xx

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MsAmplitude:
    """One gate, ever stronger: the turn grows with the square of it, ``P11 - P00 = -cos(pi/2 (A / A0)^2)``."""

    name: ClassVar[str] = "ion_ms_amplitude"
    laboratory: Laboratory
    targets: tuple[str, ...]
    highest: float = 1.35
    n_points: int = 12
    shots: int = 80

    def squares(self, known: Parameters) -> Floats:
        """Return the squares of the amplitudes that are played: the sum of both tones stays below full scale."""
        (target,) = self.targets
        highest = min(self.highest, strongest(self.laboratory, known, target))
        return np.linspace(0.04, highest**2, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a gate for each amplitude."""
        (target,) = self.targets
        pair = both(self.laboratory, target)
        settings = tuple({f"{target}.ms.amplitude": float(a)} for a in np.sqrt(self.squares(known)))
        return Scan(program(self.laboratory, [xx(pair)], pair, self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitude of a quarter turn."""
        (target,) = self.targets
        found, errors = shares(result, known)
        (fit,) = fit_cosine(
            self.squares(known)[None], (found[:, 2] - found[:, 0])[None], np.hypot(errors[:, 2], errors[:, 0])[None]
        )
        figures = (drawn(f"gate of {target}", fit, "square of the amplitude", y_label="P11 - P00"),)
        if not fit.ok:
            return (Outcome(target, fits=(fit,), figures=figures, reason=f"no turn seen: {fit.reason}"),)
        value = float(np.sqrt(1 / (4 * fit.value("frequency"))))
        error = float(np.hypot(value * fit.error("frequency") / fit.value("frequency") / 2, 0.02 * value))
        return (Outcome(target, {f"{target}.ms.amplitude": Estimate(value, error, run=self.name)}, (fit,), figures),)


@dataclass(frozen=True, slots=True)
class MsDetuning:
    """Unlike ions tell of an open loop: their share is least where the loop closes when the gate ends."""

    name: ClassVar[str] = "ion_ms_detuning"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 0.16  # relative
    n_points: int = 11
    shots: int = 150
    repeats: int = 2

    def detunings(self, known: Parameters) -> Floats:
        """Return the detunings that are played, Hz."""
        (target,) = self.targets
        return known[f"{target}.ms.detuning"] * (1 + np.linspace(-self.reach, self.reach, self.n_points))

    def scan(self, known: Parameters) -> Scan:
        """Return gates for each detuning."""
        (target,) = self.targets
        pair = both(self.laboratory, target)
        settings = tuple({f"{target}.ms.detuning": float(d)} for d in self.detunings(known))
        return Scan(program(self.laboratory, [xx(pair, self.repeats)], pair, self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the detuning at which loops close."""
        (target,) = self.targets
        found, errors = shares(result, known)
        (fit,) = fit_parabola(self.detunings(known)[None], found[None, :, 1], np.maximum(errors[None, :, 1], 0.012))
        return (_vertex(self.name, target, "ms.detuning", "Hz", fit, "unlike ions", upwards=True),)


@dataclass(frozen=True, slots=True)
class MsClosure(MsDetuning):
    """The same, closer and with more gates: asymmetry of the curve grows with the square of the reach."""

    name: ClassVar[str] = "ion_ms_closure"
    reach: float = 0.06
    n_points: int = 9
    shots: int = 250
    repeats: int = 4


@dataclass(frozen=True, slots=True)
class MsBalance:
    """Four gates end where they began; unequal tones, of which generators and modulators weaken one, spoil that."""

    name: ClassVar[str] = "ion_ms_balance"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 0.16
    n_points: int = 9
    shots: int = 200

    def balances(self, known: Parameters) -> Floats:
        """Return the ratios of blue to red that are played."""
        (target,) = self.targets
        return known[f"{target}.ms.balance"] + np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return four gates for each balance."""
        (target,) = self.targets
        pair = both(self.laboratory, target)
        settings = tuple({f"{target}.ms.balance": float(b)} for b in self.balances(known))
        return Scan(program(self.laboratory, [xx(pair, 4)], pair, self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the balance at which most pairs come back."""
        (target,) = self.targets
        found, errors = shares(result, known)
        (fit,) = fit_parabola(self.balances(known)[None], found[None, :, 0], np.maximum(errors[None, :, 0], 0.012))
        return (_vertex(self.name, target, "ms.balance", "", fit, "both dark", upwards=False),)


@dataclass(frozen=True, slots=True)
class MsCentre:
    """Light shifts both ions while they are driven: two quarter turns flip them when the tones' centre line follows."""

    name: ClassVar[str] = "ion_ms_centre"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 800.0  # Hz
    n_points: int = 11
    shots: int = 180

    def centres(self, known: Parameters) -> Floats:
        """Return the shifts of the centre line that are played, Hz."""
        (target,) = self.targets
        known_to = known.estimates[f"{target}.ms.centre"].error
        reach = min(self.reach, 6 * known_to + 200.0) if np.isfinite(known_to) else self.reach
        return known[f"{target}.ms.centre"] + np.linspace(-reach, reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return two gates for each centre."""
        (target,) = self.targets
        pair = both(self.laboratory, target)
        settings = tuple({f"{target}.ms.centre": float(c)} for c in self.centres(known))
        return Scan(program(self.laboratory, [xx(pair, 2)], pair, self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the centre at which both ions flip."""
        (target,) = self.targets
        found, errors = shares(result, known)
        sigma = np.maximum(errors[:, 2], 0.012)
        (fit,) = fit_parabola(self.centres(known)[None], found[None, :, 2], sigma[None])
        return (_vertex(self.name, target, "ms.centre", "Hz", fit, "both bright", upwards=False),)


def _vertex(run: str, target: str, name: str, unit: str, fit: Fit, label: str, *, upwards: bool) -> Outcome:
    figures = (drawn(f"{name} of {target}", fit, f"{name} ({unit})", y_label=label),)
    if fit.ok and (fit.value("curvature") > 0) is not upwards:
        return Outcome(target, fits=(fit,), figures=figures, reason="the curve bends the wrong way")
    if not fit.ok:
        return Outcome(target, fits=(fit,), figures=figures, reason=f"no extremum seen: {fit.reason}")
    found = Estimate(fit.value("centre"), fit.error("centre"), unit, run=run)
    return Outcome(target, {f"{target}.{name}": found}, (fit,), figures)


@dataclass(frozen=True, slots=True)
class MsFine:
    """Odd numbers of gates in a row end where both populations are equal, and steep in the error of one turn."""

    name: ClassVar[str] = "ion_ms_fine"
    laboratory: Laboratory
    targets: tuple[str, ...]
    numbers: tuple[int, ...] = (1, 3, 5, 7)
    shots: int = 300

    def scan(self, known: Parameters) -> Scan:
        """Return rows of gates."""
        (target,) = self.targets
        pair = both(self.laboratory, target)
        return Scan(program(self.laboratory, [xx(pair, n) for n in self.numbers], pair, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitude, better."""
        (target,) = self.targets
        found, errors = shares(result, known)
        # P11 - P00 = -cos(n a), a the turn of one gate: near n pi / 2 its sine tells n times the error.
        n = np.array(self.numbers, float)
        sign = np.where((n - 1) / 2 % 2 == 0, 1.0, -1.0)
        tilt = np.arcsin(np.clip(sign * (found[:, 2] - found[:, 0]) / np.maximum(1 - found[:, 1], 0.3), -1, 1))
        sigma = np.hypot(errors[:, 2], errors[:, 0]) / np.maximum(np.cos(tilt), 0.4)
        (fit,) = fit_line(n[None], (n * pi / 2 + tilt)[None], np.maximum(sigma, 0.01)[None])
        figures = (drawn(f"gates of {target} in a row", fit, "gates", y_label="turn (rad)"),)
        if not fit.ok or abs(fit.value("slope") - pi / 2) * n[-1] > 1.3:
            reason = fit.reason or "rows tilt by about a right angle: the amplitude is far off"
            return (Outcome(target, fits=(fit,), figures=figures, reason=reason),)
        old, turn = known[f"{target}.ms.amplitude"], fit.value("slope")
        value = old * float(np.sqrt(pi / 2 / turn))
        error = old * float(np.hypot(fit.error("slope"), 0.05 * (turn - pi / 2)) / pi)
        return (Outcome(target, {f"{target}.ms.amplitude": Estimate(value, error, run=self.name)}, (fit,), figures),)


@dataclass(frozen=True, slots=True)
class MsFrames:
    """Parity of both ions behind a gate and a quarter turn about an axis that goes round: light shifts turn the frames.

    ``parity = C cos(2 axis + phase)`` (Sackett et al., Nature 404, 256); half of what the phase is off belongs to each
    ion, as the same light shifts both.
    """

    name: ClassVar[str] = "ion_ms_frames"
    laboratory: Laboratory
    targets: tuple[str, ...]
    n_points: int = 10
    shots: int = 150

    @property
    def axes(self) -> Floats:
        """Return the axes of the quarter turns, rad."""
        return np.linspace(0, pi, self.n_points, endpoint=False)

    def scan(self, known: Parameters) -> Scan:
        """Return a gate and both quarter turns for each axis."""
        (target,) = self.targets
        pair = both(self.laboratory, target)
        rows = [[*xx(pair), *(half(q, float(axis)) for q in pair)] for axis in self.axes]
        return Scan(program(self.laboratory, rows, pair, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the corrections of both frames."""
        (target,) = self.targets
        found, errors = shares(result, known)
        parity, sigma = 1 - 2 * found[:, 1], 2 * errors[:, 1]
        waves = np.stack([np.cos(2 * self.axes), np.sin(2 * self.axes), np.ones(self.n_points)], axis=1)
        (c, s, _), *_ = np.linalg.lstsq(waves, parity, rcond=None)
        contrast, phase = float(np.hypot(c, s)), float(np.arctan2(s, c))
        error = float(np.mean(sigma) * np.sqrt(2 / self.n_points) / max(contrast, 0.1))
        (fit,) = fit_cosine(self.axes[None], parity[None], sigma[None])
        figures = (drawn(f"parity of {target}", fit, "axis (rad)", y_label="parity"),)
        if contrast < 0.5:
            reason = f"the parity swings by {contrast:.2f} only: no entanglement"
            return (Outcome(target, figures=figures, reason=reason),)
        # Without any turn of the frames the parity is -sin(2 axis), so that its phase is -pi / 2: see the test of it.
        off = float(np.angle(np.exp(1j * (phase + pi / 2)))) / 2
        names = (f"{target}.ms.shift_a", f"{target}.ms.shift_b")
        estimates = {
            name: Estimate(known[name] - off, float(np.hypot(error / 2, 0.01)), "rad", run=self.name) for name in names
        }
        return (Outcome(target, estimates, figures=figures, notes=(f"parity contrast {contrast:.3f}",)),)


def _node(name: str, kind: Callable[[Laboratory, tuple[str, ...]], Experiment], quantity: tuple[Quantity, ...],
          needs: tuple[str, ...], check: bool = True) -> Node:  # fmt: skip
    return Node(
        name=name,
        kind=Target.COUPLING,
        finds=quantity,
        make=lambda laboratory, targets, known: kind(laboratory, targets),
        needs=needs,
        claims=whole_chain,
        check=(lambda laboratory, targets, known: MsCheck(laboratory, targets)) if check else None,
        least_contrast=2.0,
    )


AMPLITUDE = Quantity(name="ms.amplitude", low=0.01, high=2.0, floor=0.5)
DETUNING = Quantity(name="ms.detuning", low=1e3, high=50e3, floor=800.0)
BALANCE = Quantity(name="ms.balance", low=0.3, high=3.0, floor=0.5)
CENTRE = Quantity(name="ms.centre", low=-5e3, high=5e3, floor=2e3)
SHIFTS = tuple(Quantity(name=f"ms.shift_{ion}", low=-3.2, high=3.2, floor=4.0) for ion in "ab")
NODES = (
    _node(MsAmplitude.name, MsAmplitude, (AMPLITUDE,), ("ion_fine", "ion_modes"), check=False),
    _node(MsDetuning.name, MsDetuning, (DETUNING,), (MsAmplitude.name,), check=False),
    _node(MsBalance.name, MsBalance, (BALANCE,), (MsDetuning.name,), check=False),
    _node(MsCentre.name, MsCentre, (CENTRE,), (MsBalance.name,), check=False),
    _node(MsClosure.name, MsClosure, (DETUNING,), (MsCentre.name,), check=False),
    _node(MsFine.name, MsFine, (AMPLITUDE,), (MsClosure.name,)),
    _node(MsFrames.name, MsFrames, SHIFTS, (MsFine.name,), check=False),
)
