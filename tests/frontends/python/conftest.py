"""A laboratory of transmons, open for all tests of what Python writes."""

import pytest

from qctl.run import Lab


@pytest.fixture(scope="session")
def lab():
    with Lab.open("transmon5", seed=5) as opened:
        yield opened
