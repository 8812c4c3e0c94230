"""Compiled noise is the noise of its NumPy twin, bit for bit."""

import numpy as np
import pytest


def material(n_rows, n_samples, n_templates=3, seed=1):
    rng = np.random.default_rng(seed)
    templates = rng.normal(size=(n_templates, n_samples)).astype(np.float32)
    values = rng.normal(size=65536).astype(np.float32)
    return templates, rng.integers(0, n_templates, n_rows), values


def generator():
    return np.random.Generator(np.random.SFC64(5))


@pytest.mark.parametrize("n_rows", [0, 1, 3, 40])
@pytest.mark.parametrize("n_samples", [0, 1, 5, 1023, 4096, 9001])
def test_twins_agree_to_the_bit_and_take_as_many_numbers(twins, n_rows, n_samples):
    found, then = [], []
    for twin in twins:
        rng, out = generator(), np.full((n_rows, n_samples), np.nan, np.float32)
        twin.noisy_rows(*material(n_rows, n_samples), rng, out)
        found.append(out)
        then.append(rng.integers(0, 2**62))
    np.testing.assert_array_equal(*found)
    assert then[0] == then[1]


def test_what_does_not_fit_is_refused(twins):
    templates, which, values = material(4, 100)
    out = np.empty((4, 100), np.float32)
    for twin in twins:
        for wrong in (
            (templates[:, :99].copy(), which, values),
            (templates, which[:3], values),
            (templates, which, values[:9]),
        ):
            with pytest.raises(ValueError, match="do not fit"):
                twin.noisy_rows(*wrong, generator(), out)
        for template in (-1, 3):
            with pytest.raises(ValueError, match="beyond the 3 there are"):
                twin.noisy_rows(templates, np.full(4, template), values, generator(), out)
