"""Triggers in virtual time, against a slow and plain walk through every edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctl.instruments.mock.signals import PlayedStep, Player
from qctl.instruments.mock.timeline import Cable, Taker, period_of, segments, timeline

CABLE = Cable("master", 1, 8e-9)


def player(*steps, interval=20e-6, started=1, levels=(0.0, 1.0), wait="ITR", goto=None):
    """Return an AWG at 1 GS/s; each step is (length, samples at which marker 1 rises)."""
    played = tuple(
        PlayedStep(length, {1: np.zeros(length, np.float32)}, {1: np.array(edges, int)}, wait, (k + 1) % len(steps))
        for k, (length, edges) in enumerate(steps)
    )
    return Player(1e9, interval, played, started, {1: levels}, 0.7)


def slave(*lengths, first_step=0):
    return Taker(player(*((length, ()) for length in lengths), wait="ATR"), CABLE, 100e-9, first_step)


def test_slaves_follow_the_markers_that_are_there():
    line = timeline({"master": Taker(player((2400, [0]), (2400, [50]))), "slave": slave(2400, 2400)})
    assert line.period == 20e-6
    assert [shot.plays["slave"] for shot in line.shots] == [[(0, pytest.approx(108e-9))], [(1, pytest.approx(158e-9))]]
    assert line.n_lead == 0


def test_a_slave_that_gets_no_trigger_stays_behind():
    line = timeline({"master": Taker(player((2400, [0]), (2400, []))), "slave": slave(2400, 2400)})
    assert [[step for step, _ in shot.plays["slave"]] for shot in line.shots] == [[0], [], [1], []]


def test_a_slave_is_deaf_while_it_plays():
    edges = [0, 1000, 2500, 6000]
    line = timeline({"master": Taker(player((9000, edges))), "slave": slave(2400)})
    assert [start for _, start in line.shots[0].plays["slave"]] == pytest.approx([108e-9, 2608e-9, 6108e-9])


@pytest.mark.parametrize("levels", [(0.0, 0.6), (0.8, 1.0), (0.7, 1.0)])
def test_a_marker_that_does_not_cross_the_threshold_starts_nothing(levels):
    line = timeline({"master": Taker(player((2400, [0]), levels=levels)), "slave": slave(2400)})
    assert line.shots[0].plays["slave"] == []


def test_unequal_numbers_of_steps_come_round_together():
    line = timeline({"master": Taker(player((2400, [0]), (2400, [0]))), "slave": slave(2400, 2400, 2400)})
    assert len(line.shots) == 6
    assert [line.shot(n) for n in (5, 6, 13)] == [5, 0, 1]


def test_an_internal_trigger_that_comes_while_a_step_plays_is_lost():
    assert period_of(player((2400, [0]), interval=1e-6)) == pytest.approx(3e-6)
    assert period_of(player((2400, [0]), interval=2.4e-6)) == pytest.approx(2.4e-6)
    assert period_of(player((2400, [0]), wait="OFF")) == pytest.approx(2.4e-6)
    assert period_of(player((2400, [0]), wait="ATR")) is None


def taken(line, busy, n_segments=6, first_shot=0, missed=None):
    found = segments(line, CABLE, 0.7, n_segments, busy, first_shot, missed)
    return None if found is None else found.shots.tolist()


def test_a_digitizer_takes_every_shot_when_it_is_ready_again_in_time():
    line = timeline({"master": Taker(player((2400, [0])))})
    assert taken(line, 19.9e-6) == [0, 1, 2, 3, 4, 5]
    assert taken(line, 20e-6) == [0, 1, 2, 3, 4, 5]


def test_a_trigger_that_comes_before_re_arm_is_dropped_so_that_the_order_slips():
    line = timeline({"master": Taker(player((2400, [0]), (2400, [0])))})
    assert taken(line, 20.1e-6) == [0, 2, 4, 6, 8, 10]
    assert taken(line, 45e-6) == [0, 3, 6, 9, 12, 15]


def test_a_digitizer_without_triggers_waits_for_ever():
    assert taken(timeline({"master": Taker(player((2400, [])))}), 1e-6) is None


def test_a_digitizer_armed_late_begins_later():
    assert taken(timeline({"master": Taker(player((2400, [0])))}), 1e-6, 3, first_shot=7) == [7, 8, 9]


def test_a_missed_trigger_moves_all_segments_after_it():
    draws = iter([False, True, False, False, False])
    line = timeline({"master": Taker(player((2400, [0])))})
    assert taken(line, 1e-6, 4, missed=lambda: next(draws)) == [0, 2, 3, 4]


@given(
    edges=st.lists(st.lists(st.integers(0, 2399), max_size=3, unique=True).map(sorted), min_size=1, max_size=4),
    busy=st.integers(1, 70_000),
    first=st.integers(0, 5),
)
def test_segments_are_those_of_a_walk_edge_by_edge(edges, busy, first):
    line = timeline({"master": Taker(player(*((2400, e) for e in edges)))})
    found = segments(line, Cable("master", 1, 0.0), 0.7, 9, busy * 1e-9, first, None)
    if not any(edges):
        assert found is None
        return
    expected, free, shot = [], 0, first
    while len(expected) < 9:
        for edge in edges[shot % len(edges)]:
            if shot * 20_000 + edge >= free and len(expected) < 9:
                expected.append((shot, edge))
                free = shot * 20_000 + edge + busy
        shot += 1
    assert list(zip(found.shots.tolist(), np.rint(found.times * 1e9).astype(int).tolist(), strict=True)) == expected
