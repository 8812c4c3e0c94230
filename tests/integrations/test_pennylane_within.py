"""Measurements within PennyLane's circuits that steer what follows, and variances of sums; against `default.qubit`."""

import numpy as np
import pytest
from paper import Paper

qml = pytest.importorskip("pennylane")

from pennylane.exceptions import DeviceError  # noqa: E402

SHOTS = 3000


@pytest.fixture(scope="module")
def paper():
    return Paper(seed=5)


def both(paper, function, wires, shots=SHOTS, **options):
    """Return what a function says on qctl, and exactly."""
    ours, exact = qml.device("qctl", wires=wires, lab=paper), qml.device("default.qubit", wires=wires)
    found = qml.set_shots(qml.QNode(function, ours, **options), shots)()
    return found, qml.QNode(function, exact)()


def steered(reset):
    qml.RY(1.1, 0)
    first = qml.measure(0, reset=reset)
    qml.cond(first, qml.RX)(0.9, 1)
    qml.RY(0.4, 0)
    second = qml.measure(1)
    qml.cond(first + 2 * second == 2, qml.Rot)(0.3, 0.8, 0.1, 2)
    qml.cond(first == second, lambda: [qml.Hadamard(2), qml.CRX(0.4, [2, 3])], lambda: qml.RY(0.5, 3))()
    return first, second


@pytest.mark.parametrize("reset", [False, True])
def test_conditions_are_those_of_the_state_vector(reset):
    paper = Paper(seed=5, served=reset)

    def circuit():
        first, second = steered(reset)
        return qml.probs(wires=range(4)), qml.probs(op=[first, second]), qml.expval(first * second), qml.var(qml.X(3))

    for found, want in zip(*both(paper, circuit, 7, mcm_method="one-shot"), strict=True):
        np.testing.assert_allclose(found, want, atol=0.06)


def test_what_steers_is_a_flow_of_the_program(paper):
    def circuit():
        qml.Hadamard(0)
        qml.cond(qml.measure(0), qml.X)(1)
        return qml.probs(wires=[0, 1])

    found, _ = both(paper, circuit, 3, 50, mcm_method="one-shot")
    assert found[1] == found[2] == 0
    assert paper.runs[-1][0].flow


def test_shots_that_are_selected_keep_their_conditions(paper):
    def circuit():
        qml.RY(1.1, 0)
        first = qml.measure(0, postselect=1)
        qml.cond(first, qml.RX)(0.9, 1)
        return qml.expval(qml.Z(1))

    found, want = both(paper, circuit, 3, mcm_method="one-shot")
    assert abs(found - want) < 0.1


SUMS = [
    lambda: qml.Z(0) + qml.Z(1),
    lambda: 2 * (qml.X(0) + qml.Z(1) @ qml.Y(2)),
    lambda: qml.X(0) + 0.5 * qml.Z(0),
    lambda: qml.Hamiltonian([0.3, 0.4, 2], [qml.X(2) @ qml.X(0), qml.Z(2) @ qml.Z(0), qml.Y(1)]),
]


@pytest.mark.parametrize("shots", [SHOTS, (SHOTS, SHOTS)])
def test_variances_of_sums_are_those_of_the_whole(paper, shots):
    def circuit():
        qml.RX(0.7, 0)
        qml.Hadamard(1)
        qml.CNOT([0, 2])
        qml.CRot(0.3, 0.4, 0.5, [1, 2])
        return qml.probs(wires=1), *(qml.var(make()) for make in SUMS), qml.expval(qml.X(0))

    found, want = both(paper, circuit, 3, shots)
    for part in found if isinstance(shots, tuple) else [found]:
        for one, other in zip(part, want, strict=True):
            np.testing.assert_allclose(one, other, atol=0.06 + 0.1 * np.max(other))


def test_variances_that_are_too_wide_or_beside_measurements_within_are_refused(paper):
    def wide():
        return qml.var(qml.sum(*(qml.Z(k) for k in range(11))))

    def within():
        qml.measure(0)
        return qml.var(SUMS[0]())

    with pytest.raises(DeviceError, match="at most 10"):
        both(paper, wide, 11)
    with pytest.raises(DeviceError, match="deferred"):
        both(paper, within, 3, mcm_method="one-shot")
