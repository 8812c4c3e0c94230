"""How hot atoms are: traps are switched off for a moment, and hot atoms are gone when they come back."""

from __future__ import annotations

from dataclasses import dataclass
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
from qctl.core.result import Result

from ..drawn import drawn
from .seen import array_of, asking, survival

Floats = NDArray[np.float64]

BOLTZMANN, MASS = 1.380649e-23, 1.4431609e-25  # J/K, kg (87Rb)
WAIST, WAVELENGTH, DEPTH = 0.9e-6, 852e-9, 1e-3  # m, m, K: of a trap, as designed
SAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Recapture:
    """Switch all traps off for different times behind the program; fit what is left by a temperature.

    The model lets thermal atoms fly from a Gaussian trap and keeps those whose energy is negative when it comes back
    (Tuchendler et al., Phys. Rev. A 78, 033425).
    """

    name: ClassVar[str] = "recapture"
    laboratory: Laboratory
    targets: tuple[str, ...]
    times: tuple[float, ...] = (4e-6, 10e-6, 16e-6, 24e-6, 32e-6, 44e-6, 60e-6)
    shots: int = 120

    def scan(self, known: Parameters) -> Scan:
        """Return one setting for each time."""
        array = array_of(self.laboratory)
        settings = tuple({f"{array}.release": t} for t in self.times)
        return Scan(asking(self.laboratory, self.targets, [[]], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the temperature in each site."""
        p, sigma = survival(result, known)
        return tuple(self._outcome(t, p[:, k], sigma[:, k]) for k, t in enumerate(self.targets))

    def _outcome(self, target: str, p: Floats, sigma: Floats) -> Outcome:
        times = np.array(self.times)

        def curve(v: Floats) -> Floats:
            return np.asarray(v[1] * recaptured(times, float(v[0]) * 1e-6))

        bounds = (0.5, 0.5), (300.0, 1.02)
        fit = fit_any_curve("recapture", ("microkelvin", "all"), curve, [(10, 1), (40, 1)], bounds, times, p, sigma)
        figures = (drawn(f"release and recapture of {target}", fit, "traps off (s)", y_label="left"),)
        if not fit.ok:
            return Outcome(target, fits=(fit,), figures=figures, reason=f"no loss with time: {fit.reason}")
        value, error = fit.value("microkelvin") * 1e-6, fit.error("microkelvin") * 1e-6
        return Outcome(
            target, {f"{target}.site.temperature": Estimate(value, error, "K", run=self.name)}, (fit,), figures
        )


_DRAWN = np.random.default_rng(3).standard_normal((6, SAMPLES))


def recaptured(times: Floats, temperature: float) -> Floats:
    """Return the share of thermal atoms that a trap still holds after it was off; always the same atoms."""
    across = np.sqrt(temperature * WAIST**2 / (4 * DEPTH))
    rayleigh = np.pi * WAIST**2 / WAVELENGTH
    widths = np.array([across, across, np.sqrt(temperature * rayleigh**2 / (2 * DEPTH))])[:, None]
    v = np.sqrt(BOLTZMANN * temperature / MASS) * _DRAWN[3:]
    r = widths * _DRAWN[:3] + v * times[:, None, None]
    spread = 1 + (r[:, 2] / rayleigh) ** 2
    trap = DEPTH / spread * np.exp(-2 * (r[:, 0] ** 2 + r[:, 1] ** 2) / (WAIST**2 * spread))
    # A step of a few microkelvin, not a jump: the fit needs slopes.
    rest = (trap - 0.5 * MASS * (v**2).sum(axis=0) / BOLTZMANN) / 3e-6
    return np.asarray((1 / (1 + np.exp(-np.clip(rest, -60, 60)))).mean(axis=1))


NODE = Node(
    name=Recapture.name,
    kind=Target.QUBIT,
    finds=(Quantity(name="site.temperature", low=1e-7, high=1e-3, floor=1e-4),),
    make=lambda laboratory, targets, known: Recapture(laboratory, targets),
    needs=("presence",),
    claims=lambda laboratory, known, target: frozenset({target}),
)
