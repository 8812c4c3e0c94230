"""Sampler and estimator meet the contract of Qiskit's primitives: shapes, names, shots, errors, layouts."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Clbit, Parameter, Qubit
from qiskit.circuit.library import efficient_su2
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

from qctl.core.errors import ProgramError, UsageError
from qctl.integrations.placing import SHAPES
from qctl.integrations.qiskit import Backend, EstimatorV2, SamplerV2
from qctl.integrations.qiskit.observables import groups_of, terms_of


@pytest.fixture(scope="module")
def backend(ideal):
    return Backend(ideal)


def turned():
    """Return a circuit whose bits say which of its angles are pi."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(QuantumRegister(3), metadata={"who": "me"})
    circuit.add_register(ClassicalRegister(1, "one"), ClassicalRegister(2, "two"))
    circuit.rx(a, 0)
    circuit.rx(b, 2)
    circuit.cx(0, 1)
    circuit.measure([0, 1, 2], [0, 1, 2])
    return circuit


def test_a_pub_answers_in_its_shape_register_by_register(backend):
    values = np.array([[[0, 0], [np.pi, 0], [0, np.pi]], [[np.pi, np.pi], [0, 0], [0, 0]]])
    result = SamplerV2(backend).run([(turned(), values, 25)]).result()
    assert result.metadata == {"version": 2}
    data = result[0].data
    assert data.shape == (2, 3)
    assert set(data) == {"one", "two"}
    assert (data.one.shape, data.one.num_shots, data.one.num_bits) == ((2, 3), 25, 1)
    assert data.two.get_counts((0, 1)) == {"01": 25}
    assert data.two.get_counts((0, 2)) == {"10": 25}
    assert data.two.get_counts((1, 0)) == {"11": 25}
    assert data.one.get_counts((0, 1)) == {"1": 25}
    assert result[0].metadata == {"shots": 25, "circuit_metadata": {"who": "me"}}
    assert result[0].join_data().get_counts((0, 1)) == {"011": 25}


def test_shots_are_those_of_the_pub_else_of_the_call_else_of_the_options(backend):
    sampler = SamplerV2(backend, options={"default_shots": 7})
    pubs = [(turned(), [0, 0]), (turned(), [0, 0], 5)]
    assert [one.data.one.num_shots for one in sampler.run(pubs).result()] == [7, 5]
    assert [one.data.one.num_shots for one in sampler.run(pubs, shots=9).result()] == [9, 5]
    sampler.options.default_shots = 3
    assert sampler.run([(turned(), [0, 0])]).result()[0].data.one.num_shots == 3


@pytest.mark.parametrize(
    "values",
    [
        {"a": [np.pi, 0], "b": [0, np.pi]},
        {("b", "a"): [[0, np.pi], [np.pi, 0]]},
        BindingsArray({"a": [np.pi, 0], "b": [0, np.pi]}),
        [[np.pi, 0], [0, np.pi]],
    ],
)
def test_values_come_in_every_form_that_qiskit_takes(backend, values):
    data = SamplerV2(backend).run([(turned(), values)], shots=5).result()[0].data
    assert [data.two.get_counts(k) for k in range(2)] == [{"01": 5}, {"10": 5}]


def test_registers_may_share_bits_and_bits_may_stay_unmeasured(backend):
    circuit = QuantumCircuit(2)
    long = ClassicalRegister(10, "long")
    circuit.add_register(long, ClassicalRegister(name="part", bits=[long[9], long[0]]))
    circuit.x(0)
    circuit.measure(0, 9)
    data = SamplerV2(backend).run([circuit], shots=3).result()[0].data
    assert data.long.get_counts() == {"1000000000": 3}
    assert data.part.get_counts() == {"01": 3}


def test_a_circuit_that_measures_nothing_has_zeros_for_its_bits(backend):
    data = SamplerV2(backend).run([QuantumCircuit(1, 2)], shots=4).result()[0].data
    assert data.c.get_counts() == {"00": 4}


@pytest.mark.parametrize("bits", [[], [Clbit()]])
def test_a_circuit_without_registers_has_an_empty_result_with_a_warning_as_from_qiskit(backend, bits):
    circuit = QuantumCircuit([Qubit()], bits)
    circuit.x(0)
    circuit.measure([0] * len(bits), range(len(bits)))
    for sampler in (SamplerV2(backend), StatevectorSampler()):
        with pytest.warns(UserWarning, match="empty"):
            (answer,) = sampler.run([circuit], shots=5).result()
        assert not answer.data.keys()


def test_no_values_at_all_give_an_empty_answer(backend):
    data = SamplerV2(backend).run([(turned(), np.zeros((0, 2)))], shots=4).result()[0].data
    assert data.one.shape == (0,)
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    several = SamplerV2(backend).run([(circuit, BindingsArray(shape=(2, 2)))], shots=4).result()[0].data
    assert several.meas.shape == (2, 2)


