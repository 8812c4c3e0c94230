"""The compiled filters and their twins agree, and both with SciPy."""

import numpy as np
import pytest
from scipy.signal import lfilter, sosfilt

LENGTHS = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100, 5000]


def sections_of(n, seed=2):
    """Return corrections of exponentials of a few per cent, 10 ns to 30 us, sampled at 2 GS/s."""
    rng = np.random.default_rng(seed)
    alpha = 1 - np.exp(-1 / (2e9 * 10.0 ** rng.uniform(-8, -4.5, n)))
    k = rng.uniform(-0.05, 0.05, n)
    return np.stack([1 - k + k * alpha, -(1 - k) * (1 - alpha), alpha - 1], axis=1)


def run(twins, name, x, numbers):
    found = [np.full(len(x), np.nan) for _ in twins]
    for twin, out in zip(twins, found, strict=True):
        getattr(twin, name)(x, numbers, out)
    return found


@pytest.mark.parametrize("n_samples", LENGTHS)
@pytest.mark.parametrize("n_sections", [0, 1, 2, 3, 4, 5, 8, 9, 17])
def test_twins_agree_on_sections(twins, n_sections, n_samples):
    x = np.random.default_rng(n_samples).normal(size=n_samples)
    compiled, plain = run(twins, "filter_sections", x, sections_of(n_sections))
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-10)


@pytest.mark.parametrize("n_samples", LENGTHS)
@pytest.mark.parametrize("n_taps", [1, 2, 3, 7, 8, 9, 17, 25, 33, 40, 41, 101])
def test_twins_agree_on_taps(twins, n_taps, n_samples):
    rng = np.random.default_rng(n_samples)
    x, taps = rng.normal(size=n_samples), rng.normal(size=n_taps)
    compiled, plain = run(twins, "filter_fir", x, taps)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-12 * n_taps)


def test_both_agree_with_scipy(twins):
    x, sections = np.random.default_rng(3).normal(size=20_000), sections_of(8)
    sos = np.array([[b0, b1, 0, 1, a1, 0] for b0, b1, a1 in sections])
    for out in run(twins, "filter_sections", x, sections):
        np.testing.assert_allclose(out, sosfilt(sos, x), atol=1e-9)
    for out in run(twins, "filter_fir", x, sections[:, 0].copy()):
        np.testing.assert_allclose(out, lfilter(sections[:, 0], [1.0], x), atol=1e-12)


def test_a_section_and_its_inverse_give_the_input_back(twins):
    x, sections = np.random.default_rng(4).normal(size=3000), sections_of(4)
    b0, b1, a1 = sections.T
    inverse = np.stack([1 / b0, a1 / b0, b1 / b0], axis=1)
    for twin in twins:
        out, back = np.empty_like(x), np.empty_like(x)
        twin.filter_sections(x, sections, out)
        twin.filter_sections(out, inverse, back)
        np.testing.assert_allclose(back, x, atol=1e-9)


def test_sections_may_work_in_place(twins):
    x, sections = np.random.default_rng(5).normal(size=1003), sections_of(11)
    for twin in twins:
        out, same = np.empty_like(x), x.copy()
        twin.filter_sections(x, sections, out)
        twin.filter_sections(same, sections, same)
        np.testing.assert_array_equal(same, out)


@pytest.mark.parametrize("bad", [0, 5, 8, 21, 99])
def test_nan_and_infinity_spoil_what_comes_after_and_nothing_before(twins, bad):
    x = np.ones(100)
    for value in (np.nan, np.inf):
        x[bad] = value
        for out in run(twins, "filter_sections", x, sections_of(3)):
            assert np.isfinite(out).tolist() == [k < bad for k in range(100)]
        for out in run(twins, "filter_fir", x, np.full(10, 0.5)):
            assert np.isfinite(out).tolist() == [not bad <= k < bad + 10 for k in range(100)]


def test_a_nan_coefficient_is_not_lost(twins):
    sections = sections_of(3)
    sections[1, 2] = np.nan
    for out in run(twins, "filter_sections", np.ones(50), sections):
        assert np.isnan(out[1:]).all()
    for out in run(twins, "filter_fir", np.ones(50), np.array([1.0, np.nan])):
        assert np.isnan(out).tolist() == [False] + [True] * 49


def test_what_does_not_fit_is_refused(twins):
    x = np.zeros(10)
    for twin in twins:
        with pytest.raises(ValueError, match="fit"):
            twin.filter_sections(x, np.zeros((1, 2)), np.zeros(10))
        with pytest.raises(ValueError, match="fit"):
            twin.filter_sections(x, np.zeros((1, 3)), np.zeros(9))
        with pytest.raises(ValueError, match="fit"):
            twin.filter_fir(x, np.zeros(0), np.zeros(10))
        with pytest.raises(ValueError, match="share memory"):
            twin.filter_fir(x[1:], np.ones(2), x[:-1])
