"""Qiskit's backend on a simulated laboratory: target, options, results, placement."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Gate, Parameter, ParameterVector
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp

from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.errors import CompileError, LimitError, ProgramError, UsageError
from qctl.integrations.qiskit import Backend
from qctl.integrations.qiskit.target import full_target
from qctl.integrations.rows import RoundedWait
from qctl.run.known import known_parameters


@pytest.fixture(scope="module")
def backend(ideal):
    return Backend(ideal)


@pytest.fixture(scope="module")
def real(transmon5):
    return Backend(transmon5)


def ghz(n):
    circuit = QuantumCircuit(n)
    circuit.h(0)
    for k in range(1, n):
        circuit.cx(0, k)
    circuit.measure_all()
    return circuit


def test_the_target_says_what_the_parameters_say(real, transmon5):
    target, known = real.target, transmon5.parameters
    assert real.num_qubits == 5
    assert target.dt == 1e-9 or target.dt == 0.5e-9
    for k in range(5):
        name = f"q{k}"
        assert target["sx"][k,].duration == known[f"{name}.x90.duration"]
        assert target["x"][k,].error == pytest.approx(known[f"{name}.error"])
        assert target["measure"][k,].error == pytest.approx(
            (known[f"{name}.readout.p01"] + known[f"{name}.readout.p10"]) / 2
        )
        assert target["rz"][k,].duration == 0
        facts = real.qubit_properties(k)
        assert (facts.t1, facts.t2, facts.frequency) == tuple(known[f"{name}.{q}"] for q in ("t1", "t2", "frequency"))
    pairs = {tuple(sorted(pair)) for pair in real.coupling_map}
    names = transmon5.laboratory.qubit_names
    assert pairs == {tuple(sorted(map(names.index, c.pair))) for c in transmon5.laboratory.couplings.values()}
    assert target["cz"][next(iter(pairs))].duration > target["sx"][0,].duration


@pytest.mark.parametrize(
    ("name", "measure", "reset"),
    [("transmon5", 400e-9, 0.0), ("branch3", 250e-9, 274e-9), ("ion8", 300e-6, 20e-3), ("atoms16", 12e-3, 20e-3)],
)
def test_measurements_last_as_long_as_light_or_pulses_and_resets_as_long_as_decisions(name, measure, reset):
    laboratory = read_laboratory(find_laboratory(name))
    known = known_parameters(laboratory)
    target = full_target(known, laboratory)
    facts = target["measure"][0,], target["reset"][0,]
    assert [one.duration for one in facts] == pytest.approx([measure, reset])
    if reset:  # a measurement, and an X where it says 1
        assert facts[1].error == pytest.approx(facts[0].error + target["x"][0,].error, rel=0.02)
    else:
        assert facts[1].error == known.get("q0.thermal")


def test_the_target_follows_the_parameters(transmon5):
    backend, before = Backend(transmon5), transmon5.parameters
    try:
        transmon5.parameters = before.replaced({"q1.t1": 12e-6})
        assert backend.qubit_properties(1).t1 == 12e-6
        transmon5.parameters = before
        assert backend.qubit_properties(1).t1 == before["q1.t1"]
    finally:
        transmon5.parameters = before


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_what_the_transpiler_makes_keeps_its_qubits_and_its_meaning(backend, level):
    circuit = QuantumCircuit(4, 4)
    circuit.reset(0)
    circuit.h(0)
    circuit.id(1)
    circuit.ccx(0, 1, 2)
    circuit.cx(0, 3)
    circuit.x(1)
    circuit.measure(range(4), range(4))
    done = transpile(circuit, backend, optimization_level=level, seed_transpiler=5, initial_layout=[7, 18, 3, 11])
    assert backend.is_physical(done)
    counts = backend.run(done, shots=200).result().get_counts()
    assert counts["0010"] + counts["1011"] >= 196  # far apart: some dozens of CZ, which may err


def test_registers_are_divided_as_qiskit_divides_them(backend):
    low, high = ClassicalRegister(2, "low"), ClassicalRegister(3, "high")
    circuit = QuantumCircuit(QuantumRegister(3), low, high, name="divided", metadata={"run": 7})
    circuit.x([0, 2])
    circuit.measure([0, 1], [1, 0])
    circuit.measure(2, high[2])
    result = backend.run(circuit, shots=20, memory=True).result()
    assert result.get_counts() == {"100 10": 20}
    assert result.get_memory() == ["100 10"] * 20
    assert result.results[0].header["metadata"] == {"run": 7}
    assert result.get_counts("divided") == result.get_counts(circuit) == {"100 10": 20}
    assert result.data()["counts"] == {"0x12": 20}


def test_memory_holds_every_shot_in_order_and_counts_are_its_sums(backend):
    result = backend.run(ghz(3), shots=300, memory=True).result()
    memory = result.get_memory()
    assert len(memory) == 300
    assert {word: memory.count(word) for word in set(memory)} == result.get_counts()
    assert set(memory) == {"000", "111"}


def test_a_measurement_within_a_circuit_leaves_what_it_found(backend):
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(0, 1)
    counts = backend.run(circuit, shots=200).result().get_counts()
    assert set(counts) == {"10", "01"}


def test_many_circuits_answer_in_their_order(backend):
    circuits = []
    for k in range(6):
        circuit = QuantumCircuit(3 + k % 2, 3, name=f"number {k}")
        for j in range(3):
            circuit.rx(np.pi * (k >> j & 1), j)
        circuit.measure(range(3), range(3))
        circuits.append(transpile(circuit, backend, optimization_level=0) if k % 2 else circuit)
    result = backend.run(circuits, shots=10).result()
    assert [result.get_counts(k) for k in range(6)] == [{f"{k:03b}": 10} for k in range(6)]


def test_a_wait_shows_in_the_state(transmon5):
    backend = Backend(transmon5)
    t1 = transmon5.parameters["q2.t1"]
    circuits = []
    for wait in (0.0, 0.5 * t1, t1):
        circuit = QuantumCircuit(5, 1)
        circuit.x(2)
        circuit.delay(round(wait * 1e6), 2, "us")
        circuit.measure(2, 0)
        circuits.append(circuit)
    counts = backend.run(circuits, shots=500).result().get_counts()
    survivors = [one.get("1", 0) / 500 for one in counts]
    assert survivors[0] > 0.9
    for found, factor in zip(survivors[1:], (0.5, 1.0), strict=True):
        assert found / survivors[0] == pytest.approx(np.exp(-factor), abs=0.12)


def test_points_of_the_iq_plane_tell_states_apart(real):
    circuits = []
    for flipped in (False, True):
        circuit = QuantumCircuit(5, 2)
        if flipped:
            circuit.x(1)
        circuit.measure(1, 0)
        circuits.append(circuit)
    result = real.run(circuits, shots=100, meas_level=1).result()
    clouds = [result.get_memory(k) for k in range(2)]
    assert clouds[0].shape == (100, 2)
    assert np.all(np.isnan(clouds[0][:, 1]))  # nothing was measured into it
    apart = abs(clouds[0][:, 0].mean() - clouds[1][:, 0].mean())
    assert apart > 2 * clouds[0][:, 0].std()
    mean = real.run(circuits[0], shots=100, meas_level=1, meas_return="avg").result().get_memory()
    assert mean.shape == (2,)


def test_parameters_are_bound_in_rows_in_numbers_and_by_name(backend):
    a, v = Parameter("a"), ParameterVector("v", 2)
    circuit = QuantumCircuit(2, 2)
    circuit.rx(a + v[0], 0)
    circuit.rx(v[1], 1)
    circuit.measure([0, 1], [0, 1])
    binds = {a: [0, np.pi, np.pi], v: [[0, 0, np.pi], [0, np.pi, np.pi]]}
    result = backend.run(circuit, parameter_binds=[binds], shots=10).result()
    assert [result.get_counts(k) for k in range(3)] == [{"00": 10}, {"11": 10}, {"10": 10}]
    numbers = [{"a": np.pi, "v[0]": 0.0, "v[1]": 0.0}, {a: 0.0, v: [0.0, np.pi]}]
    result = backend.run(circuit, parameter_binds=numbers, shots=10).result()
    assert [result.get_counts(k) for k in range(2)] == [{"01": 10}, {"10": 10}]
    both = backend.run([circuit, ghz(2)], parameter_binds=[binds, {}], shots=10).result()
    assert len(both.results) == 4


@pytest.mark.parametrize(
    ("binds", "text"),
    [
        (None, "no values for a"),
        ([{}], "no values for a"),
        ([{"b": 1}], "'b'"),
        ([{"a": 1}, {"a": 1}, {"c": 2}], "'c'"),
        ([{Parameter("a"): 1}], "a"),
    ],
)
def test_values_that_do_not_fit_the_parameters_are_refused(backend, binds, text):
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("a"), 0)
    circuit.measure(0, 0)
    with pytest.raises(UsageError, match=text):
        backend.run(circuit, parameter_binds=binds)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"shotz": 10}, "shotz"),
        ({"shots": 0}, "shots=0"),
        ({"shots": 1.5}, "shots=1.5"),
        ({"shots": True}, "shots=True"),
        ({"memory": "yes"}, "memory"),
        ({"meas_level": 0}, "meas_level"),
        ({"meas_return": "all"}, "meas_return"),
        ({"seed_simulator": 7}, "open it with seed="),
    ],
)
def test_options_that_are_not_known_or_not_allowed_are_refused_by_name(backend, options, text):
    with pytest.raises(UsageError, match=text):
        backend.run(ghz(2), **options)


def test_defaults_of_options_may_be_set(ideal):
    backend = Backend(ideal, shots=33)
    assert sum(backend.run(ghz(2)).result().get_counts().values()) == 33
    backend.set_options(shots=44, memory=True)
    assert len(backend.run(ghz(2)).result().get_memory()) == 44
    with pytest.raises(AttributeError, match="colour"):
        backend.set_options(colour="red")


def test_what_cannot_run_is_said_before_anything_is_queued_or_by_the_job(backend):
    mystery = QuantumCircuit(1)
    mystery.append(Gate("mystery", 1, []), [0])
    with pytest.raises(ProgramError, match="mystery"):
        backend.run(mystery)
    large = backend.run(ghz(21))
    with pytest.raises(CompileError, match="21 qubits"):
        large.result()
    assert large.status() is JobStatus.ERROR
    assert "21 qubits" in large.error_message()
    long = QuantumCircuit(20, 1)
    long.delay(1, 0, "s")
    long.measure(0, 0)
    with pytest.raises(LimitError, match="period"):
        backend.run([transpile(ghz(2), backend), long]).result()
    with pytest.raises(CompileError, match="nothing is measured"):
        backend.run(QuantumCircuit(1)).result()


def test_waits_between_two_ticks_are_rounded_with_a_warning(backend):
    circuit = QuantumCircuit(1, 1)
    circuit.delay(10.3, 0, "ns")
    circuit.measure(0, 0)
    with pytest.warns(RoundedWait):
        assert backend.run(circuit, shots=5).result().get_counts() == {"0": 5}


def test_qiskits_own_primitives_run_on_the_backend(backend):
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    done = transpile(circuit, backend)
    estimator = BackendEstimatorV2(backend=backend)
    zz = SparsePauliOp(["ZZ", "IZ"], [1.0, 0.5]).apply_layout(done.layout)
    found = estimator.run([(done, zz, [[0.0], [np.pi]])], precision=0.1).result()[0]
    np.testing.assert_allclose(found.data.evs, [1.5, 0.5])
    measured = circuit.measure_all(inplace=False)
    sampled = BackendSamplerV2(backend=backend).run([(transpile(measured, backend), [[np.pi]])], shots=20).result()
    assert sampled[0].data.meas.get_counts() == {"11": 20}
