"""A laboratory that drifts is kept good with little machine time, better than by a clock."""

import numpy as np
import pytest
from fake_world import calibrated, node, world_of

from qctl.calibrate.drift import DAY
from qctl.calibrate.loop import opened
from qctl.calibrate.maintain import Strategy, kept
from qctl.calibrate.planner import LEAST
from qctl.calibrate.targets import chosen
from qctl.calibrate.upkeep import Due, patience
from qctl.core.names import Target
from qctl.store import ParameterStore

HOUR = 3600.0
PAIR = (
    node("rabi", "amp", curvature=1e-3, check=True, best=0.1),
    node("ramsey", "f", needs=("rabi",), curvature=1e-3, check=True, best=0.1),
    node(
        "cz", "phase", needs=("ramsey",), kind=Target.COUPLING, curvature=1e-3, check=True, best=0.1,
        claims=lambda lab, known, target: frozenset(lab.couplings[target].pair),
    ),
)  # fmt: skip
CURVATURE = 1e-3
DAILY = 0.02  # standard deviation of a day's walk, relative; half as much is expected


def drifting(folder, strategy, seed, hours=3.0, jump=None, on_event=None):
    """Return the mean gate error of a target over some hours, the share of machine time, and the report."""
    world = world_of(PAIR, seed=seed)
    calibrated(world, folder, PAIR)
    world.speeds = {name: (DAILY * true) ** 2 / DAY for name, true in world.truth.items()}
    world.seconds, begun, errors = 0.0, world.now(), []

    def watch(cycle):
        wrong = {n: CURVATURE * (world.known[n] - true) ** 2 for n, true in world.truth.items()}
        errors.append(sum(wrong.values()) / len(wrong))
        if jump and world.now() - begun > jump[0] * HOUR and jump[1] in world.truth:
            world.truth[jump[1]] += jump[2]
            jump[1] = ""

    with ParameterStore.open(folder, "fake") as store:
        targets = chosen(world.laboratory, ())
        cycle = opened(world, store, PAIR, targets, False, LEAST, on_event or (lambda event: None))
        world.seconds = 0.0
        report = kept(cycle, hours * HOUR, strategy=strategy, watch=watch, every=900.0)
    return np.mean(errors), world.seconds / (hours * HOUR), report


def test_the_planner_is_nearly_as_good_as_always_fresh_and_better_than_a_clock(tmp_path):
    found = {strategy: drifting(tmp_path / strategy, strategy, seed=3) for strategy in made(tmp_path)}
    error = {strategy: mean for strategy, (mean, _, _) in found.items()}
    floor = 2e-4  # what gates lose anyhow, decoherence and the like
    assert error[Strategy.PLANNER] + floor < 1.2 * (error[Strategy.FRESH] + floor)
    assert error[Strategy.PLANNER] < 0.8 * error[Strategy.TIMER]
    assert error[Strategy.TIMER] < 0.7 * error[Strategy.NONE]
    assert found[Strategy.PLANNER][1] < 0.05
    assert found[Strategy.NONE][1] == 0


def made(folder):
    for strategy in Strategy:
        (folder / strategy).mkdir()
        yield strategy


def test_a_jump_is_noticed_by_a_probe_and_repaired(tmp_path):
    _, share, report = drifting(tmp_path, Strategy.PLANNER, seed=4, hours=1.0, jump=[0.4, "q3.amp", 30.0])
    noticed = next(k for k, step in enumerate(report.steps) if step.kind == "probe" and "wrong answers" in step.why)
    repaired = next(step for step in report.steps[noticed:] if step.node == "rabi" and "q3" in step.targets)
    assert repaired.verdicts[repaired.targets.index("q3")].accepted
    assert share < 0.05


def test_hours_end_when_they_are_over(tmp_path):
    _, _, report = drifting(tmp_path, Strategy.PLANNER, seed=5, hours=0.5)
    assert report.ended - report.started == pytest.approx(0.5 * HOUR, abs=5.0)
    assert report.stopped == "0.5 h are over"


def test_what_is_far_from_its_price_is_waited_for():
    def step(rate):
        return Due("rabi", ("q0",), "measure", rate, 1.0)

    assert patience((step(0.1),), price=0.05) == 0.0
    assert patience((step(0.01),), price=0.01) == 0.0
    assert patience((), price=0.05) == 600.0
    assert 20.0 <= patience((step(0.04),), price=0.05) <= patience((step(0.0001),), price=0.05) <= 600.0
