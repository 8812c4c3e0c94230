"""What comes out on the two simulated laboratories with their committed snapshots."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

from qctl import Lab
from qctl.readout import nearest_probabilities

BELL = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'
SHOTS = 4000


@pytest.fixture(scope="module")
def transmon5():
    with Lab.open("transmon5", seed=3) as lab:
        yield lab


@pytest.fixture(scope="module")
def ideal20():
    with Lab.open("ideal20", seed=3) as lab:
        yield lab


def probabilities(lab, text, parameters=None):
    return nearest_probabilities(dict(lab.run(text, shots=SHOTS, mitigate=True, parameters=parameters).quasi[0]))


def bell_fidelity(found):
    return sum(np.sqrt(max(found.get(key, 0.0), 0.0) / 2) for key in ("00", "11")) ** 2


def test_a_bell_pair_on_transmon5_is_one(transmon5):
    assert bell_fidelity(probabilities(transmon5, BELL)) > 0.93


@pytest.mark.parametrize("name", ["q0.x90.amplitude", "q1.x90.amplitude", "q0-q1.cz.coupler_amplitude"])
def test_halving_one_waveform_changes_the_counts(transmon5, name):
    """Nothing in the path knows the gates: the snapshot shapes the samples, the samples move the qubits."""
    halved = transmon5.parameters.replaced({name: transmon5.parameters[name] / 2})
    assert bell_fidelity(probabilities(transmon5, BELL, halved)) < 0.90  # half a quarter turn alone gives 0.853


PROGRAMS = {
    "bell": "qreg q[2]; h q[0]; cx q[0],q[1];",
    "phases": "qreg q[2]; h q; t q[0]; s q[1]; cp(pi/3) q[0],q[1]; sx q[0]; h q[1];",
    "ghz": "qreg q[5]; h q[0]; cx q[0],q[1]; cx q[1],q[2]; cx q[2],q[3]; cx q[3],q[4];",
    "fredkin": "qreg q[3]; h q[0]; ry(0.7) q[1]; x q[2]; cswap q[0],q[1],q[2]; h q[0];",
    "far apart": "qreg q[6]; ry(0.4) q[0]; cx q[0],q[5]; ry(1.1) q[5]; cz q[5],q[2]; h q[2]; cx q[2],q[4]; h q[4];",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_on_ideal20_gives_the_distribution_that_qiskit_computes(ideal20, name):
    head = 'OPENQASM 2.0; include "qelib1.inc"; '
    circuit = QuantumCircuit.from_qasm_str(head + PROGRAMS[name])
    exact = {key[::-1]: p for key, p in Statevector(circuit).probabilities_dict().items()}
    n = circuit.num_qubits
    counts = ideal20.run(f"{head}{PROGRAMS[name]} creg c[{n}]; measure q -> c;", shots=SHOTS).counts
    distance = sum(abs(counts.get(k, 0) / SHOTS - exact.get(k, 0.0)) for k in counts.keys() | exact.keys()) / 2
    assert distance < 0.02 + 2.0 * np.sqrt(len(exact) / SHOTS)


def test_a_measurement_in_mid_circuit_decides_what_follows(ideal20):
    text = 'OPENQASM 3; include "stdgates.inc"; qubit[2] q; bit[3] c; h q[0]; cx q[0], q[1]; c[0] = measure q[0];'
    counts = ideal20.run(f"{text} h q[0]; c[1] = measure q[0]; c[2] = measure q[1];", shots=SHOTS).counts
    assert sum(n for key, n in counts.items() if key[0] == key[2]) > 0.97 * SHOTS
    assert abs(sum(n for key, n in counts.items() if key[1] == "1") / SHOTS - 0.5) < 0.05
