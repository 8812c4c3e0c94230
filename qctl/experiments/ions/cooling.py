"""Where cooling light cools best: half a line red of the resonance, which only its red side shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result
from qctl.platforms.ion_known import COOLING

from ..drawn import drawn
from ..rows import indices, program
from .beams import LOCK
from .light_checks import LINEWIDTH, CoolingCheck
from .photons import cooling_photons
from .presence import FEWEST

Floats = NDArray[np.float64]
BLUE = 0.5  # share of light left beyond the resonance below which it is where ions are heated


@dataclass(frozen=True, slots=True)
class IonCoolingLight:
    """Count photons of all ions while cooling light of each frequency shines, at two powers.

    Red of the resonance ions scatter along a line of width ``G sqrt(1 + s)``, with ``s`` the saturation; blue of it
    light heats them, and hardly any comes (D. J. Wineland, W. M. Itano, Phys. Rev. A 20, 1521). So half a line is
    fitted, with its edge where light breaks off, and four times the power says how wide saturation makes it. The
    lowest temperature is at ``G sqrt(1 + s) / 2`` red of it.

    Parameters
    ----------
    reach : Hz, to either side of what is believed
    """

    name: ClassVar[str] = "ion_cooling_light"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 24e6
    n_points: int = 25
    shots: int = 40

    def frequencies(self, known: Parameters) -> Floats:
        """Return the frequencies that are tried, Hz."""
        return known[f"{COOLING}.tone.frequency"] + np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a shot in which nothing is played for each frequency, at half of the amplitude, then at all of it."""
        qubits, whole = indices(self.laboratory, self.laboratory.qubit_names), known[f"{COOLING}.tone.amplitude"]
        settings = tuple(
            {f"{COOLING}.tone.frequency": float(f), f"{COOLING}.tone.amplitude": share * whole}
            for share in (0.5, 1.0)
            for f in self.frequencies(known)
        )
        return Scan(program(self.laboratory, [[]], qubits, self.shots), settings, traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return where light cools best, and how far it saturates the ions."""
        (target,) = self.targets
        total, sigma = (part.reshape(2, -1) for part in cooling_photons(result))
        x = self.frequencies(known)
        fit = self._fit(x, total, sigma)
        figures = (drawn("cooling light", fit, "frequency (Hz)", y_label="photons a shot"),)
        if total.max() < FEWEST:
            reason = "no ion scatters cooling light at any frequency: it is blocked, or the trap has lost ions"
            return (Outcome(target, fits=(fit,), figures=figures, reason=reason),)
        if not fit.ok or fit.value("left") > BLUE:
            reason = f"no resonance within {self.reach / 1e6:.0f} MHz: {fit.reason or 'light does not break off'}"
            return (Outcome(target, fits=(fit,), figures=figures, reason=reason),)
        s, error = fit.value("saturation"), fit.error("saturation")
        red, slope = LINEWIDTH * np.sqrt(1 + s) / 2, LINEWIDTH / 4 / np.sqrt(1 + s)
        best = Estimate(
            fit.value("resonance") - red, float(np.hypot(fit.error("resonance"), slope * error)), "Hz", run=self.name
        )
        found = {f"{target}.tone.frequency": best, f"{target}.saturation": Estimate(s, error, run=self.name)}
        note = f"resonance at {fit.value('resonance') / 1e6:.2f} MHz of the modulator, saturation {s:.2f}"
        return (Outcome(target, found, (fit,), figures, notes=(note,)),)

    def _fit(self, x: Floats, total: Floats, sigma: Floats) -> Fit:
        """Fit both halves of lines; the edge is sought from every gap between two frequencies."""
        powers = np.array([[0.25], [1.0]])

        def curve(p: Floats) -> Floats:
            resonance, s, bright, left, dark = p
            line = s * powers / (1 + s * powers + (2 * (x - resonance) / LINEWIDTH) ** 2)
            return np.asarray(dark + bright * line * np.where(x < resonance, 1.0, left)).ravel()

        step, most = x[1] - x[0], float(total.max())
        gaps = (x[:-1] + x[1:]) / 2
        drops = np.argsort(np.diff(total, axis=1).sum(axis=0))[:5]  # light breaks off in one of these
        fits = [
            fit_any_curve(
                "half a line", ("resonance", "saturation", "bright", "left", "dark"), curve,
                [(gap, s, 2 * most, 0.1, float(total.min())) for s in (0.4, 1.2)],
                ((gap - step / 2, 0.02, most / 10, 0.0, 0.0), (gap + step / 2, 20.0, 50 * most, 1.0, most)),
                np.concatenate([x, x]), total.ravel(), sigma.ravel(),
            )
            for gap in gaps[drops]
        ]  # fmt: skip
        return min(
            fits, key=lambda fit: float(np.sum(((fit.y - fit.curve.real) / fit.sigma) ** 2)) if fit.ok else np.inf
        )


NODE = Node(
    name=IonCoolingLight.name,
    kind=Target.LINE,
    finds=(
        Quantity(name="tone.frequency", low=1e6, high=170e6, floor=10e6, walk=LOCK),
        Quantity(name="saturation", low=0.0, high=100.0, floor=1.0),
    ),
    make=lambda laboratory, targets, known: IonCoolingLight(laboratory, targets),
    needs=("ion_presence",),
    claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
    check=lambda laboratory, targets, known: CoolingCheck(laboratory, targets),
    applies=lambda laboratory, target: target == COOLING,
    largest_error=1.0,
)
