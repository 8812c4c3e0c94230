"""How far counts are from a distribution, and how likely chance alone goes so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

LEAST = 5.0  # expected counts of a cell; rarer outcomes are one cell together


def distance(found: Mapping[str, float], expected: Mapping[str, float]) -> float:
    """Return the total-variation distance of two distributions."""
    return 0.5 * sum(abs(found.get(key, 0.0) - expected.get(key, 0.0)) for key in {*found, *expected})


def sampling_noise(expected: Mapping[str, float], n: int) -> float:
    """Return how far ``n`` samples are from their own distribution by chance: mean and three standard deviations.

    Each of the frequencies is taken to be normal: half of ``sum |x_k|`` has the mean ``sum s_k / sqrt(2 pi)``, and the
    variance ``sum s_k^2 (1 - 2 / pi) / 2`` where there are two, which always differ alike; of more it has less.
    """
    p = np.array(list(expected.values()))
    variances = np.clip(p * (1 - p), 0, None) / n
    mean = np.sqrt(variances).sum() / np.sqrt(2 * np.pi)
    return float(mean + 3 * np.sqrt(variances.sum() * (1 - 2 / np.pi) / 2))


def g_test(counts: Mapping[str, int], expected: Mapping[str, float]) -> float:
    """Return the probability that counts this far off come by chance.

    ``G = 2 sum O ln(O / E)`` (Sokal and Rohlf, Biometry, chapter 17), with rare outcomes taken together. Exactly 0 when
    something was seen that cannot be.
    """
    n = sum(counts.values())
    keys = sorted({*counts, *expected}, key=lambda key: -expected.get(key, 0.0))
    e = n * np.array([expected.get(key, 0.0) for key in keys])
    o = np.array([counts.get(key, 0) for key in keys], float)
    often = e >= LEAST
    e, o = (_cells(values, often) for values in (e, o))
    if np.any((e <= 0) & (o > 0)):
        return 0.0
    seen = o > 0
    g = 2 * float(np.sum(o[seen] * np.log(o[seen] / e[seen])))
    free = int((e > 0).sum()) - 1
    return float(chi2.sf(max(g, 0.0), free)) if free > 0 else 1.0


def _cells(values: NDArray[np.float64], often: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.append(values[often], values[~often].sum())


def holm(chances: Sequence[float]) -> list[float]:
    """Return p-values corrected for how many there are (Holm, Scand. J. Statist. 6, 65 (1979))."""
    order = np.argsort(chances)
    n, most, found = len(chances), 0.0, [0.0] * len(chances)
    for rank, k in enumerate(order.tolist()):
        most = max(most, min(1.0, (n - rank) * chances[k]))
        found[k] = most
    return found
