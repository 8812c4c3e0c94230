"""A shot in parts: the parts between decisions, played one after the other, are the program."""

from collections import defaultdict

import numpy as np
import pytest

from qctl.core.course import Course
from qctl.core.errors import ProgramError
from qctl.core.gates import matrix, n_qubits
from qctl.core.program import Op
from qctl.frontends import read_openqasm

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
TELEPORT = (
    HEAD + "qubit[3] q; bit[2] m; bit out; rx(1.1) q[0]; rz(0.4) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];"
    " m[0] = measure q[0]; m[1] = measure q[1]; if (m[1]) { x q[2]; } if (m[0]) { z q[2]; }"
    " rz(-0.4) q[2]; rx(-1.1) q[2]; out = measure q[2];"
)


class Player:
    """Plays parts on a state vector that lives as long as the shot, and draws answers."""

    def __init__(self, n, rng):
        self.state = np.zeros((2,) * n, complex)
        self.state[(0,) * n] = 1
        self.rng = rng
        self.played = []

    def play(self, events):
        self.played.append(len(events))
        answers = []
        for row in events:
            op = Op(int(row["op"]))
            assert op != Op.RESET
            if op == Op.MEASURE:
                assert row["bit"] == len(answers)
                answers.append(self.measure(int(row["q"][0])))
            elif op < Op.MEASURE:
                targets = [int(q) for q in row["q"][: n_qubits(op)]]
                gate = matrix(op, row["angle"]).reshape((2,) * (2 * len(targets)))
                moved = np.tensordot(gate, self.state, axes=(range(len(targets), 2 * len(targets)), targets))
                self.state = np.moveaxis(moved, range(len(targets)), targets)
        return answers

    def measure(self, qubit):
        ones = np.take(self.state, 1, axis=qubit)
        answer = int(self.rng.random() < np.vdot(ones, ones).real)
        self.state[(slice(None),) * qubit + (1 - answer,)] = 0
        self.state /= np.linalg.norm(self.state)
        return answer


def shot(program, rng, **options):
    course, player, answers = Course(program, **options), Player(program.n_qubits, rng), []
    while (events := course.advance(answers)) is not None:
        answers = player.play(events)
    return "".join(map(str, course.bits())), player, course


def test_teleportation_arrives_whatever_was_measured():
    program, rng = read_openqasm(TELEPORT), np.random.default_rng(seed=1)
    keys = {shot(program, rng)[0] for _ in range(60)}
    assert keys == {"000", "010", "100", "110"}  # the state arrives: turned back, it is 0


def test_a_program_without_decisions_is_one_part():
    program = read_openqasm(HEAD + "qubit[2] q; bit[2] c; x q[0]; c = measure q; bit[2] d; d = c;")
    key, player, course = shot(program, np.random.default_rng(seed=2))
    assert (key, player.played, course.n_parts) == ("1010", [3], 1)


def test_a_reset_of_a_used_qubit_is_a_measurement_and_an_x():
    program = read_openqasm(HEAD + "qubit[2] q; bit[2] c; reset q; h q; reset q; x q[1]; c = measure q;")
    rng = np.random.default_rng(seed=3)
    found = [shot(program, rng) for _ in range(40)]
    assert {key for key, _, _ in found} == {"01"}
    assert {course.n_parts for _, _, course in found} == {2}
    assert {tuple(player.played) for _, player, _ in found} == {(4, 3), (4, 4), (4, 5)}


def test_answers_come_in_the_order_of_measurements_even_into_one_bit():
    program = read_openqasm(
        HEAD + "qubit[2] q; bit a; bit b; x q[0]; a = measure q[0]; b = a; a = measure q[1]; bit c; c = b ^ a;"
    )
    assert shot(program, np.random.default_rng(seed=4))[0] == "011"


@pytest.mark.parametrize("seed", range(3))
def test_sampled_shots_have_the_distribution_of_the_program(seed):
    text = (
        HEAD + "qubit[2] q; bit[2] c; int n = 0; while (n < 3) { ry(0.9) q[0]; c[0] = measure q[0]; reset q[0];"
        " n += 1; if (c[0]) { cx q[0], q[1]; x q[1]; break; } } c[1] = measure q[1];"
    )
    one = np.sin(0.45) ** 2
    expected = {"11": 1 - (1 - one) ** 3, "00": (1 - one) ** 3}
    rng, found = np.random.default_rng(seed), defaultdict(int)
    program = read_openqasm(text)
    for _ in range(400):
        found[shot(program, rng)[0]] += 1
    for key, chance in expected.items():
        assert abs(found[key] / 400 - chance) < 5 * np.sqrt(chance * (1 - chance) / 400)
    assert found.keys() == expected.keys()


def test_a_loop_that_never_succeeds_is_given_up():
    program = read_openqasm(HEAD + "qubit q; bit c; while (c == 0) { c = measure q; }")
    with pytest.raises(ProgramError, match="more than 50 parts of one shot"):
        shot(program, np.random.default_rng(seed=5), most_parts=50)


def test_a_course_wants_an_answer_for_each_measurement():
    course = Course(read_openqasm(TELEPORT))
    course.advance()
    with pytest.raises(ProgramError, match="1 answers; allowed: 2"):
        course.advance([0])
