"""Histograms of photons: Poissonians of both states, with tails of ions that change their state while they are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammainc, gammaln

from qctl.core.result import Result
from qctl.readout.screen import PRESENT

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Photons:
    """What was found.

    Parameters
    ----------
    dark, bright : mean photons of each state that stays what it is
    leak_dark, leak_bright : chance that a state changes while it is looked at
    threshold : more photons than that say 1; the number at which least is told wrong
    """

    dark: float
    bright: float
    leak_dark: float
    leak_bright: float
    threshold: int


def distribution(n: Integers, start: float, end: float, leak: float) -> Floats:
    """Return the law of photons of an ion that gives ``start`` of them, or leaks on the way to giving ``end``.

    The moment of a leak is evenly distributed, to first order in its chance: an even mixture of Poissonians between
    both means (Acton et al., Quantum Inf. Comput. 6, 465, eqs. 6 and 10).
    """
    plain = np.exp(n * np.log(max(start, 1e-9)) - start - gammaln(n + 1))
    low, high = sorted((max(start, 1e-9), max(end, 1e-9)))
    tail = (gammainc(n + 1, high) - gammainc(n + 1, low)) / max(high - low, 1e-9)
    return np.asarray((1 - leak) * plain + leak * tail)


def fit_photons(dark: Integers, bright: Integers) -> Photons:
    """Return the most likely means and leaks of two histograms, and the threshold that goes with them.

    Parameters
    ----------
    dark, bright : photons of shots prepared in each state
    """
    n = np.arange(int(max(dark.max(), bright.max())) + 1)
    seen = [np.bincount(part, minlength=len(n)).astype(float) for part in (dark, bright)]

    def unlikely(theta: Floats) -> float:
        low, high, up, down = np.exp(theta)
        laws = distribution(n, low, high, min(up, 0.5)), distribution(n, high, low, min(down, 0.5))
        return -float(sum(np.sum(s * np.log(law + 1e-12)) for s, law in zip(seen, laws, strict=True)))

    first = np.log([np.median(dark) + 0.3, np.median(bright) + 0.3, 0.01, 0.02])
    low, high, up, down = np.exp(minimize(unlikely, first, method="Nelder-Mead", options={"maxiter": 800}).x)
    up, down = min(up, 0.5), min(down, 0.5)
    return Photons(float(low), float(high), float(up), float(down), best_threshold(low, high, up, down))


def best_threshold(dark: float, bright: float, leak_dark: float = 0.0, leak_bright: float = 0.0) -> int:
    """Return the number of photons above which an ion is called bright, such that least is told wrong."""
    n = np.arange(int(bright + 6 * np.sqrt(bright) + 10))
    wrong0 = 1 - np.cumsum(distribution(n, dark, bright, leak_dark))
    wrong1 = np.cumsum(distribution(n, bright, dark, leak_bright))
    return int(np.argmin(wrong0 + wrong1))


def cooling_photons(result: Result) -> tuple[Floats, Floats]:
    """Return the photons of all ions in cooling light, by point and shot, and standard errors; shape (n_points,)."""
    seen = np.concatenate([photons for (_, what), photons in result.watched.items() if what == PRESENT], axis=2)
    total = seen.sum(axis=(1, 2)) / seen.shape[1]
    return total, np.sqrt(np.maximum(total, 1) / seen.shape[1])
