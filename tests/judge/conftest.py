"""Laboratories whose hidden truths are drawn."""

from pathlib import Path

import pytest

from qctl import config
from qctl.physics.twin import Twin
from qctl.run.known import known_parameters

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.fixture(scope="session")
def lab5():
    return config.read_laboratory(CONFIGS / "transmon5.yaml")


@pytest.fixture(scope="session")
def lab20():
    return config.read_laboratory(CONFIGS / "ideal20.yaml")


@pytest.fixture(scope="session")
def twin5():
    return config.read(CONFIGS / "twins" / "transmon5.yaml", Twin)


@pytest.fixture(scope="session")
def twin20():
    return config.read(CONFIGS / "twins" / "ideal20.yaml", Twin)


@pytest.fixture(scope="session")
def known5(lab5):
    return known_parameters(lab5)


@pytest.fixture(scope="session")
def known20(lab20):
    return known_parameters(lab20)
