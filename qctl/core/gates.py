"""What each gate of the stream does, as a matrix: the meaning against which everything else is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import ProgramError
from .program import Op

Matrix = NDArray[np.complex128]

N_ANGLES = {
    **dict.fromkeys((Op.RX, Op.RY, Op.RZ, Op.P, Op.CP, Op.CRX, Op.CRY, Op.CRZ, Op.RXX, Op.RYY, Op.RZZ), 1),
    Op.R: 2,
    Op.U: 3,
}
"""How many angles each gate takes; gates that are not listed take none."""


def n_qubits(op: Op) -> int:
    """Return on how many qubits a gate acts; raise ProgramError when the event is no gate."""
    if op >= Op.MEASURE:
        raise ProgramError(f"{op.name} is no gate", allowed="events with a unitary meaning")
    return 1 if op < Op.CX else 2


def matrix(op: Op, angles: Sequence[float] = ()) -> Matrix:
    """Return the unitary of one gate.

    Parameters
    ----------
    op : a gate; measurements, resets, delays and barriers have no matrix
    angles : rad, as in the column of the stream; more than the gate takes are ignored

    Returns
    -------
    complex128, shape (2, 2) or (4, 4); for two qubits the basis is |q[0] q[1]>: index ``2 * b0 + b1``.
    ``U`` carries the phase of OpenQASM 3, section "Built-in gates": it begins with
    ``(1 + exp(i theta)) / 2``.

    Raises
    ------
    ProgramError
        When ``op`` is no gate or an angle is missing.
    """
    n_qubits(op)
    needed = N_ANGLES.get(op, 0)
    if len(angles) < needed:
        raise ProgramError(f"{op.name} with {len(angles)} angles", allowed=f"{needed}")
    return _TURNS[op](*angles[:needed]) if needed else _FIXED[op].copy()


def _turn(axis: Matrix, angle: float) -> Matrix:
    """Return ``exp(-i angle axis / 2)`` for an axis whose square is the identity."""
    return np.asarray(np.cos(angle / 2) * np.eye(len(axis)) - 1j * np.sin(angle / 2) * axis, np.complex128)


def _phase(angle: float) -> Matrix:
    return np.array([[1, 0], [0, np.exp(1j * angle)]], np.complex128)


def _u(theta: float, phi: float, lam: float) -> Matrix:
    turned = _phase(phi) @ _turn(_Y, theta) @ _phase(lam)
    return np.asarray(np.exp(0.5j * theta) * turned, np.complex128)


def _controlled(gate: Matrix) -> Matrix:
    out = np.eye(4, dtype=np.complex128)
    out[2:, 2:] = gate
    return out


_X = np.array([[0, 1], [1, 0]], np.complex128)
_Y = np.array([[0, -1j], [1j, 0]], np.complex128)
_Z = np.array([[1, 0], [0, -1]], np.complex128)
_H = np.asarray((_X + _Z) / np.sqrt(2), np.complex128)
_XX, _YY, _ZZ = (np.asarray(np.kron(axis, axis), np.complex128) for axis in (_X, _Y, _Z))

_FIXED: dict[Op, Matrix] = {
    Op.ID: np.eye(2, dtype=np.complex128),
    Op.X: _X,
    Op.Y: _Y,
    Op.Z: _Z,
    Op.H: _H,
    Op.S: _phase(np.pi / 2),
    Op.SDG: _phase(-np.pi / 2),
    Op.T: _phase(np.pi / 4),
    Op.TDG: _phase(-np.pi / 4),
    Op.SX: np.array([[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]]),
    Op.SXDG: np.array([[0.5 - 0.5j, 0.5 + 0.5j], [0.5 + 0.5j, 0.5 - 0.5j]]),
    Op.CX: _controlled(_X),
    Op.CY: _controlled(_Y),
    Op.CZ: _controlled(_Z),
    Op.CH: _controlled(_H),
    Op.SWAP: np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], np.complex128),
    Op.ISWAP: np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]], np.complex128),
}
_TURNS: dict[Op, Callable[..., Matrix]] = {
    Op.RX: lambda t: _turn(_X, t),
    Op.RY: lambda t: _turn(_Y, t),
    Op.RZ: lambda t: _turn(_Z, t),
    Op.P: _phase,
    Op.U: _u,
    Op.R: lambda t, phi: _turn(np.asarray(np.cos(phi) * _X + np.sin(phi) * _Y, np.complex128), t),
    Op.CP: lambda t: _controlled(_phase(t)),
    Op.CRX: lambda t: _controlled(_turn(_X, t)),
    Op.CRY: lambda t: _controlled(_turn(_Y, t)),
    Op.CRZ: lambda t: _controlled(_turn(_Z, t)),
    Op.RXX: lambda t: _turn(_XX, t),
    Op.RYY: lambda t: _turn(_YY, t),
    Op.RZZ: lambda t: _turn(_ZZ, t),
}
