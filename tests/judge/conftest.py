"""Laboratories whose hidden truths are drawn."""

from pathlib import Path

import pytest

from qctl import config

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.fixture(scope="session")
def lab5():
    return config.read_laboratory(CONFIGS / "transmon5.yaml")


@pytest.fixture(scope="session")
def lab20():
    return config.read_laboratory(CONFIGS / "ideal20.yaml")
