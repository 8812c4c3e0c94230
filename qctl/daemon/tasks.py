"""The tasks of the daemon: one that fails, or ends though it should not, takes the daemon with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from qctl.core.errors import QctlError

log = logging.getLogger(__name__)


class Tasks:
    """Everything that runs beside each other.

    Parameters
    ----------
    end : is told the exit code when a task has failed: what starts again is whole
    """

    def __init__(self, end: Callable[[int], None]) -> None:
        self._end = end
        self._all: set[asyncio.Task[None]] = set()
        self._cancelling = False

    def serve(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Start a part of the daemon that goes on until it is cancelled."""
        self.start(name, _for_ever(name, work))

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start something that may end or be cancelled, but not fail."""
        task = asyncio.create_task(work, name=name)
        self._all.add(task)
        task.add_done_callback(self._ended)
        return task

    async def cancel(self) -> None:
        """Cancel all of them and wait until they are gone."""
        self._cancelling = True
        for task in self._all:
            task.cancel()
        await asyncio.gather(*self._all, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._all.discard(task)
        if task.cancelled() or self._cancelling or (reason := task.exception()) is None:
            return
        log.error("%s failed: %s", task.get_name(), reason, exc_info=reason)
        self._end(reason.exit_code if isinstance(reason, QctlError) else 1)


async def _for_ever(name: str, work: Coroutine[Any, Any, None]) -> None:
    await work
    raise RuntimeError(f"{name} ended by itself")
