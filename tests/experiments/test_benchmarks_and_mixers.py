"""Clifford gates as data, what is read from their decay, the transition 1-2, and mixers seen by their qubits."""

import numpy as np
import pytest

from qctl.compile import default_parameters
from qctl.core.parameters import Estimate
from qctl.core.program import Op
from qctl.experiments.allxy import WORDS, AllXY
from qctl.experiments.anharmonicity import Anharmonicity
from qctl.experiments.cliffords import CLIFFORDS, COMPOSED, INVERSE, PULSES, clifford, matrix, number_of
from qctl.experiments.drive_crosstalk import DriveCrosstalk
from qctl.experiments.drive_mixer import DriveMixer, balance, imperfect, undone
from qctl.experiments.gate_check import turn
from qctl.experiments.rb1 import FLIP, INTERLEAVED, Rb1, sequence


def same(one, other):
    """Say whether two unitary matrices are the same gate."""
    return abs(np.trace(one.conj().T @ other)) == pytest.approx(2)


def test_the_clifford_gates_are_a_group_of_24_that_permutes_the_axes():
    paulis = [np.array(p) for p in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])]
    for k in range(24):
        assert sum(same(matrix(k), matrix(other)) for other in range(24)) == 1
        for pauli in paulis:
            moved = matrix(k) @ pauli @ matrix(k).conj().T
            assert sum(same(moved, other) for other in paulis) == 1
    rng = np.random.default_rng(2)
    for a, b in rng.integers(24, size=(100, 2)):
        assert same(matrix(COMPOSED[a, b]), matrix(b) @ matrix(a))
        assert same(matrix(COMPOSED[a, INVERSE[a]]), np.eye(2))
    assert abs(PULSES - 5 / 6) < 1e-12
    assert len(CLIFFORDS) == 24


