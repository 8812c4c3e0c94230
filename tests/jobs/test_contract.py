"""What every job store promises, whatever engine is behind it."""

import threading
from dataclasses import replace

import pytest
from job_world import ANN, BOB, OPERATOR, PINNED, PROGRAM, bring, claim_of, segment

from qctl.jobs.errors import (
    IllegalMoveError,
    InvalidJobError,
    KeyReusedError,
    QuotaError,
    StaleFenceError,
    UnknownJobError,
)
from qctl.jobs.request import JobClass
from qctl.jobs.states import FINAL, State

REACHABLE = [state for state in State if state is not State.INTERRUPTED]


def test_a_submission_comes_back_word_for_word(store):
    asked = replace(PROGRAM, priority=3, deadline_s=60.0, name="ünï ☃")
    found = store.job(store.submit(ANN, asked, "key").job)
    assert found.submission == asked
    assert (found.user, found.state, found.fence, found.shots_done) == ("ann", State.QUEUED, 0, 0)


def test_the_same_key_with_the_same_body_is_the_same_job(store):
    first = store.submit(ANN, PROGRAM, "key")
    again = store.submit(ANN, PROGRAM, "key")
    assert first.created
    assert not again.created
    assert again.job == first.job
    assert store.submit(BOB, PROGRAM, "key").created  # keys belong to users
    assert store.submit(ANN, PROGRAM).created  # without a key every call is a job
    assert store.submit(ANN, PROGRAM).created


def test_the_same_key_with_another_body_is_refused(store):
    store.submit(ANN, PROGRAM, "key")
    with pytest.raises(KeyReusedError, match="with another body than that of job j1"):
        store.submit(ANN, replace(PROGRAM, shots=301), "key")
    assert len(store.jobs()) == 1


def test_a_user_may_have_so_many_jobs_and_no_more(store):
    for _ in range(3):
        store.submit(ANN, PROGRAM, most_active=3)
    with pytest.raises(QuotaError, match="3 jobs of yours wait or run; allowed: at most 3"):
        store.submit(ANN, PROGRAM, most_active=3)
    store.cancel(ANN, 1)
    assert store.submit(ANN, PROGRAM, most_active=3).created


def test_urgent_jobs_are_claimed_first_then_users_take_turns(store):
    for _ in range(3):
        store.submit(ANN, PROGRAM)
    store.submit(BOB, PROGRAM)
    store.submit(BOB, replace(PROGRAM, priority=5))
    store.submit(ANN, replace(PROGRAM, job_class=JobClass.URGENT_CALIBRATION))
    assert [claim.job for claim in store.claim(10, 30.0)] == [6, 5, 1, 4, 2, 3]
    assert store.claim(10, 30.0) == []


def test_a_job_waits_for_those_it_needs(store):
    first = bring(store, State.FINALIZING)
    second = store.submit(ANN, replace(PROGRAM, after=(first,))).job
    assert store.claim(10, 30.0) == []
    store.finish(claim_of(store, first), "a" * 64, 1)
    assert [claim.job for claim in store.claim(10, 30.0)] == [second]


def test_a_job_whose_need_fails_is_cancelled_with_the_reason(store):
    first = bring(store, State.PREPARING)
    second = store.submit(ANN, replace(PROGRAM, after=(first,))).job
    third = store.submit(ANN, replace(PROGRAM, after=(second,))).job
    store.fail(claim_of(store, first), "compile", "it does not fit")
    store.reap(PINNED)
    store.reap(PINNED)
    assert [store.job(job).state for job in (second, third)] == [State.CANCELLED] * 2
    assert store.job(second).reason.startswith("needs: ")


def test_a_job_cannot_wait_for_another_users(store):
    store.submit(BOB, PROGRAM)
    for other in (1, 99):
        with pytest.raises(InvalidJobError, match=f"waits for j{other}, no job of yours"):
            store.submit(ANN, replace(PROGRAM, after=(other,)))
    assert store.submit(OPERATOR, replace(PROGRAM, after=(1,))).created


def test_running_is_stored_with_its_parameters_before_anything_is_triggered(store):
    job = bring(store, State.PREPARING)
    claim = claim_of(store, job)
    assert store.start([(claim, PINNED)]) == [claim]
    assert (store.job(job).state, store.job(job).parameters_id) == (State.RUNNING, PINNED)
    assert store.start([(claim, "other")]) == [claim]  # the next window of the same attempt keeps its parameters
    assert store.job(job).parameters_id == PINNED


def test_who_was_cancelled_meanwhile_is_not_started(store):
    job = bring(store, State.PREPARING)
    claim = claim_of(store, job)
    store.cancel(ANN, job)
    assert store.start([(claim, PINNED)]) == []


def test_shots_are_counted_once_and_complete_jobs_are_named(store):
    job = bring(store, State.RUNNING)
    assert store.add_segments([segment(job, 100)]) == []
    assert store.add_segments([segment(job, 200)]) == [job]
    assert [one.first for one in store.segments(job, 0)] == [0, 100, 200]
    store.finish(claim_of(store, job), "a" * 64, 10)
    assert (store.job(job).state, store.job(job).result) == (State.DONE, "a" * 64)


