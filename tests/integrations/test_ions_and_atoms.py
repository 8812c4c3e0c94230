"""Plugins on ions and on atoms: circuits on the qubits of the laboratory, whose sites must hold atoms.

What is placed by qctl on atoms is tested without plugins (`tests/run/test_atoms.py`).
"""

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp

from qctl.integrations.qiskit import Backend, EstimatorV2, SamplerV2

BELL = QuantumCircuit(2)
BELL.h(0)
BELL.cx(0, 1)
SHOTS, FEW = 6, 2  # shots cost most here; so many may be wrong


def right(counts, *keys):
    return sum(counts.values()) == SHOTS and sum(counts.get(key, 0) for key in keys) >= SHOTS - FEW


def test_a_bell_pair_of_qiskit_where_it_was_transpiled_to_with_a_bit_that_is_used_twice(light):
    circuit = QuantumCircuit(3, 2)
    circuit.x(2)
    circuit.measure(2, 0)
    circuit.compose(BELL, [0, 1], inplace=True)
    circuit.measure([0, 1], [0, 1])
    backend = Backend(light)
    placed = transpile(circuit, backend, initial_layout=[1, 3, 4], optimization_level=1)
    assert right(SamplerV2(backend).run([placed], shots=SHOTS).result()[0].data.c.get_counts(), "00", "11")


def test_a_bell_pair_of_qiskit_that_qctl_places_on_ions(light):
    if light.laboratory.name != "ion8":
        pytest.skip("tested without plugins")
    job = Backend(light).run(BELL.measure_all(inplace=False), shots=SHOTS)
    assert right(job.result().get_counts(), "00", "11")


def test_an_estimate_of_qiskit_on_the_qubits_of_the_laboratory(light):
    backend = Backend(light)
    placed = transpile(BELL, backend, initial_layout=[0, 2], optimization_level=1)
    observable = SparsePauliOp(["ZZ", "XX"]).apply_layout(placed.layout)
    found = EstimatorV2(backend).run([(placed, observable)], precision=SHOTS**-0.5).result()[0].data
    assert found.evs >= 2 - 2 * FEW / SHOTS


def test_a_bell_pair_of_cirq_on_the_qubits_of_the_laboratory(light):
    cirq = pytest.importorskip("cirq")
    from qctl.integrations.cirq import Sampler

    a, b = (cirq.NamedQubit(light.laboratory.qubit_names[k]) for k in (2, 0))
    circuit = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.measure(a, b, key="m"))
    assert right(Sampler(light).run(circuit, repetitions=SHOTS).histogram(key="m"), 0, 3)


def test_a_bell_pair_and_a_gradient_of_pennylane(light):
    qml = pytest.importorskip("pennylane")
    from pennylane import numpy as pnp

    from qctl.integrations.pennylane import QctlDevice

    one, other = light.laboratory.qubit_names[:2]
    device = QctlDevice(wires=[one, other], lab=light)

    def circuit(angle):
        qml.RX(angle, one)
        qml.CNOT([one, other])
        return qml.expval(qml.Z(other))

    def bell():
        qml.Hadamard(one)
        qml.CNOT([one, other])
        return qml.counts(wires=[one, other])

    node = qml.set_shots(qml.QNode(circuit, device), SHOTS)
    slope = qml.gradients.param_shift(node)(pnp.array(pnp.pi / 2, requires_grad=True))
    assert slope == pytest.approx(-1, abs=FEW / SHOTS)
    if light.laboratory.name == "ion8":  # a gradient on atoms shows the same, and more
        assert right(qml.set_shots(qml.QNode(bell, device), SHOTS)(), "00", "11")