@pytest.mark.parametrize("end", [0, FLIP])
@pytest.mark.parametrize("kind", ["", "x90", "x180"])
def test_sequences_end_where_they_should(kind, end):
    """Follow the pulses with virtual Z as frames: RZ(z) takes z from the phase of later pulses."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        state, frame = np.array([1.0, 0.0], complex), 0.0
        for op, _, _, (angle, axis, _) in sequence(0, rng.integers(24, size=30).tolist(), INTERLEAVED[kind], end):
            if op == Op.RZ:
                frame -= angle
            else:
                state = turn(angle, axis + frame) @ state
        assert abs(state[1 if end else 0]) == pytest.approx(1)


def test_the_interleaved_gates_are_what_they_are_called():
    assert same(matrix(INTERLEAVED["x90"]), turn(np.pi / 2, 0.0))
    assert same(matrix(INTERLEAVED["x180"]), turn(np.pi, 0.0))
    assert number_of(np.eye(2)) == 0
    assert [row[0] for row in clifford(0, FLIP)] == [Op.R]


@pytest.mark.parametrize("error", [2e-4, 2e-3])
def test_the_error_of_a_gate_is_found_within_its_own_error(laboratory, answer, error):
    known, ask = default_parameters(laboratory), Rb1(laboratory, ("q0", "q1"))
    known = known.replaced({f"{q}.error": Estimate(error) for q in ask.targets})
    p = 1 - 2 * PULSES * error
    curve = 0.48 * p ** np.repeat(ask.lengths(known), ask.sequences)
    ones = np.concatenate([[0.02, 0.97], np.stack([0.5 - curve, 0.5 + curve], axis=1).ravel()])
    outcomes = ask.read(answer(laboratory, ask.targets, np.stack([ones, ones], axis=1), ask.shots), known)
    for outcome in outcomes:
        found = outcome.found[f"{outcome.target}.error"]
        assert abs(found.value - error) < 4 * found.error < 2.5 * error


def test_a_qubit_that_forgets_everything_is_not_benchmarked(laboratory, answer):
    known, ask = default_parameters(laboratory), Rb1(laboratory, ("q0",))
    ones = np.concatenate([[0.02, 0.97], np.full(2 * ask.n_lengths * ask.sequences, 0.5)])
    (outcome,) = ask.read(answer(laboratory, ask.targets, ones, ask.shots), known)
    assert not outcome.found
    assert outcome.reason


def test_the_anharmonicity_is_the_distance_of_the_second_line(laboratory, answer):
    known, ask = default_parameters(laboratory), Anharmonicity(laboratory, ("q0",))
    known = known.replaced({"q0.frequency": Estimate(5.28e9, 2e3, "Hz"), "q0.x180.amplitude": Estimate(0.3, 0.001)})
    axis = ask.asked(known).frequencies[0] - 5.28e9
    ones = 0.03 + 0.8 * np.exp2(-((2 * (axis + 310e6) / 4e6) ** 2))
    (outcome,) = ask.read(answer(laboratory, ask.targets, ones, ask.shots), known)
    found = outcome.found["q0.anharmonicity"]
    assert abs(found.value + 310e6) < 4 * found.error < 1e6


@pytest.mark.parametrize("seed", range(5))
def test_a_mixer_is_known_from_its_image(seed):
    rng = np.random.default_rng(seed)
    before = undone(1 + rng.uniform(-0.05, 0.05), rng.uniform(-0.05, 0.05))
    gain, phase = 1 + rng.uniform(-0.05, 0.05), rng.uniform(-0.07, 0.07)
    assert np.allclose(before @ np.linalg.inv(before), np.eye(2))
    z = np.exp(2j * np.pi * np.arange(64) / 64)
    i, q = imperfect(gain, phase) @ before @ np.stack([z.real, z.imag])
    ratio = np.mean((i + 1j * q) * z) / np.mean((i + 1j * q) / z)
    assert balance(ratio, before) == pytest.approx((gain, phase), abs=1e-9)


def test_leak_and_image_are_found_where_a_qubit_feels_nothing(laboratory, answer):
    """The test's own mixer: the carrier shifts the qubit by the square of all that leaks, the image turns it."""
    ask, target = DriveMixer(laboratory, ("q1",), shots=400), "q1"
    known = default_parameters(laboratory).replaced({"q1.x180.amplitude": Estimate(0.3, 3e-3)})
    gain, phase, leak = 1.03, -0.04, 0.004 - 0.006j
    strength, n = 1 / (0.3 * 24e-9), ask.n_points
    # (strength, duration) of what is played
    wait, tone = ask.leaking(known, target, 0.01, 0.0).duration, ask.imaged(known, target, 0.01, 0.0)
    below = known["q1.frequency"] - ask.carrier(target)
    push = (1 / below - 1 / (below + known["q1.anharmonicity"])) / 2 * strength**2
    ones = [0.01]
    for quadrature in (1, 1j):
        for added in ask.leaks:
            turned = 2 * np.pi * push * abs(leak + added * quadrature) ** 2 * wait
            ones += [0.5 + 0.48 * np.cos(turned - k * np.pi / 2) for k in range(4)]
    m, k = (1 + gain * np.exp(1j * phase)) / 2, (1 - gain * np.exp(-1j * phase)) / 2
    for quadrature in (1, 1j):
        for added in ask.images(known, target):
            rate = tone.tones[0].amplitude * strength * abs(k / m + added * quadrature)
            ones.append(0.01 + 0.97 * np.sin(np.pi * rate * tone.duration) ** 2)
    assert len(ones) == ask.scan(known).n_points == 1 + 2 * n * 5
    (outcome,) = ask.read(answer(laboratory, ask.targets, np.array(ones), ask.shots), known)
    wanted = {"gain": gain, "phase": phase, "offset_i": -leak.real, "offset_q": -leak.imag}
    for name, value in wanted.items():
        found = outcome.found[f"q1.drive.mixer.{name}"]
        assert abs(found.value - value) < 4 * found.error < 0.03
    assert outcome.found["q1.x180.amplitude"].value == pytest.approx(
        0.3 * abs(1 + gain * np.exp(1j * phase)) / 2, rel=1e-2
    )


