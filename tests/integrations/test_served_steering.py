"""Conditions of Cirq and PennyLane on a daemon: compiled, queued, played and counted as any job.

By default the daemon's parts run in this process on a virtual clock; ``--serve branch3`` starts all of its processes,
and plugins are given the address of its socket.
"""

import json
from contextlib import ExitStack

import cirq
import numpy as np
import pennylane as qml
import pytest
import sympy
from ion_pair import written
from playing_host import playing
from qiskit import QuantumCircuit
from stack_world import Stack
from virtual_host import ANN

from qctl.client import RemoteResult
from qctl.config.find import find_laboratory
from qctl.core.record import DECISION
from qctl.integrations import served
from qctl.integrations.cirq import Sampler
from qctl.integrations.qiskit import Backend
from qctl.jobs.finished import read_result

SHOTS, RIGHT = 120, 0.8  # of them, where qubits are read as transmons are
A, B = cirq.LineQubit.range(2)


class HostClient:
    """Answers as the client of a daemon whose parts run in this process."""

    host, name = None, "branch3"

    def __init__(self, place, token=None):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        pass

    def get(self, path):
        return {"laboratory": self.name, "values": {}, "snapshot": 0, "note": ""}

    def submit(self, text, shots, *, optimise, job_class, inputs):
        body = {"program": text, "shots": shots, "optimise": optimise, "class": job_class, "inputs": inputs}
        self.host.run([(0.0, json.dumps(body).encode(), ANN)])
        return max(self.host.lives)

    def result(self, job):
        found = self.host.job(job)
        assert found.result, found.reason
        header, counted = read_result(self.host.results.read(found.result))
        return RemoteResult({**header, "counts": [counted.of(point) for point in range(counted.n_points)]})


@pytest.fixture(scope="module")
def address(request, tmp_path_factory):
    """Give the address of a daemon on instruments that branch within the shot."""
    folder = tmp_path_factory.mktemp("branch")
    with ExitStack() as stack:
        if "branch3" in request.config.getoption("--serve"):
            daemon = Stack(find_laboratory("branch3"), folder).start()
            stack.callback(daemon.stop)
            daemon.heard("ready")
            yield str(folder / "run" / "qctl.sock")
        else:
            patched = stack.enter_context(pytest.MonkeyPatch.context())
            patched.setattr(HostClient, "host", stack.enter_context(playing(folder, "branch3", None)))
            patched.setattr(served, "Client", HostClient)
            yield "http://127.0.0.1:1"


def test_classical_control_of_cirq(address):
    circuit = cirq.Circuit(
        cirq.H(A), cirq.measure(A, key="a"), cirq.X(B).with_classical_controls("a"), cirq.measure(A, B, key="b")
    )
    found = Sampler(address).run(circuit, repetitions=SHOTS).measurements
    assert np.mean(found["a"][:, 0] == found["b"][:, 1]) > RIGHT
    assert np.mean(found["a"][:, 0] == found["b"][:, 0]) > RIGHT
    assert 0.25 < np.mean(found["a"]) < 0.75


def test_a_result_has_the_placement_and_the_latest_decision_of_its_windows(address):
    text = (
        'OPENQASM 3; include "stdgates.inc"; bit[2] c; x $1; c[0] = measure $1; if (c[0]) { x $2; } c[1] = measure $2;'
    )
    found = served.ServedLab(address).run(text, 20)
    assert found.counts["11"] > RIGHT * 20
    assert found.timing.seconds[DECISION] > 0
    assert found.timing.misses == 0
    assert found.placement[:3] == (0, 1, 2)


def test_conditions_of_sympy(address):
    condition = sympy.sympify("Abs(a-1)")
    circuit = cirq.Circuit(
        cirq.H(A), cirq.measure(A, key="a"), cirq.X(B).with_classical_controls(condition), cirq.measure(B, key="b")
    )
    found = Sampler(address).run(circuit, repetitions=SHOTS).measurements
    assert np.mean(found["a"] != found["b"]) > RIGHT


def test_what_repeats_until_success(address):
    often = cirq.FrozenCircuit(cirq.X(A) ** 0.9, cirq.measure(A, key="m"))  # 19 times in 20
    until = cirq.CircuitOperation(
        often, repeat_until=cirq.KeyCondition(cirq.MeasurementKey("m")), use_repetition_ids=False
    )
    circuit = cirq.Circuit(until, cirq.CX(A, B), cirq.measure(B, key="b"))
    found = Sampler(address, rounds=4).run(circuit, repetitions=40).records
    assert np.all(found["m"].sum(axis=1) == 1)
    assert np.mean(found["b"]) > RIGHT


def test_conditions_of_pennylane_one_shot(address):
    device = qml.device("qctl", wires=2, lab=address)

    def circuit():
        qml.Hadamard(0)
        first = qml.measure(0)
        qml.cond(first, qml.X)(1)
        return qml.probs(wires=[0, 1]), qml.expval(first)

    found, first = qml.set_shots(qml.QNode(circuit, device, mcm_method="one-shot"), SHOTS)()
    assert found[0] + found[3] > RIGHT
    assert abs(first - found[2] - found[3]) < 0.1


def test_a_loop_that_the_host_steers_on_ions_is_one_job_in_as_many_windows_as_it_needs(tmp_path, monkeypatch):
    file, twin = written(tmp_path)
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.h(0)
        circuit.measure(0, 0)
    circuit.x(1)
    circuit.measure(1, 1)
    with playing(tmp_path, file, twin) as host:
        monkeypatch.setattr(HostClient, "host", host)
        monkeypatch.setattr(HostClient, "name", host.laboratory.name)
        monkeypatch.setattr(served, "Client", HostClient)
        backend = Backend(served.ServedLab("http://127.0.0.1:1", laboratory=file))
        counts = backend.run(circuit, shots=4).result().get_counts()
        assert len(host.lives) == 1
        assert len(host.shots(1)) > 1
    assert counts.get("11", 0) >= 3
