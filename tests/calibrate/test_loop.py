"""The loop brings a laboratory up from guesses alone, keeps what is good, and gives up what cannot be helped."""

import dataclasses
import math
from itertools import pairwise

import pytest
from fake_world import CHAIN, START, calibrated, node, world_of

from qctl.calibrate.events import Finished, Judged, Planned, Quarantined, Started
from qctl.calibrate.outcome import Outcome
from qctl.calibrate.report import Standing
from qctl.core.errors import UsageError
from qctl.core.parameters import Estimate
from qctl.store import ParameterStore, Status, judged


def silence(honest):
    return Outcome(honest.target, reason="nothing but noise: a constant explains the points as well")


def shifted(by):
    def fault(honest):
        moved = {name: dataclasses.replace(one, value=one.value + by) for name, one in honest.found.items()}
        return dataclasses.replace(honest, found=moved)

    return fault


def test_everything_is_found_from_guesses_alone(tmp_path):
    world = world_of()
    report = calibrated(world, tmp_path)
    assert all(state.standing is Standing.GOOD for by in report.states.values() for state in by.values())
    for name, true in world.truth.items():
        found = report.known.estimates[name]
        assert abs(found.value - true) < 5 * found.error
        assert found.time > START
    assert report.stopped == "nothing more is worth its time"
    assert report.seconds == world.seconds


def test_neighbours_run_together_and_rivals_do_not(tmp_path):
    world = world_of()
    calibrated(world, tmp_path)
    asked = [targets for name, targets in world.log if name == "rabi"]
    assert set(asked[0]) == {"q0", "q1", "q2", "q3", "q4"}
    pairs = [targets for name, targets in world.log if name == "cz"]
    assert set(pairs[:2]) == {("q0-q1", "q2-q3"), ("q1-q2", "q3-q4")}


def test_the_first_snapshot_holds_guesses_and_the_last_what_is_believed(tmp_path):
    world = world_of()
    report = calibrated(world, tmp_path)
    with ParameterStore.open(tmp_path, "fake") as store:
        first = store.findings(1)
        assert {one.status for one in first.values()} == {Status.GUESS}
        assert first.keys() == world.truth.keys()
        assert store.snapshot() == report.known
        assert all(one.run for one in store.snapshot().estimates.values())
        store.verify()


def test_a_quantity_is_measured_again_until_gates_do_not_care(tmp_path):
    world = world_of()
    calibrated(world, tmp_path)
    passes = sum(name == "rabi" for name, _ in world.log)
    assert passes == 2  # an error of 8, then 1: curvature 1e-5 leaves nothing to gain


def test_what_cannot_be_brought_up_is_given_up_and_the_rest_goes_on(tmp_path):
    world, events = world_of(), []
    world.broken["rabi", "q3"] = silence
    report = calibrated(world, tmp_path, on_event=events.append)
    assert report.quarantined() == (("rabi", "q3", report.states["rabi"]["q3"].reason),)
    assert "nothing but noise" in report.states["rabi"]["q3"].reason
    tries = sum(name == "rabi" and "q3" in targets for name, targets in world.log)
    assert tries == 3
    skipped = {(name, t) for name, by in report.states.items() for t, s in by.items() if s.standing is Standing.SKIPPED}
    assert skipped == {("ramsey", "q3"), ("t1", "q3"), ("cz", "q2-q3"), ("cz", "q3-q4")}
    assert "rabi of q3" in report.states["cz"]["q2-q3"].reason
    (said,) = [event for event in events if isinstance(event, Quarantined)]
    assert set(said.skipped) == skipped
    good = [s for by in report.states.values() for t, s in by.items() if "q3" not in t]
    assert all(state.standing is Standing.GOOD for state in good)


def test_a_straggler_catches_up_so_that_later_steps_run_once_for_all(tmp_path):
    world = world_of()
    tries = iter(range(10))
    world.broken["spectroscopy", "q1"] = lambda honest: silence(honest) if next(tries) < 2 else honest
    calibrated(world, tmp_path)
    first = next(targets for name, targets in world.log if name == "rabi")
    assert set(first) == {"q0", "q1", "q2", "q3", "q4"}


def test_rejected_findings_are_kept_with_the_reason(tmp_path):
    world = world_of()
    world.broken["t1", "q2"] = lambda honest: Outcome("q2", {"q2.decay": Estimate(math.nan, 1.0)})
    calibrated(world, tmp_path)
    with ParameterStore.open(tmp_path, "fake") as store:
        rows = [one for one in store.history("q2.decay") if one.status is Status.REJECTED]
        assert len(rows) == 3
        assert all("not a finite number" in one.reason for one in rows)
        assert store.snapshot().estimates["q2.decay"].error == math.inf


def test_a_wrong_value_is_caught_by_the_verification_run(tmp_path):
    world, events = world_of(), []
    passes = iter(range(10))
    world.broken["rabi", "q2"] = lambda honest: shifted(30.0)(honest) if next(passes) else honest
    report = calibrated(world, tmp_path, on_event=events.append)
    first, *said = [e for e in events if isinstance(e, Judged) and (e.node, e.target) == ("rabi", "q2")]
    assert first.verdict.accepted
    assert len(said) == 3
    assert all("works worse than before" in one.verdict.reason for one in said)
    assert report.known.estimates["q2.amp"] == first.outcome.found["q2.amp"]
    assert report.states["rabi"]["q2"].standing is Standing.QUARANTINED


