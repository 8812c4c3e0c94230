"""Control flow and classical arithmetic: what is known is run, the rest is decided while the program runs."""

import math

import numpy as np
import pytest

from qctl.core.errors import ProgramError
from qctl.core.program import Op
from qctl.frontends import read_openqasm

HEAD = 'OPENQASM 3; include "stdgates.inc"; '


def told(program):
    """Return the one key that a program without chance gives."""
    (key,) = {key for key, chance in program.items() if chance > 1e-9}
    return key


def word(value, n=8):
    """Return how a register of ``n`` bits shows a number: bit 0 first."""
    return format(value % 2**n, f"0{n}b")[::-1]


ARITHMETIC = {
    "uint[4] a = 15; a += 2; c = a": 1,
    "int[8] a = -3; c = uint[8](a)": 253,
    "int a = 7; int b = -2; c = uint[8](a / b + 10)": 7,
    "int a = -7; c = uint[8](a % 3 + 10)": 9,
    "uint[8] a = 0xA5; c = a >> 2": 0x29,
    "uint[8] a = 3; a <<= 7; c = a": 128,
    'bit[8] r = "10010110"; c = r': 0b10010110,
    'bit[8] r = "10010110"; c = rotl(r, 3)': 0b10110100,
    'bit[8] r = "10010110"; c = rotr(r, 1)': 0b01001011,
    'bit[8] r = "10010110"; c = uint[8](popcount(r))': 4,
    'bit[8] r = "10010110"; c[0:3] = r[4:7]': 0b1001,
    'bit[8] r = "10010110"; c = ~r': 0b01101001,
    "uint[8] a = 0; a[3] = 1; a[0] = 1; c = a": 9,
    "int[8] a = -1; a[7] = 0; c = uint[8](a)": 127,
    "angle[8] t = pi / 2; c = bit[8](t)": 64,
    "angle[8] t = pi; t += 3 * pi / 2; c = bit[8](t)": 64,
    "angle[8] t = -pi / 4; c = bit[8](t)": 224,
    "angle[4] t = pi; angle[8] u = t; c = bit[8](u)": 128,
    "float f = 2.75; c = uint[8](int(f))": 2,
    "bool b = 3 > 2 && !(1 == 2); c = uint[8](b)": 1,
    "complex[float] z = 2 + 3 im; z = z * z; c = uint[8](int(imag(z)))": 12,
    "duration d = 3us; c = uint[8](int(d / 100ns + 0.5))": 30,
    "array[int[8], 2, 3] m = {{1, 2, 3}, {4, 5, 6}}; c = uint[8](m[1, 0] + m[0][2])": 7,
    "array[int[8], 4] v = {1, 2, 3, 4}; v[0:1] = v[2:3]; c = uint[8](v[0] * 10 + v[1])": 34,
    "array[int[8], 2, 3] m; c = uint[8](sizeof(m, 1) + sizeof(m))": 5,
    "int s = 0; for int i in [0:2:8] { s += i; } c = uint[8](s)": 20,
    "int s = 0; for int i in [3:-1:0] { s = s * 2 + i; } c = uint[8](s)": 34,
    "int s = 0; for uint i in {1, 5, 10} { s += i; } c = uint[8](s)": 16,
    "int s = 0; array[int[8], 3] v = {4, 5, 6}; for int[8] i in v { s += i; } c = uint[8](s)": 15,
    "int s = 0; for int i in [0:9] { if (i == 3) continue; if (i == 6) break; s += i; } c = uint[8](s)": 12,
    "int s = 1; while (s < 50) { s *= 3; } c = uint[8](s)": 81,
    "int s = 0; switch (3) { case 1, 2 { s = 1; } case 3 { s = 2; } default { s = 3; } } c = uint[8](s)": 2,
    "int s = 5; { int s = 7; s += 1; } c = uint[8](s)": 5,
    "const int n = 3; int s = n; if (s > 2) { s = 40; } else { s = 50; } c = uint[8](s)": 40,
    "int s = 9; end; c = uint[8](s)": 0,
}


@pytest.mark.parametrize("lines", sorted(ARITHMETIC))
def test_what_is_known_is_computed_while_the_program_is_read(distribution_of, lines):
    program = read_openqasm(f"{HEAD}bit[8] c; {lines};")
    assert len(program.events) == 0
    assert told(distribution_of(program))[:8] == word(ARITHMETIC[lines])


