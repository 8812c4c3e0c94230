"""Qiskit's circuits become gate streams of the same meaning; what cannot run is refused by name."""

import math

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import AnnotatedOperation, Gate, InverseModifier, Parameter, ParameterVector
from qiskit.circuit import library as gates
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Clifford, Operator, SparsePauliOp, random_unitary

from qctl.core.errors import ProgramError
from qctl.core.program import Op, Program
from qctl.integrations.qiskit.circuit import read_circuit

TICK = 1e-9


def means(circuit, unitary_of, equal_up_to_phase):
    program = read_circuit(circuit, TICK, physical=False).program
    equal_up_to_phase(unitary_of(program), Operator(circuit.reverse_bits()).data)


@pytest.mark.parametrize("seed", range(25))
def test_a_random_circuit_keeps_its_unitary(seed, unitary_of, equal_up_to_phase):
    means(random_circuit(1 + seed % 4, 6, max_operands=4, seed=seed), unitary_of, equal_up_to_phase)


def library():
    circuit = QuantumCircuit(5)
    circuit.append(gates.HGate().control(1, ctrl_state=0), [0, 1])
    circuit.append(gates.CXGate(ctrl_state=0), [2, 1])
    circuit.append(gates.RYGate(0.3).control(3, ctrl_state=5, annotated=True), [0, 2, 3, 4])
    circuit.append(random_unitary(8, seed=1).to_instruction(), [4, 0, 2])
    circuit.append(gates.QFTGate(3), [1, 3, 4])
    circuit.append(gates.PauliGate("XYZ"), [0, 3, 4])
    circuit.append(gates.PermutationGate([2, 0, 1]), [0, 1, 3])
    circuit.append(AnnotatedOperation(gates.CRXGate(0.7), InverseModifier()), [3, 0])
    circuit.append(Clifford(gates.ECRGate()), [0, 4])
    circuit.append(gates.PauliEvolutionGate(SparsePauliOp(["XZ", "YY"]), 0.3), [1, 2])
    return circuit


@pytest.mark.filterwarnings(
    "ignore::scipy.sparse.SparseEfficiencyWarning"
)  # Qiskit's own, where it makes the matrix to compare with
def test_instructions_of_the_library_are_written_out(unitary_of, equal_up_to_phase):
    means(library(), unitary_of, equal_up_to_phase)


def test_a_gate_that_only_has_the_name_of_another_is_read_by_its_definition(unitary_of, equal_up_to_phase):
    inner = QuantumCircuit(1, name="h")
    inner.x(0)
    circuit = QuantumCircuit(1)
    circuit.append(inner.to_gate(), [0])
    means(circuit, unitary_of, equal_up_to_phase)


def test_open_angles_are_those_of_qiskit_for_every_kind_of_expression(unitary_of, equal_up_to_phase):
    a, b, v = Parameter("a"), Parameter("b"), ParameterVector("v", 2)
    circuit = QuantumCircuit(2)
    circuit.rx(2 * a - b / 3 + 1, 0)
    circuit.u(a * b, b**2, v[1], 1)
    circuit.rzz(v[0].sin() + v[1], 0, 1)
    circuit.append(gates.CU3Gate(a, b, v[0]), [0, 1])
    source = read_circuit(circuit, TICK, physical=False)
    table = np.random.default_rng(1).uniform(-3, 3, (3, 4))
    for values, row in zip(source.values(table), table, strict=True):
        events = source.program.events.copy()
        events["angle"][source.free] = values
        bound = circuit.assign_parameters(dict(zip(circuit.parameters, row.tolist(), strict=True)))
        equal_up_to_phase(unitary_of(Program(events, 2, 0)), Operator(bound.reverse_bits()).data)


def test_loops_over_numbers_are_written_out(unitary_of, equal_up_to_phase):
    k = Parameter("k")
    circuit, want = QuantumCircuit(2), QuantumCircuit(2)
    with circuit.for_loop(range(1, 4), k):
        circuit.rx(0.3 * k, 0)
        circuit.cx(0, 1)
    for number in (1, 2, 3):
        want.rx(0.3 * number, 0)
        want.cx(0, 1)
    program = read_circuit(circuit, TICK, physical=False).program
    equal_up_to_phase(unitary_of(program), Operator(want.reverse_bits()).data)


@pytest.mark.parametrize(
    ("delay", "unit"), [(5, "dt"), (5, "ns"), (0.005, "us"), (5e-6, "ms"), (5e-9, "s"), (5e3, "ps")]
)
def test_a_delay_means_the_same_in_every_unit(delay, unit):
    circuit = QuantumCircuit(1)
    circuit.delay(delay, 0, unit)
    events = read_circuit(circuit, TICK, physical=False).program.events
    assert events["op"].tolist() == [Op.DELAY]
    assert events["angle"][0, 0] == pytest.approx(5e-9, rel=1e-9)


def test_an_open_delay_is_a_wait_in_its_unit():
    wait = Parameter("wait")
    circuit = QuantumCircuit(1)
    circuit.delay(wait, 0, "us")
    source = read_circuit(circuit, TICK, physical=False)
    assert source.values(np.array([[2.0], [3.5]])).ravel().tolist() == pytest.approx([2e-6, 3.5e-6])
    with pytest.raises(ProgramError, match="wait"):
        source.values(np.array([[-1.0]]))


def test_barriers_measurements_and_resets_name_their_qubits_and_bits():
    circuit = QuantumCircuit(
        QuantumRegister(2, "a"), QuantumRegister(1, "b"), ClassicalRegister(1, "c"), ClassicalRegister(2)
    )
    circuit.reset(2)
    circuit.barrier([0, 2])
    circuit.measure(2, 1)
    events = read_circuit(circuit, TICK, physical=False).program.events
    assert events["op"].tolist() == [Op.RESET, Op.BARRIER, Op.BARRIER, Op.MEASURE]
    assert events["q"][:, 0].tolist() == [2, 0, 2, 2]
    assert events["bit"][3] == 1


def test_an_instruction_without_a_meaning_is_refused_by_name():
    circuit = QuantumCircuit(2)
    circuit.append(Gate("mystery", 2, []), [0, 1])
    with pytest.raises(ProgramError, match="'mystery'"):
        read_circuit(circuit, TICK, physical=False)


def test_values_that_make_no_angle_are_refused():
    a = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.rx(a, 0)
    circuit.ry(a.log(), 0)
    source = read_circuit(circuit, TICK, physical=False)
    for value in (math.nan, -1.0):
        with pytest.raises(ProgramError):
            source.values(np.array([[value]]))
