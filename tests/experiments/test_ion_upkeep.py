"""Gates of ion pairs are looked after: what is left of centre lines and frames costs what the planner reckons."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest

from qctl.calibrate.dependencies import Dependencies
from qctl.calibrate.drift import DAY, Drift
from qctl.calibrate.planner import View, choices
from qctl.calibrate.progress import Record
from qctl.calibrate.report import Standing, State
from qctl.calibrate.targets import chosen
from qctl.calibrate.upkeep import PRICE, due
from qctl.compile import default_parameters
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.gates import matrix
from qctl.core.parameters import Estimate
from qctl.core.program import Op
from qctl.experiments.ions.ms import centre_curvature, frame_curvature, split_curvature
from qctl.experiments.ions.ms_phases import about_z
from qctl.experiments.nodes import nodes_of

PAIR = "q0-q1"
ERRORS = {"ms.centre": 6.0, "ms.split": 11.0, "ms.shift_a": 6e-3, "ms.shift_b": 6e-3}
VALUES = {"ms.centre": 110.0, "ms.split": 40.0, "ms.shift_a": -0.11, "ms.shift_b": -0.11}


@pytest.fixture(scope="module")
def laboratory():
    return read_laboratory(find_laboratory("ion8"))


@pytest.fixture(scope="module")
def later(laboratory):
    """Return a function: what is known some seconds after all steps went well, and gates were as good as they get."""
    known, nodes = default_parameters(laboratory), nodes_of(laboratory)
    found = {f"{pair}.{name}": VALUES[name] for pair in laboratory.couplings for name in VALUES}
    known = known.replaced({n: Estimate(v, ERRORS[n.partition(".")[2]], "", 0.0) for n, v in found.items()})
    dependencies = Dependencies.of(nodes, laboratory, chosen(laboratory, ()))

    def later(seconds, only=None):
        reached = {name: known.estimates[name].error for name in found}
        records = {
            key: Record(
                State(Standing.GOOD), (0.0,), reached={n: e for n, e in reached.items() if n.startswith(key[1])}
            )
            for key in dependencies.needs
        }
        usual = {f"{key[1]}.{q.name}": q.walk for key in records for q in _node(nodes, key[0]).finds if q.walk}
        return View(
            laboratory=laboratory, nodes={node.name: node for node in nodes}, known=known, records=records,
            drift=Drift(usual=usual), dependencies=dependencies, now=seconds, seconds={"ion_ms_phases": 160.0},
        )  # fmt: skip

    return later


def _node(nodes, name):
    return next(node for node in nodes if node.name == name)


def infidelity(off, frames, duration):
    """Return the average error of a gate whose tones are off (Hz, by ion), with frames off behind it (rad)."""
    turned = pi * duration * np.array(off)
    gate = matrix(Op.RXX, (pi / 2,))
    overlap = abs(np.trace(gate.conj().T @ about_z(turned + np.array(frames)) @ gate @ about_z(-turned))) ** 2
    return 1 - (overlap + 4) / 20


def test_curvatures_are_errors_of_gates_that_are_off(laboratory):
    known = default_parameters(laboratory)
    duration = known[f"{PAIR}.ms.duration"]
    d, angle = 0.01 / (pi * duration), 0.01
    assert infidelity((d, d), (0, 0), duration) == pytest.approx(centre_curvature(known, PAIR) * d**2, rel=1e-3)
    assert infidelity((d / 2, -d / 2), (0, 0), duration) == pytest.approx(split_curvature(known, PAIR) * d**2, rel=1e-3)
    assert infidelity((0, 0), (angle, 0), duration) == pytest.approx(frame_curvature(known, PAIR) * angle**2, rel=1e-3)


def rate(view):
    """Return what upkeep loses by not measuring gates of pairs, per second that it would take; 0 where it may not."""
    return max((one.rate for one in due(view, {}) if one.node == "ion_ms_phases"), default=0.0)


def test_pairs_that_drift_are_measured_again_within_days_and_not_within_the_hour(later):
    assert "ion_ms_phases" not in {one.node for one in choices(later(600.0))}
    assert "ion_ms_phases" in {one.node for one in choices(later(10 * DAY))}
    assert rate(later(0.05 * DAY)) < PRICE < rate(later(1 * DAY))


def test_pairs_whose_light_stood_still_would_lose_a_fraction_of_that(later):
    moving = later(10 * DAY)
    still = replace(moving, drift=Drift(speeds=dict.fromkeys(moving.drift.usual, 0.0)))
    assert 3 * rate(still) < rate(moving)
