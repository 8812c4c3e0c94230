"""Jobs keep away from values that are doubted, unless they asked not to wait; new values reach what has not begun."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from job_world import ANN, PROGRAM
from queued import candidate, state

from qctl.daemon.calibration import Standing
from qctl.daemon.compiling import Compiling
from qctl.daemon.ready import Ready
from qctl.daemon.tasks import Tasks
from qctl.jobs.job import Claim
from qctl.jobs.packer import Packer, pack
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State

DOUBT = {"3": "a probe sees 30 % of wrong answers"}


def ready(job, *places, shots_done=0):
    info = {"parameters": 1, "parameters_id": "a", "circuit": "c", "period": 1e-3, "n_points": 1}
    return Ready(
        job, Claim(job.id, job.fence), SimpleNamespace(unlink=lambda missing_ok: None), info, places, shots_done
    )


@pytest.fixture
def store(tmp_path):
    with SqliteJobStore(tmp_path) as opened:
        yield opened


def claimed(store, **asked):
    number = store.submit(ANN, replace(PROGRAM, **asked)).job
    store.claim(1, 60.0)
    return store.job(number)


def test_another_place_is_taken_where_there_is_one(store):
    one = ready(claimed(store), candidate(3), candidate(7))
    one.doubt(DOUBT)
    assert [place.placement for place in one.request(0.0).candidates] == [(7,)]
    one.doubt({})
    assert [place.placement for place in one.request(0.0).candidates] == [(3,), (7,)]


def test_where_there_is_none_it_waits_with_the_reason(store):
    one = ready(claimed(store), candidate(2, 2))
    before = one.request(0.0)
    one.doubt({"9": "far away"})
    assert one.request(0.0) is before
    one.doubt(DOUBT)
    assert one.request(0.0).blocked == "3 is suspect and will be measured again: a probe sees 30 % of wrong answers"


def test_who_asked_for_it_does_not_wait(store):
    one = ready(claimed(store, stale_ok=True), candidate(3))
    one.doubt(DOUBT)
    assert not one.request(0.0).blocked
    assert one.request(0.0).candidates


def test_what_calibration_gave_up_is_used_by_nobody(store):
    one = ready(claimed(store, stale_ok=True), candidate(3))
    standing = Standing(given_up={"3": "no line was seen"})
    window = pack([one.request(0.0)], state(unavailable=standing.unavailable()))
    assert not window.grants
    assert window.waits["j1"] == "qubit 3 cannot be used: calibration gave it up: no line was seen"


class Lab:
    """Jobs that are claimed, and what was compiled anew."""

    def __init__(self, store, *jobs):
        self.jobs = Compiling(store, None, Packer(), None, Tasks(print), asyncio.Event())
        self.jobs.ready = {one.job.id: one for one in jobs}
        self.anew = []
        self.jobs._start = lambda claim: self.anew.append(claim.job)

    def hears(self, *news):
        for snapshot, changed, suspect in news:
            self.jobs.heard(snapshot, changed, suspect)
            asyncio.run(self.jobs.renew())
        return self.anew


def test_new_values_reach_what_relies_on_them_and_has_not_begun(store):
    near, far = ready(claimed(store), candidate(3)), ready(claimed(store), candidate(7))
    fixed = ready(claimed(store, parameters=1), candidate(3))
    assert Lab(store, near, far, fixed).hears((2, ["3"], {})) == [near.job.id]


def test_what_has_begun_goes_on_with_the_values_it_began_with(store):
    job = claimed(store)
    store.start([(Claim(job.id, job.fence), "1/a")])
    one = ready(job, candidate(3), shots_done=5)
    assert Lab(store, one).hears((2, ["3"], {})) == []
    assert store.job(job.id).state is State.RUNNING


def test_what_relied_on_a_wrong_value_begins_anew(store):
    job = claimed(store)
    store.start([(Claim(job.id, job.fence), "1/a")])
    lab = Lab(store, ready(job, candidate(3), shots_done=5))
    lab.hears((1, [], DOUBT), (2, ["3"], {}))
    found = store.job(job.id)
    assert (found.state, found.round, found.shots_done) == (State.QUEUED, job.round + 1, 0)
    assert "3 was found to be off" in found.reason
    assert not lab.jobs.ready


def test_what_turned_out_to_be_right_goes_on(store):
    job = claimed(store)
    store.start([(Claim(job.id, job.fence), "1/a")])
    lab = Lab(store, ready(job, candidate(3), shots_done=5))
    lab.hears((1, [], DOUBT), (2, ["8"], {}))
    assert store.job(job.id).state is State.RUNNING
