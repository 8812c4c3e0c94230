"""Known assignment errors are undone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.core.errors import ReadoutError
from qctl.core.parameters import Estimate, Parameters
from qctl.core.record import Timing
from qctl.core.result import Result, tally
from qctl.readout import mitigate, nearest_probabilities, undo_readout_errors
from qctl.readout.mitigate import _confusion, _iterate


def noisy(true, shots, p01, p10, seed=1):
    """Draw keys of a distribution {key: probability} and flip their bits."""
    rng = np.random.default_rng(seed)
    keys = np.array([list(map(int, key)) for key in true], np.uint8)
    drawn = keys[rng.choice(len(keys), size=shots, p=list(true.values()))]
    flip = rng.random(drawn.shape) < np.where(drawn, p10, p01)
    return drawn ^ flip


def test_the_exact_inverse_gives_back_exact_probabilities():
    p01, p10 = np.array([0.02, 0.0, 0.1]), np.array([0.07, 0.3, 0.0])
    all_keys = np.array([list(map(int, format(k, "03b"))) for k in range(8)], np.uint8)
    true = np.zeros(8)
    true[[0, 7]] = 0.5
    read = _confusion(all_keys, all_keys, p01, p10) @ true
    quasi = mitigate(all_keys, (read * 1e15).astype(np.int64), p01, p10)
    assert quasi["000"] == pytest.approx(0.5, abs=1e-12)
    assert quasi["111"] == pytest.approx(0.5, abs=1e-12)


@given(p01=st.lists(st.floats(0, 0.3), min_size=2, max_size=2), p10=st.lists(st.floats(0, 0.3), min_size=2, max_size=2))
@settings(max_examples=50, deadline=None)
def test_the_confusion_matrix_is_the_tensor_product_of_single_bits(p01, p10):
    single = [np.array([[1 - a, b], [a, 1 - b]]) for a, b in zip(p01, p10, strict=True)]
    keys = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.uint8)
    found = _confusion(keys, keys, np.array(p01), np.array(p10))
    np.testing.assert_allclose(found, np.kron(*single), rtol=1e-12, atol=1e-29)


def test_a_ghz_state_of_twelve_bits_is_mended_in_the_subspace_of_observed_keys():
    n_bits, shots = 12, 20_000
    p01, p10 = np.full(n_bits, 0.01), np.full(n_bits, 0.04)
    bits = noisy({"0" * n_bits: 0.5, "1" * n_bits: 0.5}, shots, p01, p10)
    raw = np.mean(np.all(bits == bits[:, :1], axis=1))
    quasi = mitigate(*tally(bits), p01, p10)
    assert raw < 0.8
    assert quasi["0" * n_bits] + quasi["1" * n_bits] == pytest.approx(1, abs=0.03)
    assert sum(quasi.values()) == pytest.approx(1)


def test_solving_in_the_subspace_without_storing_the_matrix_gives_the_same():
    p01, p10 = np.full(11, 0.03), np.full(11, 0.06)
    rng = np.random.default_rng(5)
    keys, numbers = tally((rng.random((3000, 11)) < 0.3).astype(np.uint8))
    direct = mitigate(keys, numbers, p01, p10)
    found = _iterate(keys, numbers / numbers.sum(), p01, p10)
    np.testing.assert_allclose(found, list(direct.values()), atol=1e-6)


@pytest.mark.parametrize("wrong", [-0.01, 0.5, float("nan")])
def test_an_error_rate_that_cannot_be_undone_is_refused(wrong):
    with pytest.raises(ReadoutError, match="assignment error"):
        mitigate(np.zeros((1, 1), np.uint8), np.ones(1, np.int64), np.array([wrong]), np.array([0.0]))


@given(st.lists(st.floats(-0.2, 1.0), min_size=1, max_size=12).filter(lambda x: abs(sum(x)) > 0.1))
@settings(max_examples=100, deadline=None)
def test_the_nearest_probabilities_are_probabilities(values):
    quasi = {format(k, "04b"): v / sum(values) for k, v in enumerate(values)}
    near = nearest_probabilities(quasi)
    assert min(near.values()) > 0
    assert sum(near.values()) == pytest.approx(1)


def test_probabilities_are_their_own_nearest():
    assert nearest_probabilities({"0": 0.25, "1": 0.75}) == pytest.approx({"0": 0.25, "1": 0.75})


@pytest.mark.parametrize("n_bits", [0, 1, 8, 20, 63, 64, 65, 130])
def test_a_tally_counts_each_row(n_bits):
    rng = np.random.default_rng(n_bits)
    few = (rng.random((4, n_bits)) < 0.5).astype(np.uint8)
    rows, numbers = tally(few[rng.integers(0, 4, 500)])
    assert numbers.sum() == 500
    assert {row.tobytes() for row in rows} == {row.tobytes() for row in few}
    assert [row.tobytes() for row in rows] == sorted(row.tobytes() for row in rows)


def test_a_bit_has_the_readout_errors_of_the_qubit_that_it_tells_of_at_each_sweep_point():
    """At the first point q0 is overwritten by q1, at the second one the other way round."""
    errors = {f"{q}.readout.{e}": Estimate(0.1 if q == "q0" else 0.0) for q in ("q0", "q1") for e in ("p01", "p10")}
    bits, iq = np.zeros((2, 10, 1), np.uint8), np.zeros((2, 10, 4), complex)
    iq[0, :, 2:] = iq[1, :, :2] = np.nan
    result = Result(bits, iq, ((0, -1), (1, 0), (0, 0), (1, -1)), ("q0", "q1"), (0, 1), "0", Timing())
    first, second = undo_readout_errors(result, Parameters(errors)).quasi
    assert first["0"] == pytest.approx(1)
    assert second["0"] == pytest.approx(1.125)
