"""Random numbers that belong to a name: what is drawn for one target does not depend on what is drawn for others."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from .ranges import Range

DIGITS = 7  # significant digits of what is drawn, so that a file holds it exactly


@dataclass(frozen=True)
class Chance:
    """Numbers of one target.

    Parameters
    ----------
    seed : of the whole twin
    name : of the target; what is drawn comes in the order in which it is asked for
    """

    rng: np.random.Generator

    @classmethod
    def of(cls, seed: int, name: str) -> Chance:
        """Return the numbers of one target of the twin with this seed."""
        return cls(np.random.default_rng((seed, crc32(name.encode()))))

    def within(self, limits: Range) -> float:
        """Return a number between two limits."""
        return rounded(self.rng.uniform(*limits))

    def about(self, middle: float, distance: float) -> float:
        """Return a number at most ``distance`` from ``middle``."""
        return rounded(self.rng.uniform(middle - distance, middle + distance))

    def decades(self, limits: Range) -> float:
        """Return a number between two limits, evenly in its logarithm."""
        return rounded(float(np.exp(self.rng.uniform(*np.log(limits)))))

    def sign(self) -> float:
        """Return 1 or -1."""
        return float(self.rng.choice((-1.0, 1.0)))


def rounded(value: float, digits: int = DIGITS) -> float:
    """Return a number with so many significant digits."""
    return float(f"{value:.{digits - 1}e}")
