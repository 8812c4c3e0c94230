"""Adding to a parameter store, inside one transaction that the caller holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import apsw

from qctl.core.errors import ParameterError

from .errors import LostRaceError
from .finding import CODE, Finding, Status, is_plain
from .read import contents, newest
from .rows import FIRST, HISTORY, SNAPSHOT, Cell, content_hash, insert, row_of, seal


def commit(
    writer: apsw.Connection,
    laboratory: str,
    added: tuple[Finding, ...],
    kept: Callable[[Mapping[str, int]], Mapping[str, int]],
    parent: int | None,
    note: str,
    author: str,
    time: float,
) -> int:
    """Add findings and one snapshot; return its number.

    Parameters
    ----------
    kept : from the rows that the newest snapshot holds, by name, those that the next one shall hold besides ``added``
    parent : must be the newest snapshot; None says that whichever it is will do
    """
    if not (is_plain(note) and is_plain(author)):
        raise ParameterError("a note with lone surrogates", allowed="text that UTF-8 can hold", where=laboratory)
    last = newest(writer, laboratory)
    if parent not in (None, last):
        raise LostRaceError(
            f"a snapshot that follows {parent}",
            allowed=f"one that follows {last}, the newest",
            where=laboratory,
            remedy="read it, decide again, then commit",
        )
    number, before = last + 1, contents(writer, laboratory, last)
    rows_before = {name: row for name, (row, _, _) in before.items()}
    new = add(writer, laboratory, added, number)
    rows = {**kept(rows_before), **{name: row for name, (row, _) in new.items()}}
    seals = {row: sealed for row, sealed, _ in before.values()} | dict(new.values())
    for row in rows.values():
        if row not in seals:  # of an older snapshot, read and checked when it was asked for
            seals[row] = writer.execute("SELECT row_hash FROM history WHERE id = ?", (row,)).get
    whole = content_hash({name: seals[row] for name, row in rows.items()})
    head: list[Cell] = [laboratory, number, last, note, time, author, CODE, len(rows), whole]
    writer.execute(insert("snapshot", SNAPSHOT), (*head, seal(_head_seal(writer, laboratory, last), head)))
    changed = [name for name in rows_before.keys() | rows.keys() if rows_before.get(name) != rows.get(name)]
    writer.executemany(
        "INSERT INTO content (laboratory, name, number, entry) VALUES (?, ?, ?, ?)",
        [(laboratory, name, number, rows.get(name)) for name in sorted(changed)],
    )
    return number


def add(
    writer: apsw.Connection, laboratory: str, findings: tuple[Finding, ...], snapshot: int
) -> dict[str, tuple[int, bytes]]:
    """Add rows to the history; return row and seal, by name, of those that are not rejected."""
    last: int
    last, sealed = writer.execute("SELECT id, row_hash FROM history ORDER BY id DESC LIMIT 1").get or (0, FIRST)
    added: dict[str, tuple[int, bytes]] = {}
    rows = []
    for row, finding in enumerate(findings, start=last + 1):
        finding.check()
        believed = finding.status is not Status.REJECTED
        cells = row_of(finding, laboratory, row, snapshot if believed else 0)
        sealed = seal(sealed, cells)
        rows.append((*cells, sealed))
        if finding.name in added and believed:
            raise ParameterError("two values for one parameter", allowed="one a commit", where=finding.name)
        if believed:
            added[finding.name] = row, sealed
    writer.executemany(insert("history", HISTORY), rows)
    return added


def _head_seal(writer: apsw.Connection, laboratory: str, number: int) -> bytes:
    query = "SELECT row_hash FROM snapshot WHERE laboratory = ? AND number = ?"
    found: bytes | None = writer.execute(query, (laboratory, number)).get
    return FIRST if found is None else found
