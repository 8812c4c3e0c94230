"""Policies without windows in virtual time: jobs begin when others end, at arrivals, or at ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qctl.kernels.pack import pack as decide

from ..board import Board
from ..request import Request, State
from ..simulate import Done, History, advanced, finished

MICROSECOND = 1e-6  # unit in which the kernel counts what running jobs still need


@dataclass(frozen=True, slots=True)
class Running:
    """A job that holds its place until it ends."""

    request: Request
    candidate: int
    started: float
    ends: float


class Policy(Protocol):
    """Says which waiting jobs begin now."""

    name: str
    tick: float  # s; 0 to be asked at every arrival and ending

    def ready(self, requests: Seq[Request]) -> list[Request]:
        """Return the jobs as this policy sees them: their candidates may be others."""

    def begin(self, queue: Seq[Request], running: Seq[Running], now: float) -> list[tuple[Request, int]]:
        """Return jobs and their candidates."""


def play(requests: Iterable[Request], policy: Policy) -> History:
    """Run jobs to their end under a policy."""
    coming = sorted(policy.ready(list(requests)), key=lambda r: (r.submitted, r.sequence))[::-1]
    queue, running, done, now = list[Request](), list[Running](), list[Done](), 0.0
    while coming or queue or running:
        while coming and coming[-1].submitted <= now:
            queue.append(coming.pop())
        for request, candidate in policy.begin(queue, running, now):
            ends = now + request.shots_left * request.candidates[candidate].duration_s
            running.append(Running(request, candidate, now, ends))
            queue.remove(request)
        ahead = [r.ends for r in running] + [r.submitted for r in coming[-1:]]
        if not ahead:
            break
        now = min(ahead) if not policy.tick else policy.tick * (math.floor(min(ahead) / policy.tick) + 1)
        for ended in sorted((r for r in running if r.ends <= now), key=lambda r: r.ends):
            running.remove(ended)
            whole = advanced(ended.request, ended.candidate, ended.request.shots_left)
            done.append(finished(whole, ended.started, ended.ends))
    return History(tuple(done))


class Floor:
    """Asks the kernel which waiting jobs fit beside those that run."""

    def __init__(self) -> None:
        self._board = Board()

    def fitting(
        self, queue: Seq[Request], running: Seq[Running], now: float, *, reserve: bool
    ) -> list[tuple[Request, int]]:
        """Return who fits, first come first served; with ``reserve`` nobody delays the head of the queue."""
        board, rows = self._board, list[tuple[int, ...]]()
        for r in running:
            first = board.first_row(r.request.job, r.request.candidates) + r.candidate
            rows.append((first, 1, 0, 1, round((r.ends - now) / MICROSECOND)))
        for q in queue:
            left = round(q.shots_left * q.candidates[0].duration_s / MICROSECOND)
            rows.append((board.first_row(q.job, q.candidates), len(q.candidates), 0, not reserve, left))
        jobs = np.array(rows, np.int64).reshape(-1, 5)
        out = self._asked(jobs)[len(running) :]
        first = jobs[len(running) :, 0].tolist()
        return [(q, row - a) for q, row, a in zip(queue, out[:, 0].tolist(), first, strict=True) if row >= 0]

    def _asked(self, jobs: NDArray[np.int64]) -> NDArray[np.int64]:
        board, out = self._board, np.empty((len(jobs), 4), np.int64)
        closed = np.zeros(board.held.shape[1], np.uint64)
        capacity = board.capacities(State(now=0.0, window_s=1.0, frame_s=1.0))
        tables = board.held, board.shut, board.terms, board.kinds[: board.n_terms], board.bounds[: board.n_terms]
        decide(jobs, *tables, board.points, closed, capacity, 0, 0, out)
        return out
