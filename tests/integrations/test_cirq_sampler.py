"""Cirq's sampler on a simulated laboratory: keys, sweeps, batches, qubits, and the experiments that Cirq has."""

import numpy as np
import pytest

from qctl.core.errors import UsageError
from qctl.integrations.rows import RoundedWait

cirq = pytest.importorskip("cirq")
sympy = pytest.importorskip("sympy")
from qctl.integrations.cirq import Device, Sampler  # noqa: E402

Q = cirq.LineQubit.range(4)


@pytest.fixture(scope="module")
def sampler(ideal):
    return Sampler(ideal)


@pytest.fixture(scope="module")
def real(transmon5):
    return Sampler(transmon5)


def test_keys_hold_their_qubits_in_order_and_invert(sampler):
    circuit = cirq.Circuit(
        cirq.X(Q[1]), cirq.CNOT(Q[1], Q[3]), cirq.measure(Q[3], Q[0], Q[1], key="abc", invert_mask=(False, True)),
        cirq.measure(Q[2]),
    )  # fmt: skip
    result = sampler.run(circuit, repetitions=8)
    assert result.measurements["abc"].tolist() == [[1, 1, 1]] * 8
    assert set(result.measurements) == {"abc", "q(2)"}
    assert result.histogram(key="abc") == {7: 8}
    assert result.data["q(2)"].tolist() == [0] * 8


def test_a_key_that_is_measured_again_has_a_record_of_each_time(sampler):
    circuit = cirq.Circuit(cirq.measure(Q[0], Q[1], key="m"), cirq.X(Q[1]), cirq.measure(Q[0], Q[1], key="m"))
    result = sampler.run(circuit, repetitions=5)
    assert result.records["m"].shape == (5, 2, 2)
    assert result.records["m"].tolist() == [[[0, 0], [0, 1]]] * 5
    wrong = cirq.Circuit(cirq.measure(Q[0], key="m"), cirq.measure(Q[0], Q[1], key="m"))
    with pytest.raises(ValueError, match="'m'"):
        sampler.run(wrong)


def test_what_repeats_in_a_circuit_operation_has_keys_of_its_own(sampler):
    inner = cirq.FrozenCircuit(cirq.X(Q[0]), cirq.measure(Q[0], key="m"))
    result = sampler.run(
        cirq.Circuit(cirq.CircuitOperation(inner, repetitions=2, use_repetition_ids=True)), repetitions=3
    )
    assert {key: value.tolist() for key, value in result.measurements.items()} == {"0:m": [[1]] * 3, "1:m": [[0]] * 3}
    one = sampler.run(
        cirq.Circuit(cirq.CircuitOperation(inner, repetitions=2, use_repetition_ids=False)), repetitions=3
    )
    assert one.records["m"].tolist() == [[[1], [0]]] * 3


def test_a_sweep_answers_point_by_point(sampler):
    circuit = cirq.Circuit(cirq.X(Q[0]) ** sympy.Symbol("t"), cirq.CNOT(Q[0], Q[2]), cirq.measure(Q[2], Q[0], key="m"))
    sweep = cirq.Points("t", [0.0, 1.0, 2.0, 3.0])
    results = sampler.run_sweep(circuit, sweep, repetitions=6)
    assert [one.params.value_of("t") for one in results] == [0.0, 1.0, 2.0, 3.0]
    assert [one.histogram(key="m") for one in results] == [{0: 6}, {3: 6}, {0: 6}, {3: 6}]
    table = sampler.sample(circuit, repetitions=2, params=[{"t": 1}, {"t": 0}])
    assert table.columns.tolist() == ["t", "m"]
    assert table["m"].tolist() == [3, 3, 0, 0]


def test_a_batch_answers_circuit_by_circuit(sampler):
    t = sympy.Symbol("t")
    circuits = [cirq.Circuit(cirq.X(q) ** t, cirq.measure(q, key="m")) for q in Q[:3]]
    found = sampler.run_batch(circuits, [{"t": 1}, cirq.Points("t", [0, 1]), {"t": 0}], repetitions=[4, 2, 4])
    assert [[one.measurements["m"].ravel().tolist() for one in several] for several in found] == [
        [[1] * 4], [[0] * 2, [1] * 2], [[0] * 4],
    ]  # fmt: skip
    with pytest.raises(ValueError, match="must match"):
        sampler.run_batch(circuits, [{}])


def test_expectation_values_are_sampled_as_by_any_sampler(sampler):
    circuit = cirq.Circuit(cirq.ry(0.8).on(Q[0]), cirq.CNOT(Q[0], Q[1]))
    found = sampler.sample_expectation_values(
        circuit, [cirq.Z(Q[0]) * cirq.Z(Q[1]), 2 * cirq.X(Q[0])], num_samples=2000
    )
    np.testing.assert_allclose(np.real(found[0]), [1.0, 0.0], atol=0.2)


def test_no_repetitions_give_empty_records(sampler):
    circuit = cirq.Circuit(cirq.measure(Q[0], Q[1], key="m"))
    assert sampler.run(circuit, repetitions=0).records["m"].shape == (0, 1, 2)
    for repetitions in (-1, 1.5, True):
        with pytest.raises(ValueError, match="repetitions"):
            sampler.run(circuit, repetitions=repetitions)
    with pytest.raises(ValueError, match="measure"):
        sampler.run(cirq.Circuit(cirq.X(Q[0])))


