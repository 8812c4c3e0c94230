"""Choose which jobs run together: first fit in the order given, one reservation, one-swap improvement.

The rules, for jobs in their order:

1. A job takes the first of its rows (candidates, the best first) that disturbs nobody who is in already.
2. The first that finds none and has not begun yet is the head of the queue. It reserves that row of its own which is
   free soonest. Whoever comes later and takes longer than that stays off it (EASY backfill: Lifka, JSSPP 1995).
3. Those left over may move one job that is in, and has not begun, to another of its rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FITS, CLASH, EQUAL, BUDGET, SPAN, POINTS, ALONE, SOLO, RESERVED, NOTHING = range(10)
SAME, SUM, COVER = range(3)  # kinds of terms
FIRST, COUNT, IS_SOLO, BEGUN, LEFT = range(5)  # columns of jobs
NEVER = np.iinfo(np.int64).max

Bits = NDArray[np.uint64]
Ints = NDArray[np.int64]


def pack(
    jobs: Ints,
    held: Bits,
    shut: Bits,
    terms: Ints,
    kinds: Ints,
    bounds: NDArray[np.float64],
    points: Ints,
    closed: Bits,
    capacity: NDArray[np.float64],
    n_swaps: int,
    n_tries: int,
    out: Ints,
) -> None:
    """Fill ``out`` with what becomes of each job.

    Parameters
    ----------
    jobs : shape (n_jobs, 5), in order: first row, number of rows, runs alone (0, 1), has begun (0, 1), windows it needs
    held : shape (n_rows, n_words); bits of what a row holds alone
    shut : shape (n_rows, n_words); bits of what others may not hold beside it: what it holds, and its quiet zone
    terms : shape (n_rows, 2); rows of ``kinds`` and ``bounds`` that belong to a row, first and last + 1
    kinds : shape (n_terms, 2); kind of term (equal value, sum, cover) and its resource
    bounds : shape (n_terms, 2); value and 0; amount and 0; first and last
    points : shape (n_rows,); sweep points: the smallest common multiple of all must be the largest of them
    closed : shape (n_words,); what nobody may hold
    capacity : shape (n_resources,); of sums and covers
    n_swaps : how many jobs that are left over may try a swap
    n_tries : how many rows each of them may try
    out : shape (n_jobs, 4); row or -1; reason (0 where there is a row); resource or bit, -1 where none; the job in the
        way, -1 where none. The reason is that of the job's first row

    Raises
    ------
    ValueError
        When shapes do not fit each other, or an index points nowhere; what ``out`` holds then means nothing.
    """
    check(jobs, held, shut, terms, kinds, bounds, points, closed, capacity, out)
    floor = _Floor(jobs, held, shut, terms, kinds, bounds, points, closed, capacity)
    out[:] = -1
    for job in range(len(jobs)):
        floor.admit(job, out)
    waiting = [job for job in range(len(jobs)) if out[job, 0] < 0 and jobs[job, COUNT]]
    for job in waiting[:n_swaps]:
        floor.swap(job, n_tries, out)


def check(
    jobs: Ints,
    held: Bits,
    shut: Bits,
    terms: Ints,
    kinds: Ints,
    bounds: NDArray[np.float64],
    points: Ints,
    closed: Bits,
    capacity: NDArray[np.float64],
    out: Ints,
) -> None:
    """Refuse tables that do not fit each other."""
    n_rows = len(held)
    fit = jobs.shape[1] == 5 and out.shape == (len(jobs), 4) and held.shape == shut.shape == (n_rows, len(closed))
    fit = fit and terms.shape == (n_rows, 2) and len(points) == n_rows and kinds.shape == bounds.shape
    if not fit or kinds.shape[1] != 2:
        raise ValueError("jobs, rows, terms and out do not fit each other")
    first, count = jobs[:, FIRST], jobs[:, COUNT]
    if np.any((first < 0) | (count < 0) | (first + count > n_rows)) or np.any(points < 1):
        raise ValueError("a job names rows that are not there, or a row has no sweep point")
    used = np.concatenate([np.arange(a, a + n) for a, n in zip(first, count, strict=True)] or [np.zeros(0, np.int64)])
    mine = terms[used]
    if np.any((mine[:, 0] < 0) | (mine[:, 1] < mine[:, 0]) | (mine[:, 1] > len(kinds))):
        raise ValueError("a row names terms that are not there")


@dataclass
class _Floor:
    """Who is in, and what that leaves."""

    jobs: Ints
    held: Bits
    shut: Bits
    terms: Ints
    kinds: Ints
    bounds: NDArray[np.float64]
    points: Ints
    closed: Bits
    capacity: NDArray[np.float64]
    placed: dict[int, int] = field(default_factory=dict)  # row of each job that is in, in order
    reserved: tuple[Bits, Bits, bool, int, int] | None = None  # held, shut, everything, windows until free, job

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        n = len(self.capacity)
        self.busy, self.off = np.zeros_like(self.closed), self.closed.copy()
        self.value, self.users, self.total = np.zeros(n), np.zeros(n, np.int64), np.zeros(n)
        self.low, self.high, self.multiple, self.solo = np.full(n, np.inf), np.full(n, -np.inf), 1, False

    def admit(self, job: int, out: Ints) -> None:
        first, count = int(self.jobs[job, FIRST]), int(self.jobs[job, COUNT])
        if not count:
            out[job, 1] = NOTHING
            return
        row = self.find(job)
        if row >= 0:
            self.take(job, row)
            out[job] = row, FITS, -1, -1
            return
        out[job, 1:] = self.verdict(job, first)
        if self.reserved is None and not self.jobs[job, BEGUN]:
            self.reserve(job)

    def find(self, job: int) -> int:
        """Return the first row that fits, or -1: all rows are compared at once."""
        first, count = int(self.jobs[job, FIRST]), int(self.jobs[job, COUNT])
        rows = slice(first, first + count)
        free = ~np.any((self.held[rows] & self.off) | (self.shut[rows] & self.busy), axis=1)
        for row in (np.flatnonzero(free) + first).tolist():
            if self.verdict(job, row)[0] == FITS:
                return int(row)
        return -1

    def verdict(self, job: int, row: int) -> tuple[int, int, int]:
        """Return reason, resource or bit, and the job in the way."""
        if self.solo:
            return SOLO, -1, next(iter(self.placed))
        if self.jobs[job, IS_SOLO] and self.placed:
            return ALONE, -1, next(iter(self.placed))
        clash = (self.held[row] & self.off) | (self.shut[row] & self.busy)
        if np.any(clash):
            word = int(np.flatnonzero(clash)[0])
            bit = int(clash[word]) & -int(clash[word])
            other = next((p for p, taken in self.placed.items() if self.disturb(row, taken)), -1)
            return CLASH, 64 * word + bit.bit_length() - 1, other
        for term in range(*self.terms[row].tolist()):
            if (reason := self.term(term)) != FITS:
                return reason, int(self.kinds[term, 1]), -1
        points = int(self.points[row])
        if self.multiple % points and points % self.multiple:
            return POINTS, -1, -1
        return self.beside_reservation(job, row)

    def beside_reservation(self, job: int, row: int) -> tuple[int, int, int]:
        if self.reserved is None:
            return FITS, -1, -1
        held, shut, everything, drain, head = self.reserved
        if job == head or self.jobs[job, LEFT] <= drain:
            return FITS, -1, -1
        if everything or np.any((self.held[row] & shut) | (self.shut[row] & held)):
            return RESERVED, -1, head
        return FITS, -1, -1

    def term(self, term: int) -> int:
        (kind, resource), (a, b) = self.kinds[term].tolist(), self.bounds[term].tolist()
        if not 0 <= resource < len(self.capacity):
            raise ValueError("a term names a resource that is not there")
        if kind == SAME:
            return EQUAL if self.users[resource] and self.value[resource] != a else FITS
        if kind == SUM:
            return BUDGET if not self.total[resource] + a <= self.capacity[resource] else FITS
        span = max(self.high[resource], b) - min(self.low[resource], a)
        return SPAN if not span <= self.capacity[resource] else FITS

    def disturb(self, row: int, other: int) -> bool:
        return bool(np.any((self.held[row] & self.shut[other]) | (self.shut[row] & self.held[other])))

    def take(self, job: int, row: int) -> None:
        self.placed[job] = row
        self.solo = self.solo or bool(self.jobs[job, IS_SOLO])
        self.busy |= self.held[row]
        self.off |= self.shut[row]
        self.multiple = max(self.multiple, int(self.points[row]))
        for term in range(*self.terms[row].tolist()):
            (kind, resource), (a, b) = self.kinds[term].tolist(), self.bounds[term].tolist()
            if kind == SAME:
                self.value[resource] = a
                self.users[resource] += 1
            elif kind == SUM:
                self.total[resource] += a
            else:
                self.low[resource], self.high[resource] = min(self.low[resource], a), max(self.high[resource], b)

    def reserve(self, job: int) -> None:
        """Reserve the row that is free soonest: when the last of those in its way has finished."""
        first, count, solo = int(self.jobs[job, FIRST]), int(self.jobs[job, COUNT]), bool(self.jobs[job, IS_SOLO])
        best, chosen = NEVER, -1
        for row in range(first, first + count):
            if np.any(self.held[row] & self.closed):
                continue
            whole = solo or any(self.term(t) != FITS for t in range(*self.terms[row].tolist()))
            left = [int(self.jobs[p, LEFT]) for p, taken in self.placed.items() if whole or self.disturb(row, taken)]
            drain = max(left, default=0)
            if drain < best:
                best, chosen = drain, row
        if chosen >= 0:
            self.reserved = self.held[chosen], self.shut[chosen], solo, best, job

    def swap(self, job: int, n_tries: int, out: Ints) -> None:
        first, count = int(self.jobs[job, FIRST]), int(self.jobs[job, COUNT])
        for row in range(first, first + min(count, n_tries)):
            others = [p for p, taken in self.placed.items() if self.disturb(row, taken)]
            if len(others) != 1 or self.jobs[others[0], BEGUN] or self.jobs[others[0], COUNT] < 2:
                continue
            if self.moved(job, row, others[0], out):
                return

    def moved(self, job: int, row: int, other: int, out: Ints) -> bool:
        """Put ``job`` in and move ``other``; where that cannot be, leave all as it was."""
        before = dict(self.placed)
        self.rebuild({p: r for p, r in before.items() if p != other})
        if self.verdict(job, row)[0] == FITS:
            self.take(job, row)
            new = self.find(other)
            if new >= 0:
                self.take(other, new)
                out[job], out[other] = (row, FITS, -1, -1), (new, FITS, -1, -1)
                return True
        self.rebuild(before)
        return False

    def rebuild(self, placed: dict[int, int]) -> None:
        self.placed = {}
        self.clear()
        for job, row in placed.items():
            self.take(job, row)
