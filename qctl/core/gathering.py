"""What is played around shots in parts whose qubits must be gathered first, and whose answers are read off frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Piece:
    """What a pulse generator gives between two waits of the host; the last of its frames tells that it is over.

    Parameters
    ----------
    spans : by output, rise and fall in s after its start, shape (n_pulses, 2)
    period : s
    n_frames : exposures of the camera
    """

    spans: Mapping[int, NDArray[np.float64]]
    period: float
    n_frames: int


@dataclass(frozen=True)
class Gathering:
    """How atoms come to their sites before the first part of a shot, and how the host sees them.

    Parameters
    ----------
    loading : its frame shows which sites caught an atom
    settling : its first frame shows who is there; then all are made ready
    leaving : behind the last part; its frame shows who is left
    moves : int32, shape (n_moves, 2), from and to; each is a step of the AWGs that is started as if it were a part
    first_move : step of the first of them; the others follow
    spots : row and column, pixels, where each answer of a part is seen; shape (most, 2)
    least : shape (most,), brightness there that an answer of 1 exceeds
    """

    loading: Piece
    settling: Piece
    leaving: Piece
    moves: NDArray[np.int32]
    first_move: int
    spots: NDArray[np.float64]
    least: NDArray[np.float64]

    @property
    def seconds(self) -> float:
        """Return what all pieces take once, without moves."""
        return self.loading.period + self.settling.period + self.leaving.period
