"""The tables of a parameter store. Rows are added, never changed: triggers refuse everything else.

``history`` holds every finding, rejected ones too. ``snapshot`` holds the heads of snapshots, numbered without gaps for
each laboratory; ``content`` says from which snapshot on a name means which row of the history (NULL: nothing any more),
so that a snapshot costs as many rows as it changes.
"""

from __future__ import annotations

VERSION = 1

_TABLES = """
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    laboratory TEXT NOT NULL,
    target TEXT NOT NULL,
    parameter TEXT NOT NULL,
    value REAL,
    error REAL,
    covariance TEXT NOT NULL,
    unit TEXT NOT NULL,
    time REAL NOT NULL,
    run TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'rejected', 'guess', 'manual')),
    reason TEXT NOT NULL,
    judge TEXT NOT NULL,
    raw_data TEXT NOT NULL,
    code TEXT NOT NULL,
    snapshot INTEGER NOT NULL CHECK ((snapshot = 0) = (status = 'rejected')),
    row_hash BLOB NOT NULL CHECK (length(row_hash) = 32),
    name TEXT GENERATED ALWAYS AS (target || '.' || parameter) VIRTUAL,
    CHECK (status = 'rejected' OR (value IS NOT NULL AND error >= 0))
) STRICT;
CREATE INDEX history_by_name ON history (laboratory, name);

CREATE TABLE snapshot (
    laboratory TEXT NOT NULL,
    number INTEGER NOT NULL,
    parent INTEGER NOT NULL CHECK (parent = number - 1),
    note TEXT NOT NULL,
    time REAL NOT NULL,
    author TEXT NOT NULL,
    code TEXT NOT NULL,
    n_parameters INTEGER NOT NULL,
    content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
    row_hash BLOB NOT NULL CHECK (length(row_hash) = 32),
    PRIMARY KEY (laboratory, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE content (
    laboratory TEXT NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    entry INTEGER REFERENCES history (id),
    PRIMARY KEY (laboratory, name, number),
    FOREIGN KEY (laboratory, number) REFERENCES snapshot (laboratory, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER history_in_order BEFORE INSERT ON history
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM history)
BEGIN SELECT RAISE(ABORT, 'rows of the history are added at its end'); END;

CREATE TRIGGER snapshot_in_order BEFORE INSERT ON snapshot
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM snapshot WHERE laboratory = NEW.laboratory)
BEGIN SELECT RAISE(ABORT, 'a snapshot follows the newest one'); END;

CREATE TRIGGER content_of_newest BEFORE INSERT ON content
WHEN NEW.number IS NOT (SELECT max(number) FROM snapshot WHERE laboratory = NEW.laboratory)
    OR EXISTS (SELECT 1 FROM content WHERE (laboratory, name, number) = (NEW.laboratory, NEW.name, NEW.number))
BEGIN SELECT RAISE(ABORT, 'the content of a snapshot never changes'); END;
"""

_NEVER = """
CREATE TRIGGER {table}_never_{change} BEFORE {change} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is never changed, only added to'); END;
"""

SCHEMA = _TABLES + "".join(
    _NEVER.format(table=table, change=change)
    for table in ("history", "snapshot", "content")
    for change in ("UPDATE", "DELETE")
)
