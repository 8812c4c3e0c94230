"""Questions to a store have one answer, however they are looked up."""

import itertools
import random

import pytest
from job_world import ANN, BOB, OPERATOR, PROGRAM

from qctl.jobs import queries
from qctl.jobs.states import State


@pytest.fixture
def history(store):
    """A store with jobs of three users in several states."""
    rng = random.Random(1)
    for _ in range(30):
        actor = rng.choice([ANN, BOB])
        job = store.submit(actor, PROGRAM).job
        if move := rng.choice([None, store.cancel, store.hold]):
            move(actor, job, "a test")
    return store


@pytest.mark.parametrize("user", ["ann", "bob", "nobody"])
def test_lines_of_a_user_are_the_same_for_whoever_has_few_or_many_jobs(history, user, monkeypatch):
    lines = history.events(limit=1000)
    mine = [one for one in lines if one.job and history.job(one.job).user == user]
    for many, after in itertools.product((1, 10_000), (0, 17, lines[-1].id)):
        monkeypatch.setattr(queries, "MANY", many)
        found = history.events(user=user, after=after, limit=7)
        assert found == [one for one in mine if one.id > after][:7]


@pytest.mark.parametrize("states", [(), (State.CANCELLED,), (State.QUEUED, State.HELD), tuple(State)])
def test_jobs_of_some_states_are_those_of_all_that_are_in_one_of_them(history, states):
    everything = history.jobs()
    for user, before in itertools.product((None, "ann", OPERATOR.name), (None, 12)):
        wanted = [
            job
            for job in everything
            if user in (None, job.user) and (not states or job.state in states) and (before is None or job.id < before)
        ]
        assert history.jobs(user=user, states=states, before=before, limit=5) == wanted[:5]
