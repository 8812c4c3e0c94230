"""A bench of hand-made waveforms: what an experiment would send, made without any other part of the project."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from qctl import config
from qctl.physics.stage import Acquisition, Carrier, Playing, Stage
from qctl.physics.twin import Twin
from qctl.physics.world import World

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@dataclass
class Score:
    """Waveforms of one sweep point, by line: complex for I/Q pairs, real for flux; fractions of 1 V."""

    bench: object
    length: float
    lines: dict = field(default_factory=dict)

    @property
    def lab(self):
        return self.bench.lab

    def rate(self, line):
        return self.lab.instruments[self.lab.lines[line].outputs[0].instrument].sample_rate

    def times(self, line):
        rate = self.rate(line)
        return (np.arange(round(self.length * rate)) + 0.5) / rate

    def add(self, line, values):
        self.lines[line] = self.lines.get(line, 0) + values
        return self

    def pulse(self, qubit, frequency, start, duration, amplitude, phase=0.0, drag=0.0, alpha=-300e6):
        """Add a raised cosine at ``frequency``; ``drag`` as the platform means it."""
        line = self.lab.qubits[qubit].drive
        t = self.times(line) - 0.5 / self.rate(line)  # the carrier's phase is counted at sample starts
        x = (t + 0.5 / self.rate(line) - start) / duration
        inside = (x > 0) & (x < 1)
        envelope = (1 - np.cos(2 * np.pi * x)) / 2 + 1j * drag / (2 * np.pi * alpha) * np.pi / duration * np.sin(
            2 * np.pi * x
        )
        lo = self.lab.instruments[self.lab.lines[line].mixed_with].frequency
        wave = amplitude * envelope * np.exp(1j * (2 * np.pi * (frequency - lo) * (t + 0.5 / self.rate(line)) + phase))
        return self.add(line, np.where(inside, wave, 0))

    def flat(self, line, start, duration, amplitude, edge=0.0):
        """Add a flat top with cosine edges inside ``duration``."""
        t = self.times(line) - start
        rise = np.clip(np.minimum(t, duration - t) / edge, 0, 1) if edge else ((t > 0) & (t < duration)).astype(float)
        return self.add(line, amplitude * np.sin(np.pi / 2 * rise) ** 2)

    def readout(self, qubit, frequency, start, duration, amplitude):
        line = self.lab.qubits[qubit].readout
        t = self.times(line)
        lo = self.lab.instruments[self.lab.lines[line].mixed_with].frequency
        inside = (t > start) & (t < start + duration)
        return self.add(line, np.where(inside, amplitude * np.exp(2j * np.pi * (frequency - lo) * t), 0))

    def playing(self):
        found = {}
        for name, wave in self.lines.items():
            wire, rate = self.lab.lines[name], self.rate(name)
            for port, part in zip(wire.outputs, (wave.real, np.imag(wave)), strict=False):
                found[port] = Playing(part.astype(np.float32), rate, 0.0)
        return found


@dataclass
class Bench:
    lab: object
    truth: Twin

    def score(self, length):
        return Score(self, length)

    def stage(self, scores, start, n_samples, biases=None):
        carriers = {n: Carrier(e.frequency, 16.0, True) for n, e in self.lab.instruments.items() if e.frequency}
        acquisitions = {}
        for name in self.lab.feedlines():
            back = self.lab.lines[name].back
            rate = self.lab.instruments[back[0].instrument].sample_rate
            acquisitions[back[0].instrument] = Acquisition(tuple(back), rate, start, n_samples)
        points = tuple(s.playing() for s in scores)
        return Stage(points, carriers, biases or {}, acquisitions, self.lab.period)

    def world(self, seed=1):
        return World(self.lab, self.truth, seed)

    def resonance(self, qubit):
        """Return halfway between the resonances of levels 0 and 1."""
        r = self.truth.resonators[qubit]
        return r.frequency + r.shifts[0] / 2

    def points(self, volts, stage, qubit, start, n_samples):
        """Return the traces of one qubit's tone demodulated from ``start``, shape (n_cycles, n_points)."""
        line = self.lab.qubits[qubit].readout
        i, q = self.lab.lines[line].back
        acquisition = stage.acquisitions[i.instrument]
        first = round((start - acquisition.start) * acquisition.sample_rate)
        t = acquisition.start + (first + np.arange(n_samples)) / acquisition.sample_rate
        lo = self.lab.instruments[self.lab.lines[line].mixed_with].frequency
        weights = np.exp(-2j * np.pi * (self.resonance(qubit) - lo) * t) / n_samples
        part = slice(first, first + n_samples)
        return (volts[i][..., part] + 1j * volts[q][..., part]) @ weights


def bench_of(name):
    lab = config.read_laboratory(CONFIGS / f"{name}.yaml")
    return Bench(lab, config.read(CONFIGS / "twins" / f"{name}.yaml", Twin))


@pytest.fixture(scope="session")
def ideal():
    return bench_of("ideal20")


@pytest.fixture(scope="session")
def bench5():
    return bench_of("transmon5")
