"""PennyLane's tapes become gate streams of the same meaning."""

import numpy as np
import pytest

from qctl.core.errors import ProgramError
from qctl.core.program import Op

qml = pytest.importorskip("pennylane")
from qctl.integrations.pennylane.preprocessing import pipeline  # noqa: E402
from qctl.integrations.pennylane.tape import GATES, read_tape  # noqa: E402

WIRES = qml.wires.Wires(range(4))
ANGLES = np.random.default_rng(7).uniform(-3, 3, 8)


def source_of(operations, wires=WIRES):
    tape = qml.tape.QuantumScript(operations, [qml.sample(wires=wires)], shots=10)
    (ready,), _ = pipeline(wires, qml.devices.MCMConfig(mcm_method="deferred"))([tape])
    return read_tape(ready, ({wire: k for k, wire in enumerate(wires)}, False), 1e-9)


@pytest.mark.parametrize("name", sorted(GATES))
def test_a_native_gate_is_one_row_of_the_same_matrix(name, unitary_of, equal_up_to_phase):
    kind = getattr(qml, name.removeprefix("Adjoint(").removesuffix(")"))
    wires = [2, 0][: kind.num_wires or 1]
    gate = kind(*ANGLES[: kind.num_params], wires=wires)
    gate = qml.adjoint(gate) if name.startswith("Adjoint") else gate
    source = source_of([gate])
    assert np.count_nonzero(source.marked.program.events["op"] < 64) == 1
    equal_up_to_phase(unitary_of(source.marked.program), qml.matrix(gate, wire_order=WIRES))


OTHERS = [
    lambda: qml.Rot(0.1, 0.2, 0.3, wires=1),
    lambda: qml.U2(0.4, 0.5, wires=1),
    lambda: qml.CRot(0.1, 0.2, 0.3, wires=[1, 2]),
    lambda: qml.Toffoli([0, 1, 3]),
    lambda: qml.CSWAP([3, 1, 0]),
    lambda: qml.MultiControlledX([0, 1, 2, 3], control_values=[1, 0, 1]),
    lambda: qml.PSWAP(0.3, [0, 2]),
    lambda: qml.SISWAP([0, 2]),
    lambda: qml.ECR([1, 0]),
    lambda: qml.IsingXY(0.3, [0, 1]),
    lambda: qml.SingleExcitation(0.3, [0, 1]),
    lambda: qml.DoubleExcitation(0.3, [0, 1, 2, 3]),
    lambda: qml.FermionicSWAP(0.3, [0, 1]),
    lambda: qml.OrbitalRotation(0.3, [0, 1, 2, 3]),
    lambda: qml.MultiRZ(0.3, [0, 1, 3]),
    lambda: qml.PauliRot(0.3, "XYZ", [0, 1, 3]),
    lambda: qml.QubitUnitary(qml.matrix(qml.IsingXX(0.3, [0, 1]) @ qml.RX(0.3, 0)), [2, 1]),
    lambda: qml.DiagonalQubitUnitary(np.exp(1j * ANGLES), [0, 1, 2]),
    lambda: qml.ctrl(qml.RX(0.3, 2), [0, 1], control_values=[0, 1]),
    lambda: qml.pow(qml.SX(1), 0.3),
    lambda: qml.adjoint(qml.QFT(wires=[0, 1, 2])),
    lambda: qml.exp(qml.X(0) @ qml.Y(1), 0.3j),
    lambda: qml.prod(qml.RX(0.2, 0), qml.CNOT([0, 1])),
    lambda: qml.TrotterProduct(qml.dot([0.3, 0.7], [qml.X(0) @ qml.Z(1), qml.Y(1)]), 0.5),
]


@pytest.mark.parametrize("make", OTHERS, ids=lambda make: make().name)
def test_other_operations_are_decomposed(make, unitary_of, equal_up_to_phase):
    gate = make()
    equal_up_to_phase(unitary_of(source_of([gate]).marked.program), qml.matrix(gate, wire_order=WIRES))


@pytest.mark.parametrize(
    "make",
    [
        lambda: qml.StatePrep(np.arange(1, 9) / np.linalg.norm(np.arange(1, 9)), wires=[2, 0, 1]),
        lambda: qml.BasisState([1, 0, 1], wires=[0, 3, 1]),
        lambda: qml.AmplitudeEmbedding([0.6, 0, 0, 0.8j], wires=[1, 3]),
    ],
)
def test_states_are_prepared_by_gates(make, unitary_of):
    gate = make()
    want = gate.state_vector(wire_order=WIRES).ravel()
    found = unitary_of(source_of([gate]).marked.program)[:, 0]
    assert abs(np.vdot(found, want)) == pytest.approx(1, abs=1e-9)


def test_labels_of_wires_are_numbered_in_the_devices_order():
    source = source_of([qml.X("b"), qml.CNOT(["b", -3])], qml.wires.Wires([-3, "b", "a"]))
    assert source.marked.program.events["q"][:2].tolist() == [[1, -1], [1, 0]]
    bits = {bit: q[0] for op, q, bit, _ in source.marked.program.events.tolist() if op == Op.MEASURE}
    assert {wire: bits[bit] for wire, bit in source.wires.items()} == {-3: 0, "b": 1, "a": 2}


def test_what_was_not_preprocessed_is_refused_by_name():
    tape = qml.tape.QuantumScript([qml.QFT(wires=[0, 1])], [qml.sample(wires=[0])], shots=10)
    with pytest.raises(ProgramError, match="QFT"):
        read_tape(tape, ({0: 0, 1: 1}, False), 1e-9)
    broadcast = qml.tape.QuantumScript([qml.RX(np.array([0.1, 0.2]), 0)], [qml.sample(wires=[0])], shots=10)
    with pytest.raises(ProgramError, match="shape"):
        read_tape(broadcast, ({0: 0}, False), 1e-9)
