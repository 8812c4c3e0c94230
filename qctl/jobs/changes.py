"""What is done to jobs, each inside one transaction that the caller holds; all of it is noted in the journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

import apsw

from .crash_points import crash_point
from .errors import DamagedError, IllegalMoveError, InvalidJobError, KeyReusedError, QuotaError, StaleFenceError
from .job import SELF, Actor, Claim, Receipt, Segment, Submission, label
from .moments import Moment
from .rows import Row, insert_job, moment_of, note, read_row, submission_of, update
from .states import MOVES, OnCrash, State, after_crash


def submit(
    db: apsw.Connection, now: Moment, actor: Actor, submission: Submission, key: str, most_active: int
) -> Receipt:
    """Accept a job, or find the one that the same key brought before.

    Raises
    ------
    KeyReusedError
        When the key came before with another body.
    InvalidJobError
        When it waits for jobs that do not exist or are another's.
    QuotaError
        When its user has too many jobs already.
    """
    body = submission.body_hash
    if key:
        query = "SELECT body_hash, job FROM submission_key WHERE user = ? AND key = ?"
        known = db.execute(query, (actor.name, key)).fetchone()
        if known is not None and known[0] != body:
            raise KeyReusedError(
                f"key {key!r} with another body than that of job {label(known[1])}",
                allowed="the same body for the same key",
                remedy="draw a new key for a new job",
            )
        if known is not None:
            return Receipt(known[1], False)
    _refuse_crowding(db, actor, most_active)
    for other in submission.after:
        query = "SELECT 1 FROM job WHERE id = ? AND (user = ? OR ?)"
        if db.execute(query, (other, actor.name, _sees_all(actor))).get is None:
            raise InvalidJobError(f"it waits for {label(other)}, no job of yours", remedy="qctl jobs lists yours")
    crash_point("store.submit.before")
    job = insert_job(db, actor.name, submission, now)
    if key:
        db.execute("INSERT INTO submission_key VALUES (?, ?, ?, ?, ?)", (actor.name, key, body, job, now.wall))
    db.executemany("INSERT INTO needs VALUES (?, ?)", [(job, other) for other in sorted(set(submission.after))])
    note(db, now, actor, "submit", job=job, after=State.QUEUED.value, detail={"body": body, "key": key})
    crash_point("store.submit.after")
    return Receipt(job, True)


def claim(db: apsw.Connection, now: Moment, jobs: Iterable[int], lease_s: float) -> list[Claim]:
    """Begin an attempt of each job that is still queued: PREPARING, under a new fence, for ``lease_s``."""
    claims = []
    for job in jobs:
        row = read_row(db, job)
        if row["state"] != State.QUEUED:
            continue
        fence = row["fence"] + 1
        move(db, now, SELF, row, State.PREPARING, "", fence=fence, attempt=row["attempt"] + 1)
        db.execute("REPLACE INTO lease VALUES (?, ?, ?, ?)", (job, fence, now.boot, now.ticking + lease_s))
        claims.append(Claim(job, fence))
    crash_point("store.claim.after")
    return claims


def start(db: apsw.Connection, now: Moment, claims: Sequence[tuple[Claim, str]]) -> list[Claim]:
    """Commit RUNNING before the first trigger; return who runs. Who was cancelled or held meanwhile is left out.

    Parameters
    ----------
    claims : each with the parameters that it is pinned to from now on
    """
    running = []
    for held, parameters_id in claims:
        row = read_row(db, held.job)
        if row["fence"] != held.fence or row["state"] not in (State.PREPARING, State.RUNNING):
            continue
        if row["state"] == State.PREPARING:
            move(db, now, SELF, row, State.RUNNING, "", parameters_id=parameters_id)
        running.append(held)
    crash_point("store.start.after")
    return running


def add_segments(db: apsw.Connection, now: Moment, segments: Sequence[Segment]) -> list[int]:
    """Store what one window measured; return the jobs that have all of their shots now, which are FINALIZING.

    Raises
    ------
    StaleFenceError
        When a segment is not of the running attempt of its job, or not the next one; nothing was stored.
    """
    complete = []
    crash_point("store.segment.before")
    for one in segments:
        row = read_row(db, one.job)
        known = (row["state"], row["fence"], row["round"], row["shots_done"])
        if known != (State.RUNNING, one.fence, one.round, one.first):
            raise stale(one.job, f"shots from {one.first} of round {one.round} under fence {one.fence}", row)
        cells = (one.job, one.round, one.first, one.shots, one.fence, one.circuit, one.sha256, one.data)
        db.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?)", cells)
        asked = submission_of_row(row)
        done = one.first + one.shots
        if done > asked.shots:
            raise InvalidJobError(f"{done} shots of job {label(one.job)}", allowed=f"at most {asked.shots}")
        progress = {"attempt": 0} if asked.on_crash is OnCrash.RESUME else {}
        row = update(db, row, now, shots_done=done, **progress)
        if done == asked.shots:
            move(db, now, SELF, row, State.FINALIZING, "")
            complete.append(one.job)
    crash_point("store.segment.after")
    return complete


def finish(db: apsw.Connection, now: Moment, held: Claim, sha256: str, size: int) -> None:
    """Make a job DONE: its segments are exactly the plan, each is what was stored, its result file is on the disk.

    Raises
    ------
    DamagedError
        When a shot is missing, is there twice, or is not what was stored.
    """
    row = _current(db, held)
    _refuse_gaps(db, row)
    crash_point("store.finish.before")
    db.execute("INSERT INTO result VALUES (?, ?, ?)", (held.job, sha256, size))
    _end_lease(db, held.job)
    move(db, now, SELF, row, State.DONE, "", result=sha256, size=size)
    crash_point("store.finish.after")


def fail(db: apsw.Connection, now: Moment, held: Claim, code: str, said: str) -> None:
    """End a job that cannot succeed: FAILED, with a code and a sentence."""
    row = _current(db, held)
    _end_lease(db, held.job)
    move(db, now, SELF, row, State.FAILED, f"{code}: {said}"[:2000])


def give_back(db: apsw.Connection, now: Moment, held: Claim, said: str, *, same_parameters: bool = True) -> State:
    """End an attempt that a fault of the machine ended; return where the job goes, by its crash policy."""
    row = _current(db, held)
    return _after_crash(db, now, row, said, same_parameters=same_parameters)


def cancel(db: apsw.Connection, now: Moment, actor: Actor, job: int, said: str) -> State:
    """Cancel a job; one that runs ends at the border of its window. Cancelling twice is no error.

    Raises
    ------
    IllegalMoveError
        When it has ended already.
    """
    row = read_row(db, job)
    state = State(row["state"])
    if state in (State.CANCELLING, State.CANCELLED):
        return state
    row = move(db, now, actor, row, State.CANCELLING, said)
    crash_point("store.cancel.after")
    if state in (State.QUEUED, State.HELD):
        move(db, now, actor, row, State.CANCELLED, said)
        return State.CANCELLED
    return State.CANCELLING


def cancelled(db: apsw.Connection, now: Moment, job: int) -> None:
    """Say that a job which is CANCELLING holds nothing of the machine any more."""
    row = read_row(db, job)
    if row["state"] == State.CANCELLING:
        _end_lease(db, job)
        move(db, now, SELF, row, State.CANCELLED, row["reason"])


def hold(db: apsw.Connection, now: Moment, actor: Actor, job: int, said: str) -> State:
    """Keep a job from running until it is resumed; what its window measures meanwhile does not count."""
    row = read_row(db, job)
    if row["state"] != State.HELD:
        _end_lease(db, job)
        # The fence rises, so that whatever its attempt still says is refused.
        move(db, now, actor, row, State.HELD, said, fence=row["fence"] + 1)
    return State.HELD


def resume(db: apsw.Connection, now: Moment, actor: Actor, job: int) -> State:
    """Let a job that is held run again."""
    row = read_row(db, job)
    if row["state"] == State.HELD:
        move(db, now, actor, row, State.QUEUED, "")
        return State.QUEUED
    if row["state"] == State.QUEUED:
        return State.QUEUED
    raise illegal(row, State.QUEUED)


def crashed(db: apsw.Connection, now: Moment, row: Row, said: str, newest: str) -> State:
    """Apply the crash policy of a job whose attempt nobody continues.

    Parameters
    ----------
    newest : the parameters that would be used now; what follows a slash does not count
    """
    asked = submission_of_row(row)
    gap = now.since(moment_of(row, "changed"))
    pinned = row["parameters_id"].partition("/")[0]
    same = pinned in ("", newest.partition("/")[0]) and gap <= asked.max_gap_s
    return _after_crash(db, now, row, said, same_parameters=same)


def move(
    db: apsw.Connection, now: Moment, actor: Actor, row: Row, state: State, said: str, *, result: str = "",
    size: int = 0, **changes: object,
) -> Row:  # fmt: skip
    """Bring a job into another state and note it."""
    if (State(row["state"]), state) not in MOVES:
        raise illegal(row, state)
    new = update(db, row, now, state=state.value, reason=said, **changes)
    detail: dict[str, object] = {"reason": said, "fence": new["fence"], "round": new["round"]}
    if result:
        detail |= {"result": result, "size": size}
    note(db, now, actor, "move", job=row["id"], before=row["state"], after=state.value, detail=detail)
    return new


def submission_of_row(row: Row) -> Submission:
    """Return what was asked, without the text."""
    return submission_of(json.loads(row["asked"]), "")


def stale(job: int, asked: str, row: Row) -> StaleFenceError:
    """Return the refusal of a message whose attempt is over."""
    return StaleFenceError(
        asked,
        allowed=f"fence {row['fence']} of round {row['round']}, shots from {row['shots_done']}, state {row['state']}",
        where=f"job {label(job)}",
    )


def illegal(row: Row, state: State) -> IllegalMoveError:
    """Return the refusal of a move that the state machine does not have."""
    now = State(row["state"])
    possible = sorted(after.value for before, after in MOVES if before is now)
    return IllegalMoveError(
        f"job {label(row['id'])} is {now.value} and cannot become {state.value}",
        allowed=", ".join(possible) or f"nothing: {now.value} is final",
    )


def _after_crash(db: apsw.Connection, now: Moment, row: Row, said: str, *, same_parameters: bool) -> State:
    policy = submission_of_row(row).on_crash
    before = State(row["state"])
    after, anew = after_crash(before, policy, row["attempt"], same_parameters=same_parameters)
    if after is before:
        return after
    _end_lease(db, row["id"])
    changes: Row = {"fence": row["fence"] + 1}
    if anew:
        changes |= {"round": row["round"] + 1, "shots_done": 0, "parameters_id": ""}
    elif not row["shots_done"]:
        changes |= {"parameters_id": ""}  # nothing counts yet: the next attempt takes the newest
    words = {State.FAILED: f"machine-fault: {said} ({row['attempt']} attempts)", State.INTERRUPTED: said}
    move(db, now, SELF, row, after, words.get(after, said if after is State.QUEUED else row["reason"]), **changes)
    return after


def _current(db: apsw.Connection, held: Claim) -> Row:
    row = read_row(db, held.job)
    if row["fence"] != held.fence:
        raise stale(held.job, f"fence {held.fence}", row)
    return row


def _end_lease(db: apsw.Connection, job: int) -> None:
    db.execute("DELETE FROM lease WHERE job = ?", (job,))


def _refuse_gaps(db: apsw.Connection, row: Row) -> None:
    """The shots of the segments must be 0 to all, each once, and each segment what was stored."""
    query = "SELECT first, shots, sha256, data FROM segment WHERE job = ? AND round = ? ORDER BY first"
    end = 0
    for first, shots, sha256, data in db.execute(query, (row["id"], row["round"])):
        if first != end or hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedError(f"shots from {first} of job {label(row['id'])} are not what was stored")
        end = first + shots
    if end != submission_of_row(row).shots:
        raise DamagedError(f"{end} shots of job {label(row['id'])}", allowed=str(submission_of_row(row).shots))


def _refuse_crowding(db: apsw.Connection, actor: Actor, most: int) -> None:
    query = "SELECT count(*) FROM job WHERE user = ? AND state NOT IN ('DONE', 'FAILED', 'CANCELLED', 'INTERRUPTED')"
    active = db.execute(query, (actor.name,)).get
    if active >= most:
        raise QuotaError(
            f"{active} jobs of yours wait or run", allowed=f"at most {most}", remedy="wait, or cancel some"
        )


def _sees_all(actor: Actor) -> bool:
    return actor.role in ("operator", "admin", "system")
