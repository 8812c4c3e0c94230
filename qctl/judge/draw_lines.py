"""Draw what lies between outputs and chip: mixers, attenuation, distortion, delays, crosstalk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypedDict

import numpy as np
from scipy.constants import hbar

from qctl.physics.resonators import IMPEDANCE
from qctl.physics.traces import noise_volts
from qctl.physics.twin import DriveCrosstalk, DriveLine, Exponential, Feedline, FluxCrosstalk, FluxLine, Resonator

from . import ranges
from .chance import Chance, rounded
from .plan import Plan

PEAK_NOISE = 4.3  # standard deviations, the largest that the simulated noise reaches


class Mixer(TypedDict):
    """Fields that drive lines and feedlines share."""

    gain: float
    phase: float
    offset_i: float
    offset_q: float
    delay: float


def draw_drives(plan: Plan) -> dict[str, DriveLine]:
    """Return the drive line of each qubit; what the guessed pi pulse implies is met to 30 %."""
    found = {}
    for qubit, wiring in plan.laboratory.qubits.items():
        line, chance = wiring.drive, plan.chance(wiring.drive)
        volts = plan.known[f"{qubit}.x180.amplitude"] * plan.full_scale(line)
        implied = 1 / (volts * plan.known[f"{qubit}.x180.duration"])  # a raised cosine holds half its peak
        rabi = rounded(implied * chance.about(1.0, ranges.RABI))
        found[line] = DriveLine(rabi_frequency=rabi, **_mixer(plan, line, chance))
    return found


def draw_feedlines(plan: Plan, resonators: Mapping[str, Resonator]) -> dict[str, Feedline]:
    """Return all feedlines: guessed tones fill the resonators as designed, and all of them fit the digitizer."""
    return {line: _feedline(plan, line, resonators) for line in plan.laboratory.feedlines()}


def _feedline(plan: Plan, line: str, resonators: Mapping[str, Resonator]) -> Feedline:
    chance, qubits, lab = plan.chance(line), plan.on_feedline(line), plan.laboratory
    tones = np.array([plan.known[f"{q}.readout.amplitude"] for q in qubits]) * plan.full_scale(line)
    one_photon = np.array([volts_of_a_photon(resonators[q]) for q in qubits])
    photons = chance.within(ranges.GUESSED_PHOTONS)
    loss = float(np.median(one_photon * np.sqrt(photons) / tones)) if qubits else 1e-5
    bare = Feedline(
        attenuation=rounded(-20 * np.log10(loss)),
        amplification=0.0,
        noise_temperature=chance.within(ranges.NOISE_TEMPERATURE),
        return_delay=rounded(max(lab.lines[line].return_delay + chance.about(0.0, ranges.DELAY), 0.0)),
        **_mixer(plan, line, chance),
    )
    digitizer = plan.digitizer(line)
    filled = float(loss * tones.sum()) + PEAK_NOISE * noise_volts(bare, digitizer.sample_rate or 1e9)
    gain = (digitizer.full_scale or 1.0) * chance.within(ranges.HEADROOM) / filled
    return replace(bare, amplification=rounded(20 * np.log10(gain)))


def volts_of_a_photon(resonator: Resonator) -> float:
    """Return the amplitude at the chip that holds one photon in a resonator, in resonance, V."""
    kappa, omega = 2 * np.pi * resonator.kappa, 2 * np.pi * resonator.frequency
    return float(np.sqrt(2 * IMPEDANCE * kappa * hbar * omega / (2 * resonator.coupling)))


def _mixer(plan: Plan, line: str, chance: Chance) -> Mixer:
    offset = ranges.MIXER_OFFSET * plan.full_scale(line)
    return Mixer(
        gain=chance.about(1.0, ranges.MIXER_GAIN),
        phase=chance.about(0.0, ranges.MIXER_PHASE),
        offset_i=chance.about(0.0, offset),
        offset_q=chance.about(0.0, offset),
        delay=_delay(plan, line, chance),
    )


def _delay(plan: Plan, line: str, chance: Chance) -> float:
    return rounded(max(plan.laboratory.lines[line].delay + chance.about(0.0, ranges.DELAY), 0.0))


def draw_fluxes(plan: Plan, crosstalk: tuple[FluxCrosstalk, ...]) -> dict[str, FluxLine]:
    """Return all flux lines; the direct currents that bring every loop to zero flux lie near the guesses."""
    lab = plan.laboratory
    lines = {q.flux: (ranges.QUBIT_PERIOD, ranges.QUBIT_HALF_FLUX) for q in lab.qubits.values() if q.flux}
    lines |= {c.flux: (ranges.COUPLER_PERIOD, ranges.COUPLER_HALF_FLUX) for c in lab.couplings.values() if c.flux}
    found, own = {}, {}
    for line, (period, half) in lines.items():
        chance = plan.chance(line)
        volts = chance.within(half) * plan.full_scale(line)
        found[line] = FluxLine(
            flux_per_volt=rounded(0.5 / volts),
            bias_period=chance.within(period),
            delay=_delay(plan, line, chance),
            distortion=tuple(_tails(plan, chance)),
        )
        own[line] = _sweet_bias(plan, line, chance) / found[line].bias_period
    total = dict(own)
    for c in crosstalk:
        total[c.target] += c.magnitude * own[c.source]
    # Nothing can be done about flux that is trapped in a loop without a source.
    trapped = {n: plan.chance(f"{n} trapped").about(0.0, ranges.TRAPPED) for n in found if lab.lines[n].bias is None}
    return {n: replace(line, offset=trapped.get(n, -rounded(total[n], 9))) for n, line in found.items()}


def _sweet_bias(plan: Plan, line: str, chance: Chance) -> float:
    """Return the direct current that threads no flux, A; 0 without a source for one."""
    source = plan.laboratory.lines[line].bias
    if source is None:
        return 0.0
    found, limit = chance.about(plan.known[f"{line}.bias"], ranges.BIAS), plan.laboratory.limits.get(source)
    return found if limit is None else float(np.clip(found, 0.9 * limit.min, 0.9 * limit.max))


def _tails(plan: Plan, chance: Chance) -> Iterator[Exponential]:
    low, high = ranges.TAIL[0], min(ranges.TAIL[1], ranges.TAIL_PERIODS * plan.laboratory.period)
    count = int(chance.rng.integers(ranges.N_TAILS[0], ranges.N_TAILS[1] + 1))
    free = np.log(high / low) - (count - 1) * np.log(ranges.TAIL_APART)
    places = np.sort(chance.rng.uniform(0, free, count)) + np.arange(count) * np.log(ranges.TAIL_APART)
    for tau in low * np.exp(places):
        weight = min(1.0, float(np.sqrt(ranges.TAIL_SLOW / tau)))
        amplitude = chance.sign() * weight * chance.within(ranges.TAIL_AMPLITUDE)
        yield Exponential(amplitude=rounded(amplitude, 4), tau=rounded(float(tau), 4))


def draw_drive_crosstalk(plan: Plan) -> tuple[DriveCrosstalk, ...]:
    """Return what every near qubit sees of every drive line."""
    found = []
    for source, wiring in plan.laboratory.qubits.items():
        for qubit in sorted(plan.near[source]):
            chance = plan.chance(f"{wiring.drive} to {qubit}")
            limits = ranges.CROSSTALK if qubit in plan.neighbours[source] else ranges.FAR_CROSSTALK
            magnitude, phase = rounded(chance.decades(limits), 3), rounded(chance.about(0.0, np.pi), 3)
            found.append(DriveCrosstalk(source=wiring.drive, qubit=qubit, magnitude=magnitude, phase=phase))
    return tuple(found)


def draw_flux_crosstalk(plan: Plan) -> tuple[FluxCrosstalk, ...]:
    """Return what every loop sees of the flux lines of neighbouring qubits and couplers."""
    lab = plan.laboratory
    pairs = set()
    for coupling in lab.couplings.values():
        fluxes = [line for line in (*(lab.qubits[q].flux for q in coupling.pair), coupling.flux) if line]
        pairs |= {(one, other) for one in fluxes for other in fluxes if one != other}
    found = []
    for source, target in sorted(pairs):
        chance = plan.chance(f"{source} to {target}")
        magnitude = rounded(chance.sign() * chance.decades(ranges.CROSSTALK), 3)
        found.append(FluxCrosstalk(source=source, target=target, magnitude=magnitude))
    return tuple(found)


def draw_latencies(plan: Plan) -> dict[str, float]:
    """Return the trigger latencies of all instruments that a marker starts."""
    lab, found = plan.laboratory, {}
    for name in sorted({name for line in lab.lines.values() for name in line.starts}):
        believed = lab.instruments[name].trigger_latency
        found[name] = rounded(max(believed + plan.chance(f"{name} latency").about(0.0, ranges.LATENCY), 0.0))
    return found
