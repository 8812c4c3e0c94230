"""Couplings, read from made-up answers whose truth is computed here, by other means than the experiments use."""

from functools import reduce

import numpy as np
import pytest

from qctl.compile import default_parameters
from qctl.core.parameters import Estimate
from qctl.experiments.chevron import Chevron, predicted_height
from qctl.experiments.pairs import gate_pulse, pairs_of
from qctl.experiments.phases import ANGLES
from qctl.experiments.rb2 import Rb2
from qctl.experiments.zz import WAITS, Zz
from qctl.platforms.envelopes import flat_top
from qctl.platforms.pulses import cz, tones

COUPLING, QUBITS = "q0-q1", ("q1", "q0")  # low, high


@pytest.fixture
def known(laboratory):
    perfect = {f"{q}.readout.{name}": 0.0 for q in laboratory.qubits for name in ("p01", "p10")}
    arcs = {f"q0.arc_{n}": Estimate(value, 1e5, "Hz") for n, value in ((1, 0.0), (2, -3.55e9), (4, -0.25e9))}
    return default_parameters(laboratory).replaced({**perfect, **arcs})


def test_pulses_of_a_gate_are_those_of_the_gate(laboratory, known):
    (pair,) = pairs_of(laboratory, known, (COUPLING,))
    mine, gate = tones(laboratory, gate_pulse(known, pair)), cz(laboratory, known, COUPLING)
    for one, other in zip(mine, gate, strict=True):
        assert (one.line, one.amplitude, one.shift) == (other.line, other.amplitude, other.shift)
        np.testing.assert_array_equal(one.envelope, other.envelope)


def lost_from_11(exchange, detuning, duration=32e-9, edge=8e-9):
    """Return how much of |11> is in |20> after a pulse of the coupler, integrated step by step."""
    shape, dt = flat_top(round(duration * 2e9), round(edge * 2e9)).real, 0.5e-9
    h = np.zeros((len(shape), 2, 2))
    h[:, 0, 1] = h[:, 1, 0] = 2 * np.pi * np.sqrt(2) * exchange * shape**3
    h[:, 1, 1] = 2 * np.pi * detuning
    energies, vectors = np.linalg.eigh(h)
    steps = vectors * np.exp(-1j * energies * dt)[:, None] @ vectors.transpose(0, 2, 1)
    state = reduce(lambda found, step: step @ found, steps, np.array([1, 0], complex))
    return abs(state[1]) ** 2


@pytest.mark.parametrize(("back", "off"), [(0.27, -7e6), (0.32, 4e6), (0.37, 11e6)])
def test_a_chevron_finds_resonance_and_first_return_without_a_hint(laboratory, known, answer, back, off):
    experiment = Chevron(laboratory, (COUPLING,))
    (pair,) = pairs_of(laboratory, known, (COUPLING,))
    shape = flat_top(64, 16).real
    turn = 1 / (2 * np.sqrt(2) * np.sum(shape**3) * 0.5e-9)  # Hz; the exchange that makes one turn
    rows, couplers = experiment._rows(known, pair), experiment._couplers()
    middle = predicted_height(known, pair)
    slope = 2 * 3.55e9 * middle + 4 * 0.25e9 * middle**3
    ones = []
    for height in rows:
        for coupler in couplers:
            detuning = (height - middle) * slope - off
            ones.append((1 - lost_from_11(turn * (coupler / back) ** 3, detuning), 1.0))
    (outcome,) = experiment.read(answer(laboratory, QUBITS, np.array(ones), shots=100, seed=5), known)
    assert not outcome.reason
    assert outcome.found[f"{COUPLING}.chevron.coupler_amplitude"].value == pytest.approx(back, rel=0.02)
    flux = outcome.found[f"{COUPLING}.chevron.flux_amplitude"].value
    assert (flux - middle) * slope == pytest.approx(off, abs=3e6)


def test_a_chevron_of_a_closed_coupler_finds_nothing(laboratory, known, answer):
    experiment = Chevron(laboratory, (COUPLING,))
    (pair,) = pairs_of(laboratory, known, (COUPLING,))
    n = len(experiment._rows(known, pair)) * experiment.columns
    (outcome,) = experiment.read(answer(laboratory, QUBITS, np.full((n, 2), 0.97), shots=100), known)
    assert outcome.reason
    assert not outcome.found


def test_a_chevron_says_why_a_qubit_cannot_reach_the_resonance(laboratory, known, answer):
    weak = known.replaced({"q0.arc_2": -0.2e9, "q0.arc_4": 0.0})
    (outcome,) = Chevron(laboratory, (COUPLING,)).read(answer(laboratory, ("q0",), np.ones((1, 1))), weak)
    assert "does not reach" in outcome.reason


def echoes(zz, t1, rng, shots=4000):
    """Return phases of the low qubit by Monte Carlo: the high one decays at random, both are flipped in the middle."""
    phases = []
    for total in WAITS:
        for start in (0, 1):
            state, felt = np.full(shots, start), np.zeros(shots)
            for sign in (-1, 1):
                fall = rng.exponential(t1, shots)
                felt += sign * np.where(state == 1, np.minimum(fall, total / 2), 0.0)
                state = np.where((state == 1) & (fall < total / 2), 0, state)
                state = 1 - state
            wave = np.mean(np.exp(2j * np.pi * zz * felt))
            phases.append((np.angle(wave), abs(wave)))
    return phases


def test_the_static_shift_is_found_with_its_sign_and_an_honest_error(laboratory, known, answer):
    rng, off = np.random.default_rng(4), []
    for seed, zz in enumerate(rng.uniform(-60e3, 60e3, 30)):
        ones = [
            ((1 + 0.8 * size * np.cos(angle - phase)) / 2, 0.5)
            for phase, size in echoes(zz, known["q0.t1"], rng)
            for angle in ANGLES
        ]
        result = answer(laboratory, QUBITS, np.array(ones), shots=300, seed=seed)
        (outcome,) = Zz(laboratory, (COUPLING,)).read(result, known)
        found = outcome.found[f"{COUPLING}.zz"]
        off.append((found.value - zz) / found.error)
    assert np.mean(np.abs(off) < 1) > 0.5
    assert np.mean(np.abs(off) < 3) > 0.97


def test_benchmarking_finds_the_error_of_a_gate_and_knows_how_well(laboratory, known, answer):
    experiment, off = Rb2(laboratory, (COUPLING,)), []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        plain, gate = 1 - rng.uniform(4e-3, 1e-2), 1 - rng.uniform(2e-3, 8e-3)
        stay = [
            0.75 * (plain * (gate if woven else 1.0)) ** length + 0.25
            for length in experiment.lengths for _ in range(experiment.sequences) for woven in (0, 1)
        ]  # fmt: skip
        result = answer(laboratory, QUBITS, np.repeat(np.sqrt(stay)[:, None], 2, axis=1) * 0, shots=300, seed=seed)
        result.bits[:, :, 0] = rng.random(result.bits.shape[:2]) > np.array(stay)[:, None]
        (outcome,) = experiment.read(result, known)
        found = outcome.found[f"{COUPLING}.cz.error"]
        off.append((found.value - 0.75 * (1 - gate)) / found.error)
    assert np.mean(np.abs(off) < 1) > 0.5
    assert np.mean(np.abs(off) < 3) > 0.93
