"""Leases, deadlines and keys end by a clock that nobody can set; the wall's clock is only shown."""

from dataclasses import replace

import pytest
from job_world import ANN, PINNED, PROGRAM, bring, claim_of

from qctl.jobs.moments import Moment
from qctl.jobs.states import State

YEARS = 10 * 365 * 86400.0


@pytest.mark.parametrize("jump", [0.0, YEARS, -YEARS])
def test_a_lease_ends_after_its_time_whatever_the_wall_clock_says(store, clock, jump):
    job = bring(store, State.PREPARING)
    clock.move(29.0, wall=jump)
    assert store.reap(PINNED) == []
    clock.move(2.0, wall=-jump)
    assert store.reap(PINNED) == [(job, State.PREPARING, State.QUEUED)]
    assert store.reap(PINNED) == []


def test_a_beat_prolongs_a_lease_but_not_that_of_an_older_attempt(store, clock):
    job = bring(store, State.RUNNING)
    old = claim_of(store, job)
    clock.move(20.0)
    store.beat([old], 30.0)
    clock.move(20.0)
    assert store.reap(PINNED) == []
    store.give_back(old, "the agent died")
    store.claim(1, 30.0)
    clock.move(20.0)
    store.beat([old], 300.0)
    clock.move(20.0)
    assert [moved[0] for moved in store.reap(PINNED)] == [job]


@pytest.mark.parametrize("jump", [0.0, YEARS, -YEARS])
def test_a_deadline_counts_the_seconds_that_passed(store, clock, jump):
    job = store.submit(ANN, replace(PROGRAM, deadline_s=60.0)).job
    clock.move(59.0, wall=jump)
    assert store.reap(PINNED) == []
    clock.move(2.0)
    assert store.reap(PINNED) == [(job, State.QUEUED, State.CANCELLED)]
    assert store.job(job).reason == "deadline: not finished within 60 s"


def test_order_is_that_of_acceptance_whatever_the_wall_clock_says(store, clock):
    for jump in (0.0, -YEARS, YEARS):
        clock.move(0.0, wall=jump)
        store.submit(ANN, PROGRAM)
    assert [claim.job for claim in store.claim(10, 30.0)] == [1, 2, 3]


def test_across_a_boot_only_the_wall_clock_is_left():
    before, after = Moment("one", 500.0, 1000.0), Moment("two", 3.0, 1060.0)
    assert after.since(before) == 60.0
    assert before.since(after) == 0.0
    assert Moment("one", 600.0, 0.0).since(before) == 100.0


def test_a_lease_of_another_boot_is_over(store, clock):
    job = bring(store, State.PREPARING)
    clock.move(-900.0, wall=1.0, boot="second boot")
    assert [moved[0] for moved in store.reap(PINNED)] == [job]


def test_a_key_is_known_for_thirty_days_and_more(store, clock):
    first = store.submit(ANN, PROGRAM, "key").job
    clock.move(30 * 86400.0)
    store.reap(PINNED)
    assert store.submit(ANN, PROGRAM, "key").job == first
    clock.move(20 * 86400.0)
    store.reap(PINNED)
    assert store.submit(ANN, PROGRAM, "key").created
