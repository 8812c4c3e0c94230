"""A laboratory of transmons, open for the tests of one file."""

import pytest

from qctl.run import Lab


@pytest.fixture(scope="module")
def lab():
    with Lab.open("transmon5", seed=5) as opened:
        yield opened
