"""Reading a parameter store: every row is checked against its seal before it is believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apsw

from qctl.core.errors import ParameterError

from .errors import StoreError
from .finding import Finding
from .rows import HISTORY, SNAPSHOT, Commit, commit_of, content_hash, damaged, finding_of, total, weight

Row = tuple[list[Any], bytes, bytes | None]  # cells, seal, the seal before it
_CELLS = ", ".join(f"history.{column}" for column in HISTORY)
_ROWS = f"""
SELECT {_CELLS}, history.row_hash, before.row_hash
FROM history {{how}} LEFT JOIN history AS before ON before.id = history.id - 1
"""  # noqa: S608 (column names of store_rows)
_OF_NAME = _ROWS.format(how="") + " WHERE history.laboratory = ? AND history.name = ? ORDER BY history.id"
_ALL = _ROWS.format(how="NOT INDEXED") + " ORDER BY history.id"
_HEADS = f"""
SELECT {", ".join(f"snapshot.{column}" for column in SNAPSHOT)}, snapshot.row_hash, before.row_hash
FROM snapshot LEFT JOIN snapshot AS before
    ON (before.laboratory, before.number) = (snapshot.laboratory, snapshot.parent)
"""  # noqa: S608 (column names of store_rows)
_CONTENT = f"""
SELECT held.name, {_CELLS}, history.row_hash, before.row_hash
FROM (SELECT name, entry, max(number) FROM content WHERE laboratory = ? AND number <= ? GROUP BY name) AS held
    JOIN history ON history.id = held.entry
    LEFT JOIN history AS before ON before.id = history.id - 1
"""  # noqa: S608 (column names of store_rows)


def newest(connection: apsw.Connection, laboratory: str) -> int:
    """Return the number of the newest snapshot, 0 before the first."""
    found: int = connection.execute(
        "SELECT coalesce(max(number), 0) FROM snapshot WHERE laboratory = ?", (laboratory,)
    ).get
    return found


def known_commit(connection: apsw.Connection, laboratory: str, number: int) -> tuple[Commit, bytes]:
    """Return the head of a snapshot and the hash of its content; raise ParameterError when there is none."""
    where = connection.filename
    for cells, sealed, previous in _rows(
        connection, f"{_HEADS} WHERE snapshot.laboratory = ? AND snapshot.number = ?", (laboratory, number)
    ):
        return commit_of(cells, sealed, previous, where), cells[-1]
    raise no_snapshot(number, laboratory, newest(connection, laboratory))


def no_snapshot(number: int, laboratory: str, last: int) -> ParameterError:
    """Return the error about a number that no snapshot has."""
    return ParameterError(f"snapshot {number}", allowed=f"0 to {last}", where=laboratory)


def commits(connection: apsw.Connection, laboratory: str) -> Iterator[Commit]:
    """Yield the heads of all snapshots, oldest first."""
    query = f"{_HEADS} WHERE snapshot.laboratory = ? ORDER BY snapshot.number"
    for cells, sealed, previous in _rows(connection, query, (laboratory,)):
        yield commit_of(cells, sealed, previous, connection.filename)


def contents(connection: apsw.Connection, laboratory: str, number: int) -> dict[str, tuple[int, bytes, Finding]]:
    """Return by name what a snapshot holds: row of the history, its seal, its finding; snapshot 0 holds nothing.

    Raises
    ------
    StoreError
        When it is not what was committed.
    """
    if number == 0:
        return {}
    where = connection.filename
    commit, promised = known_commit(connection, laboratory, number)
    held = {}
    for name, *row in connection.execute(_CONTENT, (laboratory, number)):
        cells, sealed, previous = row[: len(HISTORY)], row[-2], row[-1]
        held[name] = (cells[0], sealed, finding_of(cells, sealed, previous, where))
    seals = {name: sealed for name, (_, sealed, _) in held.items()}
    if len(held) != commit.n_parameters or content_hash(seals) != promised:
        raise damaged(f"snapshot {number} of {laboratory}", where)
    return held


def findings(connection: apsw.Connection, laboratory: str, name: str) -> Iterator[Finding]:
    """Yield everything ever found of one parameter, oldest first."""
    for cells, sealed, previous in _rows(connection, _OF_NAME, (laboratory, name)):
        yield finding_of(cells, sealed, previous, connection.filename)


def names(connection: apsw.Connection, laboratory: str) -> list[str]:
    """Return the names of all parameters with a history, sorted."""
    query = "SELECT DISTINCT name FROM history WHERE laboratory = ? ORDER BY name"
    return [name for (name,) in connection.execute(query, (laboratory,))]


def verify(connection: apsw.Connection) -> int:
    """Read the whole file; return how many rows of history and snapshots were checked.

    Raises
    ------
    StoreError
        When SQLite finds damage or a seal is broken.
    """
    where = connection.filename
    said = [text for (text,) in connection.execute("PRAGMA integrity_check")]
    if said != ["ok"]:
        raise damaged(f"the file ({said[0]})", where)
    n_rows = 0
    for cells, sealed, previous in _rows(connection, _ALL, ()):
        n_rows += 1
        if cells[0] != n_rows:
            raise damaged(f"row {n_rows} of the history", where)
        finding_of(cells, sealed, previous, where)
    heads = list(_rows(connection, f"{_HEADS} ORDER BY snapshot.laboratory, snapshot.number", ()))
    last: dict[str, int] = {}
    for cells, sealed, previous in heads:
        commit = commit_of(cells, sealed, previous, where)
        if commit.number != last.get(cells[0], 0) + 1:
            raise damaged(f"snapshot {commit.number - 1} of {cells[0]}", where)
        last[cells[0]] = commit.number
    _verify_contents(connection, heads)
    return n_rows + len(heads)


def _verify_contents(connection: apsw.Connection, heads: list[Row]) -> None:
    """Replay what each snapshot changed: one pass, however many snapshots there are."""
    rows: list[Any] = connection.execute("SELECT id, row_hash FROM history NOT INDEXED").fetchall()
    seals = dict(rows)
    changes: dict[tuple[object, object], list[tuple[str, int | None]]] = {}
    for laboratory, number, name, entry in connection.execute("SELECT laboratory, number, name, entry FROM content"):
        changes.setdefault((laboratory, number), []).append((name, entry))
    held: dict[tuple[object, str], int] = {}
    sums: dict[object, int] = {}
    for cells, _, _ in heads:
        laboratory = cells[0]
        for name, entry in changes.pop((laboratory, cells[1]), ()):
            now = 0 if entry is None else weight(name, seals.get(entry, b""))
            sums[laboratory] = sums.get(laboratory, 0) + now - held.get((laboratory, name), 0)
            held[laboratory, name] = now
        if total([sums.get(laboratory, 0)]) != cells[-1]:
            raise damaged(f"snapshot {cells[1]} of {cells[0]}", connection.filename)
    if changes:
        raise StoreError("content of snapshots that do not exist", where=connection.filename)


def _rows(connection: apsw.Connection, query: str, values: tuple[str | int, ...]) -> Iterator[Row]:
    """Yield the cells of each row, its seal, and the seal before it."""
    for row in connection.execute(query, values):
        *cells, sealed, previous = row
        yield cells, sealed, previous
