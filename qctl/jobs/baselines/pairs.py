"""Pairs: at most two programs at a time, as in early work on multi-programming (Das et al., MICRO 2019)."""

from __future__ import annotations

from collections.abc import Sequence as Seq

from ..request import Request
from .events import Floor, Running


class Pairs:
    """First come first served, up to two at once."""

    name, tick = "pairs", 0.0

    def __init__(self) -> None:
        self._floor = Floor()

    def ready(self, requests: Seq[Request]) -> list[Request]:
        """Return the jobs as they are."""
        return list(requests)

    def begin(self, queue: Seq[Request], running: Seq[Running], now: float) -> list[tuple[Request, int]]:
        """Return as many as make two, in order of arrival."""
        return self._floor.fitting(queue, running, now, reserve=False)[: 2 - len(running)]
