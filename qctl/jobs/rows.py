"""Rows of a job store: written under a seal, and believed only when the seal holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import apsw

from qctl.store.rows import seal

from .errors import DamagedError, UnknownJobError
from .job import Actor, Event, Job, Submission, label
from .moments import Moment
from .request import Isolation, JobClass
from .states import OnCrash, State

JOB = (
    *("id", "user", "program", "asked", "submitted_boot", "submitted_ticking", "submitted_wall"),
    *("state", "reason", "fence", "attempt", "round", "shots_done", "parameters_id"),
    *("changed_boot", "changed_ticking", "changed_wall"),
)
JOURNAL = ("id", "boot", "ticking", "wall", "actor", "role", "verb", "job", "before", "after", "detail")
_JOB_SEED = b"job"
_COLUMNS = ", ".join(f"job.{column}" for column in JOB)
SELECT = f"""
SELECT {_COLUMNS}, job.row_hash, coalesce(result.sha256, '')
FROM job LEFT JOIN result ON result.job = job.id
"""  # noqa: S608 (column names of this file)
Row = dict[str, Any]


def read_row(db: apsw.Connection, job: int) -> Row:
    """Return the row of a job by column name.

    Raises
    ------
    UnknownJobError
        When there is none.
    DamagedError
        When it is not what was written.
    """
    found = db.execute(f"{SELECT} WHERE job.id = ?", (job,)).fetchone()
    if found is None:
        raise UnknownJobError(f"no job {label(job)}", remedy="qctl jobs lists yours")
    return checked(found)


def checked(found: Sequence[Any]) -> Row:
    """Return a row that `SELECT` gave by column name, its seal checked."""
    *cells, sealed, result = found
    if seal(_JOB_SEED, cells) != sealed:
        raise DamagedError(
            f"the row of job {label(cells[0])} is not what was written", remedy="restore a backup: qctl jobs restore"
        )
    return {**dict(zip(JOB, cells, strict=True)), "result": result}


def insert_job(db: apsw.Connection, user: str, submission: Submission, now: Moment) -> int:
    """Add a job to the queue; return its number."""
    asked = json.dumps(submission.document(), sort_keys=True)
    last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'job'").get
    job = int(last or 0) + 1
    cells: list[Any] = [
        *(job, user, submission.program_hash, asked, now.boot, now.ticking, now.wall),
        *(State.QUEUED.value, "", 0, 0, 0, 0, ""),
        *(now.boot, now.ticking, now.wall),
    ]
    db.execute("INSERT OR IGNORE INTO program VALUES (?, ?)", (submission.program_hash, submission.program))
    marks = ", ".join("?" * (len(JOB) + 1))
    query = f"INSERT INTO job ({', '.join(JOB)}, row_hash) VALUES ({marks})"  # noqa: S608 (columns of this file)
    db.execute(query, (*cells, seal(_JOB_SEED, cells)))
    return job


def update(db: apsw.Connection, row: Row, now: Moment, **changes: object) -> Row:
    """Write changed columns of a job under a new seal; triggers refuse what the state machine does not have."""
    new: Row = {**row, **changes, "changed_boot": now.boot, "changed_ticking": now.ticking, "changed_wall": now.wall}
    cells: list[Any] = [new[column] for column in JOB]
    columns = JOB[JOB.index("state") :]
    sets = ", ".join(f"{column} = ?" for column in columns)
    values = [new[column] for column in columns]
    db.execute(f"UPDATE job SET {sets}, row_hash = ? WHERE id = ?", (*values, seal(_JOB_SEED, cells), row["id"]))  # noqa: S608
    return new


def job_of(row: Row, text: str = "") -> Job:
    """Return what a row says."""
    asked = json.loads(row["asked"])
    return Job(
        id=row["id"],
        user=row["user"],
        submission=submission_of(asked, text),
        state=State(row["state"]),
        reason=row["reason"],
        fence=row["fence"],
        attempt=row["attempt"],
        round=row["round"],
        shots_done=row["shots_done"],
        parameters_id=row["parameters_id"],
        submitted=moment_of(row, "submitted"),
        changed=moment_of(row, "changed"),
        result=row["result"],
    )


def moment_of(row: Row, which: str) -> Moment:
    """Return when a row was ``submitted`` or ``changed``."""
    return Moment(row[f"{which}_boot"], row[f"{which}_ticking"], row[f"{which}_wall"])


ASKED = {one.name for one in fields(Submission)}  # older stores may say more, which nobody heeded


def submission_of(asked: dict[str, Any], text: str) -> Submission:
    """Return what `Submission.document` and a text say."""
    plain = {
        **{name: value for name, value in asked.items() if name in ASKED},
        "job_class": JobClass(asked["job_class"]),
        "isolation": Isolation(asked["isolation"]),
        "on_crash": OnCrash(asked["on_crash"]),
        "after": tuple(asked["after"]),
    }
    return Submission(program=text, **plain)


def note(
    db: apsw.Connection, now: Moment, actor: Actor, verb: str, *, job: int = 0, before: str = "", after: str = "",
    detail: Mapping[str, object] | None = None,
) -> int:  # fmt: skip
    """Add one line to the journal, sealed together with the line before it; return its number."""
    last, previous = db.execute("SELECT id, row_hash FROM journal ORDER BY id DESC LIMIT 1").get or (0, bytes(32))
    said = json.dumps(detail or {}, sort_keys=True, default=str)
    cells = [last + 1, now.boot, now.ticking, now.wall, actor.name, actor.role, verb, job, before, after, said]
    marks = ", ".join("?" * (len(JOURNAL) + 1))
    query = f"INSERT INTO journal ({', '.join(JOURNAL)}, row_hash) VALUES ({marks})"  # noqa: S608 (columns of this file)
    db.execute(query, (*cells, seal(previous, cells)))
    return int(last) + 1


def event_of(cells: Sequence[Any]) -> Event:
    """Return what a line of the journal says."""
    line, boot, ticking, wall, actor, role, verb, job, before, after, detail = cells
    return Event(line, Moment(boot, ticking, wall), Actor(actor, role), verb, job, before, after, json.loads(detail))
