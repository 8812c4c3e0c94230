"""A mixer that happens to be perfect is no failure: errors are reckoned from a floor where a value may be 0."""

import pytest

from qctl.calibrate.acceptance import judge
from qctl.calibrate.drift import Drift
from qctl.calibrate.outcome import Outcome
from qctl.core.parameters import Estimate, Parameters
from qctl.experiments.readout_mixer import NODE


@pytest.mark.parametrize(("error", "accepted"), [(1.7e-3, True), (0.1, False)])
def test_a_phase_near_zero_is_accepted_when_it_is_known_well(error, accepted):
    found = {
        "feedline.mixer.phase": Estimate(-1.8e-4, error, "rad"),
        "feedline.mixer.offset_i": Estimate(1e-5, 2e-4),
    }
    verdict = judge(Outcome("feedline", found), NODE, Parameters({}), Drift(), 1.8e9)
    assert verdict.accepted is accepted, verdict.reason
