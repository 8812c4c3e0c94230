"""Laws of the planner: nothing runs beside its rival, everything possible gets its turn, and it always ends."""

import math
from dataclasses import replace

import pytest
from fake_world import CHAIN, START, TRANSMON5, node, world_of
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.calibrate.dependencies import LOST, Dependencies
from qctl.calibrate.drift import Drift
from qctl.calibrate.planner import View, choices, expected_error, explain, own_gain, plan
from qctl.calibrate.progress import HOUR, Record, first_records
from qctl.calibrate.report import Standing, State
from qctl.calibrate.targets import chosen
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters

TARGETS = chosen(TRANSMON5, ())


def view_of(nodes, known=None, records=None, now=START, **settings):
    known = known or world_of(nodes).known
    by_name, dependencies = {one.name: one for one in nodes}, Dependencies.of(nodes, TRANSMON5, TARGETS)
    records = records or first_records(by_name, dependencies.needs, known, from_scratch=True)
    return View(
        laboratory=TRANSMON5, nodes=by_name, known=known, records=records, drift=Drift(),
        dependencies=dependencies, now=now, **settings,
    )  # fmt: skip


@st.composite
def worlds(draw):
    """Return nodes that need earlier ones, and which (node, target, try) fail."""
    n = draw(st.integers(1, 7))
    nodes = []
    for k in range(n):
        needs = draw(st.lists(st.sampled_from([f"n{j}" for j in range(k)]), unique=True, max_size=2)) if k else []
        kind = draw(st.sampled_from([Target.QUBIT, Target.COUPLING, Target.LINE]))
        width = draw(st.integers(1, 5))
        curvature = draw(st.sampled_from([0.0, 1e-6, 1e-4]))
        nodes.append(
            node(
                f"n{k}", f"x{k}", needs=needs, kind=kind, curvature=curvature,
                claims=lambda lab, known, target, width=width: frozenset({hash(target) % width, target}),
            )
        )  # fmt: skip
    unlucky = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, 4)), max_size=6))
    flaky = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, 4), st.integers(0, 3)), max_size=6))
    return tuple(nodes), unlucky, flaky


def played(nodes, fails):
    """Play until the planner has enough; return the last view, and all steps."""
    view, steps = view_of(nodes), []
    while found := plan(view):
        choice, now = found[0], view.now + 2.0
        records, known = dict(view.records), view.known
        for target in choice.targets:
            key = (choice.node, target)
            if fails(key, len(records[key].passes) + len(records[key].failures)):
                records[key] = records[key].rejected(now, "noise")
                continue
            names = [f"{target}.{one.name}" for one in view.nodes[choice.node].finds]
            before = {name: known.estimates[name].error for name in names}
            after = {name: max(1.0, 0.05 * min(error, 400.0)) for name, error in before.items()}
            known = known.replaced({name: Estimate(0.0, error, "", now) for name, error in after.items()})
            records[key] = records[key].accepted(now, before, after)
        view = replace(view, records=view.dependencies.spread(records), known=known, now=now)
        steps.append(choice)
        assert len(steps) <= 6 * len(records), "it does not end"
    return view, steps


@settings(max_examples=80, deadline=None)
@given(worlds())
def test_it_ends_isolates_failures_and_starves_nobody(world):
    nodes, unlucky, flaky = world

    def fails(key, n_before):
        place = int(key[0][1:]), TARGETS[view.nodes[key[0]].kind].index(key[1])
        return place in unlucky or (*place, n_before) in flaky

    view = view_of(nodes)
    view, steps = played(nodes, fails)
    for choice in steps:
        claims = [view.nodes[choice.node].claims(TRANSMON5, view.known, target) for target in choice.targets]
        assert sum(map(len, claims)) == len(frozenset().union(*claims)), "two rivals ran together"
    for key, record in view.records.items():
        place = int(key[0][1:]), TARGETS[view.nodes[key[0]].kind].index(key[1])
        if place in unlucky:
            assert record.state.standing in LOST
        if record.state.standing is Standing.QUARANTINED:
            assert len(record.failures) == 3
        elif record.state.standing is Standing.SKIPPED:
            assert view.dependencies.obstacle(key, view.records)[1], "skipped without a need that is lost"
        else:
            assert record.state.standing is Standing.GOOD, "starved"
        assert len(record.passes) <= 3


