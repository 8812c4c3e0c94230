"""The compiled classification and its twin agree."""

import numpy as np
import pytest


def run(twins, points, rotations, thresholds):
    found = [np.full(points.shape, 7, np.uint8) for _ in twins]
    for twin, out in zip(twins, found, strict=True):
        twin.classify(points, rotations, thresholds, out)
    return found


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 1), (7, 2), (100, 5)])
def test_twins_agree(twins, shape):
    rng = np.random.default_rng(1)
    points = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    rotations = np.exp(1j * rng.normal(size=shape[1]))
    compiled, plain = run(twins, points, rotations, rng.normal(size=shape[1]))
    np.testing.assert_array_equal(compiled, plain)


def test_a_point_on_the_threshold_is_0(twins):
    for out in run(twins, np.array([[0.5 + 9j, 0.5]]), np.ones(2, complex), np.array([0.5, 0.25])):
        assert out.tolist() == [[0, 1]]


def test_nan_counts_as_0(twins):
    points = np.array([[np.nan + 0j, 1.0]])
    for out in run(twins, points, np.ones(2, complex), np.zeros(2)):
        assert out.tolist() == [[0, 1]]


def test_what_does_not_fit_is_refused(twins):
    for twin in twins:
        with pytest.raises(ValueError, match="fit"):
            twin.classify(np.zeros((2, 3), complex), np.ones(2, complex), np.zeros(3), np.zeros((2, 3), np.uint8))
        with pytest.raises(ValueError, match="fit"):
            twin.classify(np.zeros((2, 3), complex), np.ones(3, complex), np.zeros(3), np.zeros((1, 3), np.uint8))
