"""Parts of a shot: lowered one by one, played by a machine that knows only pulses, they are the program."""

from collections import Counter

import numpy as np
import pytest

from qctl.compile.parts import Parts
from qctl.core.course import Course
from qctl.core.errors import CompileError
from qctl.core.gates import matrix
from qctl.core.program import Op
from qctl.frontends import read_openqasm

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
TELEPORT = (
    HEAD + "qubit[3] q; bit[2] m; bit out; rx(1.1) q[0]; rz(0.4) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];"
    " rz(0.9) q[2]; m[0] = measure q[0]; m[1] = measure q[1]; rz(-0.9) q[2]; if (m[1]) { x q[2]; }"
    " if (m[0]) { z q[2]; } rz(-0.4) q[2]; rx(-1.1) q[2]; out = measure q[2];"
)
UNTIL = HEAD + "qubit[2] q; bit c; bit r; h q[1]; do_until r = measure q[1];".replace(
    "do_until", "while (c == 0) { ry(1.2) q[0]; c = measure q[0]; rz(0.3) q[1]; rz(-0.3) q[1]; } h q[1];"
)
PHASE = (
    HEAD + "const float theta = 2 * pi * 5.0 / 16; qubit q; qubit r; bit[4] c; float back = 0.0; x r;"
    " for uint i in [0:3] { reset q; h q; cp(theta * 2.0 ** (3 - i)) q, r; p(-back) q; h q; c[i] = measure q;"
    " back = back / 2; if (c[i]) { back += pi / 2; } }"
)


class Machine:
    """Plays pulses and CZ on a state; an RZ is what turns later pulses, and is forgotten when a part ends."""

    def __init__(self, n, rng):
        self.state = np.zeros((2,) * n, complex)
        self.state[(0,) * n] = 1
        self.rng = rng

    def apply(self, gate, targets):
        gate = gate.reshape((2,) * (2 * len(targets)))
        moved = np.tensordot(gate, self.state, axes=(range(len(targets), 2 * len(targets)), targets))
        self.state = np.moveaxis(moved, range(len(targets)), targets)

    def play(self, program):
        frames, answers = np.zeros(self.state.ndim), []
        for row in program.events:
            op, a = Op(int(row["op"])), int(row["q"][0])
            if op == Op.RZ:
                frames[a] += row["angle"][0]
            elif op == Op.R:
                self.apply(matrix(Op.R, (row["angle"][0], row["angle"][1] - frames[a])), [a])
            elif op == Op.CZ:
                self.apply(matrix(Op.CZ), [a, int(row["q"][1])])
            elif op == Op.MEASURE:
                answers.append(self.measure(a))
        return answers

    def measure(self, qubit):
        ones = np.take(self.state, 1, axis=qubit)
        answer = int(self.rng.random() < np.vdot(ones, ones).real)
        self.state[(slice(None),) * qubit + (1 - answer,)] = 0
        self.state /= np.linalg.norm(self.state)
        return answer


def key_of(text, laboratory, parameters, seed):
    program = read_openqasm(text)
    parts, course = Parts(program, parameters, laboratory), Course(program)
    machine, answers = Machine(len(laboratory.qubits), np.random.default_rng(seed)), []
    frames = np.zeros(len(laboratory.qubits))
    while (events := course.advance(answers)) is not None:
        part = parts.part(events, frames)
        answers, frames = machine.play(part.program), part.frames
    return "".join(map(str, course.bits()))


def test_teleportation_arrives_with_its_phase(laboratory, parameters):
    keys = Counter(key_of(TELEPORT, laboratory, parameters, seed) for seed in range(40))
    assert keys.keys() == {"000", "010", "100", "110"}


def test_repeat_until_success_leaves_the_other_qubit_alone(laboratory, parameters):
    assert {key_of(UNTIL, laboratory, parameters, seed) for seed in range(20)} == {"10"}


def test_iterative_phase_estimation_finds_its_phase(laboratory, parameters):
    found = {key_of(PHASE, laboratory, parameters, seed) for seed in range(10)}
    assert found == {"1010"}  # 5 / 16, the lowest bit first


def test_a_program_that_would_have_to_be_routed_is_refused(laboratory, parameters):
    text = HEAD + "bit c; x $0; c = measure $0; if (c) { cx $0, $2; } c = measure $2;"
    with pytest.raises(CompileError, match="between q0 and q2 in a program with decisions"):
        Parts(read_openqasm(text), parameters, laboratory)
