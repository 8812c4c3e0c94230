"""The state machine is kept by the file itself, whoever opens it; crash policies are a table."""

from itertools import product

import apsw
import pytest
from job_world import ANN, PINNED, PROGRAM, bring, claim_of, segment, with_policy

from qctl.jobs.states import ACTIVE, MOST_ATTEMPTS, MOVES, OnCrash, State, after_crash


@pytest.fixture
def raw(store):
    """The same file, opened by somebody who does not know qctl."""
    other = apsw.Connection(str(store.path))
    yield other
    other.close()


def test_no_program_can_store_a_move_that_the_machine_does_not_have(store, raw):
    for before in set(State) - {State.INTERRUPTED}:
        job = bring(store, before)
        for after in {state for state in State if state is not before and (before, state) not in MOVES}:
            with pytest.raises(apsw.ConstraintError, match=r"never changes|no such move"):
                raw.execute("UPDATE job SET state = ? WHERE id = ?", (after.value, job))


REFUSED = [
    ("UPDATE job SET fence = 0", "only rise"),
    ("UPDATE job SET asked = '{}'", "what was asked never changes"),
    ("UPDATE job SET user = 'bob'", "what was asked never changes"),
    ("DELETE FROM job", "never changed"),
    ("UPDATE segment SET shots = 1", "never changed"),
    ("DELETE FROM segment", "never changed"),
    ("INSERT INTO segment VALUES (1, 0, 100, 1, 0, '', '{h}', x'')", "running attempt"),
    ("INSERT INTO segment VALUES (1, 0, 0, 100, 1, '', '{h}', x'')", "follows the last one"),
    ("INSERT INTO segment VALUES (1, 0, 50, 100, 1, '', '{h}', x'')", "follows the last one"),
    ("REPLACE INTO segment VALUES (1, 0, 0, 100, 1, '', '{h}', x'')", "follows the last one"),
    ("INSERT INTO result VALUES (1, '{h}', 1)", "a job that ends"),
    ("UPDATE journal SET actor = 'nobody'", "never changed"),
    ("DELETE FROM journal", "never changed"),
    ("INSERT INTO move VALUES ('DONE', 'QUEUED')", "moves are fixed"),
    ("UPDATE submission_key SET job = 2", "never changed"),
    ("UPDATE program SET text = ''", "never changed"),
]


def test_the_file_refuses_what_would_change_history(store, raw):
    bring(store, State.RUNNING)
    store.submit(ANN, PROGRAM, "key")
    for statement, said in REFUSED:
        with pytest.raises(apsw.ConstraintError, match=said):
            raw.execute(statement.replace("{h}", "a" * 64))


def test_a_job_begins_in_the_queue(store, raw):
    bring(store, State.QUEUED)
    columns = ", ".join(row[1] for row in raw.execute("PRAGMA table_info(job)"))
    values = columns.replace("id", "99", 1).replace("state", "'RUNNING'")
    with pytest.raises(apsw.ConstraintError, match="begins in the queue"):
        raw.execute(f"INSERT INTO job ({columns}) SELECT {values} FROM job")


TABLE = [
    ("QUEUED", "QUEUED", "QUEUED", "QUEUED"),
    ("HELD", "HELD", "HELD", "HELD"),
    ("PREPARING", "QUEUED", "QUEUED", "QUEUED"),
    ("RUNNING", "QUEUED", "QUEUED", "INTERRUPTED"),
    ("FINALIZING", "FINALIZING", "FINALIZING", "FINALIZING"),
    ("CANCELLING", "CANCELLED", "CANCELLED", "CANCELLED"),
]


@pytest.mark.parametrize(("state", "resume", "restart", "never"), TABLE)
def test_a_crash_leaves_each_job_where_its_policy_says(store, state, resume, restart, never):
    wanted = {"resume": resume, "restart": restart, "never": never}
    jobs = {policy: bring(store, State(state), with_policy(policy)) for policy in wanted}
    store.recover(PINNED)
    assert {policy: store.job(job).state for policy, job in jobs.items()} == wanted
    done = {policy: store.job(job).shots_done for policy, job in jobs.items()}
    rounds = {policy: store.job(job).round for policy, job in jobs.items()}
    if state == "RUNNING":
        assert done == {"resume": 100, "restart": 0, "never": 100}
        assert rounds == {"resume": 0, "restart": 1, "never": 0}
        assert len(store.segments(jobs["never"], 0)) == 1  # readable, and flagged by the state


def test_the_table_covers_every_active_state():
    assert {row[0] for row in TABLE} == {state.value for state in ACTIVE}


@pytest.mark.parametrize(("newest", "gap", "kept"), [(PINNED, 1.0, 100), ("8-aaaaaaaa", 1.0, 0), (PINNED, 601.0, 0)])
def test_shots_count_together_only_with_the_same_parameters_and_a_short_gap(store, clock, newest, gap, kept):
    job = bring(store, State.RUNNING)
    clock.move(gap)
    store.recover(newest)
    found = store.job(job)
    assert (found.state, found.shots_done, found.round) == (State.QUEUED, kept, 0 if kept else 1)
    assert found.parameters_id == (PINNED if kept else "")


def test_what_was_stored_of_an_earlier_round_is_kept_apart(store):
    job = bring(store, State.RUNNING, with_policy("restart"))
    store.recover(PINNED)
    (claim,) = store.claim(1, 30.0)
    store.start([(claim, PINNED)])
    for first in (0, 100, 200):
        store.add_segments([segment(job, first, fence=claim.fence, round_=1)])
    store.finish(claim_of(store, job), "a" * 64, 1)
    assert store.job(job).state is State.DONE
    assert len(store.segments(job, 0)) == 1


@pytest.mark.parametrize(("state", "end"), [(State.PREPARING, State.FAILED), (State.RUNNING, State.INTERRUPTED)])
def test_a_job_that_kills_the_machine_gets_three_attempts(store, state, end):
    job = store.submit(ANN, PROGRAM).job
    for attempt in range(MOST_ATTEMPTS):
        (claim,) = store.claim(1, 30.0)
        assert store.job(job).attempt == attempt + 1
        if state is State.RUNNING:
            store.start([(claim, PINNED)])
        store.recover(PINNED)
    assert store.job(job).state is end


def test_a_job_that_makes_progress_is_no_poison(store):
    job = store.submit(ANN, PROGRAM).job
    for first in (0, 100, 200):
        for _ in range(MOST_ATTEMPTS - 1):
            store.claim(1, 30.0)
            store.recover(PINNED)
        (claim,) = store.claim(1, 30.0)
        store.start([(claim, PINNED)])
        store.add_segments([segment(job, first, fence=claim.fence)])
        store.recover(PINNED)
    assert store.job(job).state is State.FINALIZING


def test_crash_policies_never_invent_a_move():
    for state, policy, attempts, same in product(ACTIVE, OnCrash, range(5), (True, False)):
        after, _ = after_crash(state, policy, attempts, same_parameters=same)
        assert after is state or (state, after) in MOVES
