"""CZ: coupler for least leakage, flux for a conditional phase of pi, and what each qubit's own phase gains.

A gate symmetric in time loses |11> on a line in the plane of both heights only: the coupler finds that line, the flux
the place on it where |11> has gained pi (Rol et al., arXiv:1903.02492; Sung et al., PRX 11, 021058). Both are asked in
one scan, around the chevron's answer or, once a CZ is known, closely around that.

Errors of a gate from small errors of its parameters, averaged over states (Pedersen et al., Phys. Lett. A 367, 47):
0.15 e^2 for the conditional phase, 0.2 e^2 for the phase of either qubit, L / 4 for a loss L of |11>.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite, pi, remainder
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.fits.fit import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse
from qctl.core.result import Result

from .cz_check import CzCheck
from .drawn import drawn
from .flux_arc import shift, slope
from .pairs import Pair, claims, each_pair, gate_pulse, guarded, pairs_of, qubits_of, tunable
from .phases import ANGLES, LEAST_CONTRAST, phase_of, wrapped
from .rows import Row, flip, half, play, program
from .signal import excited
from .walks import HEIGHT, PHASE_HIGH, PHASE_LOW

Floats = NDArray[np.float64]
COARSE, FINE = (0.10, 0.020), (0.06, 0.006)  # spans of coupler and flux, relative
MOVES = 1e-3, 3e-3, 0.05  # of a coarse scan, each height at the wrong other one: flux, coupler (relative), phases (rad)
FLAT = 0.85  # of a CZ, as far as the phase of the moved qubit counts its edges
POWER = 3.0  # with which the exchange rises with the coupler's pulse


@dataclass(frozen=True)
class Cz:
    """Loss of |11> against the coupler's height; phases against the flux height."""

    laboratory: Laboratory
    targets: tuple[str, ...]
    couplers: int = 7
    fluxes: int = 5
    shots: int = 500
    name: ClassVar[str] = "cz"

    def scan(self, known: Parameters) -> Scan:
        """Return |11> for each coupler height; then interference of low alone, low beside 1, high alone, by flux."""
        pairs, pulses, circuits = pairs_of(self.laboratory, known, self.targets), list[Pulse](), list[list[Row]]()
        qubits, places = qubits_of(pairs), [around(known, pair) for pair in pairs]

        def gates(heights: Iterable[tuple[float, float]]) -> list[Row]:
            first = len(pulses)
            pulses.extend(gate_pulse(known, p, *both) for p, both in zip(pairs, heights, strict=True))
            return guarded(qubits, [play((p.high, p.low), first + k) for k, p in enumerate(pairs)])

        for u in np.linspace(-1, 1, self.couplers):
            middle = gates((a, c * (1 + u * span)) for a, c, (span, _) in places)
            circuits.append([*(flip(q) for q in qubits), *middle])
        for u in np.linspace(-1, 1, self.fluxes):
            middle = gates((a * (1 + u * span), c) for a, c, (_, span) in places)
            for probes, others in _probes(pairs):
                start = [*(half(q) for q in probes), *(flip(q) for q in others)]
                circuits += [[*start, *middle, *(half(q, float(angle)) for q in probes)] for angle in ANGLES]
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return both heights and the phases at their new place."""
        ones, sigma = excited(result, known)

        def read(k: int, pair: Pair) -> Outcome:
            return self._outcome(known, pair, ones[:, 2 * k : 2 * k + 2], sigma[:, 2 * k : 2 * k + 2])

        return each_pair(self.laboratory, known, self.targets, read)

    def _outcome(self, known: Parameters, pair: Pair, ones: Floats, sigma: Floats) -> Outcome:
        flux, coupler, (wide, near) = around(known, pair)
        couplers = coupler * (1 + wide * np.linspace(-1, 1, self.couplers))
        fluxes = flux * (1 + near * np.linspace(-1, 1, self.fluxes))
        n = self.couplers
        leak = least_loss(couplers, 1 - ones[:n, 0], sigma[:n, 0])
        phase, error, contrast = phase_of(ones[n:].reshape(-1, 3, 3, 2), sigma[n:].reshape(-1, 3, 3, 2))
        both = wrapped(phase[:, 1, 0] - phase[:, 0, 0] - pi)
        meet = crossing(fluxes, np.unwrap(both), np.hypot(error[:, 1, 0], error[:, 0, 0]))
        name = pair.name
        figures = (
            drawn(f"loss of |11> of {name}", leak, "coupler (full scale)", y_label="loss", marks=(leak.values[0],)),
            drawn(
                f"conditional phase of {name}", meet, "flux (full scale)", y_label="rad - pi", marks=(meet.values[0],)
            ),
        )
        reason = leak.reason or meet.reason or _beyond(meet, fluxes, leak, couplers)
        if contrast[:, :2, 0].min() < LEAST_CONTRAST / 2 or np.median(contrast[:, 2, 1]) < LEAST_CONTRAST:
            reason = "the qubits do not interfere behind the gate: it leaks, or shifts much faster than one knows"
        if reason:
            return Outcome(pair.name, fits=(leak, meet), figures=figures, reason=reason)
        place, stem = meet.value("zero"), f"{pair.name}.cz"
        low = self._own_phase(fluxes, phase[:, 0, 0], error[:, 0, 0], np.zeros(self.fluxes), place)
        turn = 2 * pi * known[f"{stem}.duration"]
        expected = np.array([turn * FLAT * shift(known, pair.high_name, height) for height in fluxes])
        high = self._own_phase(fluxes, phase[:, 2, 1], error[:, 2, 1], expected, place)
        best = leak.value("best")
        by_flux, by_coupler, by_phase = MOVES if (wide, near) == COARSE else (0.0, 0.0, 0.0)
        low, high = ((phase, float(np.hypot(error, by_phase))) for phase, error in (low, high))
        found = {
            f"{stem}.flux_amplitude": Estimate(
                place, float(np.hypot(meet.error("zero"), by_flux * place)), run=self.name
            ),
            f"{stem}.coupler_amplitude": Estimate(
                best, float(np.hypot(leak.error("best"), by_coupler * best)), run=self.name
            ),
            f"{stem}.phase_low": Estimate(remainder(-low[0], 2 * pi), low[1], "rad", run=self.name),
            f"{stem}.phase_high": Estimate(remainder(-high[0], 2 * pi), high[1], "rad", run=self.name),
        }
        limit = coherence_limit(known, pair)
        found[f"{stem}.error"] = Estimate(1.4 * limit, 0.35 * limit, run=self.name)  # until benchmarking says more
        return Outcome(pair.name, found, (leak, meet), figures)

    def _own_phase(
        self, fluxes: Floats, phase: Floats, error: Floats, expected: Floats, place: float
    ) -> tuple[float, float]:  # fmt: skip
        """Return a phase at the height ``place`` and its error: what it is more than expected is smooth."""
        left = np.unwrap(phase - expected)
        u = (fluxes - place) / np.ptp(fluxes)
        columns = np.stack([np.ones_like(u), u, u**2][: 3 if np.any(expected) else 2], axis=1) / error[:, None]
        values = np.linalg.lstsq(columns, left / error, rcond=None)[0]
        covariance = np.linalg.inv(columns.T @ columns)
        at = np.interp(place, fluxes, expected)
        return float(values[0] + at), float(np.sqrt(covariance[0, 0]))


def around(known: Parameters, pair: Pair) -> tuple[float, float, tuple[float, float]]:
    """Return the heights of flux and coupler to look around, and how far: the chevron's until a CZ was found."""
    stem = f"{pair.name}.cz"
    flux, coupler = known.estimates[f"{stem}.flux_amplitude"], known.estimates[f"{stem}.coupler_amplitude"]
    if isfinite(flux.error) and isfinite(coupler.error):
        return flux.value, coupler.value, FINE if coupler.error < 0.01 * coupler.value else COARSE
    meet, back = (f"{pair.name}.chevron.{what}_amplitude" for what in ("flux", "coupler"))
    if meet in known and back in known:
        return known[meet], known[back], COARSE
    return flux.value, coupler.value, COARSE


