"""What nobody asks for: picking up after a crash, and ending what has been waiting or running for too long."""

from __future__ import annotations

from typing import Any

import apsw

from .changes import cancel, cancelled, crashed
from .crash_points import crash_point
from .job import SELF
from .moments import Moment
from .rows import SELECT, checked, job_of, moment_of, note
from .states import CLAIMED, State

KEYS_KEPT = 40 * 86400.0  # s; promised are 30 days
Moved = tuple[int, State, State]


def recover(db: apsw.Connection, now: Moment, newest: str) -> list[Moved]:
    """Bring every job that a dead process held to where its crash policy says; return what moved.

    Jobs that are FINALIZING stay there, to be finished from their segments.

    Parameters
    ----------
    newest : id of the parameters that would be used now
    """
    crash_point("store.recover.before")
    moved: list[Moved] = []
    for row in _rows(db, f"job.state IN ({_names(CLAIMED)})"):
        before = State(row["state"])
        if before is State.CANCELLING:
            cancelled(db, now, row["id"])
            moved.append((row["id"], before, State.CANCELLED))
        elif (after := crashed(db, now, row, "the machine stopped while it ran", newest)) is not before:
            moved.append((row["id"], before, after))
    db.execute("DELETE FROM lease")
    note(db, now, SELF, "recover", detail={"moved": len(moved)})
    crash_point("store.recover.after")
    return moved


def reap(db: apsw.Connection, now: Moment, newest: str) -> list[Moved]:
    """End leases that ran out, jobs past their deadline, jobs whose needs failed, keys that are old."""
    moved: list[Moved] = []
    for row in _rows(db, "job.id IN (SELECT job FROM lease WHERE boot <> ? OR until < ?)", now.boot, now.ticking):
        before = State(row["state"])
        moved.append((row["id"], before, crashed(db, now, row, "its lease ran out", newest)))
    db.execute("DELETE FROM lease WHERE boot <> ? OR until < ?", (now.boot, now.ticking))
    moved += _past_deadline(db, now) + _without_needs(db, now)
    db.execute("DELETE FROM submission_key WHERE wall < ?", (now.wall - KEYS_KEPT,))
    return moved


def _past_deadline(db: apsw.Connection, now: Moment) -> list[Moved]:
    moved = []
    for row in _rows(db, "job.state NOT IN ('DONE', 'FAILED', 'CANCELLED', 'INTERRUPTED', 'CANCELLING', 'FINALIZING')"
                         " AND json_extract(job.asked, '$.deadline_s') IS NOT NULL"):  # fmt: skip
        allowed = job_of(row).submission.deadline_s
        if allowed is not None and now.since(moment_of(row, "submitted")) > allowed:
            after = cancel(db, now, SELF, row["id"], f"deadline: not finished within {allowed:g} s")
            moved.append((row["id"], State(row["state"]), after))
    return moved


def _without_needs(db: apsw.Connection, now: Moment) -> list[Moved]:
    """Jobs that wait for one that ended without being DONE can never run."""
    query = """job.state IN ('QUEUED', 'HELD') AND job.id IN (SELECT needs.job FROM needs JOIN job AS other
        ON other.id = needs.other WHERE other.state IN ('FAILED', 'CANCELLED', 'INTERRUPTED'))"""
    moved = []
    for row in _rows(db, query):
        after = cancel(db, now, SELF, row["id"], "needs: a job that it waits for did not end well")
        moved.append((row["id"], State(row["state"]), after))
    return moved


def _rows(db: apsw.Connection, where: str, *values: str | float) -> list[dict[str, Any]]:
    return [checked(found) for found in db.execute(f"{SELECT} WHERE {where} ORDER BY job.id", values).fetchall()]


def _names(states: frozenset[State]) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states))
