"""The host loop keeps its order, its buffers and its deadlines."""

import gc

import numpy as np
import pytest

from qctl.control.loop import Loop, Parts, Turn, run_loop, run_parts
from qctl.core.errors import UsageError


def noting(said, clock=None):
    """A turn that says what is done, and whose steps take the time that ``clock`` says."""

    def step(name):
        def do(shot, *choice):
            said.append((name, shot, *choice))
            return shot % 3

        return do

    return Turn(*(step(name) for name in ("trigger", "fetch", "decide", "act", "finish")))


def test_every_shot_is_triggered_fetched_decided_and_acted_upon_in_this_order():
    said = []
    run_loop(noting(said), 4, 1.0)
    wanted = []
    for shot in range(4):
        wanted += [("trigger", shot), ("fetch", shot), ("decide", shot), ("act", shot, shot % 3), ("finish", shot)]
    assert said == wanted


@pytest.fixture
def slow_clock(monkeypatch):
    """Time that passes only where a test says."""
    time = [0]
    monkeypatch.setattr("qctl.control.loop.monotonic_ns", lambda: time[0])
    return time


def test_what_takes_longer_than_its_deadline_is_counted_and_marked(slow_clock):
    takes = [5e-3, 20e-3, 9e-3, 11e-3]

    def act(shot, choice):
        slow_clock[0] += round(takes[shot] * 1e9)

    nothing = lambda *_: None  # noqa: E731
    loop = run_loop(Turn(nothing, nothing, nothing, act, nothing), 4, 10e-3)
    assert loop.late.tolist() == [False, True, False, True]
    assert (loop.timing.deadlines, loop.timing.misses, loop.timing.discarded_segments) == (4, 2, 2)
    assert loop.timing.seconds["reaction max"] == pytest.approx(20e-3)
    assert loop.timing.seconds["reaction p50"] == pytest.approx(10e-3)


def test_waiting_for_the_answer_is_not_under_the_deadline(slow_clock):
    def wait(shot):
        slow_clock[0] += 10**9

    nothing = lambda *_: None  # noqa: E731
    loop = run_loop(Turn(wait, wait, nothing, nothing, wait), 3, 1e-3)
    assert loop.timing.misses == 0


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_rests_and_is_left_as_it_was(enabled):
    seen = []
    nothing = lambda *_: None  # noqa: E731
    (gc.enable if enabled else gc.disable)()
    try:
        run_loop(Turn(nothing, nothing, lambda shot: seen.append(gc.isenabled()), nothing, nothing), 2, 1.0)
        assert seen == [False, False]
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_an_error_ends_the_loop_and_the_collector_works_again():
    def fail(shot):
        raise RuntimeError("no answer")

    nothing = lambda *_: None  # noqa: E731
    with pytest.raises(RuntimeError):
        run_loop(Turn(nothing, fail, nothing, nothing, nothing), 2, 1.0)
    assert gc.isenabled()


def test_a_deadline_is_above_zero():
    with pytest.raises(UsageError, match="deadline"):
        run_loop(noting([]), 1, 0.0)


def test_no_shots_make_no_deadlines():
    assert run_loop(noting([]), 0, 1.0).timing.deadlines == 0
    assert not Loop(np.zeros(0, np.int64), np.zeros(0, np.int64), 1).late.any()


def test_a_late_decision_gives_its_shot_up_and_no_other(slow_clock):
    takes, said = {(0, 0): 1e-3, (1, 0): 20e-3, (2, 0): 2e-3, (2, 1): 3e-3}, []

    def act(shot, depth, part):
        said.append((shot, depth, part))
        slow_clock[0] += round(takes[shot, depth] * 1e9)

    def decide(shot, depth):
        return -1 if depth == (1 if shot < 2 else 2) else 7 + depth

    parts = Parts(lambda shot: None, lambda shot, depth: said.append((shot, depth)), decide, act)
    loop, late = run_parts(parts, 3, 5, 10e-3)
    assert late.tolist() == [False, True, False]
    assert said == [(0, 0), (0, 0, 7), (0, 1), (1, 0), (1, 0, 7), (1, 1), (2, 0), (2, 0, 7), (2, 1), (2, 1, 8), (2, 2)]
    assert loop.reactions.tolist() == [1_000_000, 20_000_000, 2_000_000, 3_000_000]
    assert (loop.timing.deadlines, loop.timing.misses) == (4, 1)
    assert not run_parts(parts, 3, 5, 10e-3, waits=True)[1].any()
