"""A damaged job store is read as far as it can be, and never written: the API says what is wrong and what to do."""

import asyncio
import time
from contextlib import suppress
from types import SimpleNamespace

import apsw
import pytest
from job_world import ANN, PROGRAM
from stack_world import Stack

from qctl.client import RefusedError
from qctl.config.find import find_laboratory
from qctl.daemon.alarms import Alarms
from qctl.daemon.housekeeping import Housekeeping
from qctl.jobs import backup
from qctl.jobs.errors import ReadOnlyError
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import FILE, SqliteJobStore


@pytest.fixture
def damaged(tmp_path):
    """Return a state folder with two jobs, of which one row was changed behind the triggers' back."""
    with SqliteJobStore(tmp_path) as store:
        for _ in range(2):
            store.submit(ANN, PROGRAM)
    other = apsw.Connection(str(tmp_path / FILE))
    for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {name}")
    other.execute("UPDATE job SET reason = 'nothing happened', state = 'PREPARING' WHERE id = 2")
    other.close()
    return tmp_path


def test_a_store_that_is_only_read_refuses_to_write_with_the_remedy(damaged):
    with SqliteJobStore(damaged, damage="row of job j2") as store:
        assert store.job(1).label == "j1"
        with pytest.raises(ReadOnlyError, match=r"row of job j2.*qctl jobs restore"):
            store.submit(ANN, PROGRAM)
        assert store.fault == "row of job j2"


def test_the_daemon_serves_reads_and_refuses_writes(damaged):
    whole = (damaged / FILE).read_bytes()
    stack = Stack(find_laboratory("transmon5"), damaged).start()
    try:
        stack.heard("ready")
        with stack.client() as daemon:
            status = daemon.status()
            assert not status["accepting"]
            assert status["windows"] == 0
            assert daemon.get("/v1/jobs/j1")["job"] == "j1"
            assert "row of job j2" in daemon.get("/v1/health")["store"][0]
            with pytest.raises(RefusedError, match="qctl jobs restore"):
                daemon.submit(PROGRAM.program, 10)
    finally:
        assert stack.stop() == 0
    assert (damaged / FILE).read_bytes() == whole


def keeping(store, work, until):
    """Let one of the chores run until something holds; return what it found."""

    alarms = Alarms()

    async def run():
        house = Housekeeping(store, SimpleNamespace(), SimpleNamespace(), alarms, asyncio.Event())
        task = asyncio.create_task(work(house))
        end = time.monotonic() + 20
        while not until(alarms):
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return list(alarms)

    return asyncio.run(run())


def test_copies_are_made_of_their_own_accord(tmp_path):
    with SqliteJobStore(tmp_path) as store:
        store.submit(ANN, PROGRAM)
        keeping(store, lambda house: house.keep_copies(0.02), lambda _: len(backup.copies(tmp_path)) > 1)
        assert {one.verb for one in store.events(limit=100)} >= {"back up"}
    assert all(backup.verify_copy(copy) for copy in backup.copies(tmp_path))


def test_what_turned_on_the_disk_is_found_without_anybody_asking(tmp_path):
    with SqliteJobStore(tmp_path) as store:
        files = ResultFiles(tmp_path)
        path = files.path(files.keep(b"a result"))
        path.chmod(0o644)
        path.write_bytes(b"A result")
        alarms = keeping(store, lambda house: house.read_all(0.01), lambda alarms: alarms)
    assert "result" in alarms[0]
