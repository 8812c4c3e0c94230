"""The compiled decision and its twin agree."""

import numpy as np
import pytest


@pytest.mark.parametrize("seed", range(5))
def test_twins_agree(twins, seed):
    rng = np.random.default_rng(seed)
    for _ in range(50):
        values, least = rng.normal(size=(2, 8))
        values[rng.random(8) < 0.1] = np.nan
        channels = np.full(5, -1, np.int32)
        n = rng.integers(6)
        channels[:n] = rng.integers(8, size=n)
        assert len({twin.code_of(values, least, channels) for twin in twins}) == 1


def test_answer_k_is_bit_k(twins):
    for twin in twins:
        values, channels = np.array([3.0, 0.0, 5.0]), np.array([2, 1, 0, -1], np.int32)
        assert twin.code_of(values, np.full(3, 2.5), channels) == 0b101
        assert twin.code_of(values, np.array([3.0, -1.0, 9.0]), channels) == 0b010  # what does not exceed is 0


def test_what_does_not_fit_is_refused(twins):
    for twin in twins:
        with pytest.raises(ValueError, match="fit"):
            twin.code_of(np.zeros(2), np.zeros(3), np.zeros(1, np.int32))
        with pytest.raises(ValueError, match="fit"):
            twin.code_of(np.zeros(2), np.zeros(2), np.array([2], np.int32))
