"""EASY backfill: first come first served; later jobs go ahead where they do not delay the head of the queue."""

from __future__ import annotations

from collections.abc import Sequence as Seq

from ..request import Request
from .events import Floor, Running


class EasyBackfill:
    """Lifka, "The ANL/IBM SP scheduling system", JSSPP 1995, with placements instead of node counts."""

    name, tick = "EASY backfill", 0.0

    def __init__(self) -> None:
        self._floor = Floor()

    def ready(self, requests: Seq[Request]) -> list[Request]:
        """Return the jobs as they are."""
        return list(requests)

    def begin(self, queue: Seq[Request], running: Seq[Running], now: float) -> list[tuple[Request, int]]:
        """Return who fits without delaying the head of the queue."""
        return self._floor.fitting(queue, running, now, reserve=True)