@settings(max_examples=40, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_no_step_runs_before_what_it_needs(world, random):
    nodes, _, _ = world
    view = view_of(nodes)
    _, steps = played(nodes, lambda key, n: random.random() < 0.2)
    done = set()
    for choice in steps:
        for target in choice.targets:
            for need in view.dependencies.needs[choice.node, target]:
                assert any(key in done for key in need.keys)
                assert need.some or all(key in done for key in need.keys)
            done.add((choice.node, target))


def good(view, *names, failures=()):
    """Return a view in which some nodes are good for all their targets."""
    records = {
        key: Record(State(Standing.GOOD), (START,)) if key[0] in names else record
        for key, record in view.records.items()
    }
    return replace(view, records=records)


def test_what_blocks_most_comes_first():
    first = plan(view_of(CHAIN))[0]
    assert first.node == "resonators"
    assert first.waiting == 28
    assert "28 steps wait for it" in explain(first)
    following = plan(good(view_of(CHAIN), "resonators", "spectroscopy", "rabi"))
    assert following[0].node == "ramsey"


def test_half_the_time_is_twice_the_benefit():
    pair = (node("slow", "x", curvature=1e-4), node("quick", "y", curvature=1e-4))
    view = view_of(pair, seconds={"slow": 2.0, "quick": 1.0})
    found = {one.node: one.rate for one in choices(view)}
    assert found["quick"] == pytest.approx(2 * found["slow"])


def test_drift_brings_a_quantity_back_and_curvature_says_which():
    pair = (node("steep", "x", curvature=1e-4), node("flat", "y", curvature=1e-6))
    known = Parameters({f"q{k}.{q}": Estimate(100.0, 0.1, "", START) for k in range(5) for q in "xy"})
    view = good(view_of(pair, known), "steep", "flat")
    letters = {"steep": "x", "flat": "y"}
    records = {(n, t): replace(one, reached={f"{t}.{letters[n]}": 0.1}) for (n, t), one in view.records.items()}
    view = replace(view, records=records)
    assert plan(view) == ()
    later = replace(view, now=START + 86_400.0)
    assert [one.node for one in plan(later)] == ["steep"]
    gain = own_gain(("steep", "q0"), later)
    assert gain == pytest.approx(1e-4 * (1.0 + 0.01 - (0.3 * 0.1) ** 2))  # a day's drift is 1 % of 100


def test_a_pass_that_hardly_helped_is_not_repeated():
    record = Record(State(Standing.UNKNOWN)).accepted(START, {"q0.x": math.inf}, {"q0.x": 10.0})
    assert expected_error("q0.x", record) == pytest.approx(3.0)
    record = record.accepted(START, {"q0.x": 10.0}, {"q0.x": 2.0})
    assert expected_error("q0.x", record) == pytest.approx(0.4)
    record = record.accepted(START, {"q0.x": 2.0}, {"q0.x": 1.9})
    assert expected_error("q0.x", record) == 1.9
    assert record.tired(START + HOUR - 1)
    assert not record.tired(START + HOUR + 1)


def test_three_failures_in_an_hour_are_enough_and_slow_ones_are_not():
    record = Record(State(Standing.GOOD))
    for k in range(5):
        record = record.rejected(START + k * 2000.0, "noise")
        assert record.state.standing is Standing.SUSPECT
    record = record.rejected(START + 4 * 2000.0 + 10.0, "noise")
    assert record.state == State(Standing.QUARANTINED, "noise (3 tries)")


def test_one_good_part_is_enough_for_a_whole():
    nodes = (node("rabi", "amp"), node("trace", "delay", needs=("rabi",), kind=Target.LINE))
    view = view_of(nodes)
    records = {key: Record(State(Standing.QUARANTINED, "dead")) for key in view.records if key[0] == "rabi"}
    records |= {("trace", "feedline"): Record(State(Standing.UNKNOWN))}
    assert view.dependencies.spread(records)["trace", "feedline"].state.standing is Standing.SKIPPED
    records["rabi", "q4"] = Record(State(Standing.GOOD))
    assert view.dependencies.obstacle(("trace", "feedline"), records) == ("", False)


def test_a_step_that_a_target_does_not_have_holds_nobody_up():
    only = replace(node("flux_bias", "bias"), applies=lambda lab, target: target == "q0")
    view = view_of((only, node("ramsey", "f", needs=("flux_bias",))))
    assert [target for name, target in view.records if name == "flux_bias"] == ["q0"]
    assert {one.node: one.targets for one in choices(view)} == {
        "flux_bias": ("q0",),
        "ramsey": ("q1", "q2", "q3", "q4"),
    }


def test_what_comes_first_where_it_can_is_waited_for_but_not_needed():
    nodes = (node("drive_mixer", "gain"), replace(node("drag", "drag"), after=("drive_mixer",)))
    view = view_of(nodes)
    assert {one.node for one in choices(view)} == {"drive_mixer"}
    records = {
        key: Record(State(Standing.QUARANTINED, "dead")) if key[0] == "drive_mixer" else one
        for key, one in view.records.items()
    }
    assert view.dependencies.spread(records) == records
    assert {one.node for one in choices(replace(view, records=records))} == {"drag"}
