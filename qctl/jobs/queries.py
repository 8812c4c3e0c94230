"""Reading a job store: every row is checked against its seal before it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import apsw

from .errors import DamagedError
from .job import Event, Job, Segment, label
from .rows import JOURNAL, SELECT, checked, event_of, job_of, read_row
from .states import ACTIVE, State

MOST_ROWS = 1000
MANY = 2000  # jobs of one user
_FEW = "journal.job IN (SELECT id FROM job WHERE user = ?)"
_MANY = "(SELECT user FROM job WHERE job.id = journal.job) = ?"


def job(db: apsw.Connection, number: int) -> Job:
    """Return one job with its program; raise UnknownJobError when there is none."""
    row = read_row(db, number)
    text = db.execute("SELECT text FROM program WHERE hash = ?", (row["program"],)).get
    found = job_of(row, text)
    if found.submission.program_hash != row["program"]:
        raise DamagedError(f"the program of job {label(number)} is not what was submitted")
    return found


def jobs(
    db: apsw.Connection, *, user: str | None = None, states: Iterable[State] = (), before: int | None = None,
    limit: int = 100,
) -> list[Job]:  # fmt: skip
    """Return jobs without their programs, newest first.

    Parameters
    ----------
    user : only this one's
    states : only these, all when empty
    before : only jobs with lower numbers: the next page
    """
    asked = {"job.user = ?": user, "job.id < ?": None if before is None else str(before)}
    given = {term: value for term, value in asked.items() if value is not None}
    most = min(limit, MOST_ROWS)
    kinds = [{**given, "job.state = ?": state} for state in sorted(set(states))] or [given]
    numbers = sorted({number for kind in kinds for number in _newest(db, kind, most)}, reverse=True)[:most]
    query = f"{SELECT} WHERE job.id IN ({', '.join('?' * len(numbers))}) ORDER BY job.id DESC"
    return [job_of(checked(row)) for row in db.execute(query, numbers)]


def _newest(db: apsw.Connection, given: Mapping[str, str], most: int) -> list[int]:
    """Return numbers of jobs, newest first; one state at a time, since an index leads to these without a search."""
    where = f"WHERE {' AND '.join(given)}" if given else ""
    query = f"SELECT id FROM job {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 (terms of ours)
    rows: list[Any] = db.execute(query, (*given.values(), most)).fetchall()
    return [number for (number,) in rows]


def claimable(db: apsw.Connection, most: int) -> list[int]:
    """Return jobs that may begin: all they need is done; users take turns, each in order of class and priority."""
    users = [user for (user,) in db.execute("SELECT DISTINCT user FROM job WHERE state = 'QUEUED'")]
    query = """
        SELECT id, job_class, priority FROM job INDEXED BY job_queue
        WHERE state = 'QUEUED' AND user = ? AND NOT EXISTS (SELECT 1 FROM needs JOIN job AS other
            ON other.id = needs.other WHERE needs.job = job.id AND other.state <> 'DONE')
        ORDER BY job_class, priority DESC, id LIMIT ?"""
    found = []
    for user in users:
        rows: list[Any] = db.execute(query, (user, most)).fetchall()
        found += [(job_class, turn, -priority, id_) for turn, (id_, job_class, priority) in enumerate(rows)]
    return [row[-1] for row in sorted(found)[:most]]


def in_states(db: apsw.Connection, states: Iterable[State]) -> list[Job]:
    """Return all jobs in some states that are not final, with their programs, in order of acceptance."""
    wanted = sorted(set(states) & ACTIVE)
    marks = ", ".join("?" * len(wanted))
    query = f"SELECT id FROM job WHERE state IN ({marks}) ORDER BY id"  # noqa: S608 (marks only)
    numbers: list[Any] = db.execute(query, wanted).fetchall()
    return [job(db, number) for (number,) in numbers]


def standing(db: apsw.Connection) -> dict[int, tuple[State, int]]:
    """Return state and fence of each job that is claimed."""
    query = (
        "SELECT id, state, fence FROM job INDEXED BY job_active "
        "WHERE state NOT IN ('CANCELLED', 'DONE', 'FAILED', 'INTERRUPTED') AND state NOT IN ('QUEUED', 'HELD')"
    )
    rows: list[Any] = db.execute(query).fetchall()
    return {number: (State(state), fence) for number, state, fence in rows}


def counts(db: apsw.Connection) -> dict[str, int]:
    """Return how many jobs are in each state that is not final."""
    query = (
        "SELECT state, count(*) FROM job INDEXED BY job_active "
        "WHERE state NOT IN ('CANCELLED', 'DONE', 'FAILED', 'INTERRUPTED') GROUP BY state"
    )
    found: list[Any] = db.execute(query).fetchall()
    return dict(found)


def segments(db: apsw.Connection, number: int, round_: int) -> list[Segment]:
    """Return what counts of one round of a job, in order; raise DamagedError when it is not what was stored."""
    query = "SELECT first, shots, fence, circuit, sha256, data FROM segment WHERE job = ? AND round = ? ORDER BY first"
    found = []
    for first, shots, fence, circuit, sha256, data in db.execute(query, (number, round_)):
        one = Segment(job=number, round=round_, first=first, shots=shots, fence=fence, circuit=circuit, data=data)
        if one.sha256 != sha256:
            raise DamagedError(f"shots from {first} of job {label(number)} are not what was stored")
        found.append(one)
    return found


def events(
    db: apsw.Connection, *, after: int = 0, number: int | None = None, user: str | None = None, limit: int = 100
) -> list[Event]:
    """Return lines of the journal in order, after a given one; of one job, or of the jobs of one user."""
    terms: list[str] = ["journal.id > ?"]
    values: list[Any] = [after]
    if number is not None:
        terms, values = [*terms, "journal.job = ?"], [*values, number]
    if user is not None:
        terms.append(_MANY if _has_many(db, user) else _FEW)
    last: list[Any] = [user] if user is not None else []
    columns = ", ".join(f"journal.{column}" for column in JOURNAL)
    query = f"SELECT {columns} FROM journal WHERE {' AND '.join(terms)} ORDER BY journal.id LIMIT ?"  # noqa: S608
    return [event_of(row) for row in db.execute(query, (*values, *last, min(limit, MOST_ROWS)))]


def _has_many(db: apsw.Connection, user: str) -> bool:
    """Say whether a user has more jobs than are looked up one by one: then the next lines are likely to be theirs."""
    query = "SELECT count(*) FROM (SELECT 1 FROM job WHERE user = ? LIMIT ?)"
    return bool(db.execute(query, (user, MANY)).get == MANY)


def newest_event(db: apsw.Connection) -> int:
    """Return the number of the last line of the journal."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM journal").get)
