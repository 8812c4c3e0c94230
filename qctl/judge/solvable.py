"""What "always solvable" means: rules that a laboratory and its hidden truth keep, checked without any calibration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.constants import Boltzmann

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.units import MHz, kHz
from qctl.physics.chip import Chip
from qctl.physics.resonators import IMPEDANCE
from qctl.physics.traces import noise_volts
from qctl.physics.twin import FluxLine, Resonator, Twin
from qctl.platforms.distortion import inverse_sections

from .draw_couplers import turns
from .draw_lines import PEAK_NOISE, volts_of_a_photon
from .plan import Plan
from .ranges import PERIODS_PER_T1
from .spectrum import BAND, CARRIER, Place, clashes

LARGEST_PULSE = 0.6  # of full scale, for the guessed pi pulse
LARGEST_FLUX = 0.75  # of full scale, for a CZ
WEAKEST_COUPLER = 1.2  # turns of |11> through |20> at half a quantum, or at LARGEST_FLUX if that is less
STRONGEST_RESIDUAL = 0.5 * MHz
STRONGEST_ZZ = 60 * kHz
RESONATORS_APART = 3.0  # of the wider linewidth
LEAST_SNR = 5.0  # distance of 0 and 1 at the guessed tone, in standard deviations
MOST_PHOTONS = 0.5  # of the critical number, at the guessed tone
FULL_DIGITIZER = 0.95
MOST_TRAPPED = 0.01  # flux quanta in a loop without a source: 1.3 MHz of a qubit


def complaints(laboratory: Laboratory, twin: Twin) -> tuple[str, ...]:
    """Return every rule of a solvable twin that is broken, in words; empty for a twin that can be calibrated."""
    rules = _Rules(Plan(laboratory, 0), twin)
    return tuple(
        said
        for check in (rules.qubits, rules.couplings, rules.drives, rules.fluxes, rules.resonators, rules.feedlines)
        for said in check()
    )


@dataclass(frozen=True)
class _Rules:
    plan: Plan
    twin: Twin

    @cached_property
    def chip(self) -> Chip:
        return Chip(self.plan.laboratory, self.twin)

    def qubits(self) -> Iterator[str]:
        places = {q: Place(t.frequency, t.anharmonicity) for q, t in self.twin.qubits.items()}
        yield from dict.fromkeys(said for q in places for said in clashes(self.plan, q, places))
        for name, t in self.twin.qubits.items():
            rate = 1 / (2 * t.t1) + 1 / t.t_phi
            if rate * 2 * t.t1 < 1:
                yield f"T2 of {name} exceeds 2 T1"
            if t.t1 * PERIODS_PER_T1 > self.plan.laboratory.period * (1 + 1e-6):
                yield f"T1 of {name} is {t.t1 * 1e6:.0f} us: the period leaves more than exp(-{PERIODS_PER_T1:g}) of it"
            if not 0 <= t.thermal < 0.05:
                yield f"{name} is in level 1 at rest with probability {t.thermal:g}"

    def couplings(self) -> Iterator[str]:
        for name in self.plan.laboratory.couplings:
            coupler, (low, high) = self.twin.couplers[name], self.plan.ordered(name)
            if abs(coupler.residual) > STRONGEST_RESIDUAL or abs(coupler.zz) > STRONGEST_ZZ:
                yield f"{name} is not off at rest"
            most = min(0.5, LARGEST_FLUX * self._reach(self.plan.laboratory.couplings[name].flux))
            found = turns(self.plan, name, coupler, self.twin.qubits, most)
            if found < WEAKEST_COUPLER:
                yield f"{name}: a CZ of the guessed length makes {found:.2f} turns at most"
            needed, reach = self._flux_of_gate(low, high), self._reach(self.plan.laboratory.qubits[high].flux)
            if not needed <= LARGEST_FLUX * reach:
                yield f"{name}: {high} needs {needed:.3f} flux quanta, its line gives {reach:.3f}"

    def _reach(self, line: str | None) -> float:
        """Return the flux that full scale threads."""
        return 0.0 if line is None else self.chip.flux_line(line).flux_per_volt * self.plan.full_scale(line)

    def _flux_of_gate(self, low: str, high: str) -> float:
        """Return the flux at which |11> meets |20> of the high qubit, from the exact spectrum."""
        names, flux = self.chip.names, np.linspace(0, 0.5, 501)
        levels = self.chip.energies(names.index(high), flux) / (2 * np.pi)
        below = np.flatnonzero(levels[:, 2] - levels[:, 1] <= self.twin.qubits[low].frequency)
        return float(flux[below[0]]) if len(below) else np.inf

    def drives(self) -> Iterator[str]:
        for qubit, wiring in self.plan.laboratory.qubits.items():
            line, known = wiring.drive, self.plan.known
            truth, scale = self.chip.drive_line(line), self.plan.full_scale(line)
            needed = 1 / (truth.rabi_frequency * known[f"{qubit}.x180.duration"] * scale)
            if needed > LARGEST_PULSE:
                yield f"a pi pulse on {line} needs {needed:.2f} of full scale"
            if truth.gain * np.cos(truth.phase) < 0.8 or max(abs(truth.offset_i), abs(truth.offset_q)) > 0.02 * scale:
                yield f"the mixer of {line} cannot be corrected"

    def fluxes(self) -> Iterator[str]:
        lab = self.plan.laboratory
        for name in sorted({name for name in self.chip.loops if name is not None}):
            truth, source = self.chip.flux_line(name), lab.lines[name].bias
            yield from self._predistortion(name, truth)
            sweet, limit = sweet_biases(self.chip).get(name, 0.0), lab.limits.get(source or "")
            if source is None and abs(truth.offset) > MOST_TRAPPED:
                yield f"{name} has a flux of {truth.offset:g} and no source to take it away"
            if limit is not None and not limit.min <= sweet <= limit.max:
                yield f"{name} needs {sweet * 1e3:.2f} mA, beyond its limits"

    def _predistortion(self, name: str, truth: FluxLine) -> Iterator[str]:
        amplitudes = np.array([term.amplitude for term in truth.distortion])
        taus = np.array([term.tau for term in truth.distortion])
        try:
            inverse_sections(amplitudes, taus, self.plan.rate(name), name)
        except CompileError as reason:
            yield str(reason)
        if len(taus) and taus.max() > 0.1 * self.plan.laboratory.period:
            yield f"{name} settles in {taus.max() * 1e6:.0f} us, too slow for the period"

    def resonators(self) -> Iterator[str]:
        for line in self.plan.laboratory.feedlines():
            qubits, carrier = self.plan.on_feedline(line), self.plan.carrier(line)
            middles = {q: middle(self.twin.resonators[q]) for q in qubits}
            most = BAND * self.plan.rate(line)
            for low, high in pairwise(qubits):
                least = RESONATORS_APART * max(self.twin.resonators[q].kappa for q in (low, high))
                if middles[high] - middles[low] < least:
                    yield f"resonators of {low} and {high} are {(middles[high] - middles[low]) / MHz:.1f} MHz apart"
            for qubit, frequency in middles.items():
                tone = frequency - carrier
                if not CARRIER / 2 <= abs(tone) <= most:
                    yield f"the resonator of {qubit} lies {tone / MHz:.0f} MHz from the carrier of {line}"
                for other, place in middles.items():
                    if abs(carrier - tone - place) < 2 * self.twin.resonators[other].kappa:
                        yield f"the image of the tone of {qubit} falls on the resonator of {other}"

    def feedlines(self) -> Iterator[str]:
        lab, known = self.plan.laboratory, self.plan.known
        for line in lab.feedlines():
            truth, total = self.chip.feedline(line), 0.0
            for qubit in self.plan.on_feedline(line):
                resonator = self.twin.resonators[qubit]
                volts = known[f"{qubit}.readout.amplitude"] * self.plan.full_scale(line) * loss(truth.attenuation)
                photons = (volts / volts_of_a_photon(resonator)) ** 2
                total += volts
                if photons > MOST_PHOTONS * resonator.critical_photons:
                    yield f"the guessed tone puts {photons:.0f} photons into the resonator of {qubit}"
                snr = distance(resonator, photons, known[f"{qubit}.readout.duration"], truth.noise_temperature)
                if snr < LEAST_SNR:
                    yield f"0 and 1 of {qubit} are {snr:.1f} standard deviations apart"
            digitizer = self.plan.digitizer(line)
            noise = PEAK_NOISE * noise_volts(truth, digitizer.sample_rate or 1e9)
            filled = total / loss(truth.amplification) + noise
            if filled > FULL_DIGITIZER * (digitizer.full_scale or 1.0):
                yield f"{line} fills {filled:.3f} V of a digitizer of {digitizer.full_scale} V"


def loss(decibels: float) -> float:
    """Return the factor on an amplitude."""
    return float(10 ** (-decibels / 20))


def middle(resonator: Resonator) -> float:
    """Return halfway between the resonances with level 0 and level 1, Hz."""
    return resonator.frequency + resonator.shifts[0] / 2


def distance(resonator: Resonator, photons: float, duration: float, temperature: float) -> float:
    """Return how far 0 and 1 lie apart, in standard deviations, for a steady tone halfway between the resonances.

    Parameters
    ----------
    photons : that the tone holds in resonance
    """
    slope = resonator.shifts[0] / resonator.kappa
    apart = 2 * abs(slope) / (1 + slope**2)  # |1 / (1 - i s) - 1 / (1 + i s)|
    volts = volts_of_a_photon(resonator) * np.sqrt(photons) * apart * resonator.coupling
    # White noise of k T 50 ohm per hertz in each quadrature; the wave's amplitude is that of its envelope.
    noise = np.sqrt(Boltzmann * temperature * IMPEDANCE / duration)
    return float(volts / noise)


def sweet_biases(chip: Chip) -> dict[str, float]:
    """Return the direct current that brings each loop with a source to zero flux, crosstalk included, A."""
    lines = [name for name in dict.fromkeys(chip.loops) if name is not None]
    place = {name: k for k, name in enumerate(lines)}
    mixing, wanted = np.eye(len(lines)), np.array([-chip.flux_line(name).offset for name in lines])
    for c in chip.twin.flux_crosstalk:
        mixing[place[c.target], place[c.source]] += c.magnitude
    steered = [k for k, name in enumerate(lines) if chip.laboratory.lines[name].bias is not None]
    own = np.linalg.solve(mixing[np.ix_(steered, steered)], wanted[steered])
    return {lines[k]: float(f * chip.flux_line(lines[k]).bias_period) for k, f in zip(steered, own, strict=True)}
