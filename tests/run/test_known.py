"""Which parameters a laboratory starts with: stored ones, else those beside its file, else guesses."""

import pytest

from qctl.compile import default_parameters
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.run.known import known_parameters

OLD = "q0.flux.predistortion.amplitude_1"


@pytest.fixture(scope="module")
def laboratory():
    return read_laboratory(find_laboratory("transmon5"))


def test_what_is_beside_the_file_goes_before_guesses(laboratory):
    assert OLD not in default_parameters(laboratory)
    assert OLD in known_parameters(laboratory)


def test_one_stored_value_completes_what_is_beside_the_file(laboratory):
    found = known_parameters(laboratory, Parameters({"q0.t1": Estimate(1e-6, 1e-8, "s")}, 3))
    assert found["q0.t1"] == 1e-6
    assert found.number == 3
    assert OLD in found


def test_a_whole_stored_snapshot_stands_alone(laboratory):
    stored = Parameters({**default_parameters(laboratory).estimates, "q0.t1": Estimate(1e-6, 1e-8, "s")}, 4)
    found = known_parameters(laboratory, stored)
    assert found.estimates == stored.estimates, "an old exponential would bend every pulse of the line"
