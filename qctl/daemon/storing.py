"""Stores what windows measured, and counts it: nobody hears of shots before they are stored."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qctl.jobs.container import unpack
from qctl.jobs.counted import read_counts
from qctl.jobs.crash_points import crash_point
from qctl.jobs.job import Segment, label
from qctl.jobs.sqlite import SqliteJobStore

from .company import Company
from .compiling import Compiling
from .linking import Linked
from .ready import stored


@dataclass(frozen=True)
class Heard:
    """What was read out of a window, and is not stored yet.

    Parameters
    ----------
    counted : by job, the file of its counts and how many shots they are; of those jobs whose shots may count
    """

    window: Linked
    counted: Mapping[int, Mapping[str, Any]]

    @property
    def seconds(self) -> float:
        """Return its machine time."""
        return max(one.seconds for one in self.window.together)

    def without(self, jobs: Container[int]) -> Heard:
        """Return it without shots of some jobs, which are as if they had not been played."""
        for job, got in self.counted.items():
            if job in jobs:
                Path(got["out"]).unlink(missing_ok=True)
        return Heard(self.window, {job: got for job, got in self.counted.items() if job not in jobs})


class Storing:
    """Brings shots into the store, and jobs to where these make them.

    Parameters
    ----------
    company : who disturbs whom
    """

    def __init__(self, store: SqliteJobStore, jobs: Compiling, company: Company) -> None:
        self._store, self._jobs, self._company = store, jobs, company
        self._spent: dict[str, float] = {}

    def take_spent(self) -> dict[str, float]:
        """Return the machine time that each user had since this was asked last, s."""
        spent, self._spent = self._spent, {}
        return spent

    async def store(self, heard: Heard) -> None:
        """Store a segment for each job, in one commit, and count what was stored."""
        segments = []
        for one in heard.window.members:
            if (got := heard.counted.get(one.ready.job.id)) is not None:
                segments.append(one.segment(got["shots"], _taken(Path(got["out"]))))
        counting = await asyncio.to_thread(stored, self._store, segments) if segments else []
        crash_point("scheduler.stored")
        try:
            await self._hear(heard.window, counting)
        finally:
            self.land(heard.window, {one.job: one.shots for one in counting})

    def land(self, window: Linked, shots: Mapping[int, int]) -> None:
        """Count what is stored of each job; whatever else was granted is to be played again."""
        for one in window.members:
            one.ready.advance(one.shots, shots.get(one.ready.job.id, 0))
            self._jobs.sweep(one.ready)

    async def _hear(self, window: Linked, segments: list[Segment]) -> None:
        for one in window.members:
            user = one.ready.job.user
            self._spent[user] = self._spent.get(user, 0.0) + one.seconds
        if not window.fillers:  # a step of calibration is another one each time: it tells nothing of the jobs beside it
            counts = await asyncio.to_thread(_counts, segments)
            self._company.heard(counts, {one.label: one.candidate.placement for one in window.members})


def _taken(file: Path) -> bytes:
    data = file.read_bytes()
    file.unlink()
    return data


def _counts(segments: list[Segment]) -> dict[str, dict[str, int]]:
    """Return what each job counted in a window, all sweep points together."""
    found = {}
    for one in segments:
        header, arrays = unpack(one.data)
        counted, whole = read_counts(header, arrays), Counter[str]()
        for point in range(counted.n_points):
            whole.update(counted.of(point))
        found[label(one.job)] = dict(whole)
    return found
