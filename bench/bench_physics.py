"""The simulated transmon5, 100 sweep points of 300 shots, against drawing its noise alone with NumPy's normal numbers.

Real runs come in several calls that play the same (memories are finite), so the second call is measured too. All times
are seconds of CPU, since others use the machine too.
"""

import time
from pathlib import Path

import numpy as np
import pytest

from qctl import config
from qctl.physics.stage import Acquisition, Carrier, Playing, Stage
from qctl.physics.twin import Twin
from qctl.physics.world import World

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
POINTS, SHOTS, SAMPLES = 100, 300, 2000
RATE, LENGTH = 2e9, 2800  # samples a second, samples of a shot
TONE = 700  # sample at which readout starts


@pytest.fixture(scope="module")
def lab():
    return config.read_laboratory(CONFIGS / "transmon5.yaml")


@pytest.fixture(scope="module")
def truth():
    return config.read(CONFIGS / "twins" / "transmon5.yaml", Twin)


def tone(frequency, first, last, height):
    """Return a raised cosine at an intermediate frequency, volts."""
    t = np.arange(LENGTH)
    inside = (t >= first) & (t < last)
    return (
        inside * height * np.sin(np.pi * (t - first) / (last - first)) ** 2 * np.exp(2j * np.pi * frequency / RATE * t)
    )


def point(lab, truth, amplitude, flux):
    """Return a point: a pulse on every qubit; with ``flux`` (V), pulses of 40 ns on two couplers and their qubits."""
    lines = {"feedline": 0}
    for name, qubit in lab.qubits.items():
        carriers = {k: lab.instruments[lab.lines[k].mixed_with].frequency for k in (qubit.drive, qubit.readout)}
        lines[qubit.drive] = tone(truth.qubits[name].frequency - carriers[qubit.drive], 100, 148, amplitude)
        resonance = truth.resonators[name].frequency - 1e6 - carriers[qubit.readout]
        flat = np.where(np.arange(LENGTH) >= TONE, np.exp(2j * np.pi * resonance / RATE * np.arange(LENGTH)), 0)
        lines["feedline"] = lines["feedline"] + 0.05 * flat
    if flux:
        for line, height in (("q0.flux", flux), ("q2.flux", flux), ("q0-q1.flux", 0.2), ("q2-q3.flux", 0.2)):
            lines[line] = np.abs(tone(0.0, 160, 240, height)) + 0j
    return {
        port: Playing(part.astype(np.float32), RATE, 0.0)
        for line, wave in lines.items()
        for port, part in zip(lab.lines[line].outputs, (wave.real, wave.imag), strict=False)
    }


def stage_of(lab, points):
    carriers = {n: Carrier(e.frequency, 16.0, True) for n, e in lab.instruments.items() if e.frequency}
    back = lab.lines["feedline"].back
    window = {back[0].instrument: Acquisition(tuple(back), RATE, TONE / RATE + 140e-9, SAMPLES)}
    return Stage(tuple(points), carriers, {}, window, lab.period)


def cpu(work):
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.parametrize("kind", ["one_qubit", "two_exchanges"])
def test_a_sweep_costs_as_noise_alone_when_it_is_played_again(benchmark, lab, truth, kind):
    values = np.linspace(0.05, 0.15, POINTS)
    points = [point(lab, truth, *((x, 0.0) if kind == "one_qubit" else (0.14, x))) for x in values]
    stage = stage_of(lab, points)
    world, rng = World(lab, truth, 1), np.random.default_rng(1)
    first = cpu(lambda: world.run(stage, SHOTS))
    noise = cpu(lambda: rng.standard_normal((2, SHOTS, POINTS, SAMPLES), dtype=np.float32))
    again = cpu(lambda: benchmark.pedantic(world.run, (stage, SHOTS), rounds=1))
    benchmark.extra_info.update(
        first=round(first, 2),
        again=round(again, 2),
        noise=round(noise, 2),
        first_to_noise=round(first / noise, 2),
        again_to_noise=round(again / noise, 2),
    )
