"""Foretells when jobs start and finish, and learns from what came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from qctl.jobs.eta import Eta, Forecasts, foretold
from qctl.jobs.job import label
from qctl.jobs.moments import ticking
from qctl.jobs.request import Request, State

from .tasks import Tasks

View = Callable[[], tuple[list[Request], State] | None]


class Foretelling:
    """Forecasts of a queue.

    Playing a queue forward takes up to seconds: it is done beside, for one job at a time; whoever comes meanwhile is
    not learned from.

    Parameters
    ----------
    view : says what a decision now would depend on; None before anything is known
    """

    def __init__(self, view: View, tasks: Tasks) -> None:
        self.forecasts = Forecasts()
        self._view, self._tasks = view, tasks
        self._seen: set[str] = set()
        self._started: dict[str, float] = {}
        self._busy = False

    def eta(self, job: str) -> Eta | None:
        """Return when a job starts and finishes, by the clock of `ticking`; None while nobody can tell."""
        now = self._view()
        return None if now is None else self.forecasts.eta(job, *now)

    def came(self, requests: Iterable[Request]) -> None:
        """Foretell the first job that is new."""
        new = [one.job for one in requests if one.job not in self._seen]
        self._seen.update(new)
        if new and not self._busy:
            self._busy = True
            self._tasks.start(f"forecast of {new[0]}", self._foretell(new[0]))

    def started(self, jobs: Iterable[int]) -> None:
        """Take note of jobs that are in a window."""
        for job in jobs:
            self._started.setdefault(label(job), ticking())

    def ended(self, job: str, *, well: bool) -> None:
        """Learn from a job that has all of its shots; forget one that ended otherwise."""
        self._seen.discard(job)
        started, now = self._started.pop(job, None), self._view()
        if well and started is not None and now is not None:
            self.forecasts.came(job, started, ticking(), now[1])

    async def _foretell(self, job: str) -> None:
        try:
            if (now := self._view()) is not None:
                when = (await asyncio.to_thread(foretold, *now)).get(job)
                if when is not None:
                    self.forecasts.made(job, *when, now[1].now)
        finally:
            self._busy = False