def least_loss(couplers: Floats, lost: Floats, sigma: Floats) -> Fit:
    """Return where the loss of |11> is least: one turn of ``sin^2(pi (height / best)^power)``."""
    start = float(couplers[np.argmin(lost)])
    wide = float(np.ptp(couplers))
    return fit_any_curve(
        "loss of |11>", ("best", "power", "offset"),
        lambda p: p[2] + 0.95 * np.sin(pi * (couplers / p[0]) ** p[1]) ** 2,
        [(start, POWER, 0.03), (float(couplers.mean()), POWER, 0.03)],
        ([float(couplers.min()) - wide / 3, 1.0, -0.1], [float(couplers.max()) + wide / 3, 8.0, 0.4]),
        couplers, lost, sigma,
    )  # fmt: skip


def crossing(fluxes: Floats, phase: Floats, sigma: Floats) -> Fit:
    """Return where a phase that falls with the flux height crosses 0."""
    by_height = float(np.polynomial.Polynomial.fit(fluxes, phase, 1).deriv()(0.0))
    start = float(fluxes.mean() - phase.mean() / (by_height or 1.0))
    wide, steep = 3 * float(np.ptp(fluxes)), 10 * abs(by_height) + 1.0
    return fit_any_curve(
        "zero of a line", ("zero", "slope"), lambda p: p[1] * (fluxes - p[0]), [(start, by_height)],
        ([float(fluxes.mean()) - wide, -steep], [float(fluxes.mean()) + wide, steep]), fluxes, phase, sigma,
    )  # fmt: skip


