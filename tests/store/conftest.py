"""Stores in folders of their own, and findings to put into them."""

import pytest

from qctl.core.parameters import Estimate
from qctl.store import ParameterStore, Status, judged


@pytest.fixture
def store(tmp_path):
    with ParameterStore.open(tmp_path, "transmon5") as opened:
        yield opened


@pytest.fixture
def found():
    """Return a function: values by name -> findings; the unit follows from the name."""

    def found(status=Status.ACCEPTED, reason="", **values):
        estimates = {f"q0.{name}": Estimate(value, 1e-6, "s", 1.0, "run 1") for name, value in values.items()}
        return judged(estimates, status, reason=reason, judge="test")

    return found
