"""Loops and branches in the bodies of gates: they are written out, and mean the same."""

import math

import numpy as np
import pytest

from qctl.core.errors import ProgramError
from qctl.frontends import read_openqasm

HEAD = 'OPENQASM 3; include "stdgates.inc"; const int n = 3; '


def same(unitary_of, same_up_to_phase, gate, written):
    program = read_openqasm(HEAD + gate + "qubit[2] q; g q[0], q[1];")
    same_up_to_phase(unitary_of(program), unitary_of(read_openqasm(HEAD + "qubit[2] q; " + written)))


@pytest.mark.parametrize(
    ("gate", "written"),
    [
        ("gate g a, b { for uint i in [0:n-1] { rx(i * 0.1) a; cx a, b; } } ",
         "rx(0) q[0]; cx q[0], q[1]; rx(0.1) q[0]; cx q[0], q[1]; rx(0.2) q[0]; cx q[0], q[1];"),
        ("gate g a, b { for int[8] i in {1, 3} for int j in [4:-2:1] rz(i + j * 0.5) a; h b; } ",
         "rz(3) q[0]; rz(2) q[0]; rz(5) q[0]; rz(4) q[0]; h q[1];"),
        ("gate g a, b { for int i in [1:0] { x a; { y b; } } for int i in [1:2] { if (i == 2) { x a; } else h b; } } ",
         "h q[1]; x q[0];"),
        ("gate g a, b { if (n == 4) if (true) x a; else y a; else z b; if (n < 1) for int i in {1} x a; h a; } ",
         "z q[1]; h q[0];"),
        ("gate k(t) a { for int i in [1:2] { rx(t * i) a; } } gate g a, b { ctrl @ k(0.3) a, b; inv @ k(0.2) b; } ",
         "ctrl @ rx(0.9) q[0], q[1]; rx(-0.6) q[1];"),
    ],
)  # fmt: skip
def test_a_loop_in_a_gate_is_its_rounds(unitary_of, same_up_to_phase, gate, written):
    same(unitary_of, same_up_to_phase, gate, written)
    same(unitary_of, same_up_to_phase, gate + "if (n == 3) { } ", written)  # through the syntax tree


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("gate g(t) a { for int i in [0:t] x a; }", "f:2:31", "a range that depends on parameters"),
        ("gate g a { while (true) x a; }", "f:2:12", "in a gate: the statement 'while'"),
        ("gate g a { for int i in [0:0:3] x a; }", "f:2:25", "this is no range"),
        ("gate g a { for int i in [0:1000000] { } }", "f:2:37", "statements of one gate"),
        ("gate g q { for int i in [0:3] { cx q[i], q[i + 1]; } }", "f:2:37", "an index within a gate"),
        ("gate g a { for int i in [0:3] { x a; ", "f:2:38", "the rest of the gate|behind the block"),
        ("gate g a { if (false) { x a; ", "f:2:30", "the rest of the gate"),
    ],
)
def test_what_a_body_cannot_hold_is_refused_by_name(text, where, message):
    with pytest.raises(ProgramError, match=message) as found:
        read_openqasm("OPENQASM 3; include 'stdgates.inc';\n".replace("'", '"') + text, name="f")
    assert found.value.where == where


@pytest.mark.parametrize(
    ("loop", "angle", "expected"),
    [
        ("int i in {0.5, true}", "i", [0, 1]),
        ("int[4] i in [6:7]", "i + i", [12, 14]),
        ("int[4] i in [6:9]", "i", "8 does not fit int\\[4\\]; allowed: -8 to 7"),
        ("int i in {5ns}", "i", "a value of type duration where int"),
        ("uint i in {-1}", "i", "-1 does not fit uint"),
        ("uint[2] i in [2:5]", "i", "4 does not fit uint\\[2\\]; allowed: 0 to 3"),
        ("uint[2] i in [1:3]", "100 % i + (i - 0.5)", [0.5, 1.5, 3.5]),
        ("uint[65] i in {1}", "i", "65 bits of one uint; allowed: at most 64"),
        ("float i in [1:3]", "i / 2", [0.5, 1, 1.5]),
        ("float[17] i in [1:3]", "i", "float\\[17\\]"),
        ("angle i in {7.0}", "i", [7 - math.tau]),
        ("angle i in {1, 7.0}", "3 * i - 6.5", [math.tau - 3.5, 14.5 - math.tau * 2]),
        ("angle i in {1}", "-i * 0.5", [math.pi - 0.5]),
        ("angle i in {1}", "sin(i) + i ** 2 + i / i + i % 2", [math.sin(1) + 3]),
        ("angle[4] i in {1, 7.0}", "i + 1", [math.pi * 6 / 8, math.pi * 5 / 8]),
        ("angle i in {3}", "i * i", "angle\\[64\\] \\* angle"),
        ("angle i in {true}", "i", "a value of type bool where angle"),
    ],
)
def test_what_counts_is_of_its_type_in_a_gate_and_in_a_program(loop, angle, expected):
    in_program = f"OPENQASM 3; qubit q; for {loop} {{ rx({angle}) q; }}"
    in_gate = f"OPENQASM 3; qubit q; gate g a {{ for {loop} {{ rx({angle}) a; }} }} g q;"
    for text in (in_program, in_gate):
        if isinstance(expected, str):
            with pytest.raises(ProgramError, match=expected):
                read_openqasm(text)
        else:
            np.testing.assert_allclose(read_openqasm(text).events["angle"][:, 0], expected, atol=1e-12)


@pytest.mark.parametrize(
    "angle", ["i - 2", "i + 1", "-i", "~i", "1 - i - 1", "i * i", "(i & -1) - 2", "i ** 2", "i << 1"]
)
def test_an_unsigned_number_counts_in_a_gate_as_in_a_program(angle):
    loop = f"for uint[2] i in {{0, 3, 1}} rx({angle})"
    in_gate = read_openqasm(f"OPENQASM 3; qubit q; gate g a {{ {loop} a; }} g q;")
    in_program = read_openqasm(f"OPENQASM 3; qubit q; {loop} q;")
    assert in_gate.events["angle"].tolist() == in_program.events["angle"].tolist()


def test_arguments_in_the_words_of_openqasm_2_are_registers():
    program = read_openqasm(
        "OPENQASM 3; qubit[2] p; bit[2] d; def f(qreg a[2], creg c[2]) -> bit[2] { x a[0]; return c; } d = f(p, d);"
    )
    assert len(program.events) == 1


def test_a_function_whose_value_nobody_uses_is_called():
    assert read_openqasm("OPENQASM 3; qubit q; sin(pi); x q;").events["op"].tolist() == [1]
