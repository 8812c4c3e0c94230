"""Whether a job store is what was written: all of it, or what a start after a crash relies on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import apsw

from qctl.store.rows import seal

from .errors import DamagedError
from .job import label
from .rows import JOURNAL, SELECT, checked

RECENT = 1000  # lines of the journal that are read after a crash: more than a log holds that was not moved yet


def everything(db: apsw.Connection) -> int:
    """Read the whole store; return how many rows were checked.

    Raises
    ------
    DamagedError
        When anything is not as it was written, or a line of the journal is missing.
    """
    said = [text for (text,) in db.execute("PRAGMA integrity_check")]
    if said != ["ok"]:
        raise DamagedError(f"the file is damaged ({said[0]})", where=db.filename, remedy="restore a backup")
    n_rows = _journal(db, 1, bytes(32))
    n_rows += len([checked(found) for found in db.execute(f"{SELECT} ORDER BY job.id")])
    n_rows += _segments(db, db.execute("SELECT job, first, sha256, data FROM segment"))
    n_rows += _programs(db, db.execute("SELECT hash, text FROM program"))
    _results(db, 0)
    return n_rows


def recent(db: apsw.Connection) -> int:
    """Read what has not ended, and the end of the journal with what it speaks of; return how many rows were checked.

    This is all that a crash can have left behind half done, and all that goes on from there: its cost does not grow
    with the history. Bits of the history that turn are found by `everything`.

    Raises
    ------
    DamagedError
        When anything of it is not as it was written.
    """
    last = int(db.execute("SELECT coalesce(max(id), 0) FROM journal").get)
    first = max(1, last - RECENT + 1)
    before: Any = db.execute("SELECT row_hash FROM journal WHERE id = ?", (first - 1,)).get
    n_rows = _journal(db, first, bytes(32) if first == 1 else bytes(before or b""))
    touched: list[Any] = db.execute("SELECT DISTINCT job FROM journal WHERE id >= ? AND job > 0", (first,)).fetchall()
    going: list[Any] = db.execute(_GOING).fetchall()
    for (number,) in going:
        segments = "SELECT job, first, sha256, data FROM segment WHERE job = ?"
        n_rows += _segments(db, db.execute(segments, (number,)))
        texts = "SELECT hash, text FROM program WHERE hash = (SELECT program FROM job WHERE id = ?)"
        n_rows += _programs(db, db.execute(texts, (number,)))
    for number in sorted({number for (number,) in (*touched, *going)}):
        n_rows += len([checked(found) for found in db.execute(f"{SELECT} WHERE job.id = ?", (number,))])
    _results(db, first)
    return n_rows


_GOING = "SELECT id FROM job INDEXED BY job_active WHERE state NOT IN ('CANCELLED', 'DONE', 'FAILED', 'INTERRUPTED')"


def _journal(db: apsw.Connection, first: int, previous: bytes) -> int:
    """Check the chain from a line on; return its length."""
    n_rows = 0
    query = f"SELECT {', '.join(JOURNAL)}, row_hash FROM journal WHERE id >= ? ORDER BY id"  # noqa: S608 (names)
    for row in db.execute(query, (first,)):
        *cells, sealed = row
        if cells[0] != first + n_rows or seal(previous, cells) != sealed:
            raise DamagedError(f"line {first + n_rows} of the journal is not what was written", where=db.filename)
        n_rows, previous = n_rows + 1, sealed
    return n_rows


def _segments(db: apsw.Connection, rows: Iterable[Any]) -> int:
    n_rows = 0
    for number, first, sha256, data in rows:
        n_rows += 1
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedError(f"shots from {first} of job {label(number)} are not what was stored", where=db.filename)
    return n_rows


def _programs(db: apsw.Connection, rows: Iterable[Any]) -> int:
    n_rows = 0
    for sha256, text in rows:
        n_rows += 1
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != sha256:
            raise DamagedError(f"program {sha256[:8]} is not what was submitted", where=db.filename)
    return n_rows


def _results(db: apsw.Connection, first: int) -> None:
    """The journal says which results were accepted: none may be missing, none may be another."""
    query = """SELECT journal.job FROM journal LEFT JOIN result ON result.job = journal.job
        WHERE journal.id >= ? AND journal.verb = 'move' AND journal.after = 'DONE'
            AND result.sha256 IS NOT json_extract(journal.detail, '$.result') LIMIT 1"""
    missing = db.execute(query, (first,)).get
    if missing is not None:
        raise DamagedError(f"the result of job {label(missing)} is not the one that was accepted", where=db.filename)
