"""Measurements that end a stretch of a shot begin together, so that ways of different length measure at one time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.program import EVENT, Op, event


def measured_together(events: NDArray[np.void]) -> NDArray[np.void]:
    """Return events with the last measurements of all qubits behind a barrier, if there are several.

    A qubit's measurement is a last one when nothing of the stretch, not even a barrier, comes behind it.
    """
    touched, last = set[int](), list[int]()
    for number in range(len(events) - 1, -1, -1):
        row = events[number]
        qubits = {int(qubit) for qubit in row["q"] if qubit >= 0}
        if row["op"] == Op.MEASURE and not qubits & touched:
            last.insert(0, number)
        touched |= qubits
    if len(last) < 2:
        return events
    label = 1 + int(events["bit"].max(initial=0))
    barrier = np.array([event(Op.BARRIER, (int(events[number]["q"][0]),), bit=label) for number in last], EVENT)
    return np.concatenate([np.delete(events, last), barrier, events[last]])
