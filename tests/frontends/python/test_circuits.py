"""Circuits written in Python mean what the same text means, swept or not, with decisions and without."""

import doctest
from importlib import import_module

import numpy as np
import pytest

from qctl import Axis, Circuit, Pulses
from qctl.core.gates import N_ANGLES, n_qubits
from qctl.core.program import Op
from qctl.frontends import read_openqasm, to_openqasm
from qctl.frontends.python.value import word


@pytest.mark.parametrize("name", ["circuit", "control", "pulses"])
def test_the_examples_of_the_documentation_run(name):
    module = import_module(f"qctl.frontends.python.{name}")
    found = doctest.testmod(module)
    assert found.attempted > 3
    assert not found.failed


@pytest.mark.parametrize("op", [op for op in Op if op < Op.MEASURE and op != Op.ID])
def test_every_gate_is_a_method_that_takes_angles_then_qubits(op):
    angles = [0.1, 0.2, 0.3][: N_ANGLES.get(op, 0)]
    qubits = [1, 0][: n_qubits(op)]
    (row,) = getattr(Circuit(2), op.name.lower())(*angles, *qubits).program().events
    assert row["op"] == op
    assert row["q"].tolist()[: len(qubits)] == qubits
    assert row["angle"].tolist()[: len(angles)] == angles


def test_a_circuit_is_the_program_of_its_text(distribution_of):
    circuit = Circuit(3).h(0).cx(0, [1, 2]).rz(0.3, range(3)).barrier().swap(0, 2)
    circuit.measure_all()
    text = "qubit[3] q; bit[3] c; h q[0]; cx q[0],q[1]; cx q[0],q[2]; rz(0.3) q; barrier q; swap q[0],q[2]; "
    again = read_openqasm(text + "barrier q; c = measure q;")
    assert circuit.program().digest == again.digest
    assert read_openqasm(circuit.openqasm()).digest == again.digest


def test_a_toffoli_gate_is_one(distribution_of):
    for key in ("000", "011", "110", "111"):
        circuit = Circuit(3)
        circuit.x([k for k in range(3) if key[k] == "1"])
        circuit.h(0).h(0).ccx(0, 1, 2).measure_all()
        wanted = key[:2] + str(int(key[2]) ^ int(key[:2] == "11"))
        assert distribution_of(circuit.program())[wanted] == pytest.approx(1)


def test_two_axes_are_a_grid_whose_first_is_slowest(distribution_of):
    a, b = Axis("a", [0.1, 0.2, 0.3], "rad"), Axis("b", [1.0, 2.0], "rad")
    circuit = Circuit(1).rx(a, 0).rz(2 * b - a, 0)
    circuit.measure(0, "m")
    program = circuit.program()
    assert program.axes == (a, b)
    rx = program.events["angle"][program.events["op"] == Op.RX, 0].reshape(3, 2)
    rz = program.events["angle"][program.events["op"] == Op.RZ, 0].reshape(3, 2)
    np.testing.assert_array_equal(rx, np.broadcast_to(a.values[:, None], (3, 2)))
    np.testing.assert_allclose(rz, 2 * b.values - a.values[:, None])
    assert Circuit(1).over(b, a).rx(a, 0).rz(b, 0).program().axes == (b, a)


def test_over_says_the_order_before_and_after_axes_are_used():
    a, b, c = Axis("a", [1.0, 2.0, 3.0]), Axis("b", [10.0, 20.0]), Axis("c", [7.0])
    circuit = Circuit(1).rx(a, 0).rz(b, 0).ry(a + b, 0)
    assert circuit.over(b, a).axes == circuit.program().axes == (b, a)
    rows = circuit.program().events["angle"][:, 0].reshape(2, 3, 3)
    for k, wanted in enumerate((a.values[None], b.values[:, None], a.values[None] + b.values[:, None])):
        np.testing.assert_array_equal(rows[..., k], np.broadcast_to(wanted, (2, 3)))
    assert circuit.p(c, 0).axes == (b, a, c)
    assert circuit.over(c).axes == (b, a, c)
    assert circuit.over(a).axes == (b, c, a)
    assert Circuit(1).rx(a, 0).rx(b, 0).over(b).axes == (b, a)
    assert Circuit(1).over(a).over(b).axes == (a, b)


