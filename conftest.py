"""Options and fixtures of tests and benchmarks."""

from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--shared", type=Path, default=None, help="folder with other projects' programs, vectors and references"
    )


@pytest.fixture(scope="session")
def shared(request) -> Path:
    """Return the folder of reference material; skip where nobody named it."""
    folder = request.config.getoption("--shared")
    if folder is None:
        pytest.skip("needs reference programs and vectors: name their folder with --shared")
    return folder.resolve()
