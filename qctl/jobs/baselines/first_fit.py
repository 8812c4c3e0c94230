"""First fit with a tick: once a second the queue is walked, and whatever fits begins."""

from __future__ import annotations

from collections.abc import Sequence as Seq

from ..request import Request
from .events import Floor, Running


class FirstFit:
    """Nothing is reserved, nothing begins between ticks."""

    name, tick = "first fit, 1 s tick", 1.0

    def __init__(self) -> None:
        self._floor = Floor()

    def ready(self, requests: Seq[Request]) -> list[Request]:
        """Return the jobs as they are."""
        return list(requests)

    def begin(self, queue: Seq[Request], running: Seq[Running], now: float) -> list[tuple[Request, int]]:
        """Return all that fit, in order of arrival."""
        return self._floor.fitting(queue, running, now, reserve=False)
