"""The gate stream while it grows: one row of numbers an event, never an object an event."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from qctl.core.program import EVENT, Op

from .definition import Modifiers
from .gate import Cost, Gate
from .limits import ReadLimits
from .source import Source
from .synthesis import Row, rows

N_COLUMNS = 7  # op, first qubit, second qubit, bit, three angles
_REMEMBERED_ROWS = 100_000
_FEW = 8  # places; numpy is quicker for more


class EventStream:
    """Events in order, and the price paid for them.

    Parameters
    ----------
    source : for the place of an error
    limits : on events and on work

    Attributes
    ----------
    columns : float64 numbers, ``N_COLUMNS`` for each event
    """

    def __init__(self, source: Source, limits: ReadLimits) -> None:
        self.columns = array("d")
        self._source, self._limits = source, limits
        self._work = 0
        self._n_barriers = self._n_spread = 0
        self._expanded: dict[tuple[int, Modifiers, tuple[float, ...]], tuple[Row, ...]] = {}
        self._n_remembered = 0

    def __len__(self) -> int:
        return len(self.columns) // N_COLUMNS

    def reserve(self, n_events: int, start: int) -> None:
        """Refuse events that would pass the limit, before they are made."""
        total = len(self) + n_events
        if total > self._limits.events:
            raise self._source.too_large("events after expanding all gates", _shown(total), self._limits.events, start)

    def spread(self, n_events: int, start: int) -> None:
        """Refuse events on whole registers that would pass their limit: few words make many of them."""
        if n_events > 1:
            self._n_spread += n_events
            if self._n_spread > self._limits.spread:
                asked = "events on whole registers"
                raise self._source.too_large(asked, _shown(self._n_spread), self._limits.spread, start)
        self.reserve(n_events, start)

    def add(self, op: Op, qubits: Sequence[int], bit: int = -1, angles: Sequence[float] = ()) -> None:
        """Append one event."""
        first, second = (*qubits, -1)[:2]
        a, b, c = (*angles, 0.0, 0.0, 0.0)[:3]
        self.columns.extend((op, first, second, bit, a + 0.0, b + 0.0, c + 0.0))

    def add_all(self, op: Op, places: NDArray[np.int64], angles: Sequence[float] = ()) -> None:
        """Append the same event on each place, shape (n_places, n_qubits)."""
        if len(places) > _FEW:
            self.add_block(op, places, angles=angles)
            return
        for place in places.tolist():
            self.add(op, place, angles=angles)

    def measure(self, qubits: Sequence[int], bits: Sequence[int]) -> None:
        """Append the measurement of each qubit into its bit."""
        if len(qubits) > _FEW:
            self.add_block(Op.MEASURE, np.array(qubits, np.int64).reshape(-1, 1), np.array(bits, np.int64))
            return
        for qubit, bit in zip(qubits, bits, strict=True):
            self.add(Op.MEASURE, (qubit,), bit)

    def add_block(
        self, op: Op, places: NDArray[np.int64], bit: int | NDArray[np.int64] = -1, angles: Sequence[float] = ()
    ) -> None:
        """Append the same event on many places."""
        block = np.zeros((len(places), N_COLUMNS))
        block[:, 0], block[:, 2], block[:, 3] = op, -1, bit
        block[:, 1 : 1 + places.shape[1]] = places
        block[:, 4 : 4 + len(angles)] = np.add(angles, 0.0)
        self.columns.frombytes(block.tobytes())

    def barrier(self, qubits: Iterable[int]) -> None:
        """Append one barrier over several qubits."""
        self._n_barriers += 1
        self.add_block(Op.BARRIER, np.fromiter(qubits, np.int64).reshape(-1, 1), self._n_barriers)

    def expand(
        self, gate: Gate, modifiers: Modifiers, cost: Cost, angles: Sequence[float], start: int
    ) -> tuple[Row, ...]:
        """Return the events of a gate on qubits 0, 1, ...; pays for the work, or refuses it."""
        key = (id(gate), modifiers, tuple(angles))
        known = self._expanded.get(key)
        if known is not None:
            return known
        self.reserve(cost.n_events(), start)
        if cost.n_events() > self._limits.expanded:
            raise self._source.too_large("events of one gate", cost.n_events(), self._limits.expanded, start)
        self._work += cost.work
        if self._work > self._limits.work:
            raise self._source.too_large("steps to expand gates", _shown(self._work), self._limits.work, start)
        found = tuple(row for step in modifiers.apply(gate.steps(angles)) for row in rows(step))
        if not all(map(math.isfinite, chain.from_iterable(found))):
            raise self._source.wrong("a gate whose angles are not finite", start, "finite angles")
        if self._n_remembered + len(found) > _REMEMBERED_ROWS:
            self._expanded.clear()
            self._n_remembered = 0
        self._n_remembered += len(found)
        self._expanded[key] = found
        return found

    def place(self, local: Iterable[Row], qubits: Sequence[int]) -> None:
        """Append events whose qubits 0, 1, ... are the given ones."""
        targets = (*qubits, -1)  # -1, an unused qubit, stays unused
        for op, first, second, a, b, c in local:
            if op == Op.BARRIER:
                self._n_barriers += int(c)  # 1 marks the first row of a barrier
                self.columns.extend((op, targets[int(first)], -1, self._n_barriers, 0.0, 0.0, 0.0))
            else:
                self.columns.extend((op, targets[int(first)], targets[int(second)], -1, a, b, c))

    def place_all(self, local: Sequence[Row], places: NDArray[np.int64]) -> None:
        """Append events whose qubits 0, 1, ... are those of each place, shape (n_places, n_qubits)."""
        if len(places) <= _FEW or any(row[0] == Op.BARRIER for row in local):
            for place in places.tolist():
                self.place(local, place)
            return
        targets = np.pad(places, ((0, 0), (0, 1)), constant_values=-1)  # -1, an unused qubit, stays unused
        block = np.full((len(places), len(local), N_COLUMNS), -1.0)
        for column, (op, first, second, *angles) in enumerate(local):
            block[:, column, 0], block[:, column, 4:] = op, angles
            block[:, column, 1], block[:, column, 2] = targets[:, int(first)], targets[:, int(second)]
        self.columns.frombytes(block.tobytes())

    def cut(self, n_events: int) -> None:
        """Forget all events but the first ones."""
        del self.columns[n_events * N_COLUMNS :]

    def events(self) -> NDArray[np.void]:
        """Return the stream as EVENT rows."""
        table = np.frombuffer(self.columns, np.float64).reshape(-1, N_COLUMNS)
        out = np.empty(len(table), EVENT)
        out["op"], out["q"], out["bit"], out["angle"] = table[:, 0], table[:, 1:3], table[:, 3], table[:, 4:]
        return out


def _shown(number: int) -> str:
    return str(number) if number < 10**15 else f"about 10^{len(f'{number:x}') * 1.204:.0f}"
