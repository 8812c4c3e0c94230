"""What a job store promises, whatever engine is behind it; `tests/jobs/test_contract.py` holds every engine to it.

Every method that changes something returns when the change would survive a loss of power.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from .job import Actor, Claim, Event, Job, Receipt, Segment, Submission
from .states import State
from .upkeep import Moved


class JobStore(Protocol):
    """Durable jobs. Threads may share one store."""

    def submit(self, actor: Actor, submission: Submission, key: str = "", most_active: int = 1000) -> Receipt:
        """Accept a job; the same key with the same body finds the job that it brought before."""

    def claim(self, most: int, lease_s: float) -> list[Claim]:
        """Begin an attempt of at most so many jobs that may run, each under a fence of its own."""

    def beat(self, claims: Iterable[Claim], lease_s: float) -> None:
        """Say that these attempts are still under way."""

    def start(self, claims: Sequence[tuple[Claim, str]]) -> list[Claim]:
        """Commit RUNNING, with the parameters of each; return those that may be triggered now."""

    def add_segments(self, segments: Sequence[Segment]) -> list[int]:
        """Store what one window measured; return the jobs that are complete."""

    def finish(self, claim: Claim, sha256: str, size: int) -> None:
        """Make a job DONE with its result file, if all of its shots are there, each once."""

    def fail(self, claim: Claim, code: str, said: str) -> None:
        """End a job that cannot succeed."""

    def give_back(self, claim: Claim, said: str, *, same_parameters: bool = True) -> State:
        """End an attempt that a fault of the machine ended; the crash policy says where the job goes."""

    def cancel(self, actor: Actor, job: int, said: str = "") -> State:
        """Cancel a job; one that runs is CANCELLING until `cancelled`."""

    def cancelled(self, jobs: Iterable[int]) -> None:
        """Say that these hold nothing of the machine any more."""

    def hold(self, actor: Actor, job: int, said: str) -> State:
        """Keep a job from running."""

    def resume(self, actor: Actor, job: int) -> State:
        """Let a held job run again."""

    def wait(self, job: int, timeout: float) -> Job:
        """Return a job once it has ended, or as it stands after ``timeout`` seconds."""

    def recover(self, newest: str) -> list[Moved]:
        """Pick up after a crash: called once, before anything is claimed."""

    def reap(self, newest: str) -> list[Moved]:
        """End what ran out of its lease, its deadline, or its needs."""

    def job(self, number: int) -> Job:
        """Return one job with its program."""

    def jobs(
        self, *, user: str | None = None, states: Iterable[State] = (), before: int | None = None, limit: int = 100
    ) -> list[Job]:
        """Return jobs without programs, newest first."""

    def in_states(self, states: Iterable[State]) -> list[Job]:
        """Return all jobs in some states that are not final, with programs, in order of acceptance."""

    def standing(self) -> dict[int, tuple[State, int]]:
        """Return state and fence of each job that is claimed."""

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state that is not final."""

    def segments(self, job: int, round_: int) -> list[Segment]:
        """Return what was measured in one round of a job."""

    def events(
        self, *, after: int = 0, job: int | None = None, user: str | None = None, limit: int = 100
    ) -> list[Event]:
        """Return lines of the journal in order."""

    def note(self, actor: Actor, verb: str, job: int = 0, **detail: object) -> None:
        """Add a line to the journal that moves no job."""

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call ``heard`` after each commit, from another thread, until what this returns is called."""

    def verify(self) -> int:
        """Read everything; return how many rows were checked, or raise DamagedError."""

    def close(self) -> None:
        """Finish writing and let go of the file."""
