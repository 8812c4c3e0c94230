"""Clouds of readout points: where they lie, how wide they are, and how often a threshold tells them wrongly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cloud:
    """Points of shots prepared alike, projected on one axis: a mixture of normal distributions of one width.

    Parameters
    ----------
    weights : shares of the parts, they add up to 1
    middles : of the parts
    """

    weights: Floats
    middles: Floats

    def above(self, thresholds: Floats, sigma: float) -> Floats:
        """Return the probability of lying above each threshold."""
        return np.asarray(ndtr((self.middles[None] - thresholds[:, None]) / sigma) @ self.weights)


def mixed(parts: list[tuple[float, Cloud]]) -> Cloud:
    """Return the cloud of which each part is a share."""
    return Cloud(
        np.concatenate([share * cloud.weights for share, cloud in parts]),
        np.concatenate([cloud.middles for _, cloud in parts]),
    )


def errors(zero: Cloud, one: Cloud, thresholds: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Return P(read 1 | prepared 0) and P(read 0 | prepared 1) for each threshold."""
    return zero.above(thresholds, sigma), 1 - one.above(thresholds, sigma)


def jump_shares(rate: float, duration: float, n_times: int) -> tuple[Floats, Floats]:
    """Return the middles of equal stretches of ``duration`` and the probability of the first jump in each, s and 1."""
    edges = np.linspace(0, duration, n_times + 1)
    return (edges[1:] + edges[:-1]) / 2, -np.diff(np.exp(-rate * edges))
