"""The best readout tone of a qubit on a stated grid of frequency, amplitude and length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.constants import Boltzmann

from qctl.physics.chip import TWO_PI
from qctl.physics.resonators import IMPEDANCE, Response, respond
from qctl.physics.signals import Signal
from qctl.platforms.envelopes import flat_top

from .clouds import Cloud, Floats, errors, jump_shares
from .readout import prepared
from .solvable import loss, middle
from .stage import Bench

FREQUENCIES = np.linspace(-1.2, 1.2, 13)  # from halfway between the resonances of 0 and 1, in linewidths
AMPLITUDES = np.geomspace(0.02, 0.9, 16)  # of full scale; tones of one feedline share it, so up to 0.9 / n_tones
DURATIONS = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0]) * 1e-6  # s
N_TIMES, N_THRESHOLDS = 32, 41
STEP = 2e-9  # s; in the frame of the tone nothing is faster than the linewidth
EDGE = 10e-9


@dataclass(frozen=True, slots=True)
class Best:
    """The best tone found; frequency in Hz, amplitude of full scale, duration in s."""

    fidelity: float
    frequency: float
    amplitude: float
    duration: float


def best_tone(bench: Bench, qubit: str) -> Best:
    """Return the tone of the highest assignment fidelity, with even weights over its length and the best threshold.

    The tone is alone on its feedline and its mixer perfect; amplitudes leave room for the tones of all its neighbours.
    """
    resonator = bench.twin.resonators[qubit]
    centre = middle(resonator)
    found = [
        _Trial(bench, qubit, centre + float(offset) * resonator.kappa).best(float(duration))
        for offset in FREQUENCIES
        for duration in DURATIONS
    ]
    return max(found, key=lambda best: best.fidelity)


class _Trial:
    """One tone frequency: fields for a tone of full scale, of the longest duration."""

    def __init__(self, bench: Bench, qubit: str, frequency: float) -> None:
        lab = bench.laboratory
        self.bench, self.index, self.frequency = bench, bench.chip.names.index(qubit), frequency
        line = lab.qubits[qubit].readout
        self.truth, self.resonator = bench.chip.feedline(line), bench.twin.resonators[qubit]
        port = lab.lines[line].outputs[0]
        volts = (lab.instruments[port.instrument].full_scale or 1.0) * loss(self.truth.attenuation)
        self.n_tones = sum(q.readout == line for q in lab.qubits.values())
        n = round(DURATIONS.max() / STEP)
        rise = flat_top(2 * n, round(EDGE / STEP))[:n]  # its end is another's concern: windows end with the tone
        drive = Signal(0.0, STEP, volts * rise, 0j)
        self.response: Response = respond(self.resonator, drive, TWO_PI * frequency, 2)
        fields = self.response.fields
        means = (fields[:, 1:] + fields[:, :-1]) / 2 * STEP
        self.summed = np.concatenate([np.zeros((2, 1)), np.cumsum(means, axis=1)], axis=1)

    def best(self, duration: float) -> Best:
        """Return the best amplitude for one length."""
        last = round(duration / STEP)
        inside = self.response.fields[1, : last + 1]
        photons = float(np.mean(self.response.photons(inside)))  # at full scale
        points = {level: self._points(level, last) for level in (0, 1)}
        apart = points[1][0] - points[0][0]
        axis = np.conj(apart) / max(abs(apart), 1e-300)
        sigma = float(np.sqrt(Boltzmann * self.truth.noise_temperature * IMPEDANCE / duration))
        found = []
        most = AMPLITUDES[-1] / self.n_tones
        for amplitude in AMPLITUDES[most >= AMPLITUDES]:
            factor = 1 + amplitude**2 * photons / self.resonator.critical_photons
            clouds = [self._cloud(level, points[level], axis * amplitude, duration, factor) for level in (0, 1)]
            found.append(Best(self._fidelity(clouds, sigma), self.frequency, float(amplitude), duration))
        return max(found, key=lambda best: best.fidelity)

    def _points(self, level: int, last: int) -> Floats:
        """Return mean fields over the window: without a jump, then with one in the middle of each stretch."""
        other, rate = 1 - level, self.response.rates[1 - level]
        at, _ = jump_shares(1.0, last * STEP, N_TIMES)
        k = np.rint(at / STEP).astype(np.int64)
        left = self.response.fields[level, k] - self.response.fields[other, k]
        ringing = left * (np.exp(rate * (last - k) * STEP) - 1) / rate
        jumped = self.summed[level, k] + self.summed[other, last] - self.summed[other, k] + ringing
        whole = np.concatenate([self.summed[level, last : last + 1], jumped])
        return np.asarray(self.resonator.coupling * whole / (last * STEP))

    def _cloud(self, level: int, points: Floats, axis: complex, duration: float, factor: float) -> Cloud:
        down, up, _ = self.bench.chip.rates(self.index)
        rate = down * factor if level else up
        _, shares = jump_shares(rate, duration, N_TIMES)
        return Cloud(np.concatenate([[np.exp(-rate * duration)], shares]), np.asarray((points * axis).real))

    def _fidelity(self, clouds: list[Cloud], sigma: float) -> float:
        low, high = clouds[0].middles[0], clouds[1].middles[0]
        zero, one = prepared(clouds, self.bench.chip.transmon(self.index).thermal)
        p01, p10 = errors(zero, one, np.linspace(low, high, N_THRESHOLDS), sigma)
        return float(1 - np.min(p01 + p10) / 2)
