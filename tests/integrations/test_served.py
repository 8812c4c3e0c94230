"""Plugins on a daemon: programs go as text, counts come back; what a daemon cannot say is refused."""

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector

import qctl.compile.transpile as transpile_module
from qctl.client import RemoteResult
from qctl.compile.transpile import passes_of
from qctl.core.errors import UsageError
from qctl.core.record import Timing
from qctl.daemon.answers import counts_of
from qctl.integrations import served
from qctl.integrations.machine import machine_of
from qctl.integrations.placing import SHAPES
from qctl.integrations.qiskit import Backend, EstimatorV2, SamplerV2
from qctl.jobs.counted import count


class Daemon:
    """Answers as the client of a daemon that serves ideal20, which runs in this process."""

    lab = None
    lossy = moves = False
    jobs: dict = {}  # noqa: RUF012 (one daemon for all connections)

    def __init__(self, place, token=None):
        self.place = place

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        pass

    def get(self, path):
        if path == "/v1/capabilities":
            return {"laboratory": "ideal20"}
        values = {
            "q0.t1": {"value": 7e-6, "error": 1e-7, "unit": "s"},
            "q1.t1": {"value": 8e-6, "error": None, "unit": "s"},
        }
        return {"snapshot": 3, "note": "", "values": values}

    def submit(self, text, shots, *, optimise, job_class, inputs):
        job = f"j{len(self.jobs) + 1}"
        result = self.lab.run(text, shots, inputs=inputs)
        found = counts_of(count(result.bits, result.kept, result.outputs))
        counts = found["counts"]
        if self.lossy and shots > 4:  # one shot does not count
            counts = [{**one, max(one, key=one.get): max(one.values()) - 1} for one in counts]
        timing = {
            "deadlines": shots,
            "misses": 2,
            "discarded_segments": 0,
            "flags": {"late": 2},
            "seconds": {"run": 0.1},
        }
        places = [result.placement, tuple(reversed(result.placement)) if self.moves else result.placement]
        said = {"timing": timing, "segments": [{"placement": list(one)} for one in places]}
        self.jobs[job] = RemoteResult({**found, "shots": shots, "counts": counts, "parameters_id": "3", **said})
        return job

    def result(self, job):
        return self.jobs[job]


@pytest.fixture
def backend(ideal, monkeypatch):
    monkeypatch.setattr(Daemon, "lab", ideal)
    monkeypatch.setattr(served, "Client", Daemon)
    return Backend("http://127.0.0.1:1")


def test_parameters_are_those_of_the_daemons_store(backend):
    assert backend.qubit_properties(0).t1 == 7e-6
    assert backend.machine.parameters.number == 3
    assert backend.name == "qctl.ideal20"


def test_circuits_of_both_kinds_are_counted(backend):
    circuit = QuantumCircuit(3, 3)
    circuit.x(0)
    circuit.cx(0, 2)
    circuit.measure([0, 1, 2], [0, 1, 2])
    placed = transpile(circuit, backend, initial_layout=[4, 9, 14], optimization_level=1)
    result = backend.run([circuit, placed], shots=20).result()
    assert [one["101"] >= 19 for one in result.get_counts()] == [True, True]


def test_shots_that_do_not_count_are_played_again(backend, monkeypatch):
    monkeypatch.setattr(Daemon, "lossy", True)
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    counts = SamplerV2(backend).run([circuit], shots=20).result()[0].data.c.get_counts()
    assert sum(counts.values()) == 20


def test_a_result_says_what_the_daemon_knows_and_what_it_cannot_know_is_refused(backend, monkeypatch):
    text = "OPENQASM 3; qubit[2] q; output bit c; c = measure q[0];"
    found = backend.machine.run(text, 12)
    assert found.timing == Timing(12, 2, 0, {"late": 2}, {"run": 0.1})
    assert found.placement == (0, 1)
    monkeypatch.setattr(Daemon, "moves", True)
    assert backend.machine.run(text, 12).placement == ()


