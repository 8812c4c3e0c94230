"""How far counts may be from what was predicted."""

import numpy as np
import pytest

from qctl.conformance.statistics import distance, g_test, holm, sampling_noise


def test_the_distance_of_two_distributions_is_half_of_what_they_differ_by():
    assert distance({"0": 0.5, "1": 0.5}, {"0": 1.0}) == 0.5
    assert distance({"0": 1.0}, {"1": 1.0}) == 1.0


@pytest.mark.parametrize("weights", [(1,), (0.5, 0.5), (0.9, 0.08, 0.02), tuple(np.linspace(1, 5, 16))])
@pytest.mark.parametrize("n", [200, 1000])
def test_samples_are_hardly_ever_farther_from_their_own_distribution_than_chance_goes(weights, n):
    rng, p = np.random.default_rng(3), np.array(weights) / np.sum(weights)
    expected = {str(k): value for k, value in enumerate(p.tolist())}
    far = [distance(named(counts / n), expected) for counts in rng.multinomial(n, p, size=2000)]
    assert np.mean(np.array(far) > sampling_noise(expected, n) + 1e-12) < 0.012
    assert len(weights) == 1 or np.max(far) > sampling_noise(expected, n) / 2


def named(values):
    return {str(k): value for k, value in enumerate(values.tolist())}


def test_p_values_of_the_g_test_are_uniform_when_the_prediction_is_right():
    rng, p = np.random.default_rng(4), np.array([0.4, 0.3, 0.15, 0.1, 0.03, 0.02])
    chances = [g_test(named(counts), named(p)) for counts in rng.multinomial(2000, p, size=1000)]
    for edge in (0.05, 0.2, 0.5, 0.9):
        assert np.mean(np.array(chances) < edge) == pytest.approx(edge, abs=0.04)


def test_the_g_test_finds_a_prediction_that_is_wrong_and_outcomes_that_cannot_be():
    assert g_test({"0": 600, "1": 400}, {"0": 0.5, "1": 0.5}) < 1e-6
    assert g_test({"0": 999, "1": 1}, {"0": 1.0}) == 0.0
    assert g_test({"0": 1000}, {"0": 1.0, "1": 0.0}) == 1.0


def test_holm_corrects_each_p_value_by_how_many_are_no_smaller():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
