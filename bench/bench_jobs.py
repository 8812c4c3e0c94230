"""Listing a long history, and what durability costs: each against a named baseline in the same run.

The listing's baseline is the same page of a store with a hundredth of the jobs; that of a durable submission is
validating the same body and storing nothing.
"""

import pytest
from job_world import ANN, PROGRAM

from qctl.daemon import strict_json
from qctl.daemon.models import Submit
from qctl.jobs import rows, verification
from qctl.jobs.sqlite import SqliteJobStore

BODY = b'{"program": "OPENQASM 3; qubit q; bit c; h q; c = measure q;", "shots": 1000, "name": "one"}'


def finished(folder, number):
    """A store with so many jobs that were cancelled long ago."""
    store = SqliteJobStore(folder)

    def fill(db):
        now = store.clock.now()
        for _ in range(number):
            row = rows.read_row(db, rows.insert_job(db, ANN.name, PROGRAM, now))
            row = rows.update(db, row, now, state="CANCELLING")
            rows.update(db, row, now, state="CANCELLED")

    store.write(fill)
    return store


@pytest.mark.parametrize("number", [1_000, 100_000])
def test_a_page_of_a_long_history(benchmark, tmp_path, number):
    with finished(tmp_path, number) as store:
        found = benchmark(store.jobs, user=ANN.name, before=number // 2)
    assert len(found) == 100


@pytest.mark.parametrize("number", [1_000, 100_000])
def test_what_is_read_after_a_crash(benchmark, tmp_path, number):
    """Baseline: the same with a hundredth of the history."""
    with finished(tmp_path, number) as store:
        for _ in range(20):
            store.submit(ANN, PROGRAM)
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
