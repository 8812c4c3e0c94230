"""Words that experiments are written in: pulses, waits, barriers and measurements as rows of a program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.program import EVENT, Op, Program, event
from qctl.core.pulse import Pulse

Row = tuple[object, ...]


def half(qubit: int, phase: float = 0.0) -> Row:
    """Return a pi/2 pulse about an axis at ``phase`` (rad) from x."""
    return event(Op.R, (qubit,), (pi / 2, phase))


def flip(qubit: int, phase: float = 0.0) -> Row:
    """Return a pi pulse."""
    return event(Op.R, (qubit,), (pi, phase))


def cz(one: int, other: int) -> Row:
    """Return a CZ."""
    return event(Op.CZ, (one, other))


def wait(qubit: int, seconds: float) -> Row:
    """Return a delay; ``seconds`` must lie on the grid of the station, see `on_grid`."""
    return event(Op.DELAY, (qubit,), (seconds,))


def late(qubits: Sequence[int], sequences: Sequence[Sequence[Row]], seconds: Sequence[float]) -> list[Row]:
    """Return a sequence for each qubit, all of which end together: what waits less begins later.

    Parameters
    ----------
    seconds : how long each sequence waits in all
    """
    longest, rows = max(seconds), list[Row]()
    for qubit, sequence, own in zip(qubits, sequences, seconds, strict=True):
        rows += [wait(qubit, longest - own), *sequence]
    return rows


def play(qubits: Sequence[int], number: int, phase: float = 0.0) -> Row:
    """Return the pulse ``number`` of the program; ``qubits`` (one or two) are busy meanwhile."""
    return event(Op.PULSE, qubits, (phase,), number)


def barrier(qubits: Iterable[int], label: int) -> list[Row]:
    """Return one barrier over ``qubits``; neighbouring barriers need different labels."""
    return [event(Op.BARRIER, (qubit,), (), label) for qubit in qubits]


def measure(qubits: Sequence[int]) -> list[Row]:
    """Return a common barrier, then a measurement of each qubit into the bit of its place."""
    return [*barrier(qubits, 1_000_000), *(event(Op.MEASURE, (q,), (), k) for k, q in enumerate(qubits))]


def program(
    laboratory: Laboratory,
    circuits: Iterable[Iterable[Row]],
    qubits: Sequence[int],
    shots: int,
    pulses: tuple[Pulse, ...] = (),
) -> Program:
    """Return a program on physical qubits: one sweep point for each circuit, ``qubits`` measured at the end of each.

    Atoms stay where they were loaded: an experiment looks at all sites at once, and half of them hold one.
    """
    rows = [[*circuit, *measure(qubits)] for circuit in circuits]
    starts = np.cumsum([0, *map(len, rows)])
    events = np.array([row for point in rows for row in point], EVENT)
    return Program(
        events, len(laboratory.qubits), len(qubits), starts, shots, physical=True, as_loaded=True, pulses=pulses
    )  # fmt: skip


def on_grid(seconds: NDArray[np.float64], step: float = 4e-9) -> NDArray[np.float64]:
    """Return times rounded to multiples of ``step``; without doublets, rising."""
    return np.unique(np.round(seconds / step)) * step


def indices(laboratory: Laboratory, names: Sequence[str]) -> list[int]:
    """Return the physical indices of qubits."""
    return [laboratory.qubit_names.index(name) for name in names]