@pytest.mark.parametrize(
    ("pubs", "shots", "error"),
    [
        ([turned()], 5, ValueError),
        ([(turned(), [1])], 5, ValueError),
        ([(turned(), [1, 2])], 0, ValueError),
        ([(turned(), [1, 2])], 2.5, TypeError),
        ([(turned(), [1, 2], -3)], None, ValueError),
        ([(turned(), [1, np.nan])], 5, ProgramError),
    ],
)
def test_pubs_that_are_none_are_refused_at_once(backend, pubs, shots, error):
    with pytest.raises(error):
        SamplerV2(backend).run(pubs, shots=shots)


def test_options_that_are_not_known_are_refused(backend):
    with pytest.raises(UsageError, match="resilience"):
        SamplerV2(backend, options={"resilience": 1})
    with pytest.raises(UsageError, match="seed="):
        EstimatorV2(backend, options={"seed_simulator": 1})


OBSERVABLES = [
    "ZZI",
    Pauli("XIY"),
    SparsePauliOp(["XXI", "YYI", "ZZI", "III"], [0.5, -0.25, 1.0, 3.0]),
    {"IZX": 0.3, "ZIX": -1.0},
]


@pytest.mark.parametrize("place", [False, True])
@pytest.mark.parametrize("shapes", [((), ()), ((4, 1), (3,)), ((4,), (2, 1)), ((2, 2), (2, 2))])
def test_estimates_agree_with_the_state_vector_in_every_shape(backend, shapes, place):
    circuit = efficient_su2(3, reps=1, entanglement="circular")
    rng = np.random.default_rng(3)
    observables = np.empty(shapes[0], object)
    observables.ravel()[:] = [OBSERVABLES[k % 4] for k in range(2, 2 + observables.size)]
    values = rng.uniform(-np.pi, np.pi, (*shapes[1], circuit.num_parameters))
    want = StatevectorEstimator().run([(circuit, observables, values)]).result()[0].data.evs
    if place:
        circuit = transpile(circuit, backend, initial_layout=[8, 3, 14], seed_transpiler=1)
        given = observables if observables.ndim else observables.item()
        observables = ObservablesArray.coerce(given).apply_layout(circuit.layout)
    found = EstimatorV2(backend).run([(circuit, observables, values)], precision=0.03).result()[0]
    assert found.data.evs.shape == found.data.stds.shape == np.broadcast_shapes(*shapes) == found.data.shape
    assert found.metadata["target_precision"] == 0.03
    assert found.metadata["shots"] == 1112
    assert np.all(np.abs(found.data.evs - want) < 5 * found.data.stds + 0.01)


def test_the_stated_error_is_the_scatter(backend):
    angle = Parameter("angle")
    circuit = QuantumCircuit(2)
    circuit.ry(angle, 0)
    circuit.ry(0.6, 1)
    observable = SparsePauliOp(["ZI", "IZ", "ZZ", "XX"], [1.0, 1.0, -0.5, 0.3])  # terms that vary together
    found = EstimatorV2(backend).run([(circuit, observable, [[1.1]] * 60)], precision=0.1).result()[0].data
    assert found.evs.std() / found.stds.mean() == pytest.approx(1.0, abs=0.35)


def test_projectors_and_identities_are_observables_too(backend):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.x(1)
    cases = {"1+": 1.0, "0I": 0.0, "II": 1.0, "1-": 0.0, "I0": 0.5, "1r": 0.5}
    observables = [SparseObservable.from_label(label) for label in cases]
    found = EstimatorV2(backend).run([(circuit, observables)]).result()[0].data
    np.testing.assert_allclose(found.evs, list(cases.values()), atol=0.05)
    assert found.stds[2] == 0
    constant = EstimatorV2(backend).run([(circuit, {"II": -2.5})]).result()[0].data
    assert (float(constant.evs), float(constant.stds)) == (-2.5, 0.0)


def test_terms_are_measured_together_where_they_commute_qubit_by_qubit():
    terms = terms_of(SparseObservable.from_list([("ZZ", 1), ("ZI", 1), ("IZ", 1), ("XX", 1), ("IX", 1), ("YI", 1)]))
    groups = groups_of(terms)
    assert len(groups) == 3
    assert sorted(len(group.terms) for group in groups) == [1, 2, 3]


@pytest.mark.parametrize("precision", [0, -0.1, np.nan])
def test_a_precision_that_no_laboratory_reaches_is_refused(backend, precision):
    with pytest.raises(ValueError, match="precision"):
        EstimatorV2(backend).run([(QuantumCircuit(1), "Z")], precision=precision)


def test_a_loop_over_values_places_its_circuit_once(backend):
    circuit = efficient_su2(4, reps=1, entanglement="full")
    circuit.rx(0.123456, 0)  # not seen before
    estimator, before = EstimatorV2(backend), SHAPES.misses
    observable = SparsePauliOp(["ZZZZ", "XXXX"], [1.0, 1.0])
    for k in range(4):
        estimator.run([(circuit, observable, [0.1 * k] * circuit.num_parameters)], precision=0.2).result()
    assert SHAPES.misses == before + 1
