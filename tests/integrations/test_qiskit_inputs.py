"""Variables of Qiskit's circuits whose values are known beforehand decide before anything is played."""

import numpy as np
import pytest
from paper import Paper
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr, types

from qctl.core.errors import ProgramError, UsageError
from qctl.integrations.qiskit import Backend, EstimatorV2, SamplerV2
from qctl.integrations.qiskit.circuit import read_circuit

ANGLE = Parameter("angle")
FOUR = types.Uint(4)


@pytest.fixture(scope="module")
def backend():
    return Backend(Paper())


def one(number):
    return expr.lift(number, FOUR)


@pytest.fixture
def level():
    return expr.Var.new("level", FOUR)


@pytest.fixture
def circuit(level):
    """Return a circuit that turns qubit 0 below level 5, and flips qubit 1 as often as level - 1 is above 7."""
    made = QuantumCircuit(2, 2, inputs=[level])
    with made.if_test(expr.less(level, 5)):
        made.rx(ANGLE, 0)
    made.store(level, expr.add(level, one(15)))
    with made.while_loop(expr.greater(level, 7)):
        made.store(level, expr.sub(level, one(1)))
        made.x(1)
    made.measure([0, 1], [0, 1])
    return made


def test_rows_of_inputs_are_one_sweep_without_flow(backend, circuit, level):
    binds = [{ANGLE: [np.pi] * 4, level: [0, 3, 9, 10]}]
    found = backend.run(circuit, shots=10, parameter_binds=binds).result()
    assert [found.get_counts(k) for k in range(4)] == [{"01": 10}, {"01": 10}, {"10": 10}, {"00": 10}]
    program, _ = backend.machine.runs[-1]
    assert program.n_points == 4
    assert not program.flow


def test_inputs_go_by_name_too(backend, circuit):
    found = backend.run(circuit, shots=10, parameter_binds={"angle": 0.0, "level": 9}).result()
    assert found.get_counts() == {"10": 10}


@pytest.mark.parametrize(("value", "text"), [(16, "level"), (1.5, "whole numbers"), (-1, "from 0")])
def test_values_that_no_word_of_the_type_holds_are_refused(backend, circuit, value, text):
    job = backend.run(circuit, parameter_binds={"angle": 0.0, "level": value})
    with pytest.raises(UsageError, match=text):
        job.result()


def test_an_input_without_a_value_is_named(backend, circuit):
    with pytest.raises(UsageError, match="no values for level"):
        backend.run(circuit, parameter_binds={"angle": 0.0})
    with pytest.raises(UsageError, match="parameter_binds"):
        SamplerV2(backend).run([(circuit, [0.0])])


def test_what_counters_decide_is_written_out():
    circuit = QuantumCircuit(1, 2)
    count = circuit.add_var("count", one(3))
    with circuit.while_loop(expr.not_equal(count, one(0))):
        circuit.store(count, expr.sub(count, one(1)))
        circuit.rx(ANGLE, 0)
        circuit.barrier()
    circuit.store(circuit.clbits[1], True)
    circuit.measure(0, 0)
    source = read_circuit(circuit, 1e-9, physical=False)
    assert source.values(np.array([[0.5]])).tolist() == [[0.5] * 3]
    found = Backend(Paper()).run(circuit, shots=5, parameter_binds={ANGLE: np.pi}).result()
    assert found.get_counts() == {"11": 5}


def test_a_loop_that_nothing_ends_is_refused():
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop(expr.lift(True)):
        circuit.x(0)
    with pytest.raises(ProgramError, match="loops that end"):
        read_circuit(circuit, 1e-9, physical=False)


def test_a_block_that_does_not_fit_its_instruction_is_refused():
    """As `QuantumCircuit.compose` makes of conditions on registers within each other."""
    inner = QuantumCircuit(QuantumRegister(1), ClassicalRegister(2, "a"), ClassicalRegister(3, "b"))
    with inner.if_test((inner.clbits[0], 1)), inner.if_test((inner.cregs[1], 5)):
        inner.x(0)
    outer = QuantumCircuit(2, 6)
    outer.compose(inner, [1], [5, 0, 2, 1, 3], inplace=True)
    body = outer.data[-1]
    if body.operation.blocks[0].num_clbits == len(body.clbits):
        pytest.skip("this Qiskit composes them well")
    with pytest.raises(ProgramError, match="as its instruction has"):
        read_circuit(outer, 1e-9, physical=False)


def test_defaults_that_are_not_allowed_are_refused_when_they_are_used(backend):
    other = Backend(backend.machine)
    other.set_options(shots="many")
    with pytest.raises(UsageError, match="shots='many'"):
        other.run(QuantumCircuit(1, 1))
    with pytest.raises(UsageError, match="allowed: default_shots, optimise"):
        SamplerV2(backend, options={"resilience_level": 1})


def test_no_values_at_all_give_no_estimates(backend):
    circuit = QuantumCircuit(1)
    circuit.rx(ANGLE, 0)
    assert EstimatorV2(backend).run([(circuit, ["Z"], np.zeros((0, 1)))]).result()[0].data.evs.shape == (0,)
