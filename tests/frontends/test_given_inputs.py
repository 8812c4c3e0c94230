"""Inputs of a program: what is given is taken whole, as the type that is declared, or refused with what that takes."""

import math

import pytest

from qctl.core.errors import ProgramError
from qctl.frontends import read_openqasm

HEAD = 'OPENQASM 3; include "stdgates.inc"; qubit q;\n'
FLOW = "if (true) { x q; }"  # read through a syntax tree


def holds(kind, value, condition):
    """Say by both readers whether a condition on the input ``v`` holds."""
    text = f"{HEAD}input {kind} v; bit c; if ({condition}) {{ c = measure q; }}"
    return len(read_openqasm(text, inputs={"v": value}).events) == 1


TAKEN = [
    ("bit[3]", "001", 'v == "001"'), ("bit[3]", "100", "v[2] == 1 && v[0] == 0"), ("bit[4]", '"0010"', "v[1] == 1"),
    ("bit[4]", "0b0010", 'v == "0010"'), ("bit[4]", "00_10", 'v == "0010"'), ("bit[4]", 2, 'v == "0010"'),
    ("bit", 1, "v == 1"), ("bit", True, "v == 1"), ("int", 3, "v == 3"), ("int", 3.0, "v == 3"),
    ("int", "10", "v == 10"),
    ("uint[4]", "15", "v == 15"), ("int", "-0x10", "v == -16"), ("bool", "true", "v"), ("bool", 1, "v"),
    ("float", "pi/2", "v == pi / 2"), ("float", "1.5", "v == 1.5"), ("float", 2, "v == 2.0"),
    ("angle[8]", "pi", "bit[8](v) == \"10000000\""), ("duration", "10ns", "v == 10ns"),
    ("duration", "100 ns", "v == 100ns"), ("duration", "1us", "v == 1000ns"), ("duration", "2 * 10ns", "v == 20ns"),
    ("complex[float]", 1 + 2j, "imag(v) == 2.0"), ("complex", "1+2im", "imag(v) == 2.0"),
    ("complex", 3, "real(v) == 3.0"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "condition"), TAKEN)
def test_an_input_is_read_as_its_type_writes_it(kind, value, condition):
    assert holds(kind, value, condition)
    assert not holds(kind, value, f"!({condition})")


REFUSED = [
    ("int", 2.7, "2.7 for the input 'v'; allowed: whole numbers of int"),
    ("int", "2.7", "'2.7' for the input 'v'; allowed: whole numbers"),
    ("uint[4]", 1.999999, "allowed: whole numbers of uint[4], 0 to 15"),
    ("uint[4]", 16, "16 for the input 'v'; allowed: whole numbers of uint[4], 0 to 15"),
    ("bool", 2, "2 for the input 'v'; allowed: true, false, 0 or 1"),
    ("bool", 0.5, "0.5 for the input 'v'; allowed: true, false, 0 or 1"),
    ("bit[3]", "0010", "'0010' for the input 'v'; allowed: the text of 3 bits such as '010'"),
    ("bit[3]", 8, "8 for the input 'v'; allowed: the text of 3 bits"),
    ("bit[3]", 1.0, "1.0 for the input 'v'"),
    ("bit[3]", "012", "'012' for the input 'v'"),
    ("float", "banana", "'banana' for the input 'v'; allowed: real numbers, and texts such as 'pi/2'"),
    ("float", "pi +", "allowed: real numbers"),
    ("float", "pi) pi", "allowed: real numbers"),
    ("float", "1+2im", "allowed: real numbers"),
    ("float", "(" * 999, "allowed: real numbers"),
    ("float", "1" * 5000, "allowed: real numbers"),
    ("angle", "10ns", "allowed: radians"),
    ("duration", 1e-6, "1e-06 for the input 'v'; allowed: texts with a unit"),
    ("duration", "5", "'5' for the input 'v'; allowed: texts with a unit, such as '10ns'"),
    ("duration", "1e-999999999s", "allowed: texts with a unit"),
    ("complex", "1e999+2im", "allowed: numbers"),
    ("angle[4]", 0.1, "0.1 for the input 'v'; allowed: radians"),
    ("angle[4]", "pi/16", "an angle between two steps of angle[4]"),
    ("float", "1/2", "the value says:"),
    ("complex", "1 2", "'1 2' for the input 'v'; allowed: numbers"),
    ("complex", 10**400, "allowed: numbers"),
    ("int", 2**63, "allowed: whole numbers of int[64]"),
    ("int", 2**210, "a number of 211 bits for the input 'v'"),
    ("array[float, 2]", 0.5, "the input 'v' of type array[float, 2]; allowed: single values"),
]


@pytest.mark.parametrize("more", ["", FLOW])
@pytest.mark.parametrize(("kind", "value", "message"), REFUSED)
def test_what_a_type_does_not_take_is_refused_with_what_it_takes(kind, value, message, more):
    with pytest.raises(ProgramError) as caught:
        read_openqasm(f"{HEAD}input {kind} v; {more}", name="f", inputs={"v": value})
    assert message in str(caught.value)
    assert str(caught.value).startswith("f:2:")


def test_rows_of_texts_are_sweeps():
    text = f"{HEAD}input duration d; delay[d] q;"
    program = read_openqasm(text, inputs={"d": ["10ns", "20ns", "1us"]})
    assert program.events["angle"][:, 0] == pytest.approx([10e-9, 20e-9, 1e-6], rel=1e-15)
    program = read_openqasm(f"{HEAD}input float a; rx(a) q;", inputs={"a": ["pi", 0.5]})
    assert program.events["angle"][:, 0].tolist() == [math.pi, 0.5]
