"""SQLite files that survive: how they are created, opened and checkpointed, and what their errors mean.

The settings are those under which power cuts lost nothing: WAL with a flush at each commit. A file that is *created*
so can still lose everything, since the unlink of its first rollback journal is not flushed: files are made under EXTRA
in a place of their own and get their name when they are complete.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import apsw

from .errors import StoreError

OLDEST = (3, 51, 3)  # up to 3.51.2 a reset of the WAL could corrupt a database
APPLICATION = 0x7163746C  # "qctl"
LOG_BYTES = 4_000_000
PATIENCE = 10_000  # ms to wait for another process that writes
WRITER: dict[str, str | int] = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "wal_autocheckpoint": 0,  # we checkpoint where an error can be answered
    "mmap_size": 0,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "recursive_triggers": 1,  # REPLACE may not delete behind the triggers' back
    "fullfsync": 1,  # macOS: a flush that reaches the disk
    "checkpoint_fullfsync": 1,
}
READER: dict[str, str | int] = {"query_only": 1, "mmap_size": 0, "trusted_schema": 0, "cell_size_check": 1}


def create(path: Path, schema: str, version: int) -> None:
    """Make an empty database with a schema; does nothing when there is one. It appears whole or not at all."""
    if path.exists():
        return
    with refusals(path), TemporaryDirectory(dir=path.parent, prefix="new-") as folder:
        unfinished = Path(folder) / path.name
        connection = _connection(unfinished, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        try:
            _set(connection, {"locking_mode": "exclusive", "synchronous": 3, "journal_mode": "wal"})
            marks = f"PRAGMA application_id={APPLICATION}; PRAGMA user_version={version};"
            connection.execute(f"BEGIN; {marks} {schema}; COMMIT")
        finally:
            connection.close()
        with suppress(FileExistsError):  # another process was faster; its file is as good
            path.hardlink_to(unfinished)
    _flush_folder(path.parent)


def open_writer(path: Path, version: int) -> apsw.Connection:
    """Open for writing, with every setting read back."""
    return _opened(path, apsw.SQLITE_OPEN_READWRITE, WRITER, version)


def open_reader(path: Path, version: int) -> apsw.Connection:
    """Open so that nothing can be written."""
    return _opened(path, apsw.SQLITE_OPEN_READONLY, READER, version)


def was_left_open(path: Path) -> bool:
    """Say whether a writer died, or lives: a clean end leaves no log behind."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def log_is_long(connection: apsw.Connection) -> bool:
    """Say whether the log has grown so far that it should be moved into the file."""
    log = Path(f"{connection.filename}-wal")
    return log.exists() and log.stat().st_size > LOG_BYTES


def checkpoint(connection: apsw.Connection) -> None:
    """Move the log into the file when it has grown; readers that still need it are not disturbed."""
    if log_is_long(connection):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)


@contextmanager
def transaction(connection: apsw.Connection, kind: str) -> Iterator[apsw.Connection]:
    """Commit everything or nothing; ``kind`` is DEFERRED for reading, IMMEDIATE for writing."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Say in words what SQLite and the operating system refuse."""
    try:
        yield
    except (apsw.Error, OSError) as reason:
        said, remedy = next((words for kind, words in _MEANINGS if isinstance(reason, kind)), ("failed", ""))
        raise StoreError(f"the store {said} ({reason})", where=str(path), remedy=remedy) from reason


_SAFE = "what was committed before is still there"
_DAMAGED = "keep the file as it is and restore a backup"
_MEANINGS: tuple[tuple[type[Exception], tuple[str, str]], ...] = (
    (apsw.FullError, ("finds the disk full", f"free some space; {_SAFE}")),
    (apsw.ReadOnlyError, ("may not write", f"check the permissions of the file and its folder; {_SAFE}")),
    (apsw.CantOpenError, ("cannot be opened", "check that the folder is there and may be written to")),
    (apsw.PermissionsError, ("may not be used", "check the permissions of the file and its folder")),
    (apsw.NotADBError, ("is no database", "name another folder with --state")),
    (apsw.CorruptError, ("is damaged", _DAMAGED)),
    (apsw.BusyError, ("is held by another process", "wait for it to end")),
    (apsw.LockedError, ("is held by another process", "wait for it to end")),
    (apsw.IOError, ("met a fault of the disk", f"look at the system's log before writing again; {_SAFE}")),
    (apsw.ConstraintError, ("refused a change of its history", "")),
    (OSError, ("cannot use its folder", "name another one with --state or QCTL_STATE_DIR")),
)


def _opened(path: Path, flags: int, settings: dict[str, str | int], version: int) -> apsw.Connection:
    connection = _connection(path, flags)
    try:
        _set(connection, settings)
        found = connection.pragma("application_id"), connection.pragma("user_version")
        if found != (APPLICATION, version):
            raise StoreError(
                f"a database of kind {found[0]:#x}, version {found[1]}",
                allowed=f"kind {APPLICATION:#x}, version {version}",
                where=str(path),
                remedy="use the qctl that made it, or another folder with --state",
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _connection(path: Path, flags: int) -> apsw.Connection:
    _refuse_old_sqlite(apsw.sqlite_lib_version())
    connection = apsw.Connection(f"file:{quote(str(path))}", flags=flags | apsw.SQLITE_OPEN_URI)
    connection.set_busy_timeout(PATIENCE)
    return connection


def _set(connection: apsw.Connection, settings: dict[str, str | int]) -> None:
    for name, value in settings.items():
        connection.pragma(name, value)
        found = connection.pragma(name)
        if found != value:
            raise StoreError(
                f"{name} is {found!r}", allowed=repr(value), where=connection.filename, remedy="use a local disk"
            )


def _refuse_old_sqlite(found: str) -> None:
    if tuple(map(int, found.split("."))) < OLDEST:
        allowed = ".".join(map(str, OLDEST))
        raise StoreError(f"SQLite {found}", allowed=f"{allowed} or newer", remedy="pip install --upgrade apsw")


def _flush_folder(folder: Path) -> None:
    """Make a new name survive a power cut; Windows needs and allows no such thing."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