def _probes(pairs: tuple[Pair, ...]) -> list[tuple[list[int], list[int]]]:
    low, high = [p.low for p in pairs], [p.high for p in pairs]
    return [(low, []), (low, high), (high, [])]


def _beyond(meet: Fit, fluxes: Floats, leak: Fit, couplers: Floats) -> str:
    for what, value, scanned in (
        ("a conditional phase of pi", meet.value("zero"), fluxes),
        ("the least loss of |11>", leak.value("best"), couplers),
    ):
        if abs(value - scanned.mean()) > 1.2 * np.ptp(scanned):
            return f"{what} lies far outside the scan, at {value:.4f}"
    return ""


def coherence_limit(known: Parameters, pair: Pair) -> float:
    """Return the error that decay leaves to a perfect CZ: ``T (1/T1 + 2/T2) / 5`` of each qubit (Pedersen et al.)."""
    rates = (1 / known[f"{q}.t1"] + 2 / known[f"{q}.t2"] for q in (pair.low_name, pair.high_name))
    return known[f"{pair.name}.cz.duration"] * sum(rates) / 5


def flux_curvature(known: Parameters, coupling: str) -> float:
    """Return the gate error per square of an error of the flux height.

    At resonance |11> gains pi (1 - d / G): pi T for each hertz of detuning d, which is the arc's slope times height.
    """
    known_of = [qubit for qubit in coupling.split("-") if f"{qubit}.frequency" in known]
    high = max(known_of, key=lambda qubit: known[f"{qubit}.frequency"], default="")
    if f"{high}.arc_2" not in known:
        return 0.0
    open_for = 0.5 * known[f"{coupling}.cz.duration"]
    by_height = pi * open_for * slope(known, high, known[f"{coupling}.cz.flux_amplitude"])
    return 0.15 * by_height**2


def by_phase(known: Parameters, coupling: str) -> float:
    """Return the gate error per square of an error of either qubit's own phase."""
    return 0.2


def phase_slopes(known: Parameters, coupling: str) -> dict[str, float]:
    """Return how the phase that makes up for the high qubit's own turns with the height at which it was read."""
    known_of = [qubit for qubit in coupling.split("-") if f"{qubit}.frequency" in known]
    high = max(known_of, key=lambda qubit: known[f"{qubit}.frequency"], default="")
    if f"{high}.arc_2" not in known:
        return {}
    turn = 2 * pi * FLAT * known[f"{coupling}.cz.duration"]
    return {"cz.flux_amplitude": -turn * slope(known, high, known[f"{coupling}.cz.flux_amplitude"])}


def coupler_curvature(known: Parameters, coupling: str) -> float:
    """Return the gate error per square of an error of the coupler's height: ``(pi power e / height)^2 / 4``."""
    return (pi * POWER / known[f"{coupling}.cz.coupler_amplitude"]) ** 2 / 4


NODE = Node(
    name=Cz.name,
    kind=Target.COUPLING,
    finds=(
        Quantity(name="cz.flux_amplitude", low=0.02, high=0.95, floor=0.02, curvature=flux_curvature, walk=HEIGHT),
        Quantity(
            name="cz.coupler_amplitude", low=0.02, high=0.95, floor=0.05, curvature=coupler_curvature, walk=HEIGHT
        ),
        Quantity(name="cz.phase_low", low=-4.0, high=4.0, floor=6.3, curvature=by_phase, walk=PHASE_LOW),
        Quantity(
            name="cz.phase_high",
            low=-4.0,
            high=4.0,
            floor=6.3,
            curvature=by_phase,
            follows=phase_slopes,
            walk=PHASE_HIGH,
        ),
        Quantity(name="cz.error", low=0.0, high=0.5, floor=0.05),
    ),
    make=lambda laboratory, targets, known: Cz(laboratory, targets),
    needs=("chevron",),
    claims=claims,
    applies=tunable,
    check=lambda laboratory, targets, known: CzCheck(laboratory, targets),
)
