"""Questions about a long history, and what durability costs: each against a named baseline in the same run.

The baseline of a question is the same one to a store with a hundredth of the jobs; that of a durable submission is
validating the same body and storing nothing.
"""

import pytest
from job_world import ANN, PROGRAM

from qctl.daemon import strict_json
from qctl.daemon.models import Submit
from qctl.jobs import rows, verification
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State

BODY = b'{"program": "OPENQASM 3; qubit q; bit c; h q; c = measure q;", "shots": 1000, "name": "one"}'


def finished(folder, number):
    """A store with so many jobs that were cancelled long ago."""
    store = SqliteJobStore(folder)

    def fill(db):
        now = store.clock.now()
        for _ in range(number):
            row = rows.read_row(db, rows.insert_job(db, ANN.name, PROGRAM, now))
            rows.note(db, now, ANN, "submit", job=row["id"])
            for state in ("CANCELLING", "CANCELLED"):
                row = rows.update(db, row, now, state=state)
                rows.note(db, now, ANN, "move", job=row["id"], after=state)

    store.write(fill)
    return store


@pytest.fixture(scope="module", params=[1_000, 100_000])
def history(request, tmp_path_factory):
    """A store with so many ended jobs, and 20 that wait."""
    with finished(tmp_path_factory.mktemp("history"), request.param) as store:
        for _ in range(20):
            store.submit(ANN, PROGRAM)
        yield store, request.param


QUESTIONS = {
    "a page": (lambda store, n: store.jobs(user=ANN.name, before=n // 2), 100),
    "everybody's newest": (lambda store, n: store.jobs(), 100),
    "two states": (lambda store, n: store.jobs(user=ANN.name, states=[State.DONE, State.QUEUED]), 20),
    "one job": (lambda store, n: [store.job(n // 2)], 1),
    "what happened to a job": (lambda store, n: store.events(job=n // 2), 3),
    "what happened to a user's jobs": (lambda store, n: store.events(user=ANN.name, after=n), 100),
    "how many in each state": (lambda store, n: store.counts(), 1),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_long_history(benchmark, history, question):
    ask, answers = QUESTIONS[question]
    assert len(benchmark(ask, *history)) == answers


def test_what_is_read_after_a_crash(benchmark, history):
    """Baseline: the same with a hundredth of the history."""
    store, _ = history
    with store.reading() as db:
        assert benchmark(verification.recent, db) > 20


def validated():
    strict_json.parse(BODY)
    return Submit.model_validate_json(BODY).submission()


def test_validating_a_submission(benchmark):
    assert benchmark(validated).shots == 1000


@pytest.mark.parametrize("at_once", [1, 64])
def test_durable_submissions(benchmark, tmp_path, at_once):
    """Time of ``at_once`` submissions that are waited for together."""
    with SqliteJobStore(tmp_path) as store:

        def submit():
            waiting = [store.submit_soon(ANN, validated(), most_active=10**9) for _ in range(at_once)]
            return [one.result() for one in waiting]

        assert len(benchmark(submit)) == at_once
