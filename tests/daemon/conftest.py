"""The API without instruments, once for all tests that only talk to it."""

import pytest
from api_world import serving


@pytest.fixture(scope="package")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("api")) as running:
        yield running
