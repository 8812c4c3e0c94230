"""Quantum jumps of measured qubits: a continuous-time random walk between levels."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Round:
    """The k-th jumps of those shots that have one: shot, time since the tone began (s), level before and after."""

    shots: NDArray[np.int64]
    times: NDArray[np.float64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]


@dataclass(frozen=True)
class Jumps:
    """All jumps of ``n_shots`` shots of one tone, in rounds: a shot's jumps are in order of time."""

    rounds: tuple[Round, ...]
    n_shots: int

    def each(self, n_tones: int) -> list[Jumps]:
        """Return the jumps of each of several tones that were drawn together: their shots follow one another."""
        parts: list[list[Round]] = [[] for _ in range(n_tones)]
        for one in self.rounds:
            edges = np.searchsorted(one.shots, np.arange(n_tones + 1) * (self.n_shots // n_tones)).tolist()
            for tone in np.flatnonzero(np.diff(edges)).tolist():
                mine = slice(*edges[tone : tone + 2])
                shots = one.shots[mine] - tone * (self.n_shots // n_tones)
                parts[tone].append(Round(shots, one.times[mine], one.before[mine], one.after[mine]))
        return [Jumps(tuple(rounds), self.n_shots // n_tones) for rounds in parts]

    def only(self, shots: NDArray[np.int64]) -> Jumps:
        """Return the jumps of some shots, counted anew in the order given."""
        place = np.full(self.n_shots, -1, np.int64)
        place[shots] = np.arange(len(shots))
        rounds = []
        for one in self.rounds:
            mine = place[one.shots] >= 0
            found = place[one.shots[mine]]
            order = np.argsort(found, kind="stable")
            times, before, after = one.times[mine][order], one.before[mine][order], one.after[mine][order]
            rounds.append(Round(found[order], times, before, after))
        return Jumps(tuple(one for one in rounds if len(one.shots)), len(shots))

    def final(self, levels: NDArray[np.int8]) -> NDArray[np.int64]:
        """Return the level of each shot at the end of the tone."""
        found = levels.astype(np.int64)
        for one in self.rounds:
            found[one.shots] = one.after
        return found


def expected(populations: NDArray[np.float64], duration: float, down: float, up: float) -> NDArray[np.float64]:
    """Return the mean populations after ``duration``, shape (levels,), under the same jumps as :func:`sample_jumps`."""
    values, vectors, inverse = _modes(len(populations), down, up)
    return np.asarray(vectors @ (np.exp(values * duration) * (inverse @ populations)))


@lru_cache(maxsize=4096)
def _modes(n_levels: int, down: float, up: float) -> tuple[NDArray[np.float64], ...]:
    """Return eigenvalues, eigenvectors and their inverse of the rates: of birth and death, so all are real."""
    n = np.arange(n_levels)
    rates = np.diag(down * n[1:], k=1) + np.diag(up * n[1:], k=-1)
    values, vectors = np.linalg.eig(rates - np.diag(rates.sum(axis=0)))
    return values.real, vectors.real, np.linalg.inv(vectors.real)


def sample_jumps(
    levels: NDArray[np.int64],
    duration: float | NDArray[np.float64],
    down: float | NDArray[np.float64],
    up: float | NDArray[np.float64],
    n_levels: int,
    rng: np.random.Generator | Seq[np.random.Generator],
) -> Jumps:
    """Return jumps of qubits that start in ``levels``: n -> n - 1 at n ``down``, n -> n + 1 at (n + 1) ``up``.

    Parameters
    ----------
    rng : one for all, or one for each row of ``levels``
    duration : s, one or one for each start, as far as shapes are broadcast; several tones are counted through
    down, up : 1/s, likewise
    """
    rounds: list[Round] = []
    ends, falls, climbs = (np.broadcast_to(x, levels.shape).ravel() for x in (duration, down, up))
    shots, now, times = np.arange(levels.size), levels.ravel().astype(np.int64), np.zeros(levels.size)
    moving = bool(np.any(falls > 0) or np.any(climbs > 0))
    per_row = levels.shape[-1]
    while len(shots) and moving:
        fall = falls[shots] * now
        total = fall + np.where(now < n_levels - 1, climbs[shots] * (now + 1), 0.0)
        with np.errstate(divide="ignore"):
            times = times + _each(rng, shots, per_row, np.random.Generator.standard_exponential) / total
        down_now = _each(rng, shots, per_row, np.random.Generator.random) * total < fall
        happens = times < ends[shots]
        shots, before, times = shots[happens], now[happens], times[happens]
        now = np.where(down_now[happens], before - 1, before + 1)
        if len(shots):
            rounds.append(Round(shots, times, before, now))
    return Jumps(tuple(rounds), levels.size)


def _each(
    rng: np.random.Generator | Seq[np.random.Generator],
    shots: NDArray[np.int64],
    per_row: int,
    numbers: Callable[[np.random.Generator, int], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return a random number for each shot, those of each row from its own generator."""
    if isinstance(rng, np.random.Generator):
        return numbers(rng, len(shots))
    counts = np.bincount(shots // per_row, minlength=len(rng)).tolist()
    return np.concatenate([numbers(one, n) for one, n in zip(rng, counts, strict=True) if n])
