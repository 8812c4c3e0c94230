"""The tables of a job store, and the triggers that keep every program to the rules of the state machine.

``program`` holds texts by hash. ``job`` is the one table whose rows change: only by moves of the table ``move``, never
out of a final state, with fences that rise. ``segment`` and ``result`` are only added to. ``journal`` is a chain of
seals.
"""

from __future__ import annotations

from .states import FINAL, MOVES, State

VERSION = 1
_FINAL = ", ".join(f"'{state.value}'" for state in sorted(FINAL))

_TABLES = f"""
CREATE TABLE move (before TEXT NOT NULL, after TEXT NOT NULL, PRIMARY KEY (before, after)) STRICT, WITHOUT ROWID;
INSERT INTO move VALUES {", ".join(f"('{a.value}', '{b.value}')" for a, b in sorted(MOVES))};

CREATE TABLE program (hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL,
    program TEXT NOT NULL REFERENCES program (hash),
    asked TEXT NOT NULL,
    submitted_boot TEXT NOT NULL,
    submitted_ticking REAL NOT NULL,
    submitted_wall REAL NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    fence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    round INTEGER NOT NULL,
    shots_done INTEGER NOT NULL,
    parameters_id TEXT NOT NULL,
    changed_boot TEXT NOT NULL,
    changed_ticking REAL NOT NULL,
    changed_wall REAL NOT NULL,
    row_hash BLOB NOT NULL CHECK (length(row_hash) = 32),
    job_class INTEGER GENERATED ALWAYS AS (json_extract(asked, '$.job_class')) VIRTUAL,
    priority INTEGER GENERATED ALWAYS AS (json_extract(asked, '$.priority')) VIRTUAL
) STRICT;
CREATE INDEX job_queue ON job (user, job_class, priority DESC, id) WHERE state = '{State.QUEUED.value}';
CREATE INDEX job_active ON job (user, state) WHERE state NOT IN ({_FINAL});
CREATE INDEX job_by_user ON job (user, id);
CREATE INDEX job_by_state ON job (state, id);

CREATE TABLE submission_key (
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    job INTEGER NOT NULL REFERENCES job (id),
    wall REAL NOT NULL,
    PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE needs (job INTEGER NOT NULL REFERENCES job (id), other INTEGER NOT NULL REFERENCES job (id),
    PRIMARY KEY (job, other)) STRICT, WITHOUT ROWID;

CREATE TABLE lease (job INTEGER PRIMARY KEY REFERENCES job (id), fence INTEGER NOT NULL, boot TEXT NOT NULL,
    until REAL NOT NULL) STRICT;

CREATE TABLE rack (name TEXT PRIMARY KEY, fence INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE segment (
    job INTEGER NOT NULL REFERENCES job (id),
    round INTEGER NOT NULL,
    first INTEGER NOT NULL CHECK (first >= 0),
    shots INTEGER NOT NULL CHECK (shots > 0),
    fence INTEGER NOT NULL,
    circuit TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    data BLOB NOT NULL,
    PRIMARY KEY (job, round, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE result (
    job INTEGER PRIMARY KEY REFERENCES job (id),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    size INTEGER NOT NULL
) STRICT;

CREATE TABLE token (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    user TEXT NOT NULL,
    role TEXT NOT NULL,
    label TEXT NOT NULL,
    expires REAL NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    boot TEXT NOT NULL,
    ticking REAL NOT NULL,
    wall REAL NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    verb TEXT NOT NULL,
    job INTEGER NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    detail TEXT NOT NULL,
    row_hash BLOB NOT NULL CHECK (length(row_hash) = 32)
) STRICT;
CREATE INDEX journal_by_job ON journal (job, id);

CREATE TRIGGER job_begins BEFORE INSERT ON job
WHEN NEW.state NOT IN ('{State.QUEUED.value}', '{State.HELD.value}') OR NEW.fence <> 0 OR NEW.shots_done <> 0
BEGIN SELECT RAISE(ABORT, 'a job begins in the queue'); END;

CREATE TRIGGER job_is_final BEFORE UPDATE ON job WHEN OLD.state IN ({_FINAL})
BEGIN SELECT RAISE(ABORT, 'a job that has ended never changes'); END;

CREATE TRIGGER job_moves BEFORE UPDATE ON job
WHEN NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM move WHERE (before, after) = (OLD.state, NEW.state))
BEGIN SELECT RAISE(ABORT, 'the state machine has no such move'); END;

CREATE TRIGGER job_is_asked_once BEFORE UPDATE ON job
WHEN (NEW.id, NEW.user, NEW.program, NEW.asked) <> (OLD.id, OLD.user, OLD.program, OLD.asked)
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;

CREATE TRIGGER job_fence_rises BEFORE UPDATE ON job WHEN NEW.fence < OLD.fence OR NEW.round < OLD.round
BEGIN SELECT RAISE(ABORT, 'fences and rounds only rise'); END;

CREATE TRIGGER rack_fence_rises BEFORE UPDATE ON rack WHEN NEW.fence <= OLD.fence
BEGIN SELECT RAISE(ABORT, 'fences only rise'); END;

CREATE TRIGGER segment_of_running BEFORE INSERT ON segment
WHEN NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job AND state = '{State.RUNNING.value}' AND fence = NEW.fence
    AND round = NEW.round)
BEGIN SELECT RAISE(ABORT, 'a segment belongs to the running attempt'); END;

CREATE TRIGGER segment_follows BEFORE INSERT ON segment
WHEN NEW.first IS NOT (SELECT coalesce(max(first + shots), 0) FROM segment WHERE (job, round) = (NEW.job, NEW.round))
BEGIN SELECT RAISE(ABORT, 'a segment follows the last one'); END;

CREATE TRIGGER result_of_finalizing BEFORE INSERT ON result
WHEN NOT EXISTS (SELECT 1 FROM job WHERE id = NEW.job AND state = '{State.FINALIZING.value}')
BEGIN SELECT RAISE(ABORT, 'a result belongs to a job that ends'); END;

CREATE TRIGGER journal_in_order BEFORE INSERT ON journal
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM journal)
BEGIN SELECT RAISE(ABORT, 'lines of the journal are added at its end'); END;
"""  # noqa: S608 (names of states)

_NEVER = """
CREATE TRIGGER {table}_never_{change} BEFORE {change} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is never changed, only added to'); END;
"""
_KEPT = ("move", "program", "segment", "result", "journal", "needs")

SCHEMA = (
    _TABLES
    + "".join(_NEVER.format(table=table, change=change) for table in _KEPT for change in ("UPDATE", "DELETE"))
    + _NEVER.format(table="job", change="DELETE")
    + _NEVER.format(table="submission_key", change="UPDATE")
    + "CREATE TRIGGER move_is_complete BEFORE INSERT ON move BEGIN SELECT RAISE(ABORT, 'moves are fixed'); END;"
)
