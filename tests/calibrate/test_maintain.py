"""A laboratory that drifts is kept good with little machine time, better than by a clock."""

from dataclasses import replace

import numpy as np
import pytest
from fake_world import FINE, World, calibrated, far_off, node, world_of

from qctl.calibrate.drift import DAY
from qctl.calibrate.events import silent
from qctl.calibrate.loop import opened
from qctl.calibrate.maintain import REST, Strategy, kept
from qctl.calibrate.planner import LEAST
from qctl.calibrate.report import Standing
from qctl.calibrate.targets import chosen, touching
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
DAILY = 0.01  # standard deviation of a day's walk, relative


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
        report = kept(
            cycle, hours * HOUR, strategy=strategy, watch=watch, looks=np.arange(0.0, hours * HOUR, 900.0).tolist()
        )
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
    _, share, report = drifting(tmp_path, Strategy.PLANNER, seed=4, hours=1.5, jump=[0.6, "q3.amp", 30.0])
    noticed = next(k for k, step in enumerate(report.steps) if step.kind == "probe" and "wrong answers" in step.why)
    repaired = next(step for step in report.steps[noticed:] if step.node == "rabi" and "q3" in step.targets)
    assert repaired.verdicts[repaired.targets.index("q3")].accepted
    assert share < 0.05


def test_what_a_fine_step_cannot_mend_is_found_by_the_coarse_one_behind_it(tmp_path):
    world = far_off(tmp_path, "q3")
    with ParameterStore.open(tmp_path, "fake") as store:
        cycle = opened(world, store, FINE, chosen(world.laboratory, ()), False, LEAST, silent)
        report = kept(cycle, 600.0)
    assert report.states["fine"]["q3"].standing is Standing.GOOD
    assert world.known["q3.amp"] == pytest.approx(world.truth["q3.amp"], abs=1.0)
    steps = [name for name, targets in world.log if "q3" in targets and not name.startswith("check")]
    assert steps[:3] == ["fine", "rabi", "fine"]


class Restless(World):
    """A world in which one value leaps every few minutes, whatever is done."""

    def wait(self, seconds):
        before = self.time
        super().wait(seconds)
        if before // 300 != self.time // 300:
            self.truth["q3.amp"] += 60.0 * self.rng.choice((-1, 1))


def restless(folder, hours):
    world = world_of(PAIR, seed=6)
    calibrated(world, folder, PAIR)
    world.__class__ = Restless
    with ParameterStore.open(folder, "fake") as store:
        cycle = opened(world, store, PAIR, chosen(world.laboratory, ()), False, LEAST, silent)
        return kept(cycle, hours * HOUR)


def test_what_is_contradicted_after_three_measurements_in_an_hour_is_quarantined(tmp_path):
    report = restless(tmp_path, 1.5)
    times = [step.started for step in report.steps if step.node == "rabi" and "q3" in step.targets]
    assert len(times) == 2  # the first was that of the calibration before
    state = report.states["rabi"]["q3"]
    assert state.standing is Standing.QUARANTINED
    assert "wrong answers" in state.reason
    assert "3 times within an hour" in state.reason
    assert report.states["ramsey"]["q3"].standing is Standing.SKIPPED
    assert report.states["rabi"]["q1"].standing is Standing.GOOD  # the others go on
    assert any(step.started > max(times) and "q1" in step.targets for step in report.steps)


def test_what_was_quarantined_is_tried_again_after_two_hours(tmp_path):
    report = restless(tmp_path, 4.0)
    times = np.array([step.started for step in report.steps if step.node == "rabi" and "q3" in step.targets])
    assert REST < np.diff(times).max() < REST + 1200
    assert max(sum(0 <= later - one < HOUR for later in times) for one in times) == 3


@pytest.mark.parametrize("strategy", [Strategy.PLANNER, Strategy.TIMER])
def test_nothing_is_measured_more_than_three_times_an_hour_of_its_own_accord(tmp_path, strategy):
    _, _, report = drifting(tmp_path, strategy, seed=7, hours=2.0)
    for key in {(step.node, target) for step in report.steps for target in step.targets if step.kind == "measure"}:
        times = [s.started for s in report.steps if s.kind == "measure" and s.node == key[0] and key[1] in s.targets]
        assert max(sum(0 <= later - one < HOUR for later in times) for one in times) <= 3


