"""Recursions and finer sampling are those of SciPy's signal package, which the racks do not load."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import lfilter, resample

from qctl.physics.ions.motion import finer
from qctl.physics.recursion import decaying, ringing

LENGTHS = [0, 1, 2, 3, 1000]


def noise(seed, *shape):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.mark.parametrize("n", LENGTHS)
def test_a_decay_is_a_filter_of_one_pole(n):
    x = noise(1, n).real
    np.testing.assert_allclose(decaying(x, 0.997), lfilter([1.0], [1.0, -0.997], x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", LENGTHS)
def test_a_ringing_goes_on_from_where_it_was(n):
    x, kept, step, before = noise(2, n), noise(2, n), np.exp(-0.003 + 0.2j), 2.0 - 1.0j
    expected = lfilter([1.0], [1.0, -step], x, zi=np.array([step * before]))[0] if n else x
    np.testing.assert_allclose(ringing(x, step, before), expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 1000])
def test_finer_samples_have_the_same_spectrum(n, factor):
    x = noise(n, 2, n)
    np.testing.assert_allclose(finer(x, factor), resample(x, factor * n, axis=1), rtol=0, atol=1e-13)


def test_a_rack_does_without_what_takes_long_to_load():
    ask = "import sys, qctl.instruments.mock.bench; print(*sorted({'scipy.signal', 'scipy.stats'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout == "\n"
