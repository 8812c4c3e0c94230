"""Jobs that are compiled and wait for their next window, as the scheduler keeps them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qctl.jobs.errors import StaleFenceError
from qctl.jobs.job import Claim, Job, Segment
from qctl.jobs.request import Candidate, Request
from qctl.jobs.store import JobStore

log = logging.getLogger(__name__)


@dataclass
class Ready:
    """One compiled job.

    Parameters
    ----------
    compiled : file with its waveforms at ``info["place"]``
    info : what `qctl.jobs.bench.Bench.prepare` or ``compile`` said
    places : where it could run; once it has begun, where it does
    shots_done : stored so far, in this round
    """

    job: Job
    claim: Claim
    compiled: Path
    info: dict[str, Any]
    places: tuple[Candidate, ...]
    shots_done: int
    _request: Request | None = field(default=None, repr=False)

    @property
    def pinned(self) -> str:
        """Return the parameters that it is pinned to: number of the snapshot, a slash, and the id of what it held."""
        return f"{self.info['parameters']}/{self.info['parameters_id']}"

    def settle(self, candidate: Candidate) -> None:
        """Stay where it runs now: all of its shots are of the same waveforms."""
        self.places, self._request = (candidate,), None

    def advance(self, shots: int) -> None:
        """Count shots that are stored."""
        self.shots_done, self._request = self.shots_done + shots, None

    def request(self, submitted: float) -> Request:
        """Return what the packer is asked; the same object while nothing changes, so that it is looked at once."""
        if self._request is None:
            asked = self.job.submission
            self._request = Request(
                job=self.job.label,
                user=self.job.user,
                job_class=asked.job_class,
                sequence=self.job.id,
                submitted=submitted,
                shots_left=asked.shots - self.shots_done,
                candidates=self.places,
                priority=asked.priority,
                shots_done=self.shots_done,
                deadline=None if asked.deadline_s is None else submitted + asked.deadline_s,
                isolation=asked.isolation,
            )
        return self._request


def pinned_to(places: tuple[Candidate, ...], parameters: str) -> tuple[Candidate, ...]:
    """Return candidates that run beside none but those of the same parameters: one chip has one set of biases."""
    return tuple(
        replace(one, claims=replace(one.claims, equal={**one.claims.equal, "parameters": parameters})) for one in places
    )


@dataclass(frozen=True)
class Member:
    """A job in a window: where, and how many shots of it."""

    ready: Ready
    candidate: Candidate
    shots: int


def segment_of(one: Ready, shots: int, data: bytes) -> Segment:
    """Return the next segment of a job."""
    job, first, fence = one.job, one.shots_done, one.claim.fence
    return Segment(
        job=job.id, round=job.round, first=first, shots=shots, fence=fence, circuit=one.info["circuit"], data=data
    )


def part_of(
    member: Member, members: list[Member], uploads: dict[str, str], number: str, folder: Path
) -> dict[str, Any]:
    """Return what a bench must know of one member to read out its shots of window ``number``."""
    one = member.ready
    return {
        "compiled": str(one.compiled),
        "parameters": one.info["parameters"],
        "program": one.job.submission.program,
        "co_runners": [other.ready.job.label for other in members if other is not member],
        "info": one.info,
        "fence": one.claim.fence,
        "uploads": uploads,
        "out": str(folder / f"{number}-{one.job.id}.counts"),
    }


def stored(store: JobStore, segments: list[Segment]) -> list[Segment]:
    """Store what a window measured in one commit; without those jobs that were cancelled or held meanwhile."""
    try:
        store.add_segments(segments)
    except StaleFenceError:
        return [one for one in segments if _stored_alone(store, one)]
    return segments


def _stored_alone(store: JobStore, segment: Segment) -> bool:
    try:
        store.add_segments([segment])
    except StaleFenceError as late:
        log.info("shots that do not count: %s", late)
        return False
    return True