def test_named_qubits_of_the_laboratory_are_played_where_they_are(real, transmon5):
    waits = [cirq.Duration(micros=x) for x in (0, 20)]
    survivors = {}
    for name in ("q0", "q3"):
        qubit = cirq.NamedQubit(name)
        circuits = [
            cirq.Circuit(cirq.X(qubit), cirq.wait(qubit, micros=w.total_micros()), cirq.measure(qubit, key="m"))
            for w in waits
        ]
        found = real.run_batch(circuits, repetitions=1500)
        left = [one[0].measurements["m"].mean() for one in found]
        survivors[name] = left[1] / left[0]
    for name, left in survivors.items():
        assert left == pytest.approx(np.exp(-20e-6 / transmon5.parameters[f"{name}.t1"]), abs=0.1)


def test_a_map_of_qubits_says_where_they_are(ideal):
    grid = cirq.GridQubit.rect(1, 2)
    mapped = Sampler(ideal, qubits={grid[0]: "q7", grid[1]: "q2"})
    circuit = cirq.Circuit(cirq.X(grid[0]), cirq.CNOT(*grid), cirq.measure(*grid, key="m"))
    assert mapped.run(circuit, repetitions=4).histogram(key="m") == {3: 4}
    with pytest.raises(UsageError, match="q77"):
        Sampler(ideal, qubits={grid[0]: "q77"})
    with pytest.raises(UsageError, match="beside"):
        mapped.run(cirq.Circuit(cirq.CNOT(grid[0], Q[0]), cirq.measure(Q[0])))


def test_the_device_says_what_is_played_as_it_stands(ideal):
    device = Device(ideal)
    a, b, c = map(cirq.NamedQubit, ("q0", "q1", "q7"))
    assert len(device.metadata.qubit_set) == 20
    device.validate_circuit(cirq.Circuit(cirq.X(a) ** 0.3, cirq.CZ(a, b), cirq.wait(a, nanos=20), cirq.measure(a, c)))
    for operation in (cirq.CZ(a, c), cirq.CNOT(a, b), cirq.X(Q[0])):
        with pytest.raises(ValueError, match=r"coupled|native|qubit"):
            device.validate_operation(operation)


def test_cirqs_own_experiments_find_the_laboratorys_values(real, transmon5):
    qubit = cirq.NamedQubit("q1")
    decay = cirq.experiments.t1_decay(
        real, qubit=qubit, num_points=6, max_delay=cirq.Duration(micros=60), repetitions=800
    )
    waits, decayed, left = decay.data.to_numpy().T
    want = np.exp(-waits * 1e-9 / transmon5.parameters["q1.t1"])
    np.testing.assert_allclose(left / (left + decayed), want, atol=0.08)
    tomography = cirq.experiments.single_qubit_state_tomography(real, qubit, cirq.Circuit(cirq.X(qubit) ** 0.5), 500)
    np.testing.assert_allclose(tomography.data, [[0.5, 0.5j], [-0.5j, 0.5]], atol=0.12)


def test_cirqs_echo_falls_as_the_laboratorys_t2_says(real, transmon5):
    found = cirq.experiments.t2_decay(
        real, qubit=cirq.NamedQubit("q1"), num_points=3, max_delay=cirq.Duration(micros=20), repetitions=400,
        experiment_type=cirq.experiments.t2_decay_experiment.ExperimentType.HAHN_ECHO,
    )  # fmt: skip
    waits, left = found.expectation_pauli_y.to_numpy().T  # each wait twice, about the flip
    np.testing.assert_allclose(left, -np.exp(-2 * waits * 1e-9 / transmon5.parameters["q1.t2"]), atol=0.15)
    np.testing.assert_allclose(found.expectation_pauli_x.to_numpy()[:, 1], 0, atol=0.15)


@pytest.mark.filterwarnings("ignore:Covariance of the parameters")  # of Cirq's fit of a decay that is not there
def test_cross_entropy_benchmarking_of_cirq_runs(sampler):
    pair = cirq.GridQubit.rect(1, 2)
    found = cirq.experiments.parallel_two_qubit_xeb(
        sampler, qubits=pair, entangling_gate=cirq.CZ, n_repetitions=200, n_circuits=2, n_combinations=2,
        cycle_depths=(2, 8), random_state=1,
    )  # fmt: skip
    assert abs(found.xeb_error(*pair)) < 0.01


def test_a_wait_between_two_ticks_is_rounded_with_a_warning(sampler):
    circuit = cirq.Circuit(cirq.wait(Q[0], nanos=sympy.Symbol("t")), cirq.measure(Q[0], key="m"))
    with pytest.warns(RoundedWait):
        sampler.run_sweep(circuit, cirq.Points("t", [10, 10.3]), repetitions=2)


def test_randomised_benchmarking_of_cirq_runs(sampler):
    found = cirq.experiments.single_qubit_randomized_benchmarking(
        sampler, Q[0], num_clifford_range=(1, 4, 9), num_circuits=3, repetitions=50
    )
    assert np.min([value for _, value in found.data]) > 0.97
