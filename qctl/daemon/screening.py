"""Jobs whose shots hardly count are held, and the operator is told why: to go on would measure nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from qctl.core.kept import Kept
from qctl.jobs.errors import JobError
from qctl.jobs.job import SELF
from qctl.jobs.sqlite import SqliteJobStore

from .alarms import Alarms
from .ready import Member, Ready

MOST = 1000  # jobs of which it is remembered


class Screening:
    """What is known of the shots of each job that were not enough to judge by yet."""

    def __init__(self, store: SqliteJobStore, alarms: Alarms) -> None:
        self._store, self._alarms = store, alarms
        self._few: dict[tuple[int, int], Kept] = {}  # by job and fence

    async def counting(self, members: Sequence[Member], found: Sequence[Mapping[str, Any]]) -> list[Member]:
        """Return those of a window whose shots make sense; the others are held.

        Parameters
        ----------
        found : what a bench read of each
        """
        good = []
        for one, got in zip(members, found, strict=True):
            told = self._together(one, Kept(**got["told"]))
            if told.hardly_any:
                await self.hold([one.ready], told.said)
                await asyncio.to_thread(Path(got["out"]).unlink, missing_ok=True)
            else:
                good.append(one)
        return good

    async def hold(self, several: Iterable[Ready], said: str) -> None:
        """Keep jobs from running until somebody has looked; their stored shots stay."""
        for job, claim in ((one.job, one.claim) for one in several):
            now = await asyncio.to_thread(self._store.job, job.id)
            if now.fence != claim.fence or now.state.final:
                continue  # a window of it that was under way while it was held, or cancelled
            self._alarms.add(f"job {job.label} is held: {said}")
            remedy = f"look at traps, lights and shutters, then: qctl jobs resume {job.label}"
            with suppress(JobError):  # it may have been cancelled meanwhile
                await asyncio.to_thread(self._store.hold, SELF, job.id, f"{said}; {remedy}")

    def _together(self, one: Member, told: Kept) -> Kept:
        """Return what is said of the last shots of a job, of more than one window where one has too few."""
        job = one.ready.claim.job, one.ready.claim.fence
        whole = self._few.pop(job, Kept()) + told
        if not whole.enough:
            self._few = {**dict(list(self._few.items())[-MOST:]), job: whole}
        return whole
