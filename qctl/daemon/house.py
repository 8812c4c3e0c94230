"""Everything that answers are made of, in one place; and the news that something was stored."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from qctl.core.laboratory import Laboratory
from qctl.jobs.disk import Disk
from qctl.jobs.results import ResultFiles
from qctl.jobs.sqlite import SqliteJobStore

from .auth import Tokens
from .scheduler import Scheduler

PATIENCE = 15.0  # s after which a stream looks again even without news


class News:
    """Wakes all who wait whenever the store changed."""

    def __init__(self) -> None:
        self.number = 0
        self._changed = asyncio.Condition()

    async def tell(self) -> None:
        """Say that something changed."""
        async with self._changed:
            self.number += 1
            self._changed.notify_all()

    async def wait(self, seen: int) -> None:
        """Return when something changed since ``seen``, or after a while."""
        try:
            async with asyncio.timeout(PATIENCE), self._changed:
                await self._changed.wait_for(lambda: self.number != seen)
        except TimeoutError:
            return


@dataclass
class House:
    """The parts of the daemon."""

    laboratory: Laboratory
    state: Path
    stored_as: str
    store: SqliteJobStore
    results: ResultFiles
    disk: Disk
    tokens: Tokens
    scheduler: Scheduler
    news: News = field(default_factory=News)
    started: float = field(default_factory=time.time)


async def spread(house: House) -> None:
    """Tell streams of each change of the store."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def heard() -> None:
        loop.call_soon_threadsafe(changed.set)

    stop = house.store.listen(heard)
    try:
        while True:
            await changed.wait()
            changed.clear()
            await house.news.tell()
    finally:
        stop()
