"""PennyLane's device on a simulated laboratory: measurements, shots, gradients, wires, measurements within circuits."""

from importlib.metadata import entry_points

import numpy as np
import pytest

qml = pytest.importorskip("pennylane")
from pennylane import numpy as pnp  # noqa: E402
from pennylane.exceptions import DeviceError, WireError  # noqa: E402

from qctl.integrations.pennylane import QctlDevice  # noqa: E402
from qctl.integrations.pennylane.tape import read_tape  # noqa: E402


@pytest.fixture(scope="module")
def device(ideal):
    return QctlDevice(wires=4, lab=ideal)


def run(device, quantum_function, shots=1000, **options):
    return qml.set_shots(qml.QNode(quantum_function, device, **options), shots)


def test_the_device_is_found_by_its_name(ideal):
    if "qctl" not in entry_points(group="pennylane.plugins").names:
        pytest.skip("installed before the plugin was there")
    device = qml.device("qctl", wires=2, lab=ideal)
    assert isinstance(device, QctlDevice)
    assert device.name == "qctl"


def test_every_kind_of_measurement_is_counted_from_shots(device):
    def circuit():
        qml.RX(0.7, 0)
        qml.CNOT([0, 2])
        qml.X(1)
        return (
            qml.expval(qml.Z(0) @ qml.Z(2)), qml.var(qml.Z(0)), qml.probs(wires=[2, 1]), qml.counts(wires=[1, 0]),
            qml.sample(qml.Z(1)), qml.expval(qml.Projector([1, 0], wires=[1, 3])),
            qml.counts(wires=[1], all_outcomes=True),
        )  # fmt: skip

    parity, spread, probabilities, counts, samples, projected, outcomes = run(device, circuit, 4000)()
    excited = np.sin(0.35) ** 2
    few = 0.005  # of the shots may err: gates and readout are good, not perfect
    assert parity == pytest.approx(1, abs=2 * few)
    assert spread == pytest.approx(4 * excited * (1 - excited), abs=0.08)
    np.testing.assert_allclose(probabilities, [0, 1 - excited, 0, excited], atol=0.04)
    assert counts["10"] + counts["11"] > 4000 * (1 - few)
    assert sum(counts.values()) == 4000
    assert set(samples.tolist()) <= {-1.0, 1.0}
    assert np.mean(samples == -1) > 1 - few
    assert projected == pytest.approx(1, abs=few)
    assert set(outcomes) == {"0", "1"}
    assert outcomes["1"] > 4000 * (1 - few)


def test_observables_that_do_not_commute_are_measured_apart(device):
    hamiltonian = qml.Hamiltonian([0.5, -1.0, 2.0, 0.7], [qml.X(0) @ qml.X(1), qml.Y(0) @ qml.Y(1), qml.Z(2), qml.I(0)])
    matrix = np.array([[1, 0.5j], [-0.5j, -0.3]])

    def circuit():
        qml.Hadamard(0)
        qml.CNOT([0, 1])
        qml.RY(0.9, 2)
        return qml.expval(hamiltonian), qml.expval(qml.Hermitian(matrix, 2)), qml.var(qml.X(2))

    found = run(device, circuit, 6000)()
    reference = qml.QNode(circuit, qml.device("default.qubit"))()
    np.testing.assert_allclose(found, reference, atol=0.12)


def test_a_vector_of_shots_gives_a_result_for_each_part(device):
    def circuit():
        qml.X(0)
        return qml.sample(wires=[0]), qml.expval(qml.Z(0))

    parts = run(device, circuit, (3, 5, (2, 2)))()
    assert [part[0].shape for part in parts] == [(3, 1), (5, 1), (2, 1), (2, 1)]
    assert [float(part[1]) for part in parts] == [-1.0] * 4


def test_broadcast_angles_are_points_of_one_program(device):
    def circuit(x, y):
        qml.RX(x, 0)
        qml.RX(y, 1)
        return qml.probs(wires=[0]), qml.expval(qml.Z(1))

    probabilities, means = run(device, circuit)(np.array([0, np.pi, 0]), np.array([0, 0, np.pi]))
    np.testing.assert_allclose(probabilities, [[1, 0], [0, 1], [1, 0]])
    np.testing.assert_allclose(means, [1, 1, -1])


@pytest.mark.filterwarnings(
    "ignore::pennylane.exceptions.PennyLaneDeprecationWarning"
)  # PennyLane's own, whatever is given
@pytest.mark.parametrize("method", ["best", "parameter-shift", "finite-diff", "spsa", "hadamard"])
def test_gradients_are_those_of_the_state_vector(device, method):
    def circuit(x):
        qml.RX(x[0], 0)
        qml.CRY(x[1], [0, 1])
        qml.IsingZZ(x[2], [0, 2])
        return qml.expval(qml.Z(1))

    options = {
        "finite-diff": {"h": 0.3},
        "spsa": {"h": 0.3, "num_directions": 8, "sampler_rng": np.random.default_rng(1)},
    }
    x = pnp.array([1.1, 0.8, 0.4], requires_grad=True)
    node = run(device, circuit, 1000, diff_method=method, gradient_kwargs=options.get(method, {}))
    want = qml.grad(qml.QNode(circuit, qml.device("default.qubit")))(x)
    np.testing.assert_allclose(qml.grad(node)(x), want, atol=0.4 if method == "spsa" else 0.2)


