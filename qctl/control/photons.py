"""The answers of ions: a counter each; all are looked at in the first part, later only those that are measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.protocols import Counter
from qctl.core.record import Counts, Record
from qctl.core.sequence import Sequence
from qctl.core.tree import Tree

from .parts import PATIENCE
from .station import Station
from .together import each

TOLD = 2  # window of a part whose photons tell states


class Photons:
    """What counters say of shots in parts; a channel is a physical qubit.

    Parameters
    ----------
    least : photons of each ion, more than which say 1, shape (n_qubits,)
    """

    def __init__(self, station: Station, sequence: Sequence, tree: Tree, least: NDArray[np.float64]) -> None:
        self.least, self.channels = least, tree.asked
        self._sequence = sequence
        self._lines = [qubit.readout for qubit in station.laboratory.qubits.values()]
        self._inputs = [sequence.counting[line].input for line in self._lines]
        self._counters: list[Counter] = []
        for port in self._inputs:
            found = station.recorder(port.instrument)
            assert isinstance(found, Counter)
            self._counters.append(found)
        self._n_windows = len(next(iter(sequence.counting.values())).windows)
        self._room = np.zeros((len(self._lines), self._n_windows, 1), np.int64)
        self._asked = [[int(q) for q in row if q >= 0] for row in tree.asked]
        self._photons = np.zeros((0, 0, 0), np.int64)

    def ready(self, n_shots: int) -> None:
        """Make room for so many shots."""
        self._photons = np.zeros((n_shots, len(self._lines), self._n_windows), np.int64)

    def prepare(self, shot: int) -> None:
        """Do nothing: cooling is part of the first part."""

    def closed(self, shot: int) -> None:
        """Do nothing: whether ions were lost, the next shot says."""

    def arm(self, part: int, opening: bool) -> None:
        """Let counters wait for the gates of a part."""
        self._for(part, opening, lambda k: self._counters[k].arm((self._inputs[k].number,), self._n_windows))

    def fetch(self, shot: int, part: int, opening: bool, values: NDArray[np.float64]) -> None:
        """Wait for the photons of a part; fill ``values``, by qubit."""

        def fetch(k: int) -> None:
            self._counters[k].wait(PATIENCE)
            self._counters[k].fetch(self._room[k])

        self._for(part, opening, fetch)
        if opening:
            self._photons[shot] = self._room[:, :, 0]
        values[:] = self._room[:, TOLD, 0]

    def record(self, record: Record, n_shots: int) -> Record:
        """Return the record with the photons of first parts."""
        found = {}
        for k, line in enumerate(self._lines):
            counting = self._sequence.counting[line]
            first = replace(counting, reads=counting.reads[counting.reads["point"] == 0])
            found[line] = Counts(self._photons[:, None, k], first)
        return replace(record, counts=found)

    def _for(self, part: int, opening: bool, act: Callable[[int], None]) -> None:
        chosen = range(len(self._lines)) if opening else self._asked[part]
        if len(chosen) == 1:
            act(chosen[0])
        else:
            each(lambda name, k: act(k), {self._inputs[k].instrument: k for k in chosen})