@pytest.mark.parametrize(
    "wrong", [{"first": 0}, {"first": 99}, {"first": 101}, {"fence": 0}, {"fence": 2}, {"round_": 1}]
)
def test_a_segment_that_is_not_the_next_of_the_running_attempt_is_refused_with_its_window(store, wrong):
    job, other = bring(store, State.RUNNING), bring(store, State.RUNNING)
    with pytest.raises(StaleFenceError):
        store.add_segments([segment(other, 100), segment(job, **{"first": 100, **wrong})])
    assert (store.job(job).shots_done, store.job(other).shots_done) == (100, 100)


def test_more_shots_than_asked_are_refused(store):
    job = bring(store, State.RUNNING)
    with pytest.raises(InvalidJobError, match="301 shots"):
        store.add_segments([segment(job, 100, shots=201)])


def test_an_attempt_that_is_over_cannot_end_the_next_one(store):
    job = bring(store, State.RUNNING)
    old = claim_of(store, job)
    store.give_back(old, "the agent died")
    (new,) = store.claim(10, 30.0)
    assert new.fence > old.fence
    for late in (lambda: store.fail(old, "x", "y"), lambda: store.finish(old, "a" * 64, 1)):
        with pytest.raises(StaleFenceError):
            late()
    assert store.start([(old, PINNED)]) == []
    assert store.job(job).state is State.PREPARING


@pytest.mark.parametrize("state", REACHABLE)
def test_cancel_leads_to_one_final_state_from_everywhere(store, state):
    job = bring(store, state)
    if state in FINAL - {State.CANCELLED}:
        with pytest.raises(IllegalMoveError, match=f"is {state.value} and cannot become CANCELLING"):
            store.cancel(ANN, job)
        return
    for _ in range(2):
        store.cancel(ANN, job)
    store.cancelled([job])
    store.cancelled([job])
    assert store.job(job).state is State.CANCELLED


@pytest.mark.parametrize("state", [State.QUEUED, State.PREPARING, State.RUNNING])
def test_a_held_job_does_not_run_until_it_is_resumed_and_keeps_its_shots(store, state):
    job = bring(store, state)
    done, old = store.job(job).shots_done, claim_of(store, job)
    store.hold(OPERATOR, job, "quarantine: q3")
    assert store.claim(10, 30.0) == []
    assert (store.job(job).reason, store.job(job).shots_done) == ("quarantine: q3", done)
    if state is State.RUNNING:
        with pytest.raises(StaleFenceError):
            store.add_segments([segment(job, done, fence=old.fence)])
    assert store.resume(OPERATOR, job) is State.QUEUED
    assert [claim.job for claim in store.claim(10, 30.0)] == [job]


def test_a_finished_job_cannot_be_held_or_resumed(store):
    job = bring(store, State.DONE)
    for wrong in (lambda: store.hold(OPERATOR, job, "why"), lambda: store.resume(OPERATOR, job)):
        with pytest.raises(IllegalMoveError):
            wrong()


def test_no_job_is_no_job(store):
    for asked in (lambda: store.job(1), lambda: store.cancel(ANN, 1), lambda: store.wait(1, 0.0)):
        with pytest.raises(UnknownJobError, match="no job j1"):
            asked()


def test_listing_goes_backwards_page_by_page(store):
    for k in range(5):
        store.submit(ANN if k % 2 else BOB, PROGRAM)
    store.cancel(ANN, 2)
    assert [job.id for job in store.jobs(limit=2)] == [5, 4]
    assert [job.id for job in store.jobs(limit=2, before=4)] == [3, 2]
    assert [job.id for job in store.jobs(user="ann")] == [4, 2]
    assert [job.id for job in store.jobs(states=[State.CANCELLED])] == [2]
    assert store.counts() == {"QUEUED": 4}


def test_the_journal_tells_who_did_what_in_order(store):
    job = bring(store, State.RUNNING)
    store.cancel(ANN, job, "no longer needed")
    said = [(event.actor.name, event.verb, event.before, event.after) for event in store.events(job=job)]
    assert said == [
        ("ann", "submit", "", "QUEUED"),
        ("qctl", "move", "QUEUED", "PREPARING"),
        ("qctl", "move", "PREPARING", "RUNNING"),
        ("ann", "move", "RUNNING", "CANCELLING"),
    ]
    last = store.events(job=job)[-1]
    assert last.detail["reason"] == "no longer needed"
    assert store.events(after=last.id) == []
    assert store.events(user="bob") == []


def test_wait_returns_when_the_job_has_ended(store):
    job = bring(store, State.CANCELLING)
    ending = threading.Timer(0.01, store.cancelled, [[job]])
    ending.start()
    assert store.wait(job, 10.0).state is State.CANCELLED
    ending.join()
    assert store.wait(bring(store, State.QUEUED), 0.0).state is State.QUEUED


def test_whoever_listens_hears_of_each_change(store):
    heard = threading.Event()
    stop = store.listen(heard.set)
    store.submit(ANN, PROGRAM)
    assert heard.wait(10.0)
    stop()
    heard.clear()
    store.submit(ANN, PROGRAM)
    store.note(ANN, "look")
    assert not heard.is_set()
