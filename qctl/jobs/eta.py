"""When a job will start and finish: the packer plays the queue forward, and past mistakes say how wide the interval is.

The interval is conformal (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005): of the jobs that
went before, so many ended within the same factors of what had been foretold. Until 20 have, it is wide on purpose.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field, replace

import numpy as np

from .packer import Packer
from .request import Request, State
from .simulate import advanced

COVERAGE = 0.9
ENOUGH, KEPT = 20, 400  # mistakes before an interval is drawn from them, and how many are remembered
UNLEARNED = (1 / 3, 6.0)  # factors on what is foretold, before that
MOST_WINDOWS = 2000  # that are played forward; the rest goes on at the pace of these
COARSE = 4.0  # windows of a forecast are so many times longer than real ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A moment and the interval that holds it with 90 % probability; times of the station's clock, s."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Eta:
    """When a job starts and finishes."""

    start: Span
    finish: Span


def foretold(requests: Seq[Request], state: State) -> dict[str, tuple[float, float]]:
    """Return by job when it starts and finishes if nobody comes, goes or breaks, s.

    Jobs that cannot run now (held, or everything that they need is unavailable) are not in it.
    """
    here = {request.job: request for request in requests}
    coarse = replace(state, window_s=COARSE * state.window_s)
    packer, starts, found, now = Packer(), dict[str, float](), dict[str, tuple[float, float]](), state.now
    for _ in range(MOST_WINDOWS):
        window = packer.pack(list(here.values()), replace(coarse, now=now))
        if not window.grants:
            return found
        for grant in window.grants:
            request = here.pop(grant.job)
            begun = state.now if request.shots_done and grant.job not in starts else now
            starts.setdefault(grant.job, begun)
            after = advanced(request, grant.candidate, grant.shots)
            end = now + grant.shots * after.candidates[0].duration_s
            if after.shots_left:
                here[grant.job] = after
            else:
                found[grant.job] = starts[grant.job], end
        now += window.duration_s
    pace = (now - state.now) / MOST_WINDOWS
    for place, job in enumerate(here):
        start = starts.get(job, now + pace * place)
        found[job] = start, start + pace * (place + 1)
    return found


@dataclass
class Forecasts:
    """Foretells, remembers what was foretold, and learns from what came.

    Call ``made`` when a job is accepted and ``came`` when it has started and finished.
    """

    _open: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    _wrong: dict[str, deque[float]] = field(
        default_factory=lambda: {what: deque(maxlen=KEPT) for what in ("start", "finish")}
    )

    def eta(self, job: str, requests: Seq[Request], state: State) -> Eta | None:
        """Return when a job starts and finishes, or None while it cannot run."""
        when = foretold(requests, state).get(job)
        return None if when is None else self.around(*when, state)

    def around(self, start: float, finish: float, state: State) -> Eta:
        """Return intervals around what was foretold."""
        return Eta(start=self._span("start", start, state), finish=self._span("finish", finish, state))

    def made(self, job: str, start: float, finish: float, now: float) -> None:
        """Remember what was foretold at ``now``."""
        self._open[job] = start, finish, now

    def came(self, job: str, start: float, finish: float, state: State) -> None:
        """Learn from a job that has finished."""
        foretold_for = self._open.pop(job, None)
        if foretold_for is None:
            return
        said_start, said_finish, now = foretold_for
        for what, said, was in (("start", said_start, start), ("finish", said_finish, finish)):
            self._wrong[what].append(math.log(_ahead(was - now, state) / _ahead(said - now, state)))

    def _span(self, what: str, expected: float, state: State) -> Span:
        wrong, ahead = self._wrong[what], _ahead(expected - state.now, state)
        low, high = UNLEARNED if len(wrong) < ENOUGH else _factors(wrong)
        early, late = (state.now + max(0.0, ahead * f - state.window_s) for f in (low, high))
        return Span(expected=expected, low=min(early, expected), high=max(late, expected))


def _ahead(seconds: float, state: State) -> float:
    """Return a time from now as errors are counted: a window is the least that can be told apart."""
    return max(0.0, seconds) + state.window_s


def _factors(wrong: deque[float]) -> tuple[float, float]:
    """Return the factors within which 90 % of the next ones lie: beyond each are 5 % of n + 1 mistakes."""
    ranked = np.sort(np.asarray(wrong))
    outside = max(0, math.floor((len(ranked) + 1) * (1 - COVERAGE) / 2) - 1)
    return float(np.exp(ranked[outside])), float(np.exp(ranked[len(ranked) - 1 - outside]))
