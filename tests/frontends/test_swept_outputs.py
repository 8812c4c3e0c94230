"""Outputs that inputs change: each point of a sweep shows its own."""

import pytest

from qctl.core.course import Course
from qctl.core.errors import ProgramError
from qctl.core.program import Op
from qctl.frontends import read_openqasm
from qctl.frontends.export import to_openqasm

TEXT = """OPENQASM 3; include "stdgates.inc"; qubit q; input float a; input duration d;
output float b; output array[int, 2] n; output float t; output int same; output bit c;
b = 2 * a; n[1] = int(a); t = d / 1ns; same = 7; c = measure q; n[0] = 10 * c;"""


def shown(program, point, answer):
    course = Course(program, point)
    course.advance()
    course.advance([answer])
    return course.outputs()


@pytest.mark.parametrize("again", [False, True])
def test_each_point_shows_what_it_computes(again):
    program = read_openqasm(TEXT, inputs={"a": [0.5, 3.25], "d": ["10ns", "20ns"]})
    if again:
        program = read_openqasm(to_openqasm(program), inputs={"point": [0, 1]})
    first = {"b": 1.0, "n[0]": 0, "n[1]": 0, "t": 10.0, "same": 7}
    second = {"b": 6.5, "n[0]": 10, "n[1]": 3, "t": 20.0, "same": 7}
    assert (shown(program, 0, 0), shown(program, 1, 1)) == (first, second)


def test_outputs_of_other_sizes_are_refused_with_what_to_do():
    with pytest.raises(ProgramError, match="run them one by one"):
        read_openqasm("input int n; output array[int, n] b;", inputs={"n": [1, 2]})


@pytest.mark.parametrize("more", ["", "if (true) { x q; } "])
def test_a_delay_without_operands_lets_all_qubits_wait(more):
    program = read_openqasm(f'OPENQASM 3; include "stdgates.inc"; qubit q; qubit[2] r; {more}delay[10ns];')
    waits = program.events[program.events["op"] == Op.DELAY]
    assert waits["q"][:, 0].tolist() == [0, 1, 2]
    assert waits["angle"][:, 0].tolist() == [1e-8] * 3


def test_a_delay_of_no_qubits_at_all_is_refused_where_it_stands():
    with pytest.raises(ProgramError, match="f:2:1: a delay without qubits"):
        read_openqasm("OPENQASM 3;\ndelay[10ns];", name="f")
