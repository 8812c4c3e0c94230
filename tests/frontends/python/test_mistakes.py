"""Mistakes in circuits are refused where they are made, and what only looks like one is taken."""

import copy
import pickle

import numpy as np
import pytest

from qctl import Axis, Circuit
from qctl.core.errors import ProgramError
from qctl.core.program import Op
from qctl.frontends import read_openqasm
from qctl.frontends.python.value import word

REFUSED = {
    "0 qubits": lambda: Circuit(0),
    "qubit 2": lambda: Circuit(2).x(2),
    "qubit -1": lambda: Circuit(2).x(-1),
    "'q0'": lambda: Circuit(2).x("q0"),
    "qubit 1 twice": lambda: Circuit(2).cx(1, 1),
    "rows of 2 and 3": lambda: Circuit(5).cx([0, 1], [2, 3, 4]),
    "a decision of Python": lambda: bool(Circuit(1).measure(0)),
    "before the circuit runs": lambda: Circuit(1).if_(True).__enter__(),
    "an else_ without": lambda: Circuit(1).x(0).else_().__enter__(),
    "outside of a loop": lambda: Circuit(1).break_(),
    "a second register 'm'": lambda: [c := Circuit(2), c.measure(0, "m"), c.measure(1, "m")],
    "2 qubits measured into 1 bits": lambda: [c := Circuit(2), c.measure([0, 1], into=[c.measure(0)])],
    "finite numbers": lambda: Circuit(1).rx(float("nan"), 0),
    "a decision on a number that is swept": lambda: bool(Axis("a", [1, 2])),
    "swept and measured": lambda: [c := Circuit(1), c.r(Axis("a", [1]), c.measure(0) * 1.0, 0)],
    "at least one finite number": lambda: Axis("a", []),
    "one for each point": lambda: Axis("a", [1, 2]).along([1, 2, 3]),
    "bits with the name 1; allowed: text": lambda: Circuit(2).measure(0, 1),
    "cx on 1 qubits with 0 angles; allowed: 2 and 0": lambda: Circuit(2).gate(Op.CX, (0,)),
    "rx on 1 qubits with 0 angles": lambda: Circuit(2).gate(Op.RX, (0,)),
    "x on 1 qubits with 1 angles": lambda: Circuit(2).gate(Op.X, (0,), (1.0,)),
    "the gate .*MEASURE": lambda: Circuit(2).gate(Op.MEASURE, (0,)),
    "the gate 'x'": lambda: Circuit(2).gate("x", (0,)),
    "measured into 5": lambda: Circuit(2).measure(0, into=[5]),
    "bits of 0 circuits": lambda: word([]),
    "0 bits": lambda: Circuit(2).bits(0),
    "a sweep over 'a'": lambda: Circuit(1).over("a"),
    "one axis twice": lambda: [a := Axis("a", [1, 2]), Circuit(1).over(a, a)],
    "events in all": lambda: Circuit(1).over(Axis("a", range(3000))).over(Axis("b", range(3000))).x(0).program(),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_mistake_is_refused_where_it_is_made(message):
    with pytest.raises(ProgramError, match=message):
        REFUSED[message]()


@pytest.mark.parametrize(
    "wrong", [1.0, True, np.True_, None, 1j, "q0", [[0]], Axis("a", [1.0]), -1, 2, np.int64(2), b"0"]
)
def test_what_is_no_qubit_is_refused_with_those_that_are(wrong):
    circuit = Circuit(2)
    bit = circuit.measure(0)
    for call in (
        circuit.x,
        circuit.measure,
        circuit.reset,
        lambda on: circuit.rx(0.1, on),
        lambda on: circuit.cx(0, on),
    ):
        with pytest.raises(ProgramError, match=r"qubit .*; allowed: whole numbers, 0 to 1, or a row of some"):
            call(wrong)
    with pytest.raises(ProgramError, match=r"qubit .*; allowed: whole numbers"):
        circuit.x(bit)


def test_numbers_of_numpy_are_numbers():
    circuit = Circuit(np.int64(2)).x(np.uint8(1)).rx(np.float32(0.5), np.arange(2)).cx(np.int64(0), 1)
    bit = circuit.measure(np.int64(1), "m")
    pair = circuit.measure(np.arange(2), "n")
    assert (bit.index, [each.index for each in pair]) == (0, [1, 2])
    again = Circuit(2).x(1).rx(0.5, [0, 1]).cx(0, 1)
    again.measure(1, "m")
    again.measure([0, 1], "n")
    assert circuit.program().digest == again.program().digest


def test_bits_of_another_circuit_are_refused_wherever_they_are_used():
    bit = Circuit(2).measure(0)
    circuit = Circuit(2)
    own = circuit.measure(0)
    for use in (
        lambda: circuit.if_(bit).__enter__(), lambda: circuit.while_(~bit).__enter__(), lambda: own & bit,
        lambda: circuit.measure(1, into=bit), lambda: circuit.set(bit, 1), lambda: circuit.set(own, bit),
        lambda: circuit.rx(bit * np.pi, 0), lambda: circuit.variable(bit),
    ):  # fmt: skip
        with pytest.raises(ProgramError, match=r"another circuit|bits of 2 circuits"):
            use()
    other = copy.deepcopy(circuit)
    with other.if_(own):
        other.x(1)
    assert other.program().flow


def test_names_that_openqasm_keeps_for_itself_or_qubits_have_are_written_otherwise():
    names = ("gate", "q", "ccx", "v0", "hidden", "point", "input0", "my bit!", "ok", "int", "c1")
    circuit = Circuit(len(names)).x(1)
    for k, name in enumerate(names):
        circuit.measure(k, name)
    circuit.measure(0)
    text = circuit.openqasm()
    assert "bit[1] ok;" in text
    again = read_openqasm(text)
    np.testing.assert_array_equal(again.events, circuit.program().events)
    assert [(each.start, each.size) for each in again.bits] == [(k, 1) for k in range(len(names) + 1)]


def test_a_chain_that_a_measurement_ends_says_so():
    for ended in (Circuit(2).measure(0), Circuit(2).measure_all(), Circuit(1).bits(1)):
        with pytest.raises(AttributeError, match="has no 'x': measure returns what it measures into"):
            ended.x(1)
        assert not hasattr(ended, "run")
        assert type(copy.deepcopy(ended)) is type(pickle.loads(pickle.dumps(ended))) is type(ended)
    circuit = Circuit(1)
    assert circuit.set(circuit.variable(), 2).x(0) is circuit
