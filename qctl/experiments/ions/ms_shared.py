"""What Molmer-Sorensen gates of all pairs have in common, as they share one mode: one pair answers for all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from .pairs import both, expected, played, shares, strongest, to_and_fro, xx

Floats = NDArray[np.float64]


def for_all(targets: tuple[str, ...], first: Outcome, name: str, spread: float) -> tuple[Outcome, ...]:
    """Return what was found of the first pair for every pair, each less surely by ``spread``."""
    if first.reason:
        return tuple(replace(first, target=target) for target in targets)
    found = first.found[f"{first.target}.{name}"]
    note = (f"as of {first.target}: all pairs share one mode",)
    less = replace(found, error=float(np.hypot(found.error, spread)))
    return first, *(Outcome(target, {f"{target}.{name}": less}, notes=note) for target in targets[1:])


@dataclass(frozen=True, slots=True)
class MsAmplitude:
    """One gate, ever stronger: the turn grows with the square of it, ``P11 - P00 = -C cos(pi/2 (A / A0)^2)``.

    Relative to their pi pulses, all pairs need nearly the same: they take equal part in the mode.
    """

    name: ClassVar[str] = "ion_ms_amplitude"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 2.1  # over what is expected
    spread: float = 0.03  # relative; of other pairs, through other modes and modulators
    n_points: int = 12
    shots: int = 100

    def squares(self, known: Parameters) -> Floats:
        """Return the squares of the amplitudes that are played: the sum of both tones stays below full scale."""
        first = self.targets[0]
        highest = min(self.reach * expected(self.laboratory, known, first), strongest(self.laboratory, known, first))
        return highest**2 * np.linspace(0.04, 1, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a gate for each amplitude."""
        first = self.targets[0]
        settings = tuple({f"{first}.ms.amplitude": float(a)} for a in np.sqrt(self.squares(known)))
        return Scan(played(self.laboratory, [first], [xx(both(self.laboratory, first))], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitude of a quarter turn."""
        first, squares = self.targets[0], self.squares(known)
        found, errors = shares(result, known, self.laboratory.couplings[first].pair, range(self.n_points))
        guess, highest = expected(self.laboratory, known, first), float(np.sqrt(squares[-1]))
        fit = fit_any_curve(
            "Molmer-Sorensen turn", ("amplitude", "contrast"),
            lambda p: -p[1] * np.cos(pi / 2 * squares / p[0] ** 2),
            [(guess * share, 0.95) for share in (0.8, 0.9, 1.0, 1.1, 1.2)], ((0.2 * guess, 0.2), (2 * highest, 1.2)),
            squares, found[:, 2] - found[:, 0], np.maximum(np.hypot(errors[:, 2], errors[:, 0]), 0.04),
        )  # fmt: skip
        figures = (drawn(f"gate of {first}", fit, "square of the amplitude", y_label="P11 - P00"),)
        if not fit.ok:
            reason = f"no turn seen: {fit.reason}"
            return for_all(self.targets, Outcome(first, fits=(fit,), figures=figures, reason=reason), "", 0)
        value = fit.value("amplitude")
        error = float(np.hypot(fit.error("amplitude"), 0.01 * value))
        named = {f"{first}.ms.amplitude": Estimate(value, error, run=self.name)}
        return for_all(self.targets, Outcome(first, named, (fit,), figures), "ms.amplitude", self.spread * value)


@dataclass(frozen=True, slots=True)
class MsDetuning:
    """Unlike ions tell of an open loop: none are seen where the loop closes when the gate ends.

    ``P1 = (1 - exp(-16 |alpha|^2 (n + 1/2))) / 4``, alpha being how open n loops of ``sin(pi n delta / delta0)`` are
    (Sorensen and Molmer, Phys. Rev. A 62, 022311, eqs. 10 to 13).
    """

    name: ClassVar[str] = "ion_ms_detuning"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 0.16  # relative
    n_points: int = 11
    shots: int = 120
    repeats: int = 2
    doubt: float = 0.015  # of a share, beyond chance

    def detunings(self, known: Parameters) -> Floats:
        """Return the detunings that are played, Hz."""
        return known[f"{self.targets[0]}.ms.detuning"] * (1 + np.linspace(-self.reach, self.reach, self.n_points))

    def scan(self, known: Parameters) -> Scan:
        """Return gates for each detuning."""
        first = self.targets[0]
        settings = tuple({f"{first}.ms.detuning": float(d)} for d in self.detunings(known))
        rows = xx(both(self.laboratory, first), self.repeats)
        return Scan(played(self.laboratory, [first], [rows], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the detuning at which loops close."""
        first, x = self.targets[0], self.detunings(known)
        found, errors = shares(result, known, self.laboratory.couplings[first].pair, range(self.n_points))

        def open_loops(p: Floats) -> Floats:
            left = np.sin(pi * self.repeats * x / p[0]) * p[0] / x
            return np.asarray(p[2] + (1 - np.exp(-p[1] * left**2)) / 4)

        middle = known[f"{first}.ms.detuning"]
        near = 0.45 / self.repeats  # beyond, loops close once more
        fit = fit_any_curve(
            "open loops", ("closing", "opening", "floor"), open_loops,
            [(middle * (1 + s * self.reach), 3.0, 0.02) for s in (-0.5, 0.0, 0.5)],
            ((middle * (1 - near), 0.05, -0.05), (middle * (1 + near), 40.0, 0.3)),
            x, found[:, 1], np.maximum(errors[:, 1], self.doubt),
        )  # fmt: skip
        figures = (drawn(f"open loops of {first}", fit, "ms.detuning (Hz)", y_label="unlike ions"),)
        if not fit.ok:
            reason = f"no closed loop seen: {fit.reason}"
            return for_all(self.targets, Outcome(first, fits=(fit,), figures=figures, reason=reason), "", 0)
        value = Estimate(fit.value("closing"), fit.error("closing"), "Hz", run=self.name)
        outcome = Outcome(first, {f"{first}.ms.detuning": value}, (fit,), figures)
        return for_all(self.targets, outcome, "ms.detuning", 10.0)


@dataclass(frozen=True, slots=True)
class MsClosure(MsDetuning):
    """The same, closer and with more shots.

    No more gates in a row: from four on, what the centre line is off adds up and moves the closing by 40 Hz.
    """

    name: ClassVar[str] = "ion_ms_closure"
    reach: float = 0.1
    n_points: int = 9
    shots: int = 1000
    doubt: float = 0.006


def fit_centre(x: Floats, dark: Floats, errors: Floats, seconds: float) -> Fit:
    """Fit where most pairs come back from gates to and fro, by the shift of the centre line.

    What is detuned turns both ions about z. Half of that is left, about, as the gate turns its axis to and fro and the
    motion takes the other half: how much is a parameter, the middle does not depend on it.

    Parameters
    ----------
    x : shifts, Hz
    dark : share of pairs that came back
    seconds : for which gates are played
    """
    steep = 2 * 2**0.5 * seconds
    reach = float(x[-1] - x[0]) / 2
    return fit_any_curve(
        "gates to and fro", ("centre", "top", "turns"),
        lambda p: p[1] - np.sin(p[2] * (x - p[0])) ** 2 / 2,
        [(float(x.mean()) + share * reach, 0.95, more * steep)
         for share in (-0.6, -0.3, 0.0, 0.3, 0.6) for more in (1.0, 2.0)],
        ((x[0], 0.3, 0.4 * steep), (x[-1], 1.1, 4 * steep)), x, dark, np.maximum(errors, 0.02),
    )  # fmt: skip


def shifted(known: Parameters, target: str, offset: float) -> dict[str, float]:
    """Return a centre line ``offset`` Hz further, and frames behind the gate that follow what its tones turn on.

    An ion that light makes faster is ahead of its frame by the shift's phase when the gate ends; later pulses must be
    too, and ``RZ(l)`` takes l from their phases.
    """
    more = -2 * pi * offset * (known[f"{target}.ms.duration"] - known[f"{target}.ms.edge"])
    frames = {f"{target}.ms.shift_{ion}": known[f"{target}.ms.shift_{ion}"] + more for ion in "ab"}
    return {f"{target}.ms.centre": known[f"{target}.ms.centre"] + offset, **frames}


def centred(run: str, target: str, fit: Fit) -> Outcome:
    """Return where the centre line of a pair belongs, or why that is not known."""
    figures = (drawn(f"centre line of {target}", fit, "ms.centre (Hz)", y_label="both dark"),)
    if not fit.ok:
        return Outcome(target, fits=(fit,), figures=figures, reason=f"no centre seen: {fit.reason}")
    found = Estimate(fit.value("centre"), fit.error("centre"), "Hz", run=run)
    return Outcome(target, {f"{target}.ms.centre": found}, (fit,), figures)


@dataclass(frozen=True, slots=True)
class MsCentre:
    """Light shifts both ions while they are driven: gates to and fro bring them back when the centre line follows."""

    name: ClassVar[str] = "ion_ms_centre"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 700.0  # Hz
    spread: float = 80.0  # Hz; of the shifts of other ions
    n_points: int = 11
    shots: int = 400

    def centres(self, known: Parameters) -> Floats:
        """Return the shifts of the centre line that are played, Hz."""
        return known[f"{self.targets[0]}.ms.centre"] + np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a gate and the same back for each centre."""
        first = self.targets[0]
        old = known[f"{first}.ms.centre"]
        settings = tuple(shifted(known, first, float(c) - old) for c in self.centres(known))
        rows = to_and_fro(both(self.laboratory, first), 1)
        return Scan(played(self.laboratory, [first], [rows], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the centre at which most come back."""
        first = self.targets[0]
        found, errors = shares(result, known, self.laboratory.couplings[first].pair, range(self.n_points))
        fit = fit_centre(self.centres(known), found[:, 0], errors[:, 0], 2 * known[f"{first}.ms.duration"])
        return for_all(self.targets, centred(self.name, first, fit), "ms.centre", self.spread)
