"""Options and fixtures of tests and benchmarks."""

import os
from pathlib import Path

import pytest

# Matrices are small here: threads of the linear algebra would wait for each other. Read when NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_addoption(parser):
    parser.addoption("--kill-rounds", type=int, default=20, help="how often a committing process is killed")
    parser.addoption("--crash-rounds", type=int, default=20, help="how often a process of the daemon is killed")
    parser.addoption("--api-calls", type=int, default=100, help="how many drawn requests the API is sent")
    parser.addoption("--power-cuts", type=int, default=1000, help="how often the power of a job store fails")
    parser.addoption(
        "--shared", type=Path, default=None, help="folder with other projects' programs, vectors and references"
    )
    parser.addoption("--reference-shots", type=int, default=4000, help="shots of each of other projects' programs")
    parser.addoption("--frames", type=int, default=320, help="serial frames that are exchanged over a noisy line")
    parser.addoption("--link-seeds", type=int, default=1, help="seeds with which six programs share wukong72")
    parser.addoption("--serve", action="append", default=[], help="laboratories that are served as a whole, by name")
    parser.addoption("--conformance", metavar="LAB", help="run the conformance kit on this laboratory, nothing else")
    parser.addoption("--shots", type=int, default=1000, help="shots of each program of the conformance kit")
    parser.addoption("--state", help="folder of the parameter store that the conformance kit takes values from")
    parser.addoption("--whole-bring-up", action="store_true", help="calibrate ions and atoms to the end, from scratch")
    parser.addoption("--sets", type=int, default=None, help="sets of points over which each rate of fits is counted")


def pytest_ignore_collect(collection_path, config):
    """Collect the kit for one laboratory when one is named, else everything but that."""
    kit = Path(__file__).parent / "tests" / "conformance" / "test_laboratory.py"
    if config.getoption("--conformance") is None:
        return True if collection_path == kit else None
    return collection_path != kit and collection_path not in kit.parents


@pytest.fixture(scope="session")
def shared(request) -> Path:
    """Return the folder of reference material; skip where nobody named it."""
    folder = request.config.getoption("--shared")
    if folder is None:
        pytest.skip("needs reference programs and vectors: name their folder with --shared")
    return folder.resolve()


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory):
    """Keep what tests store away from what their user has stored."""
    before = os.environ.get("QCTL_STATE_DIR")
    os.environ["QCTL_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))
    yield
    os.environ.pop("QCTL_STATE_DIR") if before is None else os.environ.update(QCTL_STATE_DIR=before)


@pytest.fixture(scope="session")
def frames(request):
    """Return how many serial frames are exchanged over a noisy line (``--frames``)."""
    return request.config.getoption("--frames")
