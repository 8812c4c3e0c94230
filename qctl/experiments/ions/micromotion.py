"""Where the ions sit on the trap's axis: micromotion takes least light from the carrier there."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import jv

from qctl.calibrate.fits import Fit
from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.result import Result

from ..drawn import drawn
from ..rows import half, indices, program
from .light_checks import AcrossCheck, AlongCheck
from .photons import cooling_photons

ELECTRODE, ALONG_LIGHT = "ex", "ey"
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class IonMicromotion:
    """Quarter turns of all ions at each voltage of an electrode; the carrier is ``J_0`` of the index of micromotion.

    Berkeland et al., J. Appl. Phys. 83, 5025 (1998), eq. 29.

    Parameters
    ----------
    reach : V, to either side of what is believed
    turns : quarter turns in a row, one more than whole turns: what each lacks adds up, and half of the ions are bright
        where nothing is lacking
    """

    name: ClassVar[str] = "ion_micromotion"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 0.9
    turns: int = 9
    n_points: int = 9
    shots: int = 120

    def voltages(self, known: Parameters) -> Floats:
        """Return the voltages that are tried, V."""
        return known[f"{ELECTRODE}.voltage"] + np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a row of quarter turns under each voltage."""
        qubits = indices(self.laboratory, self.laboratory.qubit_names)
        settings = tuple({f"{ELECTRODE}.voltage": float(v)} for v in self.voltages(known))
        return Scan(
            program(self.laboratory, [[half(q) for q in qubits for _ in range(self.turns)]], qubits, self.shots),
            settings,
        )

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the voltage at which the turn is largest."""
        (target,) = self.targets
        share = np.array([result.kept_bits(point).mean() for point in range(self.n_points)])
        shots = np.array([result.kept_bits(point).size for point in range(self.n_points)])
        sigma = np.maximum(np.sqrt(share * (1 - share) / shots), 0.006)
        fit = self._fitted(self.voltages(known), share, sigma)
        figures = (drawn(f"quarter turns against {target}", fit, "voltage (V)", y_label="bright"),)
        if not fit.ok:
            return (Outcome(target, fits=(fit,), figures=figures, reason=fit.reason),)
        found = Estimate(fit.value("centre"), fit.error("centre"), "V", run=self.name)
        return (Outcome(target, {f"{target}.voltage": found}, (fit,), figures),)

    def _fitted(self, volts: Floats, share: Floats, sigma: Floats) -> Fit:
        """Fit ``(1 - sin(n pi / 2 (1 - s J_0(b (V - V0))))) / 2``, s being by what the amplitude is off."""
        middle, whole = float(volts.mean()), self.turns * pi / 2

        def bright(p: Floats) -> Floats:
            return np.asarray((1 - np.sin(whole * (1 - p[2] * jv(0, p[1] * (volts - p[0]))))) / 2)

        starts = [(middle + part * self.reach, b, 1.0) for part in (-0.3, 0.0, 0.3) for b in (0.4, 0.8)]
        bounds = ((float(volts[0]), 0.05, 0.9), (float(volts[-1]), 2.0, 1.1))
        names = ("centre", "modulation", "scale")
        return fit_any_curve("index of micromotion", names, bright, starts, bounds, volts, share, sigma)


@dataclass(frozen=True, slots=True)
class IonMicromotionLight:
    """Photons of all ions in cooling light at each voltage of the electrode along it: micromotion takes some away.

    Light that ions see modulated at the trap's frequency leaves the resonance (Berkeland et al.), most of it where the
    field is compensated worst.

    Parameters
    ----------
    reach : V, to either side of what is believed
    """

    name: ClassVar[str] = "ion_micromotion_light"
    laboratory: Laboratory
    targets: tuple[str, ...]
    reach: float = 2.4
    n_points: int = 13
    shots: int = 40

    def voltages(self, known: Parameters) -> Floats:
        """Return the voltages that are tried, V."""
        return known[f"{ALONG_LIGHT}.voltage"] + np.linspace(-self.reach, self.reach, self.n_points)

    def scan(self, known: Parameters) -> Scan:
        """Return a shot in which nothing is played under each voltage."""
        qubits = indices(self.laboratory, self.laboratory.qubit_names)
        settings = tuple({f"{ALONG_LIGHT}.voltage": float(v)} for v in self.voltages(known))
        return Scan(program(self.laboratory, [[]], qubits, self.shots), settings, traces=True)

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the voltage at which most light comes."""
        (target,) = self.targets
        volts, (total, sigma) = self.voltages(known), cooling_photons(result)
        top, low = float(total.max()), float(total.min())
        fit = fit_any_curve(
            "light left", ("centre", "spread", "light", "dark"),
            lambda p: p[3] + p[2] * np.exp(-(((volts - p[0]) / p[1]) ** 2) / 2),
            [(float(volts[np.argmax(total)]), width, max(top - low, 0.1), low / 2) for width in (1.2, 2.4)],
            # What is dark may come out below nothing: wings of the curve hardly tell it.
            ((volts[0], 0.3, 0.0, -top - 0.1), (volts[-1], 10.0, 4 * top + 1, top + 0.1)),
            volts, total, np.maximum(sigma, 0.005 * top),
        )  # fmt: skip
        figures = (drawn(f"cooling light against {target}", fit, "voltage (V)", y_label="photons a shot"),)
        if not fit.ok:
            return (Outcome(target, fits=(fit,), figures=figures, reason=fit.reason),)
        found = Estimate(fit.value("centre"), fit.error("centre"), "V", run=self.name)
        return (Outcome(target, {f"{target}.voltage": found}, (fit,), figures),)


def _node(
    kind: type[IonMicromotion] | type[IonMicromotionLight],
    check: type[AcrossCheck] | type[AlongCheck],
    electrode: str,
    needs: tuple[str, ...],
) -> Node:
    return Node(
        name=kind.name,
        kind=Target.LINE,
        finds=(Quantity(name="voltage", low=-5.0, high=5.0, floor=1.0),),
        make=lambda laboratory, targets, known: kind(laboratory, targets),
        needs=needs,
        claims=lambda laboratory, known, target: frozenset({target, *laboratory.qubits}),
        check=lambda laboratory, targets, known: check(laboratory, targets),
        applies=lambda laboratory, target: target == electrode,
        largest_error=1.0,
    )


NODE = _node(IonMicromotion, AcrossCheck, ELECTRODE, ("ion_readout",))
ALONG = _node(IonMicromotionLight, AlongCheck, ALONG_LIGHT, ("ion_presence",))
