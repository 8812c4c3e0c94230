"""Programs with feedback on a rack that decides within the shot: what arrives is what measured errors predict."""

import re
from math import cos, exp, pi, sin
from pathlib import Path

import numpy as np
import pytest

from qctl import Lab
from qctl.core.errors import CompileError, UsageError
from qctl.core.record import DECISION
from qctl.frontends import read_program

HEAD = 'OPENQASM 3;\ninclude "stdgates.inc";\n'
RESET = HEAD + "qubit q; bit c; x q; reset q; c = measure q;"
TELEPORT = HEAD + (
    "input angle t; input angle p; qubit[3] q; bit[2] m; bit out; rx(t) q[0]; rz(p) q[0]; h q[1]; cx q[1], q[2];"
    " cx q[0], q[1]; h q[0]; m[0] = measure q[0]; m[1] = measure q[1]; if (m[1]) { x q[2]; } if (m[0]) { z q[2]; }"
    " rz(-p) q[2]; rx(-t) q[2]; out = measure q[2];"
)
UNTIL = HEAD + (
    "qubit[2] q; bit c; bit r; int n = 0; while (c == 0 && n < 2) { ry(1.9) q[0]; c = measure q[0]; reset q[0];"
    " n += 1; } x q[1]; r = measure q[1];"
)
PHASE = HEAD + (
    "const float theta = 2 * pi * 3.0 / 4; qubit q; qubit r; bit[2] c; float back = 0.0; x r;"
    " for uint i in [0:1] { reset q; h q; cp(theta * 2.0 ** (1 - i)) q, r; p(-back) q; h q; c[i] = measure q;"
    " back = back / 2; if (c[i]) { back += pi / 2; } }"
)
STATES = [(0.0, 0.0), (pi, 0.0), (pi / 2, 0.3), (1.1, -0.8)]


@pytest.fixture(scope="module")
def lab():
    with Lab.open("branch3", seed=11) as opened:
        yield opened


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """Return the same rack with a chip that forgets nothing and begins cold."""
    text = (Path(__file__).parents[2] / "configs" / "twins" / "branch3.yaml").read_text(encoding="utf-8")
    text = re.sub(r", (t1|t_phi|detuning_noise|thermal): [^,}]+", "", text)
    twin = tmp_path_factory.mktemp("twins") / "quiet.yaml"
    twin.write_text(text, encoding="utf-8")
    with Lab.open("branch3", seed=12, twin=twin) as opened:
        yield opened


def shares(result, point=0):
    counts = result.counts_of(point)
    return {key: n / sum(counts.values()) for key, n in counts.items()}


def test_an_active_reset_leaves_what_decay_and_misreading_predict(lab):
    known, shots = lab.parameters, 3000
    result = lab.run(RESET, shots)
    waited = result.timing.seconds[DECISION] + known["q0.readout.duration"] / 2  # from the middle of the window on
    gone = 1 - exp(-waited / known["q0.t1"])  # decayed after it was read as 1: the X that follows excites it
    warm = known["q0.thermal"]  # among both errors: shots that began in the other state
    missed = known["q0.decision.p10"] - warm  # read as 0, and left as it is
    told = known["q0.decision.p01"] - warm
    predicted = (1 - warm - missed) * gone + missed * (1 - gone) + told
    assert shares(result)["1"] == pytest.approx(predicted, abs=0.02)
    assert shares(lab.run(HEAD + "qubit q; bit c; x q; c = measure q;", shots))["1"] > 0.9  # and without it


def damped(rho, known, qubit, seconds):
    """Return a qubit after it waited, by its T1 and T2 (echo)."""
    decay, keeps = exp(-seconds / known[f"{qubit}.t1"]), exp(-seconds / known[f"{qubit}.t2"])
    return np.array([[rho[0, 0] + (1 - decay) * rho[1, 1], keeps * rho[0, 1]], [keeps * rho[1, 0], decay * rho[1, 1]]])


