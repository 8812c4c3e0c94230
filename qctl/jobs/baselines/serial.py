"""One job at a time: first come first served, or the highest response ratio next."""

from __future__ import annotations

from collections.abc import Sequence as Seq

from ..request import Request
from .events import Running


class FirstCome:
    """First come, first served, one at a time."""

    name, tick = "serial, first come", 0.0

    def ready(self, requests: Seq[Request]) -> list[Request]:
        """Return the jobs as they are."""
        return list(requests)

    def begin(self, queue: Seq[Request], running: Seq[Running], now: float) -> list[tuple[Request, int]]:
        """Return the oldest job when nothing runs."""
        return [(queue[0], 0)] if queue and not running else []


class HighestRatio(FirstCome):
    """Highest response ratio next, one at a time: what Origin Pilot documents (arXiv:2105.10730, section 4)."""

    name = "serial, highest response ratio"

    def begin(self, queue: Seq[Request], running: Seq[Running], now: float) -> list[tuple[Request, int]]:
        """Return the job with the highest ratio of waiting and service to service when nothing runs."""
        if running or not queue:
            return []
        return [(max(queue, key=lambda r: (_ratio(r, now), -r.sequence)), 0)]


def _ratio(request: Request, now: float) -> float:
    """Return waiting over service; one more than that is the response ratio."""
    return (now - request.submitted) / (request.shots_left * request.candidates[0].duration_s)