def test_an_alarm_has_its_target_and_its_neighbours_probed_at_once(tmp_path):
    world = world_of(PAIR, seed=8)
    calibrated(world, tmp_path, PAIR)
    with ParameterStore.open(tmp_path, "fake") as store:
        cycle = opened(world, store, PAIR, chosen(world.laboratory, ()), False, LEAST, silent)
        cycle.alarmed.add("q3")
        before, start = len(cycle.steps), world.now()
        report = kept(cycle, 120.0)  # probes of their own accord come later, and their share of machine time first
    found = {(step.node, target) for step in report.steps[before:] for target in step.targets}
    assert {("check_rabi", "q3"), ("check_ramsey", "q3"), ("check_cz", "q2-q3"), ("check_cz", "q3-q4")} <= found
    assert all(step.kind == "probe" and step.started - start < 120.0 for step in report.steps[before:])
    assert not cycle.alarmed


def test_who_feels_what_happens_to_a_target_is_probed_with_it():
    lab = world_of(PAIR).laboratory
    assert touching(lab, "q1") == ("q1", "q0-q1", "q1-q2")
    assert touching(lab, "q1-q2") == ("q1-q2", "q1", "q2")
    assert touching(lab, "feedline") == ("feedline", *lab.qubits)


def test_hours_end_when_they_are_over(tmp_path):
    _, _, report = drifting(tmp_path, Strategy.PLANNER, seed=5, hours=0.5)
    assert report.ended - report.started == pytest.approx(0.5 * HOUR, abs=5.0)
    assert report.stopped == "0.5 h are over"


def test_what_is_far_from_its_price_is_waited_for():
    def step(rate):
        return Due("rabi", ("q0",), "measure", rate, 1.0, since=200.0)

    assert patience((step(0.1),), price=0.05) == 0.0
    assert patience((step(0.01),), price=0.01) == 0.0
    assert patience((), price=0.05) == 600.0
    assert patience((step(0.0125),), price=0.05) == pytest.approx(200.0)  # loss grows with the square of time
    assert patience((step(0.049),), price=0.05) == 20.0
    assert patience((step(0.0125), step(0.0001)), price=0.05) == pytest.approx(200.0)
    assert patience((step(0.0001),), price=0.05) == 600.0


def sharing_a_check():
    """Return two steps of one target that are tried out by the same check, and what is checked depends on both."""
    first, second = node("rabi", "amp", curvature=1e-3, best=0.1), node("ramsey", "f", curvature=1e-3, best=0.1)
    both = node("both", "amp", "f", check=True).check
    return replace(first, check=both), replace(second, check=both)


def repaired(folder, jump):
    """Return the steps of upkeep after a probe contradicted, and the calibration."""
    nodes = sharing_a_check()
    world = world_of(nodes, seed=9)
    calibrated(world, folder, nodes)
    world.wait(HOUR)
    world.truth["q3.f"] += jump
    with ParameterStore.open(folder, "fake") as store:
        cycle = opened(world, store, nodes, chosen(world.laboratory, ()), False, LEAST, silent)
        doubted = {key for key, one in cycle.records.items() if one.state.standing is Standing.SUSPECT}
        assert doubted == {("rabi", "q3"), ("ramsey", "q3")}
        known = cycle.undoubted()
        wide = world.known.estimates["q3.f"].error, known.estimates["q3.f"].error
        report = kept(cycle, 300.0, share=1.0)
    return [s for s in report.steps if s.kind == "measure" and "q3" in s.targets], report, wide


def test_one_culprit_that_was_repaired_is_enough(tmp_path):
    steps, report, _ = repaired(tmp_path, 60.0)
    accepted = [(step.node, verdict.accepted) for step in steps for verdict in step.verdicts if verdict.target == "q3"]
    assert accepted[-1] == ("ramsey", True)
    assert {report.states[name]["q3"].standing for name in ("rabi", "ramsey")} == {Standing.GOOD}


def test_what_a_probe_contradicts_is_asked_for_as_widely_as_the_probe_says(tmp_path):
    _, report, (wide, before) = repaired(tmp_path, 60.0)
    assert wide > 5 * before
    assert report.known.estimates["q3.f"].error < wide
    assert report.known.estimates["q3.amp"].error < wide / 5  # nobody doubts the innocent any more
