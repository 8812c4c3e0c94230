"""What noise predicts: exact states against Qiskit's, channels against their laws, and the way there and back."""

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix, Operator, random_unitary

from qctl.compile import native_program, schedule_native
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.conformance import programs
from qctl.conformance.density import Density, probabilities
from qctl.conformance.noise import Noisy, assignment, decay, predict, process_fidelity, slow_noise
from qctl.core.errors import UsageError
from qctl.core.gates import matrix
from qctl.core.program import EVENT, Op, event
from qctl.run.known import known_parameters

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


@pytest.mark.parametrize("name", ["ion8", "atoms16"])
def test_gates_that_have_the_machine_for_themselves_count_once(name):
    lab = read_laboratory(find_laboratory(name))
    still = known_parameters(lab).replaced(dict.fromkeys((f"{q}.error" for q in lab.qubits), 0.0))
    errors = {
        f"{pair}.{what}": 0.0 for pair in lab.couplings for what in ("ms.error", "cz.error", "cz.loss", "cz.flips")
    }
    errors |= {f"{q}.{what}": 0.0 for q in lab.qubits for what in ("readout.p01", "readout.p10", "thermal")}
    errors |= {f"{q}.{what}": 1e6 for q in lab.qubits for what in ("t1", "t2", "t2_ramsey")}
    still = still.replaced({key: value for key, value in errors.items() if key in still})
    for entry in (one for one in programs() if one.name in ("qft3", "random4")):
        found = predicted(entry, lab, still)
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
        state.apply(gate, (names[a], names[b]))
        other = other.evolve(Operator(gate), qargs=[2 - b, 2 - a])  # they count the first qubit fastest
        state.depolarise(0.1, (names[a], names[b]))
        mixed = np.array(other.data).reshape((2,) * 6)
        other = DensityMatrix(0.9 * other.data + 0.1 * replaced(mixed, (a, b)).reshape(8, 8))
    np.testing.assert_allclose(state.rho[0].reshape(8, 8), other.data, atol=1e-12)
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


def test_what_a_gate_leaves_beside_flips_is_phases_and_its_infidelity_is_the_one_that_was_measured():
    lab = read_laboratory(find_laboratory("atoms16"))
    error, flips = 0.012, 0.002
    known = known_parameters(lab).replaced({"q0-q1.cz.error": error, "q0-q1.cz.flips": flips, "q0-q1.cz.loss": 0.0})
    rng, fidelity = np.random.default_rng(4), []
    for _ in range(300):  # of random product states, which average as two qubits' Pauli channels do
        start = [random_unitary(2, seed=rng).data for _ in range(2)]
        walk = Noisy(Density((0, 1)), {}, known, lab)
        for qubit, u in enumerate(start):
            walk.state.apply(u, (qubit,))
        walk._add((0, 1), error, 0.0, flips)
        for qubit, u in enumerate(start):
            walk.state.apply(u.conj().T, (qubit,))
        fidelity.append(walk.state.populations((0, 1))[0, 0])
    process = error * 5 / 4
    phases = (process - 2 * flips) / 3
    # A Pauli matrix other than 1 leaves a random state in place with 1/3.
    lost = 2 / 3 * (2 * flips + 2 * phases) + (1 - 1 / 9) * phases
    assert 1 - np.mean(fidelity) == pytest.approx(lost, rel=0.05)
    still = Noisy(Density((0, 1)), {}, known, lab)
    still._add((0, 1), error, 0.0, flips)
    assert 1 - still.state.populations((0, 1))[0, 0] == pytest.approx(2 * flips, rel=0.01)  # phases move nobody


def test_slow_noise_fades_like_a_gaussian_and_an_echo_brings_all_of_it_back():
    half, draws = matrix(Op.RX, [np.pi / 2]), np.random.default_rng(5).normal(0, 0.6, 20_000)
    state = Density((4,), len(draws))
    state.apply(half, (4,))
    state.turn(4, draws)
    waited = Density((4,), len(draws))
    waited.rho = state.rho.copy()
    waited.apply(half, (4,))
    assert waited.populations((4,))[1] == pytest.approx((1 + np.exp(-(0.6**2) / 2)) / 2, abs=5e-3)
    state.apply(matrix(Op.X), (4,))
    state.turn(4, draws)
    state.apply(half, (4,))
    np.testing.assert_allclose(state.populations((4,)), [1, 0], atol=1e-12)


def test_turns_of_copies_are_those_of_the_gate():
    one, other = (Density((0, 1)) for _ in range(2))
    for state, turn in (
        (one, lambda s: s.turn(1, np.array([0.7]))),
        (other, lambda s: s.apply(matrix(Op.RZ, [0.7]), (1,))),
    ):
        state.apply(random_unitary(4, seed=1).data, (0, 1))
        turn(state)
    np.testing.assert_allclose(one.rho, other.rho, atol=1e-12)


def test_a_frequency_that_stays_in_a_shot_is_what_echoes_do_not_see():
    slow = slow_noise({"q.t2_ramsey": 8e-3, "q.t2": 20e-3}, "q")
    assert np.exp(-8 / 20 - (slow * 8e-3) ** 2 / 2) == pytest.approx(np.exp(-1))
    assert slow_noise({"q.t2": 20e-3}, "q") == slow_noise({"q.t2_ramsey": 20e-3, "q.t2": 20e-3}, "q") == 0


def test_what_is_kept_was_rather_in_0():
    state = Density((0,))
    state.apply(matrix(Op.RX, [np.pi / 2]), (0,))
    state.apply(np.diag([1, np.sqrt(1 - 0.2)]), (0,))
    np.testing.assert_allclose(state.populations((0,)), [1 / 1.8, 0.8 / 1.8], atol=1e-12)


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
