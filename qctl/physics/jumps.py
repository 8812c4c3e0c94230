"""Quantum jumps of measured qubits: a continuous-time random walk between levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm


@dataclass(frozen=True)
class Round:
    """The k-th jumps of those shots that have one: shot, time since the tone began (s), level before and after."""

    shots: NDArray[np.int64]
    times: NDArray[np.float64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]


@dataclass(frozen=True)
class Jumps:
    """All jumps of one tone, in rounds: a shot's jumps are in order of time."""

    rounds: tuple[Round, ...]

    def final(self, levels: NDArray[np.int8]) -> NDArray[np.int64]:
        """Return the level of each shot at the end of the tone."""
        found = levels.astype(np.int64)
        for one in self.rounds:
            found[one.shots] = one.after
        return found


def expected(populations: NDArray[np.float64], duration: float, down: float, up: float) -> NDArray[np.float64]:
    """Return the mean populations after ``duration``, shape (levels,), under the same jumps as :func:`sample_jumps`."""
    n = np.arange(len(populations))
    rates = np.diag(down * n[1:], k=1) + np.diag(up * n[1:], k=-1)
    return np.asarray(expm((rates - np.diag(rates.sum(axis=0))) * duration) @ populations)


def sample_jumps(
    levels: NDArray[np.int64], duration: float, down: float, up: float, n_levels: int, rng: np.random.Generator
) -> Jumps:
    """Return jumps of qubits that start in ``levels``: n -> n - 1 at n ``down``, n -> n + 1 at (n + 1) ``up``.

    Parameters
    ----------
    duration : s
    down, up : 1/s
    """
    rounds = []
    shots, now, times = np.arange(len(levels)), levels.astype(np.int64), np.zeros(len(levels))
    while len(shots) and (down > 0 or up > 0):
        fall = down * now
        total = fall + np.where(now < n_levels - 1, up * (now + 1), 0.0)
        with np.errstate(divide="ignore"):
            times = times + rng.standard_exponential(len(shots)) / total
        falls = rng.random(len(shots)) * total < fall
        happens = times < duration
        shots, before, times = shots[happens], now[happens], times[happens]
        now = np.where(falls[happens], before - 1, before + 1)
        if len(shots):
            rounds.append(Round(shots, times, before, now))
    return Jumps(tuple(rounds))
