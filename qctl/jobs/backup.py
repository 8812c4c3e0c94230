"""Copies of a job store that are proven before they count, how one is put back, and the search for bits that turned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import apsw

from qctl.store import database

from . import verification
from .errors import DamagedError
from .results import ResultFiles
from .schema import VERSION
from .sqlite import FILE

FOLDER = "backups"
KEPT = 48
COMPACT = "-compact"


def back_up(folder: Path, *, compact: bool = False) -> Path:
    """Copy the job store of a state folder while it is in use; return the copy, verified.

    Parameters
    ----------
    compact : write every table anew, without free pages, instead of copying pages: what a page hides does not survive

    Raises
    ------
    StoreError, DamagedError
        When the copy cannot be made or is not whole; the copies before it stay.
    """
    kept = folder / FOLDER
    kept.mkdir(mode=0o700, exist_ok=True)
    kind, now = COMPACT if compact else "", time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    made = kept / f"jobs-{now}-{time.time_ns() % 10**9:09d}{kind}.sqlite"
    unfinished = made.with_suffix(".unfinished")
    with database.refusals(folder / FILE):
        source = database.open_reader(folder / FILE, VERSION)
        try:
            _copy(source, unfinished, compact)
        finally:
            source.close()
    verify_copy(unfinished)
    unfinished.rename(made)
    for old in copies(folder)[:-KEPT]:
        old.unlink()
    return made


def copies(folder: Path, *, compact: bool = False) -> list[Path]:
    """Return all copies, or those that are compact, oldest first."""
    return sorted((folder / FOLDER).glob(f"jobs-*{COMPACT if compact else ''}.sqlite"))


def verify_copy(path: Path) -> int:
    """Read a whole copy; return how many rows were checked."""
    with database.refusals(path):
        opened = database.open_reader(path, VERSION)
        try:
            return verification.everything(opened)
        finally:
            opened.close()


def restore(folder: Path, copy: Path) -> Path | None:
    """Put a copy in the place of the job store, which nobody may have open; return where the old one is kept.

    Raises
    ------
    DamagedError
        When the copy is not whole, or results that it names are missing; nothing was changed.
    """
    verify_copy(copy)
    missing = [sha256 for sha256 in _named(copy) if not ResultFiles(folder).path(sha256).exists()]
    if missing:
        raise DamagedError(f"{len(missing)} results that it names are not there, first {missing[0]}", where=str(copy))
    place, old = folder / FILE, folder / f"{FILE}.before-restore-{time.time_ns()}"
    fresh = folder / f"{FILE}.new"
    fresh.write_bytes(copy.read_bytes())
    if place.exists():
        place.rename(old)
        for log in (folder / f"{FILE}-wal", folder / f"{FILE}-shm"):
            if log.exists():
                log.rename(f"{old}{log.name.removeprefix(FILE)}")
    fresh.rename(place)
    return old if old.exists() else None


def scrub(folder: Path) -> Iterator[str]:
    """Read every row and every result file; yield a sentence for each that is not what was written."""
    with database.refusals(folder / FILE):
        opened = database.open_reader(folder / FILE, VERSION)
        try:
            verification.everything(opened)
        except DamagedError as error:
            yield str(error)
        finally:
            opened.close()
    files = ResultFiles(folder)
    for sha256 in {*files.kept(), *_named(folder / FILE)}:
        try:
            files.read(sha256)
        except DamagedError as error:
            yield str(error)


def _copy(source: apsw.Connection, path: Path, compact: bool) -> None:
    """Copy page by page under a read transaction: writers go on meanwhile."""
    target = apsw.Connection(str(path))
    try:
        with target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(256)
        target.pragma("journal_mode", "delete")  # one file, complete in itself
        if compact:
            target.execute("VACUUM")
        target.pragma("synchronous", 3)
    finally:
        target.close()


def _named(path: Path) -> list[str]:
    opened = database.open_reader(path, VERSION)
    try:
        rows: list[tuple[str]] = opened.execute("SELECT sha256 FROM result").fetchall()  # type: ignore[assignment]
        return [sha256 for (sha256,) in rows]
    finally:
        opened.close()