def test_a_hessian_and_an_optimiser_work_on_shots(device):
    def circuit(x):
        qml.RY(x, 0)
        return qml.expval(qml.Z(0))

    node = run(device, circuit, 300, diff_method="parameter-shift", max_diff=2, cache=False)
    assert qml.grad(qml.grad(node))(pnp.array(0.4)) == pytest.approx(-np.cos(0.4), abs=0.3)
    x, step = pnp.array(0.5, requires_grad=True), qml.GradientDescentOptimizer(0.8)
    for _ in range(5):
        x = step.step(node, x)
    assert node(x) < -0.8


@pytest.mark.parametrize("method", ["deferred", "one-shot", None])
def test_measurements_within_a_circuit(device, method):
    def circuit():
        qml.Hadamard(0)
        measured = qml.measure(0)
        qml.X(0)
        return qml.counts(measured), qml.expval(qml.Z(0)), qml.sample(measured)

    counts, mean, samples = run(device, circuit, 60, mcm_method=method)()
    assert set(counts) == {0, 1}
    assert counts[1] == np.sum(samples)
    assert mean == pytest.approx((2 * counts[1] - 60) / 60)


def test_conditions_are_deferred(device):
    def circuit():
        qml.Hadamard(0)
        measured = qml.measure(0, reset=True)
        qml.cond(measured, qml.X)(1)
        return qml.counts(wires=[0, 1])

    assert set(run(device, circuit, 200)()) == {"00", "01"}


@pytest.mark.parametrize("options", [{}, {"mcm_method": "one-shot"}, {"postselect_mode": "hw-like"}])
def test_shots_that_are_not_selected_are_dropped(device, options):
    def circuit():
        qml.Hadamard(0)
        qml.CNOT([0, 1])
        qml.measure(0, postselect=1)
        return qml.sample(wires=[1])

    samples = run(device, circuit, 80, **options)()
    assert 15 < len(samples) < 65
    assert np.all(samples == 1)


def test_what_selected_answers_decide_is_decided_in_all_shots_that_are_kept(device):
    def circuit():
        qml.Hadamard(0)
        one, zero = qml.measure(0, postselect=1), qml.measure(1, postselect=0)
        qml.cond(one & ~zero, qml.X)(1)
        qml.cond(zero, qml.X)(0)
        return qml.counts(wires=[0, 1])

    assert set(run(device, circuit, 60)()) == {"11"}


def test_selection_by_deferred_measurements_is_refused_with_what_to_set(device):
    def circuit():
        qml.measure(0, postselect=1)
        return qml.expval(qml.Z(0))

    with pytest.raises(DeviceError, match="set mcm_method='one-shot'"):
        run(device, circuit, 10, mcm_method="deferred")()


def test_wires_have_any_labels_or_none(ideal):
    labelled = QctlDevice(wires=["a", -1, 7], lab=ideal)

    def circuit():
        qml.X(-1)
        return qml.sample()

    assert run(labelled, circuit, 4)().tolist() == [[0, 1, 0]] * 4
    anything = QctlDevice(lab=ideal)
    flipped = run(anything, lambda: [qml.X("x"), qml.CNOT(["x", 5.5]), qml.probs(wires=[5.5])][-1], 4)
    assert flipped().tolist() == [0, 1]
    with pytest.raises(WireError, match="wires"):
        run(labelled, lambda: qml.expval(qml.Z("elsewhere")), 4)()


def test_a_circuit_allocates_wires_of_a_device_that_has_some_left(device):
    def circuit():
        with qml.allocate(1) as more:
            qml.X(more[0])
            qml.CNOT([more[0], 0])
            qml.X(more[0])
        return qml.probs(wires=0)

    assert run(device, circuit, 4)().tolist() == [0, 1]


def test_wires_that_are_called_as_the_laboratorys_qubits_are_these(ideal):
    device = QctlDevice(wires=["q7", "q2"], lab=ideal)
    tape = qml.tape.QuantumScript([qml.CZ(["q7", "q2"])], [qml.sample(wires=["q7"])], shots=10)
    program = read_tape(tape, device._places(tape), 1e-9).marked.program
    assert program.physical
    assert program.events["q"].tolist() == [[7, 2], [7, -1]]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"diff_method": "adjoint"}, "adjoint"),
        ({"diff_method": "backprop"}, "backprop"),
        ({"mcm_method": "tree-traversal"}, "tree-traversal"),
        ({"mcm_method": "deferred", "postselect_mode": "fill-shots"}, "fill-shots"),
    ],
)
def test_what_no_laboratory_has_is_refused_by_name(device, options, text):
    with pytest.raises(Exception, match=text):
        run(device, lambda: qml.expval(qml.Z(0)), 10, **options)()


def test_options_of_devices_are_refused(device):
    with pytest.raises(DeviceError, match="workers"):
        device.setup_execution_config(qml.devices.ExecutionConfig(device_options={"workers": 3}))


@pytest.mark.parametrize("asked", [qml.state, lambda: qml.density_matrix(0), lambda: qml.purity(0)])
def test_states_are_refused(device, asked):
    with pytest.raises(DeviceError, match="not accepted"):
        run(device, lambda: asked(), 10)()


def test_a_device_needs_shots_and_no_more_wires_than_there_are_qubits(device, ideal):
    with pytest.raises(DeviceError, match="Analytic"):
        qml.QNode(lambda: qml.expval(qml.Z(0)), device)()
    with pytest.raises(DeviceError, match="21 wires"):
        QctlDevice(wires=21, lab=ideal)


def test_the_tracker_counts_executions_and_shots(device):
    with qml.Tracker(device) as tracker:
        run(device, lambda: qml.expval(qml.Z(0)), 17)()
    assert tracker.totals["executions"] == 1
    assert tracker.totals["shots"] == 17