@pytest.mark.parametrize("lines", sorted(ARITHMETIC))
def test_what_is_measured_is_computed_by_the_same_rules(distribution_of, lines):
    """A qubit in state 0 makes every number unknown: 0 is added to each of them."""
    unknown = lines.replace("int a = ", "int a = zero + ").replace("int s = ", "int s = zero + ")
    unknown = unknown.replace("a += ", "a += zero + ").replace("int[8] a = ", "int[8] a = zero + ")
    program = read_openqasm(f"{HEAD}qubit q; bit[8] c; int zero; bit zz; zz = measure q; zero = zz; {unknown};")
    assert told(distribution_of(program))[:8] == word(ARITHMETIC[lines])


def test_a_loop_that_is_known_is_a_row_of_gates():
    program = read_openqasm(HEAD + "qubit[4] q; for uint i in [0:2] { cx q[i], q[i + 1]; }")
    assert program.events["q"].tolist() == [[0, 1], [1, 2], [2, 3]]
    assert program.flow == ()


def test_a_subroutine_sees_its_own_names_and_gives_back_what_it_measured(distribution_of):
    program = read_openqasm(
        HEAD + "const int n = 2; def parity(qubit[n] p, int b) -> bit { bit[n] r; r = measure p;"
        " if (b == 1) { return r[0] ^ r[1]; } return r[0]; } qubit[2] q; bit b; bit[2] c; x q[1];"
        " c[0] = parity(q, 1); c[1] = parity(q, 2); b = 1;"
    )
    assert told(distribution_of(program)) == "110"
    assert program.n_hidden == 6


RUS = (
    HEAD
    + "qubit[2] q; bit c = 1; bit r; while (c == 1) { reset q[0]; h q[0]; c = measure q[0]; } x q[1]; r = measure q[1];"
)
STEPS = HEAD + "qubit q; bit[3] c; for int i in [0:2] { h q; c[i] = measure q; if (c[i] == 1) { x q; break; } }"
RETURNS = (
    HEAD + "def first(qubit q) -> int { while (true) { h q; bit b = measure q; if (b) { x q; return 5; } } return 0; } "
    "qubit q; bit[3] c; c = uint[3](first(q));"
)
INDEX = (
    HEAD + "qubit[3] q; bit[3] c; bit[2] a; h q[0]; a[0] = measure q[0]; x q[1]; a[1] = measure q[1]; "
    "x q[a - 1]; c = measure q;"
)
ARRAY = HEAD + "qubit q; bit b; bit[4] c; array[uint[4], 2] v = {3, 9}; h q; b = measure q; v[b] += 1; c = v[0] ^ v[1];"
ANGLES = HEAD + "qubit q; bit b; float t = 0.3; h q; b = measure q; reset q; if (b) { t = pi; } rx(t) q; b = measure q;"
CASES = {
    STEPS: {"100": 0.5, "010": 0.25, "001": 0.125, "000": 0.125},
    ANGLES: {"0": 0.5 * np.cos(0.15) ** 2, "1": 0.5 + 0.5 * np.sin(0.15) ** 2},
}


def test_repeat_until_success_succeeds(distribution_of):
    program = read_openqasm(RUS)
    assert len(program.flow) == 1
    assert distribution_of(program)["01"] == pytest.approx(1, abs=1e-6)


def test_a_loop_is_left_by_what_is_measured(distribution_of):
    found = distribution_of(read_openqasm(STEPS))
    assert found == pytest.approx(CASES[STEPS])


def test_a_subroutine_returns_out_of_an_endless_loop(distribution_of):
    assert distribution_of(read_openqasm(RETURNS))["101"] == pytest.approx(1, abs=1e-6)


def test_a_qubit_is_chosen_by_a_measured_index(distribution_of):
    found = distribution_of(read_openqasm(INDEX))  # a is 2 or 3: X on qubit 1 or 2; c then a
    assert found == pytest.approx({"00001": 0.5, "11111": 0.5})


def test_an_element_is_chosen_by_a_measured_index(distribution_of):
    found = distribution_of(read_openqasm(ARRAY))  # 4 ^ 9 = 13 or 3 ^ 10 = 9
    assert found == pytest.approx({"01011": 0.5, "11001": 0.5})


def test_an_angle_depends_on_a_measured_bit(distribution_of):
    program = read_openqasm(ANGLES)
    assert distribution_of(program) == pytest.approx(CASES[ANGLES])


def test_iterative_phase_estimation_of_the_specification_finds_its_phase(distribution_of):
    text = (
        HEAD + "const int n = 4; const float theta = 2 * pi * 5.0 / 16; qubit q; qubit r; angle[n] c; bit[n] out;"
        " x r; uint[n] power = 8; for uint i in [0:n - 1] { reset q; h q; ctrl @ pow(power) @ phase(theta) q, r;"
        " c >>= 1; inv @ phase(c) q; h q; bit b; b = measure q; c[n - 1] = b; power >>= 1; } out = bit[n](c);"
    )
    assert told(distribution_of(read_openqasm(text))) == word(5, 4)


