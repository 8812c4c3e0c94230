"""What must be done again and again, whatever plays: leases are kept, what ran out of time is ended."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from pathlib import Path
from typing import Any

from qctl.jobs.backup import back_up, copies, scrub
from qctl.jobs.errors import DiskFullError, JobError
from qctl.jobs.job import SELF
from qctl.jobs.sqlite import SqliteJobStore
from qctl.store import StoreError

from .alarms import Alarms
from .compiling import LEASE, Compiling
from .workers import WorkerLostError, Workers

log = logging.getLogger(__name__)

EVERY = 5.0  # s
BACKUP = 3600.0  # s between two copies of the job store
COMPACT = 86400.0  # s between two compact ones
SOON = 60.0  # s after a start that follows a crash
SCRUB = 7 * 86400.0  # s within which everything that is stored is read once


class Housekeeping:
    """Chores of the scheduler.

    Attributes
    ----------
    newest : number of the newest snapshot of parameters, a slash, and its id
    bounds : what programs share, as `qctl.jobs.bench.Bench.describe` says; None before a bench has answered
    """

    def __init__(
        self, store: SqliteJobStore, jobs: Compiling, benches: Workers, alarms: Alarms, changed: asyncio.Event
    ) -> None:
        self._alarms = alarms
        self.newest = "0"
        self.bounds: dict[str, Any] | None = None
        self._store, self._jobs, self._benches, self._changed = store, jobs, benches, changed
        self._state = store.path.parent

    async def run(self) -> None:
        """Do them until cancelled."""
        while True:
            try:
                await self._once()
            except (WorkerLostError, DiskFullError) as trouble:  # it may pass; whatever else it is ends the daemon
                log.warning("housekeeping: %s", trouble)
            await asyncio.sleep(EVERY)

    async def keep_copies(self, every: float) -> None:
        """Copy the job store again and again, once a day compactly; each copy is read back before it counts.

        Parameters
        ----------
        every : s; a copy younger than that from before a restart counts, too
        """
        while True:
            age = _age(copies(self._state))
            await asyncio.sleep(max(every - age, 0.0) if math.isfinite(age) else every)
            try:
                night = _age(copies(self._state, compact=True)) > COMPACT
                copy = await asyncio.to_thread(back_up, self._state, compact=night)
                await asyncio.to_thread(self._store.note, SELF, "back up", copy=copy.name)
            except (JobError, StoreError, OSError) as trouble:
                self._alarms.add(f"no copy could be made: {trouble}")
                await asyncio.sleep(every)

    async def read_all(self, every: float) -> None:
        """Read everything that is stored once in ``every`` seconds; what is damaged is an alarm.

        After a crash, when no more was read than what goes on, all of it is read soon.
        """
        wait = min(every, SOON) if self._store.was_left_open else every
        while True:
            await asyncio.sleep(wait)
            wait = every
            for said in await asyncio.to_thread(lambda: list(scrub(self._state))):
                self._alarms.add(said)

    async def _once(self) -> None:
        await self._look()
        await asyncio.to_thread(self._store.beat, self._jobs.held(), LEASE)
        await asyncio.to_thread(self._store.reap, self.newest)

    async def _look(self) -> None:
        """Ask what is known of the machine now."""
        found = await self._benches.ask("parameters", {})
        self.newest = f"{found['number']}/{found['id']}"
        if self.bounds is None:
            self.bounds = await self._benches.ask("describe", {})
            self._changed.set()


def _age(files: list[Path]) -> float:
    """Return how old the newest of some files is, s; inf when there is none."""
    newest = max((one.stat().st_mtime for one in files), default=-math.inf)
    return time.time() - newest
