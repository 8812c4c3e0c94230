"""What Molmer-Sorensen gates of each pair need for themselves: centre line, strength, frames behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import fit_cosine, fit_line
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import half
from .ms_shared import centred, fit_centre, shifted
from .pairs import both, played, shares, shares_of_each, to_and_fro, xx

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MsTrim:
    """Gates to and fro bring a pair back where the centre line meets the light shift of its own two ions."""

    name: ClassVar[str] = "ion_ms_trim"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 500.0  # Hz
    n_points: int = 5
    shots: int = 400

    @property
    def offsets(self) -> Floats:
        """Return how far from what is known centre lines are played, Hz."""
        return np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return two gates and back of each pair for each centre."""
        settings = tuple(
            {name: v for t in self.targets for name, v in shifted(known, t, float(offset)).items()}
            for offset in self.offsets
        )
        circuits = [to_and_fro(both(self.laboratory, target), 2) for target in self.targets]
        return Scan(played(self.laboratory, self.targets, circuits, self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the centre of each pair at which most come back."""
        n, outcomes = len(self.targets), []
        for k, target in enumerate(self.targets):
            pair = self.laboratory.couplings[target].pair
            found, errors = shares(result, known, pair, range(k, n * self.n_points, n))
            x = known[f"{target}.ms.centre"] + self.offsets
            fit = fit_centre(x, found[:, 0], errors[:, 0], 4 * known[f"{target}.ms.duration"])
            outcomes.append(self._with_frames(centred(self.name, target, fit), known))
        return tuple(outcomes)

    def _with_frames(self, outcome: Outcome, known: Parameters) -> Outcome:
        """Return an outcome whose frames follow the centre line."""
        centre = outcome.found.get(f"{outcome.target}.ms.centre")
        if centre is None:
            return outcome
        moved = shifted(known, outcome.target, centre.value - known[f"{outcome.target}.ms.centre"])
        found = {name: Estimate(v, 0.02, "rad", run=self.name) for name, v in moved.items() if "shift" in name}
        return replace(outcome, found={**outcome.found, **found})


@dataclass(frozen=True, slots=True)
class MsFine:
    """Odd numbers of gates in a row end where both populations are equal, and steep in the error of one turn."""

    name: ClassVar[str] = "ion_ms_fine"
    laboratory: Laboratory
    targets: tuple[str, ...]
    numbers: tuple[int, ...] = (1, 3, 5)
    shots: int = 900

    def scan(self, known: Parameters) -> Scan:
        """Return rows of gates of each pair."""
        circuits = [xx(both(self.laboratory, target), n) for target in self.targets for n in self.numbers]
        return Scan(played(self.laboratory, self.targets, circuits, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the amplitude of each pair, better."""
        each = shares_of_each(result, known, self.laboratory, self.targets)
        return tuple(self._outcome(*one, known[f"{one[0]}.ms.amplitude"]) for one in each)

    def _outcome(self, target: str, found: Floats, errors: Floats, old: float) -> Outcome:
        # P11 - P00 = -cos(n a), a the turn of one gate: near n pi / 2 its sine tells n times the error.
        n = np.array(self.numbers, float)
        sign = np.where((n - 1) / 2 % 2 == 0, 1.0, -1.0)
        tilt = np.arcsin(np.clip(sign * (found[:, 2] - found[:, 0]) / np.maximum(1 - found[:, 1], 0.3), -1, 1))
        sigma = np.hypot(errors[:, 2], errors[:, 0]) / np.maximum(np.cos(tilt), 0.4)
        (fit,) = fit_line(n[None], (n * pi / 2 + tilt)[None], np.maximum(sigma, 0.01)[None])
        figures = (drawn(f"gates of {target} in a row", fit, "gates", y_label="turn (rad)"),)
        if not fit.ok or abs(fit.value("slope") - pi / 2) * n[-1] > 1.3:
            reason = fit.reason or "rows tilt by about a right angle: the amplitude is far off"
            return Outcome(target, fits=(fit,), figures=figures, reason=reason)
        turn = fit.value("slope")
        value = old * float(np.sqrt(pi / 2 / turn))
        error = old * float(np.hypot(fit.error("slope"), 0.05 * (turn - pi / 2)) / pi)
        return Outcome(target, {f"{target}.ms.amplitude": Estimate(value, error, run=self.name)}, (fit,), figures)


@dataclass(frozen=True, slots=True)
class MsFrames:
    """Parity of both ions behind a gate and a quarter turn about an axis that goes round: light shifts turn the frames.

    ``parity = C cos(2 axis - phase)`` (Sackett et al., Nature 404, 256); half of what the phase is off belongs to each
    ion, as the same light shifts both.
    """

    name: ClassVar[str] = "ion_ms_frames"
    laboratory: Laboratory
    targets: tuple[str, ...]
    n_points: int = 5
    shots: int = 720

    @property
    def axes(self) -> Floats:
        """Return the axes of the quarter turns, rad."""
        return np.linspace(0, pi, self.n_points, endpoint=False)

    def scan(self, known: Parameters) -> Scan:
        """Return a gate and both quarter turns for each pair and axis."""
        pairs = [both(self.laboratory, target) for target in self.targets]
        rows = [[*xx(pair), *(half(q, float(axis)) for q in pair)] for pair in pairs for axis in self.axes]
        return Scan(played(self.laboratory, self.targets, rows, self.shots))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the corrections of both frames of each pair."""
        each = shares_of_each(result, known, self.laboratory, self.targets)
        return tuple(self._outcome(*one, known) for one in each)

    def _outcome(self, target: str, found: Floats, errors: Floats, known: Parameters) -> Outcome:
        parity, sigma = 1 - 2 * found[:, 1], 2 * errors[:, 1]
        waves = np.stack([np.cos(2 * self.axes), np.sin(2 * self.axes), np.ones(self.n_points)], axis=1)
        (c, s, _), *_ = np.linalg.lstsq(waves, parity, rcond=None)
        contrast, phase = float(np.hypot(c, s)), float(np.arctan2(s, c))
        error = float(np.mean(sigma) * np.sqrt(2 / self.n_points) / max(contrast, 0.1))
        (fit,) = fit_cosine(self.axes[None], parity[None], sigma[None])
        figures = (drawn(f"parity of {target}", fit, "axis (rad)", y_label="parity"),)
        if contrast < 0.5:
            return Outcome(target, figures=figures, reason=f"the parity swings by {contrast:.2f} only: no entanglement")
        # Without any turn of the frames the parity is sin(2 axis), its phase pi / 2. Ions that are ahead of their
        # frames by a see the axis a earlier: the phase grows by 2 a, and RZ(-a) makes up for it.
        off = -float(np.angle(np.exp(1j * (phase - pi / 2)))) / 2
        names = (f"{target}.ms.shift_a", f"{target}.ms.shift_b")
        estimates = {
            name: Estimate(known[name] + off, float(np.hypot(error / 2, 0.01)), "rad", run=self.name) for name in names
        }
        return Outcome(target, estimates, figures=figures, notes=(f"parity contrast {contrast:.3f}",))
