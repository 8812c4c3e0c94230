"""When each native operation starts: integer ticks of the station clock, counted from the start of the shot."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .pulse import Pulse

OPERATION = np.dtype(
    [
        ("point", np.int32),
        ("op", np.int16),  # core.program.Op, native ones only
        ("q", np.int32, (2,)),  # physical qubits, -1 unused
        ("bit", np.int32),
        ("start", np.int64),  # ticks
        ("duration", np.int64),  # ticks
        ("angle", np.float64),  # rotation angle of the native operation, rad; signed for RXX
        ("phase", np.float64),  # drive phase with all virtual Z before it, rad
    ],
    align=True,
)


@dataclass(frozen=True)
class Schedule:
    """Native operations in time.

    Parameters
    ----------
    operations : OPERATION, in program order within each point
    n_points : sweep points
    n_bits : classical bits of the program
    qubits : names of the physical qubits; ``q`` indexes into them
    tick : length of a tick, s
    length_ticks : shape (n_points,), int64; end of the last operation of each point
    placement : physical index of each logical qubit of the program
    pulses : what operations ``PULSE`` play, counted by their ``bit``
    free : a platform may play operations otherwise, as long as answers stay; else each is played as it stands
    """

    operations: NDArray[np.void]
    n_points: int
    n_bits: int
    qubits: tuple[str, ...]
    tick: Fraction
    length_ticks: NDArray[np.int64]
    placement: tuple[int, ...]
    pulses: tuple[Pulse, ...] = ()
    free: bool = False

    def _repr_html_(self) -> str:
        """Return the first sweep point as a time chart for a notebook."""
        from .picture.schedule import drawn  # only notebooks draw

        return drawn(self)
