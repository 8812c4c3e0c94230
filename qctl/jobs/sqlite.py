"""Jobs in one SQLite file of the state folder: the embedded engine of `qctl.jobs.store`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import apsw

from qctl.store import database

from . import changes, queries, rows, upkeep, verification
from .errors import ReadOnlyError
from .job import Actor, Claim, Event, Job, Receipt, Segment, Submission
from .moments import BootClock, Clock
from .schema import SCHEMA, VERSION
from .states import State
from .writer import Writer

FILE = "jobs.sqlite"
Answer = TypeVar("Answer")


class SqliteJobStore:
    """A job store in a folder; best used in ``with``.

    Parameters
    ----------
    folder : state folder, there already
    clock : whose time it is
    on_fault : is told once when the disk fails; from then on nothing is written
    damage : what was found to be wrong with the file: then it is read as far as it can be, and never written
    """

    def __init__(
        self, folder: Path, *, clock: Clock | None = None, on_fault: Callable[[str], None] = lambda said: None,
        damage: str = "",
    ) -> None:  # fmt: skip
        self.path, self.clock, self.damage = folder / FILE, clock or BootClock(), damage
        database.create(self.path, SCHEMA, VERSION)
        self.was_left_open = database.was_left_open(self.path)
        with database.refusals(self.path):
            self._reader = database.open_reader(self.path, VERSION)
        self._reading_lock = threading.RLock()
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], None]] = []
        try:
            if self.was_left_open and not damage:
                self._verify_recent()  # before a writer moves the log into a file that may be damaged
            self._writer = None if damage else Writer(self.path, VERSION, on_fault)
        except BaseException:
            self._reader.close()
            raise

    @property
    def fault(self) -> str:
        """Return why nothing is written: what the disk said when it failed, or the damage; empty while all is well."""
        return self.damage if self._writer is None else self._writer.fault

    def submit(self, actor: Actor, submission: Submission, key: str = "", most_active: int = 1000) -> Receipt:
        """Accept a job; see `JobStore`."""
        return self.submit_soon(actor, submission, key, most_active).result()

    def submit_soon(
        self, actor: Actor, submission: Submission, key: str = "", most_active: int = 1000
    ) -> Future[Receipt]:
        """Accept a job without waiting for the commit: the answer comes after it."""
        return self._later(changes.submit, actor, submission, key, most_active)

    def claim(self, most: int, lease_s: float) -> list[Claim]:
        """Begin an attempt of at most so many jobs that may run."""

        def claim(db: apsw.Connection) -> list[Claim]:
            return changes.claim(db, self.clock.now(), queries.claimable(db, most), lease_s)

        return self._written(claim)

    def beat(self, claims: Iterable[Claim], lease_s: float) -> None:
        """Say that these attempts are still under way."""
        now = self.clock.now()
        values = [(now.boot, now.ticking + lease_s, one.job, one.fence) for one in claims]

        def beat(db: apsw.Connection) -> None:
            db.executemany("UPDATE lease SET boot = ?, until = ? WHERE job = ? AND fence = ?", values)

        self._written(beat)

    def start(self, claims: Sequence[tuple[Claim, str]]) -> list[Claim]:
        """Commit RUNNING; return those that may be triggered now."""
        return self._later(changes.start, claims).result()

    def add_segments(self, segments: Sequence[Segment]) -> list[int]:
        """Store what one window measured; return the jobs that are complete."""
        return self._later(changes.add_segments, segments).result()

    def finish(self, claim: Claim, sha256: str, size: int) -> None:
        """Make a job DONE."""
        self._later(changes.finish, claim, sha256, size).result()

    def fail(self, claim: Claim, code: str, said: str) -> None:
        """End a job that cannot succeed."""
        self._later(changes.fail, claim, code, said).result()

    def give_back(self, claim: Claim, said: str, *, same_parameters: bool = True) -> State:
        """End an attempt that a fault of the machine ended."""
        return self._written(
            lambda db: changes.give_back(db, self.clock.now(), claim, said, same_parameters=same_parameters)
        )

    def cancel(self, actor: Actor, job: int, said: str = "") -> State:
        """Cancel a job."""
        return self._later(changes.cancel, actor, job, said or f"cancelled by {actor.name}").result()

    def cancelled(self, jobs: Iterable[int]) -> None:
        """Say that these hold nothing of the machine any more."""
        ended = list(jobs)

        def cancelled(db: apsw.Connection) -> None:
            for job in ended:
                changes.cancelled(db, self.clock.now(), job)

        self._written(cancelled)

    def hold(self, actor: Actor, job: int, said: str) -> State:
        """Keep a job from running."""
        return self._later(changes.hold, actor, job, said).result()

    def resume(self, actor: Actor, job: int) -> State:
        """Let a held job run again."""
        return self._later(changes.resume, actor, job).result()

    def recover(self, newest: str) -> list[upkeep.Moved]:
        """Pick up after a crash."""
        return self._later(upkeep.recover, newest).result()

    def reap(self, newest: str) -> list[upkeep.Moved]:
        """End what ran out of its lease, its deadline, or its needs."""
        return self._later(upkeep.reap, newest).result()

    def rack_fence(self, rack: str) -> int:
        """Return a higher fence for a rack than any before: who owns its instruments from now on."""

        def rise(db: apsw.Connection) -> int:
            db.execute("INSERT INTO rack VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET fence = fence + 1", (rack,))
            return int(db.execute("SELECT fence FROM rack WHERE name = ?", (rack,)).get)

        return self._written(rise)

    def note(self, actor: Actor, verb: str, job: int = 0, **detail: object) -> None:
        """Add a line to the journal that moves no job."""
        self._written(lambda db: rows.note(db, self.clock.now(), actor, verb, job=job, detail=detail))

    def write(self, change: Callable[[apsw.Connection], Answer]) -> Answer:
        """Carry out ``change`` in a transaction; for neighbours that keep tables of their own here."""
        return self._written(change)

    def wait(self, job: int, timeout: float) -> Job:
        """Return a job once it has ended, or as it stands after ``timeout`` seconds."""
        import time

        end = time.monotonic() + timeout
        with self._changed:
            while not (found := self.job(job)).state.final:
                left = end - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
        return found

    def job(self, number: int) -> Job:
        """Return one job with its program."""
        with self.reading() as db:
            return queries.job(db, number)

    def jobs(
        self, *, user: str | None = None, states: Iterable[State] = (), before: int | None = None, limit: int = 100
    ) -> list[Job]:
        """Return jobs without programs, newest first."""
        with self.reading() as db:
            return queries.jobs(db, user=user, states=states, before=before, limit=limit)

    def in_states(self, states: Iterable[State]) -> list[Job]:
        """Return all jobs in some states that are not final, with programs."""
        with self.reading() as db:
            return queries.in_states(db, states)

    def standing(self) -> dict[int, tuple[State, int]]:
        """Return state and fence of each job that is claimed."""
        with self.reading() as db:
            return queries.standing(db)

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state that is not final."""
        with self.reading() as db:
            return queries.counts(db)

    def segments(self, job: int, round_: int) -> list[Segment]:
        """Return what was measured in one round of a job."""
        with self.reading() as db:
            return queries.segments(db, job, round_)

    def events(
        self, *, after: int = 0, job: int | None = None, user: str | None = None, limit: int = 100
    ) -> list[Event]:
        """Return lines of the journal in order."""
        with self.reading() as db:
            return queries.events(db, after=after, number=job, user=user, limit=limit)

    def verify(self) -> int:
        """Read everything; return how many rows were checked."""
        with self.reading() as db:
            return verification.everything(db)

    def _verify_recent(self) -> None:
        with self.reading() as db:
            verification.recent(db)

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call ``heard`` after each change, from another thread, until what this returns is called."""
        self._listeners.append(heard)
        return partial(self._listeners.remove, heard)

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Give a connection that cannot write, at one moment of the store."""
        with self._reading_lock, database.refusals(self.path):
            if self._reader.in_transaction:
                yield self._reader
                return
            with database.transaction(self._reader, "DEFERRED"):
                yield self._reader

    def close(self) -> None:
        """Finish writing and let go of the file."""
        with self._reading_lock:
            self._reader.close()
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _later(self, change: Callable[..., Answer], *values: object) -> Future[Answer]:
        """Carry out ``change(connection, now, *values)``."""
        return self._write(lambda db: change(db, self.clock.now(), *values))

    def _written(self, change: Callable[[apsw.Connection], Answer]) -> Answer:
        return self._write(change).result()

    def _write(self, change: Callable[[apsw.Connection], Answer]) -> Future[Answer]:
        if self._writer is None:
            raise ReadOnlyError(
                f"nothing is written to a damaged store ({self.damage})",
                where=str(self.path),
                remedy="stop qctl, let qctl jobs verify name what is wrong, and put a copy back with qctl jobs restore",
            )
        future = self._writer.submit(change)
        future.add_done_callback(self._tell)
        return future

    def _tell(self, _: Future[Any]) -> None:
        with self._changed:
            self._changed.notify_all()
        for heard in list(self._listeners):
            heard()
