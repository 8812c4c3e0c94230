"""All parts of a shot that are uploaded before it begins, and which of them follows which answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

END, BEYOND = -1, -2
"""What follows a part where the shot is over, and where it would go on with a part that was not uploaded."""


@dataclass(frozen=True)
class Tree:
    """Parts by number; a shot begins with part 0.

    Parameters
    ----------
    asked : int32, shape (n_parts, most); physical qubits that each part measures, in the order of its answers, -1 none
    follows : int32, shape (n_parts, 2**most); the part after given answers, END or BEYOND. Answer k is bit k of the
        column; of a part that measures fewer, only the first columns mean anything
    """

    asked: NDArray[np.int32]
    follows: NDArray[np.int32]

    @property
    def n_parts(self) -> int:
        """Return how many parts there are."""
        return len(self.asked)

    @property
    def depth(self) -> int:
        """Return the parts of the longest shot."""
        depths = np.ones(self.n_parts, np.int64)
        for part, following in enumerate(self.follows):  # a part comes before all that follow it
            depths[following[following >= 0]] = depths[part] + 1
        return int(depths.max(initial=0))

    def answers(self, part: int, code: int) -> tuple[int, ...]:
        """Return the answers of a part that a column of ``follows`` stands for."""
        n = int(np.count_nonzero(self.asked[part] >= 0))
        return tuple(code >> k & 1 for k in range(n))


def column(answers: Iterable[int]) -> int:
    """Return the column of ``Tree.follows`` that stands for some answers."""
    return sum(answer << k for k, answer in enumerate(answers))