def arrived(known, angles, waited):
    """Return how often teleportation's last bit is 1: q2 waits in one of four frames, corrections may be wrong."""
    theta, phi = angles
    state = np.array([cos(theta / 2), -1j * sin(theta / 2)])
    state = state * np.exp([-0.5j * phi, 0.5j * phi])
    x, z, found = np.array([[0, 1], [1, 0]]), np.diag([1, -1]), np.zeros((2, 2), complex)
    wrong = [(known[f"q{k}.decision.p01"] + known[f"q{k}.decision.p10"]) / 2 for k in (0, 1)]
    for m in (0, 1):
        for n in (0, 1):
            frame = np.linalg.matrix_power(x, n) @ np.linalg.matrix_power(z, m)
            there = damped(frame @ np.outer(state, state.conj()) @ frame.conj().T, known, "q2", waited)
            for by_z, chance_z in ((0, 1 - wrong[0]), (1, wrong[0])):
                for by_x, chance_x in ((0, 1 - wrong[1]), (1, wrong[1])):
                    back = np.linalg.matrix_power(z, m ^ by_z) @ np.linalg.matrix_power(x, n ^ by_x)
                    found += chance_z * chance_x * back @ there @ back.conj().T / 4
    ones = 1 - (state.conj() @ found @ state).real
    return ones * (1 - known["q2.decision.p10"]) + (1 - ones) * known["q2.decision.p01"]


def test_teleportation_of_several_states_gives_the_predicted_distribution(lab):
    shots = 2000
    inputs = {"t": [t for t, _ in STATES], "p": [p for _, p in STATES]}
    result = lab.run(TELEPORT, shots, inputs=inputs)
    waited = result.timing.seconds[DECISION] + 0.6e-6  # from the pair to the end of the readout, and from there on
    for point, angles in enumerate(STATES):
        ones = sum(n for key, n in result.counts_of(point).items() if key[2] == "1") / shots
        assert ones == pytest.approx(arrived(lab.parameters, angles, waited), abs=0.035)
        pairs = [sum(n for key, n in result.counts_of(point).items() if key[:2] == m) for m in ("00", "01", "10", "11")]
        assert np.abs(np.array(pairs) / shots - 0.25).max() < 0.06


def distance(one, other):
    return sum(abs(one.get(key, 0) - other.get(key, 0)) for key in one.keys() | other.keys()) / 2


def test_without_noise_instruments_decide_what_each_way_does(quiet):
    inputs = {"t": 1.1, "p": -0.8}
    decided, ways = (quiet.run(TELEPORT, 1500, inputs=inputs, each_way=each_way) for each_way in (False, True))
    assert distance(shares(decided), shares(ways)) < 0.07


def test_without_noise_rounds_end_with_success_and_phases_are_found(quiet):
    failed = cos(0.95) ** 4  # in both rounds
    assert distance(shares(quiet.run(UNTIL, 1500)), {"11": 1 - failed, "01": failed}) < 0.04
    assert shares(quiet.run(PHASE, 1000))["11"] > 0.95


def test_a_loop_without_a_bound_is_refused_by_its_place(lab):
    with pytest.raises(CompileError, match=r"loop\.qasm:4:1: feedback: a loop that may ask more than 12 times"):
        lab.run(read_program(HEAD + "qubit q; bit c;\nwhile (c == 0) { h q; c = measure q; }", name="loop.qasm"), 10)


def test_a_decision_that_takes_longer_than_qubits_remember_is_refused_with_both_figures(lab):
    short = lab.parameters.replaced({f"q{k}.t2": 2e-6 for k in range(3)})
    with pytest.raises(
        CompileError, match=r"a decision takes 2\.989 us; allowed: within T2, which is 2 us at most \(q0\)"
    ):
        lab.run(RESET, 10, parameters=short)


def test_mitigation_of_a_branching_program_is_refused(lab):
    with pytest.raises(UsageError, match="mitigation of a program whose shots branch"):
        lab.run(RESET, 10, mitigate=True)


def test_the_same_seed_gives_the_same_shots():
    found = []
    for _ in range(2):
        with Lab.open("branch3", seed=5) as opened:
            found.append(opened.run(RESET, 300))
    np.testing.assert_array_equal(found[0].bits, found[1].bits)
    np.testing.assert_array_equal(found[0].iq, found[1].iq)
