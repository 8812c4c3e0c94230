"""A tweezer array to play to."""

import pytest
from tweezers import Array, ideal


@pytest.fixture
def array():
    """Make an array whose truth is ideal but for what is named."""
    return lambda n=16, seed=1, **more: Array(ideal(n, **more), n, seed)
