"""Step response of flux lines, ``1 + sum_k a_k exp(-t / tau_k)``: what predistortion has to undo.

Two questions in one scan, with predistortion switched off. *While a pulse lasts* the qubit's own phase is the integral
of its shift (cryoscope; Rol et al., Appl. Phys. Lett. 116, 054001): pulses of rising length show terms down to 10 ns.
*After a long pulse* something is left of it, ``-a_k (1 - exp(-L / tau_k)) exp(-t / tau_k)``; a second, short pulse,
ever later, carries the qubit to where its frequency depends on flux (Sung et al., PRX 11, 021058, app. B): terms up to
several L. At the sweet spot itself nothing would be seen.

Couplers have no frequency that one can see here: `coupler_tails` asks the exchange instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits.any_curve import fit_any_curve
from qctl.calibrate.fits.fit import Fit
from qctl.calibrate.node import Node, Quantity
from qctl.calibrate.outcome import Figure, Outcome
from qctl.calibrate.scan import Scan
from qctl.core.laboratory import Laboratory
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.core.pulse import Pulse, Tone
from qctl.core.result import Result

from .flux_arc import ORDERS, height_for, is_moved, neighbouring
from .line_response import GRID, arrived_as, shaped
from .pairs import GUARD, guarded
from .phases import ANGLES, LEAST_CONTRAST, phase_of, wrapped
from .rows import Row, barrier, half, indices, play, program, wait
from .signal import excited

Floats = NDArray[np.float64]
LENGTHS = 1e-9 * np.array([12, 16, 20, 26, 34, 44, 56, 72, 92, 120])
LATER = 1e-9 * np.array([0, 24, 56, 100, 168, 280, 460, 760, 1240, 2000, 3300, 5600])
LONG, PROBE, EDGE = 3e-6, 48e-9, 4e-9
SHIFT = -300e6  # Hz; where the qubit feels its flux
TAUS = np.geomspace(8e-9, 16e-6, 14)
WORTH = 14.0  # chi^2 by which another term must do better
MOST_TERMS = 3
USUAL = [0.0, float(np.log(0.5e-6))], [0.03, 2.0]  # amplitude and log tau of a term, and their standard deviations
LEAST, MOST = [-0.12, float(np.log(4e-9))], [0.12, float(np.log(60e-6))]  # amplitude and log tau of a term


@dataclass(frozen=True)
class FluxTails:
    """Phase of a qubit after pulses of rising length, and after a short pulse ever later behind a long one."""

    laboratory: Laboratory
    targets: tuple[str, ...]
    shots: int = 300
    name: ClassVar[str] = "flux_tails"

    def scan(self, known: Parameters) -> Scan:
        """Return the pulses of rising length, the probe alone, and the probe behind a long pulse."""
        qubits, pulses, circuits = indices(self.laboratory, self.targets), list[Pulse](), list[list[Row]]()
        heights = {target: operating(known, target) for target in self.targets}

        def pulse(duration: float) -> list[Row]:
            first = len(pulses)
            for target in self.targets:
                line = str(self.laboratory.qubits[target].flux)
                pulses.append(Pulse((Tone(line=line, amplitude=heights[target], duration=duration, edge=EDGE),)))
            return [play((q,), first + k) for k, q in enumerate(qubits)]

        def interference(before: list[Row], middle: list[Row]) -> list[list[Row]]:
            start = [*before, *(half(q) for q in qubits), *guarded(qubits, middle, 10)]
            return [[*start, *(half(q, float(angle)) for q in qubits)] for angle in ANGLES]

        for length in LENGTHS:
            circuits += interference([], pulse(float(length)))
        probe, long = pulse(PROBE), pulse(LONG)
        circuits += interference([], probe)
        for gap in LATER:
            late = [wait(q, float(gap) + GUARD) for q in qubits]
            circuits += interference([*long, *barrier(qubits, 1), *late, *barrier(qubits, 2)], probe)
        return Scan(program(self.laboratory, circuits, qubits, self.shots, tuple(pulses)), (self._off(known),))

    def read(self, result: Result, known: Parameters) -> tuple[Outcome, ...]:
        """Return the terms of each line, and the arc corrected for them."""
        ones, sigma = (part.reshape(-1, len(ANGLES), len(self.targets)) for part in excited(result, known))
        phase, error, contrast = phase_of(ones, sigma)
        return tuple(
            self._outcome(known, name, phase[:, k], error[:, k], contrast[:, k]) for k, name in enumerate(self.targets)
        )

    def _outcome(self, known: Parameters, qubit: str, phase: Floats, error: Floats, contrast: Floats) -> Outcome:
        if np.median(contrast) < LEAST_CONTRAST:
            return Outcome(qubit, reason="no interference is seen: readout or frequency are wrong")
        n = len(LENGTHS)
        arc = np.array([known[f"{qubit}.arc_{k}"] for k in ORDERS])
        wait_before = known[f"{qubit}.x90.duration"]
        model = Model(arc, operating(known, qubit), GUARD + wait_before + GUARD)
        late = np.unwrap(wrapped(phase[n + 1 :] - phase[n])[::-1])[::-1]
        sigma = np.concatenate([error[:n], error[n + 1 :], error[n : n + 1]])
        fit = model.fitted(phase[:n], late, sigma)
        x, late_ones = np.concatenate([LENGTHS, LATER + model.silence]), slice(n, n + len(LATER))
        figures = (
            Figure(f"step response of the flux line of {qubit}", x[n:], late / model.by_height, "s after a long pulse",
                   "rest, relative", sigma[late_ones] / model.by_height, x[n:],
                   fit.curve.real[late_ones] / model.by_height),
            Figure(f"phase of {qubit} less expected", x[:n], fit.y.real[:n] - model.plain, "length of the pulse (s)",
                   "rad", sigma[:n], x[:n], fit.curve.real[:n] - model.plain),
        )  # fmt: skip
        if not fit.ok:
            return Outcome(qubit, fits=(fit,), figures=figures, reason=fit.reason)
        return Outcome(qubit, self._found(known, qubit, fit), (fit,), figures)

    def _found(self, known: Parameters, qubit: str, fit: Fit) -> dict[str, Estimate]:
        stem, gain = f"{self.laboratory.qubits[qubit].flux}.predistortion", fit.value("gain")
        found, terms = {}, [name for name in fit.names if name.startswith("amplitude")]
        for name in terms:
            tau = fit.value(name.replace("amplitude", "log_tau"))
            error = fit.error(name.replace("amplitude", "log_tau"))
            found[f"{stem}.{name}"] = Estimate(fit.value(name), fit.error(name), run=self.name)
            found[f"{stem}.{name.replace('amplitude', 'tau')}"] = Estimate(
                float(np.exp(tau)), float(np.exp(tau)) * error, "s", run=self.name
            )
        k = len(terms) + 1
        while f"{stem}.amplitude_{k}" in known:  # a term that is there no more
            found[f"{stem}.amplitude_{k}"] = Estimate(0.0, 5e-4, run=self.name)
            k += 1
        for order in ORDERS:
            arc = known.estimates[f"{qubit}.arc_{order}"]
            scale = (1 + gain) ** order
            error = float(np.hypot(arc.error * scale, arc.value * order * fit.error("gain")))
            found[f"{qubit}.arc_{order}"] = Estimate(arc.value * scale, error, "Hz", run=self.name)
        return found

    def _off(self, known: Parameters) -> dict[str, float]:
        """Return settings without predistortion of the lines that are asked."""
        stems = tuple(f"{self.laboratory.qubits[name].flux}.predistortion.amplitude_" for name in self.targets)
        return {name: 0.0 for name in known.estimates if name.startswith(stems)}


@dataclass(frozen=True)
class Model:
    """What one qubit should show.

    Parameters
    ----------
    arc : Hz, for each of `ORDERS`
    height : of all pulses
    silence : s between the end of the long pulse and the start of the probe, beside `LATER`
    """

    arc: Floats
    height: float
    silence: float

    def shift(self, relative: Floats) -> Floats:
        """Return the shift at a flux relative to the height, Hz."""
        flux = self.height * relative
        return np.asarray(sum(a * flux**k for a, k in zip(self.arc, ORDERS, strict=True)))

    @property
    def by_height(self) -> float:
        """Return the phase of the probe by relative change of the flux, rad."""
        probe = shaped([PROBE], EDGE)[0]
        return float(2 * np.pi * GRID * np.sum((self.shift(probe + 5e-4) - self.shift(probe - 5e-4)) / 1e-3))

    @property
    def plain(self) -> Floats:
        """Return the phases of `LENGTHS` on a perfect line, rad."""
        return self.while_it_lasts(np.zeros(0), np.zeros(0), 0.0)

    def while_it_lasts(self, amplitudes: Floats, taus: Floats, gain: float) -> Floats:
        """Return the phases after pulses of `LENGTHS`, rad."""
        felt = (1 + gain) * arrived_as(shaped(LENGTHS, EDGE, GUARD), amplitudes, taus)
        return np.asarray(2 * np.pi * GRID * self.shift(felt).sum(axis=1))

    def later(self, amplitudes: Floats, taus: Floats, gain: float) -> Floats:
        """Return what the long pulse adds to the phases of the probe, rad."""
        probe = (1 + gain) * arrived_as(shaped([PROBE], EDGE), amplitudes, taus)[0]
        times = (LATER + self.silence)[:, None] + GRID * np.arange(len(probe))
        rest = np.zeros_like(times)
        for a, tau in zip(amplitudes, taus, strict=True):
            rest -= a * (1 - np.exp(-(LONG - EDGE) / tau)) * np.exp(-(times + EDGE / 2) / tau)
        return np.asarray(2 * np.pi * GRID * (self.shift(probe + (1 + gain) * rest) - self.shift(probe)).sum(axis=1))

    def curve(self, p: Floats) -> Floats:
        """Return all phases for gain, offset and reference, then amplitude and log tau of each term.

        Behind them come the phase of the probe alone, from which all behind the long pulse are counted, and each term
        itself: what the phases do not tell is kept within what lines do (`USUAL`).
        """
        amplitudes, taus = p[3::2], np.exp(p[4::2])
        while_it_lasts, later = self.while_it_lasts(amplitudes, taus, p[0]), self.later(amplitudes, taus, p[0])
        return np.concatenate([while_it_lasts + p[1], later - p[2], p[2:]])

    def fitted(self, phase: Floats, late: Floats, sigma: Floats) -> Fit:
        """Return the fit with as few terms as do it.

        Parameters
        ----------
        phase : behind pulses of `LENGTHS`, within one turn
        late : behind the long pulse less that of the probe alone, rad
        sigma : of both, and of the probe alone
        """
        best: Fit | None = None
        cost, x = np.inf, np.concatenate([LENGTHS, LATER + self.silence, [1.0]])
        for count in range(MOST_TERMS + 1):
            start = self._start(count, late, sigma[len(phase) : -1])
            whole, start[0] = self._whole_turns(phase, np.array(start), sigma[: len(phase)])
            terms = [f"{what}_{k + 1}" for k in range(count) for what in ("amplitude", "log_tau")]
            fit = fit_any_curve(
                "step response", ("gain", "offset", "reference", *terms), self.curve, [start],
                ([-0.09, -1.5, -0.5, *(LEAST * count)], [0.09, 1.5, 0.5, *(MOST * count)]),
                np.append(x, np.ones(2 * count)), np.concatenate([whole, late, [0.0], USUAL[0] * count]),
                np.append(sigma, USUAL[1] * count),
            )  # fmt: skip
            chi2 = fit.reduced_chi2 * (len(x) - len(fit.names))
            if chi2 < cost - WORTH:
                best, cost = fit, chi2
        assert best is not None
        return best

    def _whole_turns(self, phase: Floats, start: Floats, sigma: Floats) -> tuple[Floats, float]:
        """Return phases of `LENGTHS` with their whole turns, and the gain for which they are the smoothest."""
        found = []
        for gain in np.linspace(-0.08, 0.08, 33):
            expected = self.while_it_lasts(start[3::2], np.exp(start[4::2]), float(gain))
            off = wrapped(phase - expected)
            found.append((float(np.sum((off / sigma) ** 2)), float(gain), expected + off))
        _, gain, whole = min(found, key=lambda one: one[0])
        return whole, gain

    def _start(self, count: int, late: Floats, sigma: Floats) -> list[float]:
        """Return the time constants that suit best what is seen after the long pulse, with their amplitudes."""
        if not count:
            return [0.0, 0.0, 0.0]
        unit, weak = 1e-3, 20.0  # amplitudes are of the order of 1 / weak
        shown = np.array([self.later(np.array([unit]), np.array([tau]), 0.0) / unit for tau in TAUS]).T / sigma[:, None]
        aim, tried = np.append(late / sigma, np.zeros(count)), []
        for chosen in combinations(range(len(TAUS)), count):
            part = np.vstack([shown[:, chosen], weak * np.eye(count)])
            a = np.linalg.lstsq(part, aim, rcond=None)[0]
            tried.append((float(np.sum((part @ a - aim) ** 2)), chosen, a))
        _, chosen, a = min(tried, key=lambda one: one[0])
        return [
            0.0,
            0.0,
            0.0,
            *(v for k, one in zip(chosen, a, strict=True) for v in (float(one), float(np.log(TAUS[k])))),
        ]


def operating(known: Parameters, qubit: str) -> float:
    """Return the height of pulses at which a qubit feels its flux well."""
    return height_for(known, qubit, SHIFT) or 0.3


NODE = Node(
    name=FluxTails.name,
    kind=Target.QUBIT,
    finds=(
        Quantity(name="flux.predistortion.amplitude_*", low=-0.15, high=0.15, floor=0.05),
        Quantity(name="flux.predistortion.tau_*", low=1e-9, high=1e-4, floor=2e-4),
        Quantity(name="arc_*", low=-1e12, high=1e12, floor=1e10),
    ),
    make=lambda laboratory, targets, known: FluxTails(laboratory, targets),
    needs=("flux_arc",),
    claims=lambda laboratory, known, qubit: frozenset({qubit, *neighbouring(laboratory, qubit)}),
    applies=is_moved,
)