def test_an_index_that_turns_out_wrong_stops_the_run(distribution_of):
    program = read_openqasm(HEAD + "qubit[2] q; bit[2] c; x q; c = measure q; x q[c];")
    with pytest.raises(ProgramError, match="a qubit that its register does not have"):
        distribution_of(program)


def test_a_number_that_turns_out_too_large_stops_the_run(distribution_of):
    program = read_openqasm(HEAD + "qubit q; bit c; x q; c = measure q; int[4] a = 7; a = a + c;")
    with pytest.raises(ProgramError, match="8 does not lie between -8 and 7"):
        distribution_of(program)


def test_inputs_are_the_points_of_a_sweep(distribution_of):
    text = HEAD + "input float theta; input int n; qubit q; bit c; if (n > 1) { rx(theta) q; } c = measure q;"
    program = read_openqasm(text, inputs={"theta": np.linspace(0, 1, 3), "n": 2})
    assert program.n_points == 3
    assert program.events["angle"][program.events["op"] == Op.RX, 0].tolist() == [0, 0.5, 1]
    alone = read_openqasm(text, inputs={"theta": 0.5, "n": 2})
    np.testing.assert_array_equal(program.events[2:4], alone.events)


def test_only_outputs_are_shown_where_a_program_names_them():
    program = read_openqasm(HEAD + "qubit q; bit a; output bit b; output int n; a = measure q; b = a; n = a + 3;")
    assert [(r.name, r.start, r.size) for r in program.bits] == [("b", 0, 1)]
    assert (program.n_bits, program.n_hidden, [name for name, _ in program.outputs]) == (2, 1, ["n"])


def test_outputs_are_numbers_arrays_or_angles_and_nothing_else():
    program = read_openqasm(HEAD + "qubit q; output array[int, 2] a; output angle[8] t; bit c; c = measure q; t = pi;")
    assert [name for name, _ in program.outputs] == ["a[0]", "a[1]", "t"]
    assert program.outputs[2][1] == pytest.approx(math.pi)
    with pytest.raises(ProgramError, match=r":2:1: an output of type complex; allowed: bit, bool, int"):
        read_openqasm(HEAD + "qubit q;\noutput complex z;")


def test_pragmas_and_annotations_are_kept():
    text = "OPENQASM 3;\n#pragma lab tuned\nqubit q;\nx q;\n@note one\ny q;\npragma other\nif (true) z q;\n"
    notes = read_openqasm(text).notes
    assert [(note.text, note.row) for note in notes] == [("pragma lab tuned", 0), ("@note one", 1), ("pragma other", 2)]
    stream = read_openqasm(text.replace("if (true) z q;", "z q;")).notes
    assert stream == notes


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("qubit q;\nint[4] a = 9;", "f:2:12", "9 does not fit int"),
        ("qubit q;\nint a = 1;\nint a = 2;", "f:3:5", "already defined"),
        ("int i = 1; i = i / 0;", "f:1:16", "division by zero"),
        ("for int i in [0:3] { }  i = 2;", "f:1:25", "no variable here"),
        ("def f() -> int { return 1; } int a = f(2);", "f:1:38", "f of 1 arguments"),
        ("def f() -> int { return g(); } int a = f();", "f:1:25", "'g' is no function"),
        ("def f(int n) -> int { return f(n); } int a = f(1);", "f:1:30", "calls within each other"),
        ("break;", "f:1:1", "outside loop"),
        ("const int n = 2; n = 3;", "f:1:18", "constant"),
        ("int n = 1; while (n > 0) { n = n + 1; }", "f:1:12", "1001 or more rounds"),
        ("for int i in [0:999999] { for int j in [0:999999] { } }", "f:1:1", "statements to run in this loop"),
        ("array[int, 1000, 1000, 1000] a;", "f:1:1", "elements of an array"),
        ("int a; a[70] = 1;", "f:1:10", "index 70 of 64"),
        ("qubit[2] q; bit[3] c; if (c == 1) { c = measure q; }", "f:1:23", None),
        ("if (1 == 1) { qubit q; }", "f:1:15", "must be global"),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_place(text, where, message):
    if message is None:
        assert read_openqasm(HEAD + text).flow == ()
        return
    with pytest.raises(ProgramError, match=message) as found:
        read_openqasm(text, name="f")
    assert found.value.where == where
