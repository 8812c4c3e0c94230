"""Every rule of acceptance, alone: what breaks it is rejected with a reason, what just keeps it is not."""

import dataclasses
import math

import numpy as np
import pytest
from fake_world import START, node

from qctl.calibrate.acceptance import confirmed, judge, said, worse
from qctl.calibrate.decision import weighed
from qctl.calibrate.drift import DAY, Drift
from qctl.calibrate.fits import Fit
from qctl.calibrate.node import Quantity
from qctl.calibrate.outcome import Outcome
from qctl.core.parameters import Estimate, Parameters

NODE = dataclasses.replace(
    node("ramsey", "frequency"),
    finds=(Quantity(name="frequency", low=4e9, high=6e9, floor=1e5),),
    largest_error=1e-3,
)
FIT = Fit(
    "cosine", ("frequency",), np.array([5e9]), np.array([[1e6]]), 1.0, 0.5, (), 20.0, True, "", np.arange(9.0),
    np.zeros(9), np.ones(9), np.zeros(9),
)  # fmt: skip
NOBODY = Parameters({"q0.frequency": Estimate(5.0e9, math.inf, "Hz")})
KNOWN = Parameters({"q0.frequency": Estimate(5.0e9, 1e3, "Hz", START - DAY)})
DRIFT = Drift({"q0.frequency": (1e5) ** 2 / DAY})


def outcome(value=5.0001e9, error=1e3, fit=FIT, **changes):
    return Outcome("q0", {"q0.frequency": Estimate(value, error, "Hz", START)}, (fit,), **changes)


def verdict(one, known=NOBODY):
    return judge(one, NODE, known, DRIFT, START)


def test_a_healthy_outcome_is_accepted():
    assert verdict(outcome()).accepted
    assert verdict(outcome(), KNOWN).accepted


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ok": False, "reason": "nothing but noise"}, "nothing but noise"),
        ({"ok": False, "reason": ""}, "does not believe itself"),
        ({"values": np.array([math.nan])}, "no finite value: frequency"),
        ({"covariance": np.array([[math.inf]])}, "do not determine"),
        ({"at_bound": ("frequency",)}, "at the edge"),
        ({"contrast": 2.9}, "nothing but noise"),
        ({"contrast": math.nan}, "nothing but noise"),
        ({"reduced_chi2": 3.1, "runs_p": 0.009}, "residuals are not noise"),
        ({"reduced_chi2": 0.29, "runs_p": 0.009}, "residuals are not noise"),
        ({"reduced_chi2": math.nan, "runs_p": math.nan}, "residuals are not noise"),
    ],
)
def test_a_fit_that_breaks_a_rule_is_rejected(change, reason):
    found = verdict(outcome(fit=dataclasses.replace(FIT, **change)))
    assert not found.accepted
    assert not found.jump
    assert reason in found.reason


@pytest.mark.parametrize("change", [{"contrast": 3.0}, {"reduced_chi2": 50.0, "runs_p": 0.02}, {"runs_p": 0.0}])
def test_a_fit_that_just_keeps_the_rules_is_accepted(change):
    assert verdict(outcome(fit=dataclasses.replace(FIT, **change))).accepted


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (Outcome("q0", reason="no oscillation seen"), "no oscillation seen"),
        (Outcome("q0"), "nothing was found"),
        (outcome(value=math.nan), "not a finite number"),
        (outcome(value=math.inf), "not a finite number"),
        (outcome(error=math.inf), "no finite error"),
        (outcome(error=0.0), "no finite error"),
        (outcome(error=math.nan), "no finite error"),
        (outcome(value=6e9), "does not lie between 4 GHz and 6 GHz"),
        (outcome(value=3.9e9), "does not lie between"),
        (outcome(error=5.1e6), "is known to ± 5.1 MHz only"),
        (outcome(covariances={("q0.frequency", "q0.t2"): math.nan}), "covariance is not finite"),
        (Outcome("q0", {"q1.frequency": Estimate(5e9, 1.0, "Hz")}), "is none of what ramsey finds"),
    ],
)
def test_a_value_that_breaks_a_rule_is_rejected(one, reason):
    found = verdict(one)
    assert not found.accepted
    assert reason in found.reason


