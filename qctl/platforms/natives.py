"""Native operations as numbers: one code for whatever has its own duration and pulses."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from qctl.core.program import Op


class Kind(IntEnum):
    """What an operation is; its code is ``kind * n_qubits + q[0]``, for a CZ ``n_qubits * q[1]`` more.

    Pulses stand behind all others, each with a code of its own.
    """

    X90 = 0
    X180 = 1
    MEASURE = 2
    SILENT = 3  # waits, barriers and virtual Z: no pulse, and nothing to look up
    CZ = 4
    PULSE = 5


_KIND = np.full(max(Op) + 1, Kind.SILENT, np.int32)
_KIND[[Op.R, Op.MEASURE, Op.CZ]] = Kind.X90, Kind.MEASURE, Kind.CZ


def codes(
    op: NDArray[np.int16],
    q: NDArray[np.int32],
    bit: NDArray[np.int32],
    theta: NDArray[np.float64],
    n_qubits: int,
) -> NDArray[np.int32]:
    """Return the code of each operation.

    ``theta`` is the angle of rotations, +-pi / 2 or +-pi, ``bit`` the number of a pulse.
    """
    code = (_KIND * np.int32(n_qubits))[op]
    code += q[:, 0]
    code += np.int32(n_qubits) * ((op == Op.R) & (np.abs(theta) > 2.0))
    pairs = np.flatnonzero(op == Op.CZ)
    code[pairs] += np.int32(n_qubits) * q[pairs, 1]
    pulses = np.flatnonzero(op == Op.PULSE)
    code[pulses] = n_codes(n_qubits) + bit[pulses]
    return code


def n_codes(n_qubits: int, n_pulses: int = 0) -> int:
    """Return how many codes there are."""
    return (Kind.CZ + n_qubits) * n_qubits + n_pulses


def present(code: NDArray[np.int32]) -> list[int]:
    """Return the codes that occur, rising."""
    return np.flatnonzero(np.bincount(code)).tolist()


def meaning(code: int, n_qubits: int) -> tuple[Kind, int, int]:
    """Return kind and qubits of a code; the second is -1 where there is none. A pulse has its number for a qubit."""
    if code >= n_codes(n_qubits):
        return Kind.PULSE, code - n_codes(n_qubits), -1
    kind, first = divmod(code, n_qubits)
    return (Kind(kind), first, -1) if kind < Kind.CZ else (Kind.CZ, first, kind - Kind.CZ)
