"""Random processes in virtual time: what they are at a moment depends on seed and time, not on who looked before."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BASE = 8192.0  # s; nodes that far apart follow each other, all others are put between two that are known
LEVELS = 23  # halvings of BASE: time has steps of 1 ms
_KEPT = 2048  # nodes remembered


class Wanders:
    """Ornstein-Uhlenbeck processes, stationary, each exact at every step of 1 ms.

    Nodes ``BASE`` apart follow each other by the exact update; those between are drawn from the exact bridge: with
    ``q = exp(-h / tau)`` the middle of two nodes 2 h apart is normal around ``(a + b) q / (1 + q^2)`` with variance
    ``sigma^2 (1 - q^2) / (1 + q^2)``. Each node has random numbers of its own.

    Parameters
    ----------
    sigmas, taus : standard deviation and correlation time (s) of each process
    seed : of all of them
    """

    def __init__(self, sigmas: Sequence[float], taus: Sequence[float], seed: int) -> None:
        self.sigmas, self.taus, self.seed = np.array(sigmas, float), np.array(taus, float), seed
        self._bases: list[Floats] = []
        self._nodes: dict[tuple[int, int], Floats] = {}
        halves = BASE / 2.0 ** np.arange(1, LEVELS + 1)
        fade = np.exp(-halves[:, None] / self.taus)
        self._pull, self._width = fade / (1 + fade**2), self.sigmas * np.sqrt((1 - fade**2) / (1 + fade**2))

    def at(self, time: float) -> Floats:
        """Return all processes at a time from 0 on, s."""
        number = int(time // BASE)
        before, after = self._base(number), self._base(number + 1)
        place, index = (time - number * BASE) / BASE, number
        for level in range(LEVELS):
            middle = self._node(level, index, before, after)
            place, index = 2 * place, 2 * index
            if place >= 1:
                place, index, before = place - 1, index + 1, middle
            else:
                after = middle
        return before

    def _base(self, number: int) -> Floats:
        fade = np.exp(-BASE / self.taus)
        while len(self._bases) <= number:
            fresh = self.sigmas * self._normal(-1, len(self._bases))
            kept = fade * self._bases[-1] + np.sqrt(1 - fade**2) * fresh if self._bases else fresh
            self._bases.append(kept)
        return self._bases[number]

    def _node(self, level: int, index: int, before: Floats, after: Floats) -> Floats:
        key = level, index
        found = self._nodes.pop(key, None)
        if found is None:
            found = (before + after) * self._pull[level] + self._width[level] * self._normal(level, index)
        self._nodes[key] = found
        if len(self._nodes) > _KEPT:
            self._nodes.pop(next(iter(self._nodes)))
        return found

    def _normal(self, level: int, index: int) -> Floats:
        return np.random.default_rng((self.seed, crc32(b"wander"), level + 1, index)).standard_normal(len(self.taus))


class Switch:
    """A random telegraph: on for exponential times of mean ``on``, off for such of mean ``off``, s; stationary.

    Parameters
    ----------
    name : of the switch; its random numbers belong to it
    """

    def __init__(self, on: float, off: float, seed: int, name: str) -> None:
        self._rng = np.random.default_rng((seed, crc32(name.encode())))
        self._always = not off > 0 or not np.isfinite(on)
        self._means = (off, on)
        self._first = int(self._always or self._rng.random() < on / (on + off))
        self._times = np.zeros(0)

    def at(self, time: float) -> bool:
        """Return whether it is on at a time from 0 on, s."""
        if self._always:
            return True
        while not len(self._times) or self._times[-1] <= time:
            waits = self._rng.standard_exponential(256)
            waits[0::2] *= self._means[self._first]
            waits[1::2] *= self._means[1 - self._first]
            last = self._times[-1] if len(self._times) else 0.0
            self._times = np.concatenate([self._times, last + np.cumsum(waits)])
        return bool((self._first + np.searchsorted(self._times, time, "right")) % 2)


class Leaps:
    """Jumps at random moments, ``every`` s on average, each by a normal number of standard deviation ``size``."""

    def __init__(self, every: float, size: float, seed: int, name: str) -> None:
        self._rng = np.random.default_rng((seed, crc32(name.encode())))
        self._every, self._size = every, size
        self._times, self._sums = np.zeros(1), np.zeros(1)

    def at(self, time: float) -> float:
        """Return the sum of all jumps up to a time, s."""
        while self._times[-1] <= time:
            self._times = np.append(self._times, self._times[-1] + self._every * self._rng.standard_exponential())
            self._sums = np.append(self._sums, self._sums[-1] + self._size * self._rng.standard_normal())
        return float(self._sums[np.searchsorted(self._times, time, "right") - 1])
