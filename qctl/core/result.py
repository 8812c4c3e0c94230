"""What a run says: states shot by shot, counts, and the points in the IQ plane they were told from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .program import Register
from .record import Timing


@dataclass(frozen=True)
class Result:
    """Read-out answer of one run.

    Parameters
    ----------
    bits : uint8, shape (n_points, shots, n_bits); bits that were never measured are 0
    iq : complex128, shape (n_points, shots, n_measurements), volts; one column per measurement of a point
    measured : (physical qubit, bit) of each column of ``iq``
    qubits : names of the physical qubits
    placement : physical index of each logical qubit
    registers : classical registers of the program
    quasi : per point, mitigated quasi-probabilities by key, when mitigation was asked
    """

    bits: NDArray[np.uint8]
    iq: NDArray[np.complex128]
    measured: tuple[tuple[int, int], ...]
    qubits: tuple[str, ...]
    placement: tuple[int, ...]
    parameters_id: str
    timing: Timing
    registers: tuple[Register, ...] = ()
    quasi: tuple[Mapping[str, float], ...] = field(default=())

    @property
    def shots(self) -> int:
        """Return the repetitions of each point."""
        return int(self.bits.shape[1])

    def counts_of(self, point: int) -> dict[str, int]:
        """Return how often each key came; character i is bit i in order of declaration."""
        rows, numbers = tally(self.bits[point])
        keys = ["".join(map(str, row)) for row in rows.tolist()]
        return dict(zip(keys, numbers.tolist(), strict=True))

    @property
    def counts(self) -> dict[str, int]:
        """Return the counts of the first (for most programs the only) sweep point."""
        return self.counts_of(0)


def tally(bits: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the distinct rows of ``bits`` (n_shots, n_bits) in rising order, and how often each came."""
    n_shots, n_bits = bits.shape
    if n_bits == 0:
        return np.zeros((min(n_shots, 1), 0), np.uint8), np.full(min(n_shots, 1), n_shots, np.int64)
    packed = np.packbits(bits, axis=1)
    if packed.shape[1] <= 8:
        # One integer per shot sorts a hundred times faster than rows of bytes do.
        words = np.zeros((n_shots, 8), np.uint8)
        words[:, : packed.shape[1]] = packed
        values, numbers = np.unique(words.view(">u8").ravel().astype(np.uint64), return_counts=True)
        rows = values.astype(">u8").view(np.uint8).reshape(-1, 8)[:, : packed.shape[1]]
    else:
        rows, numbers = np.unique(packed, axis=0, return_counts=True)
    return np.unpackbits(rows, axis=1, count=n_bits), numbers.astype(np.int64)
