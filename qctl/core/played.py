"""What a host loop saw of shots in parts: which parts each shot took, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .record import Record, Timing


@dataclass(frozen=True)
class Played:
    """Shots in the order in which they were played, those that do not count too.

    Parameters
    ----------
    parts : int32, shape (shots, most_deep); numbers of the parts of each shot, -1 behind its last one
    codes : int32, same shape; what was answered, as a column of `qctl.core.tree.Tree.follows`
    values : float64, shape (shots, most_deep, most); what each answer was told from
    late : bool, shape (shots,); a decision missed its deadline, and the shot was given up
    beyond : bool, shape (shots,); the shot would have gone on with a part that was not uploaded
    record : of what is looked at in the first part of each shot, with the timing report
    """

    parts: NDArray[np.int32]
    codes: NDArray[np.int32]
    values: NDArray[np.float64]
    late: NDArray[np.bool_]
    beyond: NDArray[np.bool_]
    record: Record

    @property
    def timing(self) -> Timing:
        """Return how the host kept its deadlines."""
        return self.record.timing