def test_values_beside_bits_are_those_that_the_laboratory_itself_gives(backend, ideal):
    text = (
        "OPENQASM 3; qubit[2] q; output int n; output array[float, 2] a; output angle t; output bit first; bit[2] c;"
        " h q[0]; c = measure q; first = c[0]; n = 3 * int(c[0]) + 1; a[1] = 0.1 * int(c[0]); t = pi / 2;"
    )
    for found in (backend.machine.run(text, 40), ideal.run(text, shots=40)):
        assert found.outputs["n"].dtype == np.int64
        np.testing.assert_array_equal(found.outputs["n"], 3 * found.bits[..., 0].astype(int) + 1)
        np.testing.assert_array_equal(found.outputs["a"][..., 1], 0.1 * found.bits[..., 0])
        np.testing.assert_array_equal(found.outputs["a"][..., 0], 0)
        np.testing.assert_allclose(found.outputs["t"], np.pi / 2, rtol=1e-15)
        assert set(found.outputs["n"].ravel().tolist()) == {1, 4}


def test_inputs_are_given_as_to_a_laboratory(backend):
    text = "OPENQASM 3; input int n; input duration d; qubit q; bit c; delay[d] q; if (n == 2) x q; c = measure q;"
    found = backend.machine.run(text, 40, inputs={"n": [1, 2], "d": "10ns"})
    assert found.bits[0].mean() < 0.2 < 0.8 < found.bits[1].mean()


def test_a_sweep_is_one_job(backend):
    before = len(Daemon.jobs)
    angle = Parameter("angle")
    circuit = QuantumCircuit(1, 1)
    circuit.rx(angle, 0)
    circuit.measure(0, 0)
    data = SamplerV2(backend).run([(circuit, np.linspace(0, np.pi, 5)[:, None])], shots=30).result()[0].data
    assert len(Daemon.jobs) == before + 1
    ones = [data.c[k].get_counts().get("1", 0) for k in range(5)]
    assert ones[0] <= 2
    assert ones[4] >= 28
    assert 5 < ones[2] < 25


def test_primitives_run_on_all_values_at_once(backend):
    angle = Parameter("angle")
    circuit = QuantumCircuit(2)
    circuit.rx(angle, 0)
    circuit.cx(0, 1)
    found = EstimatorV2(backend).run([(circuit, [["ZZ"], ["IZ"]], [[0.0], [np.pi]])], precision=0.2).result()[0].data
    np.testing.assert_allclose(found.evs, [[1, 1], [1, -1]], atol=0.2)
    measured = circuit.measure_all(inplace=False)
    data = SamplerV2(backend).run([(measured, [[np.pi]])], shots=20).result()[0].data
    assert data.meas.get_counts()["11"] >= 19


def test_what_a_daemon_cannot_say_is_refused(backend):
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    for option in ({"memory": True}, {"meas_level": 1}):
        with pytest.raises(UsageError, match="counts"):
            backend.run(circuit, **option)
    with pytest.raises(UsageError, match="seed"):
        machine_of("http://127.0.0.1:1", seed=3)


def test_another_laboratory_than_the_daemons_is_refused(backend):
    file = backend.machine.laboratory.path.replace("ideal20", "transmon5")
    with pytest.raises(UsageError, match="transmon5"):
        served.ServedLab("http://127.0.0.1:1", laboratory=file)


def test_iterations_of_qaoa_place_their_circuit_once_and_are_one_job_each(backend, monkeypatch):
    """The small form of `bench/study_variational.py`: work is counted, not timed."""
    placed = []
    monkeypatch.setattr(transpile_module, "passes_of", lambda *a, **k: placed.append(a) or passes_of(*a, **k))
    cost, mix = Parameter("cost"), Parameter("mix")
    ring = [(0, 1), (1, 2), (2, 3), (3, 0)]
    circuit = QuantumCircuit(4)
    circuit.h(range(4))
    for edge in ring:
        circuit.rzz(cost, *edge)
    circuit.rx(2 * mix, range(4))
    cut = SparsePauliOp.from_sparse_list([("ZZ", edge, 0.5) for edge in ring], 4)
    SHAPES.clear()
    misses, jobs, estimator = SHAPES.misses, len(Daemon.jobs), EstimatorV2(backend)
    for k in range(4):
        rows = [[0.3 + 0.1 * k, -0.4], [0.5, -0.2 - 0.1 * k]]
        data = estimator.run([(circuit, cut, rows)], precision=0.05).result()[0].data
        for row, found, error in zip(rows, data.evs, data.stds, strict=True):
            values = dict(zip((cost, mix), row, strict=True))
            exact = Statevector(circuit.assign_parameters(values)).expectation_value(cut).real
            assert abs(found - exact) < 5 * error + 0.02
    assert SHAPES.misses - misses == 1
    assert len(placed) <= 1
    assert len(Daemon.jobs) - jobs == 4
