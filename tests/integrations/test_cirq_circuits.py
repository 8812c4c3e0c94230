"""Cirq's circuits become gate streams of the same meaning; what cannot run is refused by name."""

import numpy as np
import pytest

from qctl.core.errors import ProgramError
from qctl.core.flow import Branch, value_of
from qctl.core.program import Op
from qctl.core.walk import Walk

cirq = pytest.importorskip("cirq")
sympy = pytest.importorskip("sympy")
from qctl.integrations.cirq.circuit import read_circuit  # noqa: E402

TICK = 1e-9
Q = cirq.LineQubit.range(4)


def program_of(circuit, resolver=None):
    place = {qubit: k for k, qubit in enumerate(Q)}
    return read_circuit(circuit, cirq.ParamResolver(resolver), place, TICK, physical=False)[0]


def means(circuit, unitary_of, equal_up_to_phase, resolver=None):
    want = cirq.unitary(cirq.Circuit(cirq.I.on_each(Q), cirq.resolve_parameters(circuit, resolver)))
    equal_up_to_phase(unitary_of(program_of(circuit, resolver).program), want)


def matrix(n_qubits):
    return cirq.MatrixGate(cirq.testing.random_unitary(2**n_qubits, random_state=n_qubits))


GATES = [
    cirq.X**0.3, cirq.Y**-1.7, cirq.Z**2.5, cirq.H, cirq.H**0.4, cirq.S, cirq.T**-1, cirq.rx(0.4), cirq.ry(-1.0),
    cirq.PhasedXPowGate(phase_exponent=0.3, exponent=0.7), cirq.SingleQubitCliffordGate.X_sqrt, matrix(1),
    cirq.PhasedXZGate(x_exponent=0.2, z_exponent=0.5, axis_phase_exponent=0.7), cirq.ParallelGate(cirq.Y**0.3, 3),
    cirq.CZ, cirq.CZ**0.4, cirq.CNOT, cirq.CNOT**0.3, cirq.SWAP, cirq.SWAP**0.5, cirq.ISWAP, cirq.ISWAP**-0.5,
    cirq.SQRT_ISWAP, cirq.XX**0.2, cirq.YY**0.3, cirq.ZZ**-0.6, cirq.FSimGate(0.3, 0.7), cirq.ms(0.4), matrix(2),
    cirq.PhasedFSimGate(0.3, 0.1, 0.2, 0.4, 0.5), cirq.PhasedISwapPowGate(phase_exponent=0.2, exponent=0.4),
    cirq.givens(0.3), cirq.CCX, cirq.CCZ**0.3, cirq.CSWAP, cirq.X.controlled(2, control_values=[0, 1]), matrix(3),
    cirq.QuantumFourierTransformGate(3), cirq.DensePauliString("XYZ"), cirq.CXPowGate(global_shift=0.25).controlled(),
    matrix(4), cirq.PhaseGradientGate(num_qubits=3, exponent=0.5), cirq.global_phase_operation(1j).gate,
]  # fmt: skip


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: type(gate).__name__)
def test_a_gate_keeps_its_unitary(gate, unitary_of, equal_up_to_phase):
    means(cirq.Circuit(gate.on(*Q[: cirq.num_qubits(gate)][::-1])), unitary_of, equal_up_to_phase)


@pytest.mark.parametrize("seed", range(12))
def test_a_random_circuit_keeps_its_unitary(seed, unitary_of, equal_up_to_phase):
    circuit = cirq.testing.random_circuit(Q[: 1 + seed % 4], 8, 0.8, random_state=seed)
    means(circuit, unitary_of, equal_up_to_phase)


def test_symbols_are_bound_and_their_angles_are_marked(unitary_of, equal_up_to_phase):
    a, b = sympy.symbols("a b")
    circuit = cirq.Circuit(
        cirq.X(Q[0]) ** (2 * a), cirq.CZ(Q[0], Q[1]) ** b, cirq.H(Q[2]) ** a, cirq.rz(sympy.sin(b)).on(Q[1]),
        cirq.PhasedXPowGate(phase_exponent=a, exponent=b).on(Q[3]), cirq.X(Q[1]) ** 0.25,
    )  # fmt: skip
    for values in ({"a": 0.3, "b": -0.7}, {"a": 1.0, "b": 1.0}, {"a": 0.0, "b": 2.0}):
        means(circuit, unitary_of, equal_up_to_phase, values)
    one, other = (program_of(circuit, {"a": x, "b": x}) for x in (0.3, 0.4))
    assert one.program.events["op"].tolist() == other.program.events["op"].tolist()
    differ = one.program.events["angle"] != other.program.events["angle"]
    assert np.all(one.marks[differ])


