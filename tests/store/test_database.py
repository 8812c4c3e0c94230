"""The file: its settings, its triggers, and what it says when the disk or a permission fails."""

import os

import apsw
import pytest

from qctl.core.parameters import Estimate
from qctl.store import ParameterStore, StoreError, database, judged
from qctl.store.schema import SCHEMA, VERSION

USUAL = apsw.vfs_names()[0]
CHANGES = judged({"q0.t1": Estimate(3e-5, 1e-6, "s")})


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "qctl.sqlite"
    database.create(made, SCHEMA, VERSION)
    return made


def test_a_created_file_is_complete_and_alone_in_its_folder(path):
    assert [entry.name for entry in path.parent.iterdir()] == ["qctl.sqlite"]
    assert path.stat().st_nlink == 1
    assert path.read_bytes()[18:20] == b"\x02\x02"  # the write-ahead log is a property of the file
    database.create(path, "no SQL: never run", VERSION)


def test_it_is_created_under_extra_and_exclusive(tmp_path, monkeypatch):
    seen = {}
    held = apsw.Connection.close

    class Watched(apsw.Connection):
        def close(self, *force):
            seen.update({name: self.pragma(name) for name in ("synchronous", "locking_mode", "journal_mode")})
            held(self, *force)

    monkeypatch.setattr(database.apsw, "Connection", Watched)
    database.create(tmp_path / "new.sqlite", SCHEMA, VERSION)
    assert seen == {"synchronous": 3, "locking_mode": "exclusive", "journal_mode": "wal"}


def test_the_writer_works_under_the_settings_that_survive_power_cuts(path):
    writer = database.open_writer(path, VERSION)
    asked = ("journal_mode", "synchronous", "wal_autocheckpoint", "mmap_size", "foreign_keys", "trusted_schema")
    found = {name: writer.pragma(name) for name in (*asked, "cell_size_check", "locking_mode")}
    writer.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "wal_autocheckpoint": 0,
        "mmap_size": 0,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "locking_mode": "normal",
    }


def test_the_reader_cannot_write(path):
    reader = database.open_reader(path, VERSION)
    assert reader.readonly("main")
    assert reader.pragma("query_only") == 1
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("DELETE FROM history")
    reader.close()


def test_an_old_sqlite_is_refused(path, monkeypatch):
    monkeypatch.setattr(database.apsw, "sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(StoreError, match=r"SQLite 3\.51\.2; allowed: 3\.51\.3 or newer; pip install"):
        database.open_reader(path, VERSION)


def test_a_store_of_another_version_or_program_is_refused(path):
    with pytest.raises(StoreError, match="version 1; allowed: kind 0x7163746c, version 2"):
        database.open_writer(path, 2)
    other = path.with_name("other.sqlite")
    apsw.Connection(str(other)).execute("CREATE TABLE t (a)")
    with pytest.raises(StoreError, match="kind 0x0"):
        database.open_reader(other, VERSION)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE history SET value = 1", "history is never changed"),
        ("DELETE FROM history", "history is never changed"),
        ("UPDATE snapshot SET note = 'other'", "snapshot is never changed"),
        ("DELETE FROM snapshot", "snapshot is never changed"),
        ("UPDATE content SET entry = NULL", "content is never changed"),
        ("DELETE FROM content", "content is never changed"),
        ("REPLACE INTO history SELECT * FROM ({history})", "added at its end"),
        ("REPLACE INTO snapshot SELECT * FROM snapshot", "follows the newest one"),
        ("REPLACE INTO content SELECT * FROM content", "content of a snapshot never changes"),
        ("INSERT INTO content VALUES ('transmon5', 'q0.t2', 1, 1)", "content of a snapshot never changes"),
    ],
)
def test_history_and_snapshots_never_change_whoever_opens_the_file(tmp_path, statement, said):
    with ParameterStore.open(tmp_path, "transmon5") as store:
        store.commit(CHANGES, 0, "first")
        store.commit(CHANGES, 1, "second")
    other = apsw.Connection(str(store.path))
    columns = ", ".join(row[1] for row in other.execute("PRAGMA table_info(history)"))
    statement = statement.replace("SELECT * FROM ({history})", f"SELECT {columns} FROM history")
    statement = statement.replace("INTO history ", f"INTO history ({columns}) ")
    with pytest.raises(apsw.ConstraintError, match=said):
        other.execute(statement)
    other.close()


class FullDisk(apsw.VFS):
    """The usual file system until ``left`` writes are used up; ``error`` says how the next one fails."""

    def __init__(self, left, error):
        self.left, self.error = left, error
        super().__init__("full disk", USUAL, makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802 (of apsw)
        return FullFile(self, name, flags)


class FullFile(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        self.disk = disk
        super().__init__(USUAL, name, flags)

    def xWrite(self, data, offset):  # noqa: N802 (of apsw)
        self.disk.left -= 1
        if self.disk.left < 0:
            raise self.disk.error("as the test wants it")
        super().xWrite(data, offset)


def test_a_full_disk_is_named_and_loses_nothing_wherever_it_happens(tmp_path):
    refused = 0
    for left in range(0, 40, 3):
        folder = tmp_path / str(left)
        folder.mkdir()
        with ParameterStore.open(folder, "transmon5") as store:
            store.commit(CHANGES, 0, "before")
        disk = FullDisk(left, apsw.FullError)
        try:
            with ParameterStore.open(folder, "transmon5") as store:
                for parent in (1, 2):
                    store.commit(CHANGES, parent, "on a full disk")
        except StoreError as error:
            assert "finds the disk full" in str(error)  # noqa: PT017 (some rounds have room enough)
            refused += 1
        finally:
            disk.unregister()
        with ParameterStore.open(folder, "transmon5") as store:
            assert store.verify() == 2 * store.newest
            assert store.commit(CHANGES, store.newest, "after") == store.newest
    assert 3 <= refused <= 13


def test_after_a_fault_of_the_disk_nothing_more_is_written(tmp_path):
    with ParameterStore.open(tmp_path, "transmon5") as store:
        store.commit(CHANGES, 0, "before")
    disk = FullDisk(2, apsw.IOError)
    store = ParameterStore.open(tmp_path, "transmon5")
    with pytest.raises(StoreError, match="met a fault of the disk"):
        store.commit(CHANGES, 1, "")
    disk.left = 1000
    with pytest.raises(StoreError, match="no more writing after a fault"):
        store.commit(CHANGES, 1, "")
    assert store.snapshot().number == 1
    store.close()
    disk.unregister()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with ParameterStore.open(tmp_path, "transmon5") as store, pytest.raises(StoreError, match="cannot use its folder"):
        store.commit(CHANGES, 0, "")
    tmp_path.chmod(0o700)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    store = ParameterStore.open(tmp_path / "none" / "qctl.sqlite", "transmon5")
    with pytest.raises(StoreError, match=r"none/qctl\.sqlite: the store cannot use its folder"):
        store.commit(CHANGES, 0, "")


def test_a_file_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    with ParameterStore.open(tmp_path, "transmon5") as store:
        store.commit(CHANGES, 0, "")
    opened = database._connection
    monkeypatch.setattr(database, "_connection", lambda path, _: opened(path, apsw.SQLITE_OPEN_READONLY))
    with ParameterStore.open(tmp_path, "transmon5") as store, pytest.raises(StoreError, match="may not write"):
        store.commit(CHANGES, 1, "")
