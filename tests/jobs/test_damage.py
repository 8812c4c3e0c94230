"""Bits that turn are found or harmless; copies are proven; what is put back goes on where it was."""

import random
import shutil

import apsw
import pytest
from job_world import ANN, PROGRAM, bring

from qctl.jobs import backup, verification
from qctl.jobs.disk import Disk
from qctl.jobs.errors import DamagedError, DiskFullError
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import FILE, SqliteJobStore
from qctl.jobs.states import State
from qctl.store import StoreError

N_FLIPS = 60


def content(folder):
    """Everything that a reader would believe."""
    with SqliteJobStore(folder) as store:
        store.verify()
        jobs = [store.job(job.id) for job in store.jobs()]
        return jobs, [store.segments(job.id, job.round) for job in jobs], store.events(limit=1000)


@pytest.fixture
def filled(tmp_path):
    folder = tmp_path / "filled"
    folder.mkdir()
    with SqliteJobStore(folder) as store:
        for state in (State.DONE, State.RUNNING, State.QUEUED, State.FAILED):
            bring(store, state)
    return folder


def test_every_flipped_bit_is_found_or_changes_nothing(filled, tmp_path):
    known, rng = content(filled), random.Random(3)
    whole = (filled / FILE).read_bytes()
    found = 0
    for flip in range(N_FLIPS):
        folder = tmp_path / str(flip)
        folder.mkdir()
        spoiled = bytearray(whole)
        spoiled[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        (folder / FILE).write_bytes(spoiled)
        try:
            assert content(folder) == known
        except (StoreError, DamagedError):
            found += 1
        shutil.rmtree(folder)
    assert found > 5


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE job SET reason = 'nothing happened' WHERE id = 2", "row of job j2"),
        ("UPDATE journal SET actor = 'nobody' WHERE id = 3", "line 3 of the journal"),
        ("DELETE FROM journal WHERE id = 3", "line 3 of the journal"),
        ("UPDATE segment SET data = x'00' WHERE job = 1 AND first = 0", "shots from 0 of job j1"),
        ("UPDATE program SET text = 'x q;'", "program"),
        ("UPDATE result SET sha256 = '" + "b" * 64 + "'", "result of job j1 is not the one"),
        ("DELETE FROM result", "result of job j1 is not the one"),
    ],
)
def test_whoever_edits_the_file_behind_the_triggers_is_found(filled, statement, said):
    _edit(filled, statement)
    with pytest.raises(DamagedError, match=said):
        content(filled)


def _edit(folder, statement):
    other = apsw.Connection(str(folder / FILE))
    for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {name}")
    other.execute(statement)
    other.close()


def test_after_a_crash_as_much_is_read_however_long_the_history_is(filled, monkeypatch):
    monkeypatch.setattr(verification, "RECENT", 10)
    with SqliteJobStore(filled) as store:
        with store.reading() as db:
            short = verification.recent(db)
        for _ in range(20):
            bring(store, State.DONE)
        with store.reading() as db:
            assert verification.recent(db) <= short + 10  # jobs that the end of the journal names
        assert store.verify() > 5 * short


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE segment SET data = x'00' WHERE job = 2", "shots from 0 of job j2"),
        ("UPDATE program SET text = 'x q;'", "program"),
        ("UPDATE job SET reason = 'nothing happened' WHERE id = 2", "row of job j2"),
        ("DELETE FROM journal WHERE id = (SELECT max(id) FROM journal) - 5", "of the journal"),
    ],
)
def test_what_goes_on_after_a_crash_is_read_before(filled, monkeypatch, statement, said):
    monkeypatch.setattr(verification, "RECENT", 10)
    monkeypatch.setattr("qctl.store.database.was_left_open", lambda path: True)
    SqliteJobStore(filled).close()
    _edit(filled, statement)
    with pytest.raises(DamagedError, match=said):
        SqliteJobStore(filled)


@pytest.mark.parametrize("compact", [False, True])
def test_a_copy_is_made_while_the_store_is_in_use_and_put_back_whole(filled, compact):
    known = content(filled)
    with SqliteJobStore(filled) as store:
        copy = backup.back_up(filled, compact=compact)
        later = store.submit(ANN, PROGRAM).job
    ResultFiles(filled)
    with pytest.raises(DamagedError, match="1 results that it names are not there"):
        backup.restore(filled, copy)
    result = ResultFiles(filled).path("a" * 64)
    result.parent.mkdir(exist_ok=True)
    result.write_bytes(b"")
    old = backup.restore(filled, copy)
    assert content(filled) == known
    assert old.exists()
    with SqliteJobStore(filled) as store:
        assert store.submit(ANN, PROGRAM).job == later
    assert backup.copies(filled) == [copy]


def test_a_damaged_copy_is_not_put_back(filled):
    copy = backup.back_up(filled)
    spoiled = bytearray(copy.read_bytes())
    spoiled[len(spoiled) // 2 :] = bytes(len(spoiled) - len(spoiled) // 2)
    copy.write_bytes(spoiled)
    known = content(filled)
    with pytest.raises((StoreError, DamagedError)):
        backup.restore(filled, copy)
    assert content(filled) == known


def test_scrubbing_names_what_is_not_what_was_written(filled):
    files = ResultFiles(filled)
    kept = files.keep(b"a result")
    assert [said.split(":")[0] for said in backup.scrub(filled)] == ["result aaaaaaaa"]  # the row's file is missing
    files.path(kept).chmod(0o644)
    files.path(kept).write_bytes(b"A result")
    assert len(list(backup.scrub(filled))) == 2


def test_below_the_floor_nothing_new_is_accepted(tmp_path):
    free = [100]
    disk = Disk(tmp_path, room=lambda folder: (1000, free[0]), ballast=4096)
    disk.refuse_when_full()
    free[0] = 49
    with pytest.raises(DiskFullError, match="accepted jobs are safe"):
        disk.refuse_when_full()


def test_the_ballast_takes_room_once_and_gives_it_back(tmp_path):
    disk = Disk(tmp_path, room=lambda folder: (10**6, 10**6), ballast=8192)
    disk.load()
    disk.load()
    assert disk.path.stat().st_blocks * 512 >= 8192
    assert disk.drop()
    assert not disk.drop()
    full = Disk(tmp_path, room=lambda folder: (10**6, 10), ballast=8192)
    full.load()
    assert not full.path.exists()
