"""What noise predicts: exact states against Qiskit's, channels against their laws, and the way there and back."""

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix, Operator, random_unitary

from qctl.compile import native_program, schedule_native
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.conformance import programs
from qctl.conformance.density import Density, probabilities
from qctl.conformance.noise import assignment, decay, predict, process_fidelity
from qctl.core.errors import UsageError
from qctl.core.program import EVENT, Op, event
from qctl.run import known_parameters

NOISE = (".t1", ".t2", ".error", ".zz", ".p01", ".p10", ".thermal")


@pytest.fixture(scope="module")
def lab5():
    return read_laboratory(find_laboratory("transmon5"))


@pytest.fixture(scope="module")
def known5(lab5):
    return known_parameters(lab5)


def predicted(entry, lab, known):
    native, placement = native_program(entry.program, known, lab)
    return predict(native, schedule_native(native, placement, known, lab), known, lab)


def test_there_are_twenty_programs_that_every_machine_with_five_qubits_can_hold():
    assert len(programs()) == 20
    assert max(entry.program.n_qubits for entry in programs()) == 5
    assert all(entry.what.endswith(".") and sum(entry.exact.values()) == pytest.approx(1) for entry in programs())


@pytest.mark.parametrize("entry", programs(), ids=lambda entry: entry.name)
def test_placed_routed_and_lowered_without_noise_a_program_gives_its_exact_answer(entry, lab5, known5):
    still = known5.replaced({name: 0.0 for name in known5 if name.endswith(NOISE[2:])})
    still = still.replaced({name: 1e6 for name in known5 if name.endswith(NOISE[:2])})
    found = predicted(entry, lab5, still)
    assert found.keys() == entry.exact.keys()
    assert max(abs(found[key] - entry.exact[key]) for key in found) < 1e-6


@pytest.mark.parametrize("entry", programs()[::6], ids=lambda entry: entry.name)
def test_what_is_predicted_is_a_distribution_and_noise_moves_it(entry, lab5, known5):
    found = predicted(entry, lab5, known5)
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) >= 0
    assert max(abs(found[key] - entry.exact[key]) for key in found) > 5e-3


def test_gates_channels_and_populations_agree_with_another_implementation():
    rng, state, other = np.random.default_rng(2), Density((3, 5, 9)), DensityMatrix.from_label("000")
    for step in range(12):
        a, b = rng.choice(3, size=2, replace=False).tolist()
        gate, names = random_unitary(4, seed=step).data, (3, 5, 9)
        state.unitary(gate, (names[a], names[b]))
        other = other.evolve(Operator(gate), qargs=[2 - b, 2 - a])  # they count the first qubit fastest
        state.depolarise(0.1, (names[a], names[b]))
        mixed = np.array(other.data).reshape((2,) * 6)
        other = DensityMatrix(0.9 * other.data + 0.1 * replaced(mixed, (a, b)).reshape(8, 8))
    np.testing.assert_allclose(state.rho.reshape(8, 8), other.data, atol=1e-12)
    np.testing.assert_allclose(
        state.populations((9, 3)).ravel(), other.probabilities(qargs=[2, 0]), atol=1e-12
    )  # key: 9 slowest; theirs: the last of qargs slowest


def replaced(rho, qubits):
    """Return rho with two qubits maximally mixed, by the definition: a sum over all Paulis."""
    paulis = [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
    flat, total = rho.reshape(8, 8), np.zeros((8, 8), complex)
    for one in paulis:
        for two in paulis:
            whole = np.eye(1)
            for k in range(3):
                whole = np.kron(whole, one if k == qubits[0] else two if k == qubits[1] else np.eye(2))
            total += whole @ flat @ whole.conj().T / 16
    return total


def test_decay_halves_and_its_fidelity_is_that_of_the_closed_form():
    half = decay(0.5e-6, 20e-6, 12e-6)
    np.testing.assert_allclose(half @ half, decay(1e-6, 20e-6, 12e-6), atol=1e-15)
    gone = np.exp(-1e-6 / 20e-6), np.exp(-1e-6 / 12e-6)
    assert process_fidelity(1e-6, 20e-6, 12e-6) == pytest.approx((1 + gone[0] + 2 * gone[1]) / 4)


def test_readout_errors_are_what_is_left_of_the_measured_ones_when_preparing_is_taken_out():
    found = assignment({"q.readout.p01": 0.03, "q.readout.p10": 0.05, "q.thermal": 0.02}, "q")
    warm = np.array([[0.98, 0.02], [0.02, 0.98]])  # begins in 1 with 2 %; the flip before it is perfect
    np.testing.assert_allclose(found @ warm, [[0.97, 0.05], [0.03, 0.95]], atol=1e-12)


def test_a_gate_after_a_measurement_is_refused():
    rows = [event(Op.MEASURE, (0,), bit=0), event(Op.X, (0,))]
    with pytest.raises(UsageError, match="after a measurement"):
        probabilities(np.array(rows, EVENT), 1)
