"""Jobs that are compiled and wait for their next window, as the scheduler keeps them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    in_flight : shots of windows that play or are read out
    blocked : why it may not run now; empty when it may
    """

    job: Job
    claim: Claim
    compiled: Path
    info: dict[str, Any]
    places: tuple[Candidate, ...]
    shots_done: int
    blocked: str = ""
    in_flight: int = 0
    _settled: bool = field(default=False, repr=False)
    _open: tuple[Candidate, ...] | None = field(default=None, repr=False)
    _request: Request | None = field(default=None, repr=False)

    @property
    def pinned(self) -> str:
        """Return the parameters that it is pinned to: number of the snapshot, a slash, and the id of what it held."""
        return f"{self.info['parameters']}/{self.info['parameters_id']}"

    @property
    def open(self) -> tuple[Candidate, ...]:
        """Return the places where it may run now, in the order in which it is granted them."""
        return self.places if self._open is None else self._open

    @property
    def left(self) -> int:
        """Return the shots that no window has been granted."""
        return self.job.submission.shots - self.shots_done - self.in_flight

    @property
    def begun(self) -> bool:
        """Say whether it has had a window."""
        return self.shots_done > 0 or self._settled

    def settle(self, candidate: Candidate, shots: int) -> None:
        """Stay where it runs now, with so many shots: all of them are of the same waveforms."""
        self.places, self._open, self._request, self._settled = (candidate,), None, None, True
        self.in_flight += shots

    def doubt(self, suspect: Mapping[str, str]) -> None:
        """Keep away from what is suspect, unless it asked for that.

        Parameters
        ----------
        suspect : by target, why its values cannot be relied on
        """
        if self.job.submission.stale_ok:
            return
        left = tuple(one for one in self.places if not relied(one, suspect)) if suspect else self.places
        if left == self.open and bool(self.blocked) == (not left):
            return
        first = next(iter(relied(self.places[0], suspect)), "") if self.places and not left else ""
        self.blocked = f"{first} is suspect and will be measured again: {suspect[first]}" if first else ""
        self._open, self._request = (None if left == self.places else left), None

    def advance(self, granted: int, shots: int) -> None:
        """Count what is stored of the shots that a window was granted."""
        self.shots_done, self._request = self.shots_done + shots, None
        self.in_flight -= granted

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
                shots_left=self.left,
                candidates=self.open,
                priority=asked.priority,
                shots_done=self.shots_done + self.in_flight,
                deadline=None if asked.deadline_s is None else submitted + asked.deadline_s,
                isolation=asked.isolation,
                blocked=self.blocked,
            )
        return self._request


def relied(place: Candidate, targets: Iterable[str]) -> list[str]:
    """Return which of some qubits, couplings and feedlines a place relies on."""
    held, heard = place.claims.exclusive, place.claims.tones
    return [one for one in targets if f"qubit {one}" in held or f"coupler {one}" in held or one in heard]


def asked_of(job: Job) -> dict[str, Any]:
    """Return what a bench reads a program from."""
    return {"program": job.submission.program, "inputs": dict(job.submission.inputs)}


@dataclass(frozen=True)
class Member:
    """A job in a window: where, and how many shots of it.

    Parameters
    ----------
    info : of its waveforms at that place; its job may have been compiled for another one since
    remarks : what the result is to say of this window
    """

    ready: Ready
    candidate: Candidate
    shots: int
    info: dict[str, Any]
    remarks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return what others call it."""
        return self.ready.job.label

    @property
    def key(self) -> object:
        """Return what tells its part of an upload from others."""
        return self.ready.claim, self.info["circuit"], self.candidate.placement, self.shots

    @property
    def seconds(self) -> float:
        """Return the machine time of all its shots."""
        return float(self.shots * self.info["period"] * self.info["n_points"])

    def to_link(self) -> dict[str, Any]:
        """Return what a bench must know to link it."""
        return {"compiled": str(self.ready.compiled), "parameters": self.info["parameters"], "shots": self.shots}

    def to_read(self, beside: list[str], uploads: dict[str, str], number: str, folder: Path) -> dict[str, Any]:
        """Return what a bench must know to read out its shots of window ``number``."""
        one = self.ready
        return {
            "compiled": str(one.compiled),
            "parameters": self.info["parameters"],
            **asked_of(one.job),
            "co_runners": beside,
            "remarks": list(self.remarks),
            "info": self.info,
            "fence": one.claim.fence,
            "uploads": uploads,
            "out": str(folder / f"{number}-{one.job.id}.counts"),
        }

    def segment(self, shots: int, data: bytes) -> Segment:
        """Return its next segment."""
        job, first, fence = self.ready.job, self.ready.shots_done, self.ready.claim.fence
        circuit = self.info["circuit"]
        return Segment(job=job.id, round=job.round, first=first, shots=shots, fence=fence, circuit=circuit, data=data)


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