@pytest.mark.parametrize("strength", [0.0, 0.0008, 0.004, 0.011])
def test_drive_crosstalk_is_told_from_the_phase_of_a_strong_tone(laboratory, answer, strength):
    """The test's own sum of arrows, for one pair; all other qubits feel nothing."""
    ask = DriveCrosstalk(laboratory, ("q0",), shots=2000)
    known = default_parameters(laboratory).replaced({f"q{k}.x180.amplitude": Estimate(0.3, 1e-3) for k in range(5)})
    qubits, ones = ask.asked(known), [np.zeros(3), np.ones(3)]
    assert qubits == ("q0", "q1", "q2")
    for group in ask.rounds(known):
        for phase in ask.phases:
            at = dict.fromkeys(qubits, 0.0)
            for source, victim in group:
                added = (
                    strength * ask.turn(known, source, victim) * np.exp(1j * (phase + 0.8)) if victim == "q1" else 0.0
                )
                at[victim] = (1 - np.cos(abs(np.pi / 2 + added))) / 2
            ones.append(np.array([at[q] for q in qubits]))
    (outcome,) = ask.read(answer(laboratory, qubits, np.array(ones), ask.shots), known)
    seen, none = outcome.found["q0.drive.crosstalk.q1"], outcome.found["q0.drive.crosstalk.q2"]
    assert abs(seen.value - strength) < 4 * seen.error < 0.003
    assert none.value < 4 * none.error


def test_no_qubit_is_asked_twice_at_a_time(laboratory):
    known, ask = default_parameters(laboratory), DriveCrosstalk(laboratory, laboratory.qubit_names)
    groups = ask.rounds(known)
    assert all(len({q for pair in group for q in pair}) == 2 * len(group) for group in groups)
    assert len([pair for group in groups for pair in group]) == 14  # 4 couplings and 3 common neighbours, both ways
    assert len(groups) <= 8


@pytest.mark.parametrize(("what", "size"), [("amplitude", 0.03), ("frequency", 0.5e6), ("drag", 0.5)])
def test_allxy_names_the_error_that_was_made(qubit_lab, truth, laboratory, answer, what, size):
    """Three levels, integrated sample by sample by the test itself; only the error that was made is named."""
    chip, qubit = qubit_lab.chip, "q1"
    known = qubit_lab.bench.known.replaced({f"{qubit}.frequency": truth.frequency(chip, qubit_lab.bench.known, qubit)})
    right = {f"{qubit}.{kind}.amplitude": truth.best_amplitude(chip, known, qubit, kind) for kind in ("x180", "x90")}
    known = known.replaced(right).replaced({f"{qubit}.{kind}.drag": 0.55 for kind in ("x180", "x90")})
    if what == "frequency":
        wrong = {f"{qubit}.frequency": known[f"{qubit}.frequency"] + size}
    else:
        names = [f"{qubit}.{kind}.{what}" for kind in ("x180", "x90")]
        wrong = {n: known[n] * (1 + size) if what == "amplitude" else known[n] + size for n in names}
    played = known.replaced(wrong)
    gates = {kind: truth.propagator(chip, played, qubit, kind) for kind in ("x180", "x90")}
    start = np.angle(1j * (gates["x90"][1, 0] / gates["x90"][0, 0]))
    ones = [0.0, 1.0]
    for word in WORDS:
        state = np.array([1.0, 0, 0], complex)
        for letter in word.replace("I", ""):
            turned = np.diag(np.exp(1j * np.arange(3) * ((letter in "yY") * np.pi / 2 - start)))
            state = turned @ gates["x180" if letter.isupper() else "x90"] @ turned.conj().T @ state
        ones.append(abs(state[1]) ** 2)
    (outcome,) = AllXY(laboratory, (qubit,)).read(answer(laboratory, (qubit,), np.array(ones), 2000), known)
    assert [note.split()[0] for note in outcome.notes] == [what]
    kept = outcome.found[f"{qubit}.allxy.{what}"]
    assert kept.value == pytest.approx(size, rel=0.4)
    assert abs(kept.value) > 3 * kept.error
