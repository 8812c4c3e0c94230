"""The compiled integration and its twin agree."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view


def inputs(n, m, s, seed=1):
    rng = np.random.default_rng(seed)
    codes = rng.integers(-32768, 32768, (n, 2, s), dtype=np.int16)
    return codes, rng.normal(size=(m, s)) + 1j * rng.normal(size=(m, s))


def run(twins, codes, weights):
    found = [np.full((len(codes), len(weights)), np.nan, np.complex128) for _ in twins]
    for twin, out in zip(twins, found, strict=True):
        twin.integrate(codes, weights, out)
    return found


def error(compiled, plain, codes, weights):
    """Return the largest difference as a fraction of what full-scale codes could have given."""
    scale = 32768 * np.abs(weights).sum(axis=1, initial=0.0) + 1e-300
    return np.max(np.abs(compiled - plain) / scale, initial=0.0)


@pytest.mark.parametrize("s", [0, 1, 2, 7, 15, 16, 17, 31, 255, 256, 257, 1000])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("m", [0, 1, 2, 3, 4, 5, 8, 9])
def test_twins_agree(twins, n, m, s):
    codes, weights = inputs(n, m, s)
    assert error(*run(twins, codes, weights), codes, weights) < 1e-7


def test_the_extreme_codes_do_not_overflow(twins):
    codes = np.full((3, 2, 5000), -32768, np.int16)
    weights = np.full((2, 5000), 1 - 1j)
    compiled, plain = run(twins, codes, weights)
    np.testing.assert_allclose(compiled, plain, rtol=1e-6)
    assert compiled[0, 0] == pytest.approx(-32768 * 2 * 5000)


def test_strided_shots_and_inputs_are_read_where_they_are(twins):
    codes, weights = inputs(6, 3, 40)
    wide = np.zeros((6, 4, 2, 60), np.int16)
    wide[:, 2, ::-1, 5:45] = codes
    compiled, plain = run(twins, wide[:, 2, ::-1, 5:45], weights)
    assert error(compiled, plain, codes, weights) < 1e-7
    np.testing.assert_allclose(plain, run(twins, codes, weights)[1])
    overlapping = sliding_window_view(codes[0], 8, axis=1).swapaxes(0, 1)
    assert error(*run(twins, overlapping, weights[:, :8].copy()), codes, weights[:, :8]) < 1e-7


def test_a_nan_weight_spoils_its_own_output_only(twins):
    codes, weights = inputs(4, 3, 300)
    weights[1, 123] = np.nan
    for out in run(twins, codes, weights):
        assert np.isnan(out).all(axis=0).tolist() == [False, True, False]
        assert np.isfinite(out[:, [0, 2]]).all()


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e9, 1e30])
def test_weights_of_any_size_keep_their_accuracy(twins, scale):
    codes, weights = inputs(5, 4, 500)
    weights *= scale
    assert error(*run(twins, codes, weights), codes, weights) < 1e-7


def test_states_told_from_the_compiled_sums_equal_those_of_float64(twins):
    rng = np.random.default_rng(5)
    s, tones = 1000, np.array([0.03, 0.07, 0.11, -0.05])
    weights = np.exp(-2j * np.pi * tones[:, None] * np.arange(s)) / s
    states = rng.integers(0, 2, (500, 4))
    signal = np.where(states, 250, 200) @ weights.conj() * s
    noise = rng.normal(scale=1500, size=(500, 2, s))
    codes = np.rint(np.stack([signal.real, signal.imag], axis=1) + noise).astype(np.int16)
    compiled, plain = run(twins, codes, weights)
    np.testing.assert_array_equal(compiled.real > 225, plain.real > 225)


def test_what_does_not_fit_is_refused(twins):
    codes, weights = inputs(2, 3, 10)
    out = np.zeros((2, 3), np.complex128)
    for twin in twins:
        for bad in [(codes[:, :, :9].copy(), weights, out), (codes, weights, out[:1]), (codes[:, :1], weights, out)]:
            with pytest.raises(ValueError, match="fit"):
                twin.integrate(*bad)
        with pytest.raises(ValueError, match="contiguous"):
            twin.integrate(codes[:, :, ::2], weights[:, :5].copy(), out)


def test_the_inputs_are_left_as_they_were(twins):
    codes, weights = inputs(3, 2, 50)
    before = codes.copy(), weights.copy()
    run(twins, codes, weights)
    np.testing.assert_array_equal(codes, before[0])
    np.testing.assert_array_equal(weights, before[1])