def test_a_step_that_drift_explains_is_no_jump():
    assert verdict(outcome(value=5.0e9 + 4.9e5), KNOWN).accepted  # five times a day's drift of 100 kHz
    found = verdict(outcome(value=5.0e9 + 5.2e5), KNOWN)
    assert found.jump
    assert "would jump by 520 kHz" in found.reason
    assert verdict(outcome(value=5.0e9 + 5.2e5), NOBODY).accepted, "a guess that nobody measured is no reference"


def test_a_jump_onto_a_neighbour_says_so():
    known = KNOWN.replaced({"q1.frequency": Estimate(5.2e9, 1e3, "Hz")})
    assert "q1 is expected there" in verdict(outcome(value=5.2e9 + 1e5), known).reason


def test_an_angle_goes_the_short_way_round():
    turn = dataclasses.replace(NODE, finds=(Quantity(name="readout.rotation", low=-4.0, high=4.0, floor=0.1),))
    known = Parameters({"q0.readout.rotation": Estimate(3.1, 1e-3, "rad", START)})
    one = Outcome("q0", {"q0.readout.rotation": Estimate(-3.12, 1e-3, "rad", START)})
    assert judge(one, turn, known, Drift(), START).accepted


def test_a_jump_is_believed_when_a_second_run_agrees():
    first, near, far = outcome(5.1e9), outcome(5.1e9 + 4e3), outcome(5.1e9 + 5e3)
    jump = verdict(first, KNOWN)
    assert confirmed(first, near, jump, verdict(near, KNOWN)).accepted
    assert "a second run agrees" in confirmed(first, near, jump, verdict(near, KNOWN)).reason
    assert not confirmed(first, far, jump, verdict(far, KNOWN)).accepted
    silent = Outcome("q0", reason="no oscillation seen")
    assert "no oscillation seen" in confirmed(first, silent, jump, verdict(silent, KNOWN)).reason


def test_worse_means_by_more_than_two_standard_errors():
    assert not worse((0.10, 0.03), (0.19, 0.04))
    assert worse((0.10, 0.03), (0.21, 0.04))
    assert not worse((0.10, 0.03), (0.0, 0.01))
    assert worse((0.10, 0.03), (math.nan, 0.04))


def test_numbers_are_said_as_people_say_them():
    assert said(5.123456789e9, "Hz") == "5.12346 GHz"
    assert said(0.25, "") == "0.25"
    assert said(math.nan, "s") == "nan"
    assert said(2.0, "furlong") == "2 furlong"


def test_what_is_seen_is_weighed_with_what_was_known():
    curved = dataclasses.replace(
        NODE, finds=(dataclasses.replace(NODE.finds[0], curvature=lambda known, target: 1e-12),)
    )
    known = Parameters({"q0.frequency": Estimate(5.0e9, 1e3, "Hz", START, "ramsey")})

    def after(value, error=1e3, run="ramsey", node=curved):
        seen = Outcome("q0", {"q0.frequency": Estimate(value, error, "Hz", START, run)})
        return weighed(seen, node, known, Drift({"q0.frequency": 0.0}), START).found["q0.frequency"]

    both = after(5.0e9 + 2e3)
    assert both.value == pytest.approx(5.0e9 + 1e3)
    assert both.error == pytest.approx(1e3 / math.sqrt(2))
    assert after(5.0e9 + 5e3).value == 5.0e9 + 5e3, "it has moved"
    assert after(5.0e9 + 2e3, run="spectroscopy").value == 5.0e9 + 2e3, "another step asked"
    assert after(5.0e9 + 2e3, node=NODE).value == 5.0e9 + 2e3, "a choice is no estimate"
    assert after(5.0e9 + 2e3, error=1.0).value == pytest.approx(5.0e9 + 2e3, abs=0.1)
