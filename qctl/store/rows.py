"""Rows of a parameter store: findings and heads of snapshots, each sealed by a SHA-256.

The seal of a row covers the row and the seal of the one before it (history) or of its parent (snapshots). A changed bit
breaks the seal of its row, a removed row that of its follower.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qctl.core.parameters import Estimate

from .errors import StoreError
from .finding import Finding, Status, parts_of

Cell = str | float | int | bytes | None
FIRST = bytes(32)  # stands for the seal before the first row

HISTORY = (
    *("id", "laboratory", "target", "parameter", "value", "error", "covariance", "unit", "time", "run"),
    *("status", "reason", "judge", "raw_data", "code", "snapshot"),
)
SNAPSHOT = ("laboratory", "number", "parent", "note", "time", "author", "code", "n_parameters", "content_hash")


@dataclass(frozen=True, slots=True)
class Commit:
    """The head of one snapshot: what ``qctl cal status`` says about it."""

    number: int
    parent: int
    note: str
    time: float
    author: str
    code: str
    n_parameters: int


def insert(table: str, columns: Sequence[str]) -> str:
    """Return the statement that adds one row and its seal."""
    marks = ", ".join("?" * (len(columns) + 1))
    return f"INSERT INTO {table} ({', '.join(columns)}, row_hash) VALUES ({marks})"  # noqa: S608 (names of this file)


def seal(previous: bytes, cells: Sequence[Cell]) -> bytes:
    """Return the SHA-256 of a row and the seal before it; numbers count to the last bit."""
    plain = [cell.hex() if isinstance(cell, float | bytes) else cell for cell in cells]
    return hashlib.sha256(previous + json.dumps(plain).encode()).digest()


def row_of(finding: Finding, laboratory: str, number: int, snapshot: int) -> tuple[Cell, ...]:
    """Return the cells of ``HISTORY``."""
    known = finding.estimate
    covariance = json.dumps({name: float(value) for name, value in sorted(finding.covariance.items())})
    return (
        *(number, laboratory, *parts_of(finding.name), _stored(known.value), _stored(known.error), covariance),
        *(known.unit, float(known.time) + 0.0, known.run, finding.status.value, finding.reason, finding.judge),
        *(finding.raw_data, finding.code, snapshot),
    )


def finding_of(cells: Sequence[Any], sealed: bytes, previous: bytes | None, where: str) -> Finding:
    """Return what a row says; raise StoreError when its seal is broken."""
    if seal(FIRST if previous is None else previous, cells) != sealed:
        raise damaged(f"row {cells[0]} of the history", where)
    row = dict(zip(HISTORY, cells, strict=True))
    estimate = Estimate(_read(row["value"]), _read(row["error"]), row["unit"], row["time"], row["run"])
    return Finding(
        f"{row['target']}.{row['parameter']}",
        estimate,
        Status(row["status"]),
        row["reason"],
        row["judge"],
        row["raw_data"],
        json.loads(row["covariance"]),
        row["code"],
        row["snapshot"],
    )


def commit_of(cells: Sequence[Any], sealed: bytes, previous: bytes | None, where: str) -> Commit:
    """Return what the head of a snapshot says; raise StoreError when its seal is broken."""
    if seal(FIRST if previous is None else previous, cells) != sealed:
        raise damaged(f"snapshot {cells[1]} of {cells[0]}", where)
    return Commit(*cells[1:8])


def content_hash(seals: Mapping[str, bytes]) -> bytes:
    """Return the sum of the weights of what a snapshot holds: by name, the seal of a row of the history."""
    return total(weight(name, sealed) for name, sealed in seals.items())


def weight(name: str, sealed: bytes) -> int:
    """Return the SHA-256 of one name and what it means, as a number.

    Sums of them find what went wrong by chance, and follow a change without a look at all that did not change.
    """
    return int.from_bytes(hashlib.sha256(name.encode() + b"\n" + sealed).digest())


def total(weights: Iterable[int]) -> bytes:
    """Return the sum of weights, modulo 2 ** 256."""
    return (sum(weights) % 2**256).to_bytes(32)


def damaged(what: str, where: str) -> StoreError:
    """Return the error that says what was changed behind the store's back."""
    return StoreError(
        f"{what} is not what was written",
        where=where,
        remedy="keep the file as it is and restore a backup; qctl cal export of an older snapshot may still work",
    )


def _stored(number: float) -> float | None:
    """Return a number as SQLite keeps it: NULL for NaN, and a zero without a sign."""
    return None if math.isnan(number) else float(number) + 0.0


def _read(cell: float | None) -> float:
    return math.nan if cell is None else cell
