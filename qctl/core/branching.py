"""What a shot does when instruments decide in it: which windows are told, which of them decide, all ways it can go.

The ways of a program are the sweep points of its `Sequence`: each is a whole shot. All ways that took the same
decisions so far play the same so far; a decision says by one answer, at one moment, which of two groups goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .port import Port

TOLD = np.dtype(
    [
        ("qubit", np.int32),  # physical
        ("start", np.int64),  # samples of the decider, from the first one that its trigger allows
        ("length", np.int64),  # samples
        ("late", np.int64),  # samples after its end until its answer is given: answers must not collide
    ],
    align=True,
)
"""A window in which a qubit is read; the same in every shot, whichever way it goes."""

NOT_ASKED = -1
"""Of a decision that makes no difference on a way."""


@dataclass(frozen=True)
class Telling:
    """How the state of one qubit is told from what comes back.

    Parameters
    ----------
    frequency : intermediate frequency, Hz
    weights : float64, shape (n_samples,), of at most 1; how much each sample of a window counts
    rotation, threshold : 1 where the weighted mean, turned by ``rotation`` (rad), has a real part of ``threshold`` (V)
        or more
    """

    frequency: float
    weights: NDArray[np.float64]
    rotation: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Decision:
    """A moment at which shots part.

    Parameters
    ----------
    window : whose answer decides; index into `Branching.windows`
    event : s after the first sample of the decider; its marker rises then where the answer is 1
    cut : s after the start of the shot; from there on, the AWGs play what the answer says
    latency : s from the end of the readout to the first pulse that can depend on it, both at the chip
    """

    window: int
    event: float
    cut: float
    latency: float


@dataclass(frozen=True)
class Branching:
    """Who decides what in a shot.

    Parameters
    ----------
    inputs : I and Q inputs of the instrument that decides
    output : its marker, whose events the AWGs hear; None where nothing is decided
    awgs : which AWGs hear events
    tellings : by physical qubit
    windows : TOLD, by start
    decisions : in order of time
    ways : int8, shape (n_ways, n_decisions): 0 or 1, or `NOT_ASKED`
    reads : int32, shape (n_ways, n_answers): the window of each answer, in the order in which the program asks; -1
        behind the last one
    """

    inputs: tuple[Port, Port]
    output: Port | None
    awgs: tuple[str, ...]
    tellings: Mapping[int, Telling]
    windows: NDArray[np.void]
    decisions: tuple[Decision, ...]
    ways: NDArray[np.int8]
    reads: NDArray[np.int32]

    @property
    def decider(self) -> str:
        """Return the instrument that decides."""
        return self.inputs[0].instrument

    @property
    def latency(self) -> float:
        """Return the longest time from the end of a window until its answer acts, s; 0 where nothing is decided."""
        return max((decision.latency for decision in self.decisions), default=0.0)

    def way_of(self, answers: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return which way each shot went; ``answers`` has shape (n_shots, n_windows)."""
        found = np.full(len(answers), -1, np.int64)
        deciding = answers[:, [decision.window for decision in self.decisions]]
        for number, way in enumerate(self.ways):
            asked = way != NOT_ASKED
            found[np.all(deciding[:, asked] == way[asked], axis=1)] = number
        return found
