"""Many callers share one commit; each is answered after it; a fault of the disk is the end of writing."""

import threading

import apsw
import pytest
from job_world import ANN, PROGRAM
from power import USUAL

from qctl.jobs.errors import KeyReusedError, ReadOnlyError
from qctl.jobs.sqlite import SqliteJobStore
from qctl.jobs.states import State
from qctl.store import StoreError


def test_callers_share_commits_and_one_that_fails_fails_alone(tmp_path):
    with SqliteJobStore(tmp_path) as store:
        commits = []
        store.submit(ANN, PROGRAM, "taken")
        store.write(lambda db: db.set_wal_hook(lambda *_: commits.append(1) or apsw.SQLITE_OK))
        stopped, going = threading.Event(), threading.Event()

        def slow(db):
            going.set()
            stopped.wait(10.0)

        first = store._write(slow)
        going.wait(10.0)
        commits.clear()
        good = [store.submit_soon(ANN, PROGRAM, f"key {k}") for k in range(20)]
        bad = store.submit_soon(ANN, type(PROGRAM)(program="other"), "taken")
        stopped.set()
        first.result()
        assert sorted(one.result().job for one in good) == list(range(2, 22))
        with pytest.raises(KeyReusedError):
            bad.result()
        assert 1 <= len(commits) <= 4
        assert len(store.jobs()) == 21


def test_an_answer_comes_after_its_commit(tmp_path):
    with SqliteJobStore(tmp_path) as store:
        order = []
        store.write(lambda db: db.set_wal_hook(lambda *_: order.append("commit") or apsw.SQLITE_OK))
        order.clear()
        store.submit_soon(ANN, PROGRAM).add_done_callback(lambda _: order.append("answer"))
    assert order == ["commit", "answer"]


class Failing(apsw.VFS):
    """The usual file system until it is told how to fail."""

    def __init__(self):
        self.write_error = self.sync_error = None
        self.syncs = 0
        super().__init__("failing", USUAL, makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802 (of apsw)
        return FailingFile(self, name, flags)


class FailingFile(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        self.disk = disk
        super().__init__(USUAL, name, flags)

    def xWrite(self, data, offset):  # noqa: N802 (of apsw)
        if self.disk.write_error:
            raise self.disk.write_error("as the test wants it")
        super().xWrite(data, offset)

    def xSync(self, flags):  # noqa: N802 (of apsw)
        self.disk.syncs += 1
        if self.disk.sync_error:
            error, self.disk.sync_error = self.disk.sync_error, None  # once: the next flush would seem to work
            raise error("as the test wants it")
        super().xSync(flags)


@pytest.fixture
def disk():
    made = Failing()
    yield made
    made.unregister()


def test_after_one_failed_flush_nothing_is_acknowledged_any_more(tmp_path, disk):
    told = []
    with SqliteJobStore(tmp_path, on_fault=told.append) as store:
        kept = store.submit(ANN, PROGRAM).job
        disk.sync_error = apsw.IOError
        with pytest.raises(StoreError, match="met a fault of the disk"):
            store.submit(ANN, PROGRAM)
        syncs = disk.syncs
        for _ in range(3):
            with pytest.raises(ReadOnlyError, match="no more writing after a fault of the disk"):
                store.submit(ANN, PROGRAM)
        assert disk.syncs == syncs  # a flush is never tried again
        assert len(told) == 1
        assert store.job(kept).state is State.QUEUED  # reading goes on
    with SqliteJobStore(tmp_path) as store:
        assert store.job(kept).submission == PROGRAM


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(tmp_path, disk):
    with SqliteJobStore(tmp_path) as store:
        kept = store.submit(ANN, PROGRAM).job
        disk.write_error = apsw.FullError
        with pytest.raises(StoreError, match="finds the disk full"):
            store.submit(ANN, PROGRAM)
        disk.write_error = None
        assert store.cancel(ANN, kept) is State.CANCELLED
        assert store.submit(ANN, PROGRAM).created
        assert store.verify() > 0
