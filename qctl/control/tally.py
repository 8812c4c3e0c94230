"""What each photon counter counts: the readings of all its inputs, one for each gate of each shot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import LimitError
from qctl.core.protocols import Counter, CounterLimits, Declared
from qctl.core.record import Counts
from qctl.core.sequence import Counting, Sequence


@dataclass
class Tally:
    """One counter's part of a run.

    Parameters
    ----------
    instrument : name
    inputs : connector numbers, in the order of ``photons``
    photons : int64, shape (shots, n_points, n_windows, n_inputs)
    """

    instrument: str
    inputs: tuple[int, ...]
    photons: NDArray[np.int64]

    @property
    def n_bytes(self) -> int:
        """Return the size of all readings."""
        return self.photons.nbytes

    @property
    def n_windows(self) -> int:
        """Return the number of gates in a shot."""
        return int(self.photons.shape[2])

    def most_shots(self, declared: Declared, n_points: int) -> int:
        """Return how many shots of all sweep points fit its memory; raise LimitError when not even one does."""
        if not isinstance(declared, CounterLimits):
            raise LimitError("it declares no limits of a counter", where=self.instrument)
        per_shot = n_points * self.n_windows
        if declared.memory < per_shot:
            raise LimitError(
                f"{n_points} sweep points of {self.n_windows} gates",
                allowed=f"{declared.memory} readings",
                where=self.instrument,
                remedy="split the sweep",
            )
        return declared.memory // per_shot

    def arm(self, counter: Counter, n_shots: int) -> None:
        """Wait for the gates of so many shots."""
        counter.arm(self.inputs, n_shots * self.n_windows)

    def fetch(self, counter: Counter, first: int, last: int) -> None:
        """Take what was counted in shots ``first`` to ``last``."""
        counter.fetch(self.photons[first:last].reshape(-1, len(self.inputs)))

    def counts(self, counting: Counting) -> Counts:
        """Return one line's view of the readings."""
        return Counts(self.photons[..., self.inputs.index(counting.input.number)], counting)


def tallies(sequence: Sequence) -> list[Tally]:
    """Return the tally of every counter that counts anything."""
    found: dict[str, list[Counting]] = {}
    for counting in sequence.counting.values():
        found.setdefault(counting.input.instrument, []).append(counting)
    return [_tally(name, counted, sequence) for name, counted in found.items()]


def _tally(name: str, counted: list[Counting], sequence: Sequence) -> Tally:
    inputs = tuple(sorted({counting.input.number for counting in counted}))
    shape = (sequence.shots, sequence.n_points, len(counted[0].windows), len(inputs))
    return Tally(name, inputs, np.zeros(shape, np.int64))