def test_good_stored_values_are_probed_and_not_measured_again(tmp_path):
    world = world_of()
    calibrated(world, tmp_path)
    world.log.clear()
    world.wait(3600.0)
    report = calibrated(world, tmp_path, from_scratch=False)
    assert {name for name, _ in world.log} == {"check_rabi", "check_ramsey", "check_cz"}
    assert all(state.standing is Standing.GOOD for by in report.states.values() for state in by.values())
    assert report.known.estimates["q0.amp"].time >= START + 3600.0
    assert report.known.estimates["q0.amp"].error < 3.0


def test_a_step_that_is_asked_for_again_is_measured_once_more_and_nothing_else(tmp_path):
    world = world_of()
    calibrated(world, tmp_path)
    world.log.clear()
    report = calibrated(world, tmp_path, from_scratch=False, again=("ramsey",))
    measured = [(name, qubit) for name, targets in world.log if not name.startswith("check") for qubit in targets]
    assert sorted(measured) == [("ramsey", name) for name in world.laboratory.qubits]
    assert all(state.standing is Standing.GOOD for by in report.states.values() for state in by.values())


def test_a_stored_value_that_a_probe_contradicts_is_measured_again(tmp_path):
    world = world_of()
    calibrated(world, tmp_path)
    world.log.clear()
    world.wait(7200.0)
    world.truth["q3.amp"] += 60.0
    report = calibrated(world, tmp_path, from_scratch=False)
    measured = {(name, targets) for name, targets in world.log if not name.startswith("check")}
    assert measured == {("rabi", ("q3",))}
    assert abs(report.known["q3.amp"] - world.truth["q3.amp"]) < 5.0
    assert any(step.kind == "probe" and "q3" in step.targets and "wrong answers" in step.why for step in report.steps)


def test_a_jump_needs_a_second_run_that_agrees(tmp_path):
    world = world_of()
    calibrated(world, tmp_path)
    world.wait(7200.0)
    world.truth["q1.amp"] += 60.0
    world.log.clear()
    events = []
    calibrated(world, tmp_path, from_scratch=False, on_event=events.append)
    (verdict,) = [e.verdict for e in events if isinstance(e, Judged) and e.node == "rabi"]
    assert verdict.accepted
    assert "a second run agrees" in verdict.reason
    assert sum(name == "rabi" for name, _ in world.log) == 2


def test_what_another_process_commits_meanwhile_is_kept(tmp_path):
    world = world_of()
    done = []

    def rival(_):
        with ParameterStore.open(tmp_path, "fake") as store:
            store.commit(judged({"q9.decay": Estimate(1.0 + len(done), 0.1)}), store.newest, "rival")
        done.append(1)

    world.before_answer = rival
    report = calibrated(world, tmp_path)
    assert report.known["q9.decay"] == len(done)
    with ParameterStore.open(tmp_path, "fake") as store:
        assert store.snapshot() == report.known
        assert all(math.isfinite(store.snapshot().estimates[name].error) for name in world.truth)


def test_no_step_is_begun_when_the_budget_is_spent(tmp_path):
    report = calibrated(world_of(), tmp_path, budget=5.0)
    assert "budget" in report.stopped
    assert 5.0 <= report.seconds < 7.0


def test_targets_bring_what_they_hang_on_and_nothing_else(tmp_path):
    world = world_of()
    calibrated(world, tmp_path, targets=("q1", "q2"))
    assert {t for _, targets in world.log for t in targets} == {"q1", "q2", "q1-q2"}
    with pytest.raises(UsageError, match="no target 'q7'"):
        calibrated(world, tmp_path, targets=("q7",))


def test_events_tell_a_story_in_order(tmp_path):
    events = []
    calibrated(world_of(), tmp_path, on_event=events.append)
    kinds = [type(event) for event in events]
    assert kinds.count(Planned) == kinds.count(Finished)
    for planned, started in pairwise(events):
        if isinstance(planned, Planned):
            assert isinstance(started, Started)
            assert (planned.step, planned.node) == (started.step, started.node)
            assert planned.why.startswith(planned.node)
    finished = [event for event in events if isinstance(event, Finished)]
    assert [event.step for event in finished] == list(range(1, len(finished) + 1))
    assert [event.total for event in finished] == sorted(event.total for event in finished)


def test_steps_that_need_each_other_are_refused(tmp_path):
    circle = (node("a", "x", needs=("b",)), node("b", "y", needs=("a",)))
    with pytest.raises(UsageError, match="need each other"):
        calibrated(world_of(circle), tmp_path, circle)
    orphan = (node("a", "x", needs=("nothing",)),)
    with pytest.raises(UsageError, match="needs 'nothing'"):
        calibrated(world_of(orphan), tmp_path, orphan)


def test_from_scratch_forgets_what_was_stored_but_keeps_its_history(tmp_path):
    calibrated(world_of(), tmp_path)
    with ParameterStore.open(tmp_path, "fake") as store:
        store.commit(judged({"q0.obsolete": Estimate(1.0, 0.1)}), store.newest, "")
    calibrated(world_of(seed=2), tmp_path)
    with ParameterStore.open(tmp_path, "fake") as store:
        assert "q0.obsolete" not in store.snapshot()
        assert store.history("q0.obsolete")
        assert len([one for one in store.history("q0.amp") if one.status is Status.GUESS]) == 2
    assert len(CHAIN) == 6