def test_a_sweep_is_the_same_as_circuits_one_by_one():
    angle = Axis("angle", np.linspace(0, 3, 4))

    def circuit(value):
        made = Circuit(2).ry(value, 0).barrier().barrier().rxx(value / 2, 0, 1)
        made.measure_all()
        return made.program()

    swept = circuit(angle)
    for k, value in enumerate(angle.values):
        rows = swept.events[swept.starts[k] : swept.starts[k + 1]]
        for name in ("op", "q", "angle"):
            np.testing.assert_array_equal(rows[name], circuit(value).events[name])
    barriers = swept.events["bit"][swept.events["op"] == Op.BARRIER].reshape(-1, 2)
    assert len(np.unique(barriers[:, 0])) == len(barriers)


def test_decisions_on_bits_are_those_of_the_text(distribution_of):
    circuit = Circuit(3)
    one = circuit.ry(0.7, 0).measure(0, "a")
    two = circuit.h(1).measure(1, "b")
    with circuit.if_((one ^ two) == 1):
        circuit.x(2)
    with circuit.else_(), circuit.if_(one & ~two):
        circuit.ry(one * 1.5, 2)
    circuit.measure(2, "c")
    text = (
        "qubit[3] q; bit a; bit b; bit c; ry(0.7) q[0]; a = measure q[0]; h q[1]; b = measure q[1];"
        "if ((a ^ b) == true) { x q[2]; } else { if (a && !b) { ry(1.5) q[2]; } } c = measure q[2];"
    )
    assert distribution_of(circuit.program()) == pytest.approx(distribution_of(read_openqasm(text)))
    assert distribution_of(read_openqasm(circuit.openqasm())) == pytest.approx(distribution_of(circuit.program()))


def test_repeat_until_success_counts_its_rounds(distribution_of):
    circuit = Circuit(1)
    failed = circuit.h(0).measure(0, "failed")
    rounds, bits = circuit.variable(), circuit.bits(2, "rounds")
    with circuit.while_(failed & (rounds < 3)):
        circuit.set(rounds, rounds + 1)
        circuit.reset(0).h(0)
        circuit.measure(0, into=failed)
    for place, bit in enumerate(bits):
        circuit.set(bit, rounds if place == 0 else (rounds - rounds % 2) / 2)
    wanted = {"000": 0.5, "010": 0.25, "001": 0.125, "011": 0.0625, "111": 0.0625}
    assert distribution_of(circuit.program()) == pytest.approx(wanted)


def test_words_of_bits_and_leaving_loops_are_what_they_say(distribution_of):
    circuit = Circuit(2)
    bits = circuit.x(1).measure([0, 1], "m")
    rounds = circuit.variable(0)
    with circuit.while_(word(bits) == 2):
        circuit.set(rounds, rounds + 1)
        with circuit.if_(rounds > 4):
            circuit.break_()
        circuit.continue_()
    circuit.set(bits[0], rounds == 5)
    assert distribution_of(circuit.program()) == pytest.approx({"11": 1.0})


def test_flow_may_be_swept_too(distribution_of):
    angle = Axis("angle", [0.0, np.pi])
    circuit = Circuit(2)
    bit = circuit.rx(angle, 0).measure(0, "m")
    with circuit.if_(bit):
        circuit.x(1)
    circuit.measure(1, "n")
    program = circuit.program()
    assert program.n_points == 2
    for k, key in enumerate(("00", "11")):
        point = read_openqasm(to_openqasm(program, k))
        assert distribution_of(point) == pytest.approx({key: 1.0}, abs=1e-9)


def test_numbers_that_go_together_share_an_axis():
    pair = Axis("k", [1, 2])
    circuit = Circuit(1).rx(pair, 0).rz(pair.along([10, 20]), 0).ry(np.sqrt(pair), 0)
    assert circuit.program().n_points == 2
    assert circuit.program().events["angle"][:, 0].tolist() == [1, 10, 1, 2, 20, 2**0.5]


def test_circuit_and_pulses_are_found_at_the_top_of_the_package():
    assert {Circuit.__module__, Pulses.__module__} == {"qctl.frontends.python.circuit", "qctl.frontends.python.pulses"}
