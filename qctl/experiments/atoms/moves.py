"""How arrays are filled: how fast traps load, and how fast atoms may be carried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import fit_decay
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from .rydberg import gated, pairs, pooled
from .seen import asking, left, there

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loading:
    """Shine loading light for different times: the share of sites that hold an atom rises to what collisions leave."""

    name: ClassVar[str] = "loading"
    laboratory: Laboratory
    targets: tuple[str, ...]
    times: tuple[float, ...] = (5e-3, 10e-3, 20e-3, 30e-3, 45e-3, 60e-3, 80e-3, 100e-3)
    shots: int = 80

    def scan(self, known: Parameters) -> Scan:
        """Return one setting for each time."""
        settings = tuple({"mot.duration": t} for t in self.times)
        return Scan(asking(self.laboratory, self.laboratory.qubit_names, [[]], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the 1/e time, all sites together."""
        (array,) = self.targets
        was = there(result)
        empty, sigma = pooled(~was, np.ones_like(was))
        (fit,) = fit_decay(np.array(self.times), empty, sigma)
        figures = (drawn("empty sites", fit, "loading light (s)", y_label="empty"),)
        if not fit.ok:
            return (Outcome(array, fits=(fit,), figures=figures, reason=f"loading light does nothing: {fit.reason}"),)
        tau = fit.value("tau")
        missing = float(np.exp(-known["mot.duration"] / tau))
        note = f"after {known['mot.duration'] * 1e3:.0f} ms {100 * (1 - missing):.0f} % of what can be loaded is there"
        found = {f"{array}.loading.tau": Estimate(tau, fit.error("tau"), "s", run=self.name)}
        return (Outcome(array, found, (fit,), figures, notes=(note,)),)


@dataclass(frozen=True, slots=True)
class Rearranging:
    """Carry atoms to the zone and back at different paces, without Rydberg light: who is carried too fast is lost.

    Survival falls with speed v like ``1 / (1 + exp((v - c) / w))``; the pace that is kept loses a thousandth more than
    the slowest.
    """

    name: ClassVar[str] = "rearranging"
    laboratory: Laboratory
    targets: tuple[str, ...]
    factors: tuple[float, ...] = (1.5, 1.0, 0.75, 0.6, 0.5, 0.42, 0.36, 0.31, 0.27, 0.22)
    shots: int = 120

    def scan(self, known: Parameters) -> Scan:
        """Return one setting for each pace."""
        (array,) = self.targets
        qubits = [self.laboratory.qubit_names.index(q) for q in pairs(self.laboratory)]
        pace = known[f"{array}.pace"]
        settings = tuple({f"{array}.rydberg.level": 0.0, f"{array}.pace": pace * factor} for factor in self.factors)
        return Scan(asking(self.laboratory, pairs(self.laboratory), [gated(qubits, [])], self.shots), settings)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the pace."""
        (array,) = self.targets
        speeds = 1 / np.array(self.factors)
        stay, sigma = pooled(left(result, known), there(result))

        def curve(v: Floats) -> Floats:
            return np.asarray(v[0] / (1 + np.exp(np.clip((speeds - v[1]) / v[2], -60, 60))))

        bounds = (0.3, 0.3, 0.02), (1.1, 8.0, 2.0)
        starts = [(0.95, c, w) for c in (1.5, 2.5, 3.5) for w in (0.1, 0.3)]
        fit = fit_any_curve("hurry", ("all", "half", "width"), curve, starts, bounds, speeds, stay, sigma)
        figures = (drawn("atoms carried to the zone and back", fit, "speed (of what it was)", y_label="left"),)
        if not fit.ok:
            return (Outcome(array, fits=(fit,), figures=figures, reason=f"nobody is lost for speed: {fit.reason}"),)
        fastest = max(fit.value("half") - np.log(1e3) * fit.value("width"), 0.3)
        value = known[f"{array}.pace"] / fastest
        error = value / fastest * float(np.hypot(fit.error("half"), np.log(1e3) * fit.error("width")))
        found = {f"{array}.pace": Estimate(value, error, "s", run=self.name)}
        return (Outcome(array, found, (fit,), figures),)


LOADING = Node(
    name=Loading.name,
    kind=Target.LINE,
    finds=(Quantity(name="loading.tau", low=1e-4, high=10.0, floor=1.0),),
    make=lambda laboratory, targets, known: Loading(laboratory, targets),
    needs=("presence",),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
REARRANGING = Node(
    name=Rearranging.name,
    kind=Target.LINE,
    finds=(Quantity(name="pace", low=1e-8, high=1e-3, floor=1e-5),),
    make=lambda laboratory, targets, known: Rearranging(laboratory, targets),
    needs=("zone", "holding_fine"),
    claims=lambda laboratory, known, target: frozenset(laboratory.qubit_names),
)
