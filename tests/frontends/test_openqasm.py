"""Our own small programs: what each statement becomes."""

import random

import numpy as np
import pytest

from qctl.core.errors import ProgramError
from qctl.core.program import Op
from qctl.frontends import read_openqasm, read_program


def rows(text, **options):
    events = read_openqasm(text, **options).events
    return [(Op(int(e["op"])).name, *(int(q) for q in e["q"] if q >= 0)) for e in events]


def test_a_bell_pair_is_three_gates_and_two_measurements():
    program = read_program(
        'OPENQASM 3; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
    )
    assert program.events["op"].tolist() == [Op.H, Op.CX, Op.MEASURE, Op.MEASURE]
    assert program.events["bit"].tolist() == [-1, -1, 0, 1]
    assert (program.n_qubits, program.n_bits, program.physical) == (2, 2, False)
    assert [(r.name, r.start, r.size) for r in program.bits] == [("c", 0, 2)]


@pytest.mark.parametrize(
    ("operand", "qubits"),
    [
        ("q[1]", [1]), ("q[-1]", [4]), ("q[1:3]", [1, 2, 3]), ("q[0:2:4]", [0, 2, 4]), ("q[3:-1:1]", [3, 2, 1]),
        ("q[{0, 4}]", [0, 4]), ("q", [0, 1, 2, 3, 4]), ("q[:]", [0, 1, 2, 3, 4]), ("a", [3, 5, 6]), ("a[1]", [5]),
        ("a[1:2]", [5, 6]), ("q[n - 1]", [2]),
    ],
)  # fmt: skip
def test_operands_name_their_qubits(operand, qubits):
    text = f"const int n = 3; qubit[5] q; qubit[2] r; let a = q[3:3] ++ r; reset {operand};"
    assert rows(text) == [("RESET", qubit) for qubit in qubits]


def test_a_delay_is_in_seconds_whatever_its_unit():
    text = "const duration d = 2us; qubit q; delay[100ns] q; delay[2 * d] q; delay[1.5ms] q;"
    np.testing.assert_array_equal(read_openqasm(text).events["angle"][:, 0], [100e-9, 4e-6, 1.5e-3])


def test_barriers_are_one_row_a_qubit_and_one_number_a_barrier():
    text = "gate g a, b { barrier a; barrier b; } qubit[2] q; barrier; barrier q[1]; g q[0], q[1];"
    numbers = read_openqasm(text).events["bit"].tolist()
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 4


def test_physical_qubits_make_the_program_physical():
    program = read_openqasm('include "stdgates.inc"; bit c; x $3; c = measure $3;')
    assert (program.physical, program.n_qubits) == (True, 4)
    with pytest.raises(ProgramError, match="declared and physical"):
        read_openqasm("qubit q; x $0;")


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("input float a;", "f:1:13", "the input 'a' without a value"),
        ("qubit q; box[1us] { x q; }", "f:1:10", "durations of gates, which only a laboratory knows"),
        ("qubit q;\nextern f(int) -> int;\nint n = f(3);", "f:3:9", "the extern function 'f'"),
        ("qubit q; delay[3dt] q;", "f:1:16", "ns, us, ms or s"),
        ("qubit[2] q; cx q[0], q[2];", "f:1:24", "index 2 of a register of 2"),
        ("qubit q; rx(1/2) q;", "f:1:14", "write 1.0/2"),
        ("OPENQASM 4; qubit q;", "f:1:1", "OpenQASM 4; allowed: versions 2 and 3"),
        ("OPENQASM 2.0; qreg q[1]; creg c[1]; if(c==1) x q[0];", "f:1:46", "the gate 'x' is not defined"),
        ("OPENQASM 2.0; qreg q[1]; creg c[1]; if(q==1) U(0,0,0) q[0];", "f:1:40", "a classical register"),
        ("OPENQASM 2.0; opaque g a; qreg q[1]; g q[0];", "f:1:38", "declared opaque"),
        ("qubit q; foo q;", "f:1:10", "the gate 'foo' is not defined"),
        ("bit[2] c; qubit[3] q; c = measure q;", "f:1:23", "3 qubits into 2 bits"),
    ],
)
def test_a_refusal_names_what_and_where(text, where, message):
    with pytest.raises(ProgramError, match=message) as found:
        read_openqasm(text, name="f")
    assert found.value.where == where


def test_a_program_may_define_a_gate_whose_name_only_later_libraries_have():
    text = 'OPENQASM 2.0; include "qelib1.inc"; gate sx a { x a; } qreg q[1]; sx q[0];'
    assert rows(text) == [("X", 0)]


def random_gates(seed, n=200):
    rng = random.Random(seed)
    for _ in range(n):
        a, b, c = rng.sample(range(4), 3)
        angle = rng.choice([f"{rng.uniform(-3, 3)!r}", "pi/2", "3", "-pi", "2*t"])
        yield rng.choice([
            f"x q[{a}];", f"rz({angle}) q[{a}];", f"cx q[{a}], q[{b}];", f"ccx q[{a}],q[{b}],q[{c}];",
            f"u2({angle}, 0.5) q[{a}];",
            "h q;", f"own({angle}) q[{a}], q[{b}];", f"cu(0.1,0.2,{angle},0.4) q[{a}],q[{b}];",
            "sx s;", f"swap s, q[{a}];",
        ])  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_the_quick_way_and_the_full_reader_read_the_same(seed):
    head = "OPENQASM 3; const float t = 0.7; gate own(a) p, q { rx(2 * a) p; cz p, q; barrier p, q; } "
    head += "qubit[4] q; qubit s; "
    lines = list(random_gates(seed))
    quick = read_openqasm(head + "\n".join(lines))
    full = read_openqasm(head + "/**/" + "/**/\n".join(line[:-1] + " /**/;" for line in lines))
    assert quick.digest == full.digest


def test_a_comment_cannot_hide_the_end_of_arguments():
    text = "OPENQASM 3; qubit[2] q; rx(1.0 // ) q[0];\n) q[1];"
    assert rows(text) == [("RX", 1)]
