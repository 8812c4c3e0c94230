"""Circuit operations of Cirq that repeat: until something is measured, or as often as a symbol says."""

import numpy as np
import pytest
import sympy
from paper import Paper

cirq = pytest.importorskip("cirq")

from qctl.core.errors import CompileError, ReadoutError, UsageError  # noqa: E402
from qctl.integrations.cirq import Sampler  # noqa: E402

A, B, C = cirq.LineQubit.range(3)
ONE = cirq.KeyCondition(cirq.MeasurementKey("m"))


@pytest.fixture(scope="module")
def sampler():
    return Sampler(Paper())


def until(condition, *operations, **options):
    return cirq.CircuitOperation(
        cirq.FrozenCircuit(operations), repeat_until=condition, use_repetition_ids=False, **options
    )


COIN = (cirq.H(A), cirq.measure(A, key="m"))


def test_what_repeats_until_success_ends_with_it(sampler):
    circuit = cirq.Circuit(until(ONE, *COIN), cirq.CX(A, B), cirq.measure(B, key="b"))
    found = sampler.run(circuit, repetitions=2000)
    rounds = found.records["m"][:, :, 0]
    n_rounds = rounds.argmax(axis=1) + 1
    assert np.all(found.records["b"] == 1)
    assert np.all(rounds.sum(axis=1) == 1), "the last round of each says 1; what others had in addition is 0"
    assert rounds.shape[1] == n_rounds.max()
    np.testing.assert_allclose([np.mean(n_rounds == k) for k in (1, 2, 3)], [1 / 2, 1 / 4, 1 / 8], atol=0.04)


def test_records_are_as_those_of_cirqs_simulator(sampler):
    circuit = cirq.Circuit(
        cirq.measure(C, key="m", invert_mask=(True,)),
        until(cirq.SympyCondition(sympy.Eq(sympy.Symbol("m"), 0)), cirq.H(A), cirq.measure(A, key="m")),
        cirq.X(B).with_classical_controls("m"),
        cirq.measure(A, B, key="b"),
        cirq.measure(C, key="m"),
    )
    found, want = (one.run(circuit, repetitions=150).records["m"][:, :, 0] for one in (sampler, cirq.Simulator()))
    for rounds in (found, want):
        assert np.all(rounds[:, 0] == 1)
    shares = [[np.mean(rounds[:, k]) for k in (1, 2)] for rounds in (found, want)]
    np.testing.assert_allclose(*shares, atol=0.2)


@pytest.mark.parametrize("served", [False, True])
def test_conditions_behind_are_about_the_last_time(served):
    """Two qubits in a round: what is asked for is the first, what the second said in the last round decides."""
    sampler = Sampler(Paper(served=served), rounds=12)
    body = (cirq.H.on_each(A, B), cirq.measure(A, key="m"), cirq.measure(B, key="k", invert_mask=(True,)))
    circuit = cirq.Circuit(until(ONE, *body), cirq.X(C).with_classical_controls("k"), cirq.measure(B, C, key="b"))
    found = sampler.run(circuit, repetitions=100).records["b"][:, 0]
    assert np.all(found[:, 1] == 1 - found[:, 0])
    assert 0.3 < np.mean(found[:, 1]) < 0.7


def test_keys_and_qubits_are_mapped(sampler):
    once = until(ONE, *COIN, qubit_map={A: C}, measurement_key_map={"m": "z"})
    found = sampler.run(cirq.Circuit(once, cirq.measure(C, key="c")), repetitions=50)
    assert found.records.keys() == {"z", "c"}
    assert np.all(found.records["c"] == 1)


def test_what_repeats_within_what_repeats(sampler):
    inner = cirq.FrozenCircuit(until(ONE, *COIN), cirq.H(B), cirq.measure(B, key="n"))
    outer = cirq.CircuitOperation(
        inner, repeat_until=cirq.KeyCondition(cirq.MeasurementKey("n")), use_repetition_ids=False
    )
    found = Sampler(Paper(), rounds=9).run(cirq.Circuit(outer, cirq.measure(A, B, key="b")), repetitions=20)
    assert np.all(found.records["b"] == 1)
    successes = found.records["m"][:, :, 0].sum(axis=1)
    assert successes.tolist() == (found.records["n"][:, :, 0].argmax(axis=1) + 1).tolist()


def test_shots_that_would_go_on_are_no_answer():
    circuit = cirq.Circuit(until(ONE, *COIN))
    with pytest.raises(ReadoutError, match="100 shots would go on; allowed: 2 rounds"):
        Sampler(Paper(), rounds=2).run(circuit, repetitions=100)
    with pytest.raises(UsageError, match="0 rounds"):
        Sampler(Paper(), rounds=0)


def test_where_nobody_decides_in_time_repetitions_are_refused_with_figures(ideal):
    with pytest.raises(CompileError, match="feedback"):
        Sampler(ideal).run(cirq.Circuit(until(ONE, *COIN)), repetitions=5)


def test_a_symbol_may_say_how_often(sampler):
    n, t = sympy.symbols("n t")
    body = cirq.FrozenCircuit(cirq.X(A) ** t)
    circuit = cirq.Circuit(cirq.CircuitOperation(body, repetitions=n + 1), cirq.measure(A, key="m"))
    points = cirq.ListSweep([{"n": 0, "t": 1}, {"n": 1, "t": 1}, {"n": 1, "t": 0.5}])
    found = sampler.run_sweep(circuit, points, repetitions=9)
    assert [one.measurements["m"].mean() for one in found] == [1, 0, 1]
    with pytest.raises(ValueError, match="whole number"):
        sampler.run(circuit, {"n": 0.5, "t": 1}, repetitions=9)
    with pytest.raises(ValueError, match="whole number"):
        sampler.run(circuit, {"t": 1}, repetitions=9)


@pytest.mark.parametrize("text", ["Abs(k-2)", "Mod(k-3,2)", "Max(k,l)-1"])
def test_conditions_of_sympy_reach_a_daemon(text):
    asked = sympy.sympify(text)
    circuit = cirq.Circuit(
        cirq.H.on_each(A, B, C), cirq.measure(A, B, key="k"), cirq.measure(C, key="l"), cirq.reset(A),
        cirq.X(A).with_classical_controls(asked), cirq.measure(A, key="d"),
    )  # fmt: skip
    found = Sampler(Paper(served=True)).run(circuit, repetitions=40).measurements
    numbers = zip((found["k"] @ [2, 1]).tolist(), found["l"][:, 0].tolist(), strict=True)
    assert found["d"][:, 0].tolist() == [bool(asked.subs({"k": k, "l": n})) for k, n in numbers]


def test_a_condition_on_a_time_that_was_not_is_refused(sampler):
    late = cirq.KeyCondition(cirq.MeasurementKey("m"), index=3)
    with pytest.raises(ValueError, match="measured 1 times"):
        sampler.run(cirq.Circuit(*COIN, cirq.X(B).with_classical_controls(late)))
    with pytest.raises(ValueError, match="not all shots"):
        sampler.run(cirq.Circuit(until(ONE, *COIN), cirq.X(B).with_classical_controls(late)))