def test_circuit_operations_are_written_out_within_each_other(unitary_of, equal_up_to_phase):
    inner = cirq.FrozenCircuit(cirq.X(Q[0]) ** sympy.Symbol("t"), cirq.CNOT(Q[0], Q[1]))
    middle = cirq.CircuitOperation(inner).with_params({"t": 0.3}).repeat(3).with_qubit_mapping({Q[0]: Q[2]})
    outer = cirq.CircuitOperation(cirq.FrozenCircuit(middle, cirq.H(Q[3]))).with_tags("mine")
    means(cirq.Circuit(outer), unitary_of, equal_up_to_phase)


@pytest.mark.parametrize(
    "operations",
    [
        [cirq.measure(Q[0], key="m"), cirq.X(Q[1]).with_classical_controls(sympy.sin(sympy.Symbol("m")) > 0)],
        [cirq.depolarize(0.1).on(Q[0])],
        [cirq.MeasurementGate(1, key="m", confusion_map={(0,): np.eye(2)}).on(Q[0])],
        [cirq.MeasurementGate(1, key="m", qid_shape=(3,)).on(cirq.LineQid(0, 3))],
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_by_name(operations):
    circuit = cirq.Circuit(operations)
    with pytest.raises(ProgramError, match="the operation"):
        read_circuit(circuit, cirq.ParamResolver(), dict.fromkeys(circuit.all_qubits(), 0), TICK, physical=False)


@pytest.mark.parametrize("word", range(4))
def test_conditions_on_keys_become_branches(word):
    mask = cirq.BitMaskKeyCondition("m", bitmask=1, target_value=1, equal_target=True)
    circuit = cirq.Circuit(
        cirq.measure(Q[0], Q[1], key="m", invert_mask=(True,)),
        cirq.X(Q[2]).with_classical_controls("m"),
        cirq.Y(Q[2]).with_classical_controls(mask, "m"),
    )
    walk, found = Walk(program_of(circuit).program), []
    first = walk.advance()
    assert first["op"].tolist() == [Op.MEASURE] * 2
    walk.tell([word >> 1 ^ 1, word & 1])
    while (events := walk.advance()) is not None:
        found += events["op"].tolist()
    assert found == [Op.X] * (word != 0) + [Op.Y] * (word & 1)


def test_a_symbol_without_a_value_is_refused_by_name():
    with pytest.raises(ValueError, match="no value for a"):
        program_of(cirq.Circuit(cirq.X(Q[0]) ** sympy.Symbol("a")))


M, N, BITS = *sympy.symbols("m n"), sympy.IndexedBase("m")


@pytest.mark.parametrize(
    "expression",
    [
        M > 0, M - N, sympy.Eq(M, 2), sympy.Ne(M, 2 * N + 1), (M + 1) ** 2 <= 4 + N, sympy.And(M >= 1, N < 1),
        sympy.Or(sympy.Eq(M, 3), sympy.Not(N > 0)), sympy.Xor(BITS[0], BITS[1]), sympy.Eq(BITS[1], N), M / 2 > 1,
        sympy.Eq(-M, -3) | (N > 5), abs(M - 2) > 1, sympy.Eq(sympy.Mod(M - 2, 3), 1),
        sympy.Max(M, 2 * N) - sympy.Min(M, N) > 1,
    ],
    ids=str,
)  # fmt: skip
def test_conditions_of_sympy_hold_where_cirq_says_so(expression):
    condition = cirq.SympyCondition(expression)
    circuit = cirq.Circuit(
        cirq.measure(Q[0], Q[1], key="m", invert_mask=(True,)),
        cirq.measure(Q[2], key="n"),
        cirq.X(Q[2]).with_classical_controls(condition),
    )
    (branch,) = (one for one in program_of(circuit).program.flow[0] if isinstance(one, Branch))
    for word in range(8):
        bits = [word >> k & 1 for k in range(3)]
        store = cirq.ClassicalDataDictionaryStore()
        store.record_measurement(cirq.MeasurementKey("m"), [bits[0] ^ 1, bits[1]], Q[:2])
        store.record_measurement(cirq.MeasurementKey("n"), [bits[2]], Q[2:3])
        assert bool(value_of(branch.condition, bits, [])) == condition.resolve(store), bits
