"""What must be done again and again, whatever plays: leases are kept, what ran out of time is ended."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from qctl.jobs.errors import DiskFullError
from qctl.jobs.sqlite import SqliteJobStore

from .compiling import LEASE, Compiling
from .workers import WorkerLostError, Workers

log = logging.getLogger(__name__)

EVERY = 5.0  # s


class Housekeeping:
    """Chores of the scheduler.

    Attributes
    ----------
    newest : number of the newest snapshot of parameters, a slash, and its id
    bounds : what programs share, as `qctl.jobs.bench.Bench.describe` says; None before a bench has answered
    """

    def __init__(self, store: SqliteJobStore, jobs: Compiling, benches: Workers, changed: asyncio.Event) -> None:
        self.newest = "0"
        self.bounds: dict[str, Any] | None = None
        self._store, self._jobs, self._benches, self._changed = store, jobs, benches, changed

    async def run(self) -> None:
        """Do them until cancelled."""
        while True:
            try:
                await self._once()
            except (WorkerLostError, DiskFullError) as trouble:  # it may pass; whatever else it is ends the daemon
                log.warning("housekeeping: %s", trouble)
            await asyncio.sleep(EVERY)

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
