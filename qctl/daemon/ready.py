"""Jobs that are compiled and wait for their next window, as the scheduler keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qctl.jobs.job import Claim, Job
from qctl.jobs.request import Candidate, Claims, Request


@dataclass
class Ready:
    """One compiled job.

    Parameters
    ----------
    compiled : file with its waveforms
    info : what `qctl.jobs.bench.Bench.compile` said
    shots_done : stored so far, in this round
    """

    job: Job
    claim: Claim
    compiled: Path
    info: dict[str, Any]
    shots_done: int

    @property
    def pinned(self) -> str:
        """Return the parameters that it is pinned to: number of the snapshot, a slash, and the id of what it held."""
        return f"{self.info['parameters']}/{self.info['parameters_id']}"

    def request(self, submitted: float) -> Request:
        """Return what the packer is asked."""
        asked = self.job.submission
        return Request(
            job=self.job.label,
            user=self.job.user,
            job_class=asked.job_class,
            sequence=self.job.id,
            submitted=submitted,
            shots_left=asked.shots - self.shots_done,
            candidates=(self._whole_machine(),),
            priority=asked.priority,
            shots_done=self.shots_done,
            deadline=None if asked.deadline_s is None else submitted + asked.deadline_s,
            isolation=asked.isolation,
        )

    def _whole_machine(self) -> Candidate:
        return Candidate(
            placement=tuple(self.info["placement"]),
            claims=Claims(exclusive=frozenset({"machine"}), n_points=self.info["n_points"]),
            expected_success=1.0,
            duration_s=self.info["period"] * self.info["n_points"],
        )
