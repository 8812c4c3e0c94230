"""The two-qubit Clifford group as native gates: 11,520 elements with 0 to 3 CZ each, 1.5 on average.

Single-qubit Cliffords are a pulse about an axis in the equator, or none, behind a rotation about z that costs nothing.
Two-qubit ones fall into four classes (Corcoles et al., PRA 87, 030301; Barends et al., Nature 508, 500): products of
single-qubit ones, those of a CNOT, of an iSWAP, and of a SWAP, with 0, 1, 2 and 3 CZ; the middle two end with one of
three turns about (1, 1, 1) on each qubit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.gates import matrix
from qctl.core.program import Op

Complex = NDArray[np.complex128]
CZ = np.diag([1, 1, 1, -1]).astype(np.complex128)
GROUP = 11_520


@dataclass(frozen=True, slots=True)
class Single:
    """``R(angle, axis) RZ(turn)``: first the turn about z, then the pulse; no pulse where ``angle`` is 0."""

    turn: float
    angle: float
    axis: float

    @property
    def matrix(self) -> Complex:
        """Return the unitary."""
        return np.asarray(matrix(Op.R, (self.angle, self.axis)) @ matrix(Op.RZ, (self.turn,)))


Layer = tuple[Single, Single]
Steps = tuple[Layer, ...]
"""Single-qubit Cliffords on both qubits; one CZ between every two neighbours of the row."""


@cache
def singles() -> tuple[Single, ...]:
    """Return the 24 Cliffords of one qubit, the identity first."""
    turns, axes = [pi / 2 * k for k in range(4)], [pi / 2 * k for k in range(4)]
    idle = [Single(turn, 0.0, 0.0) for turn in turns]
    quarter = [Single(turn, pi / 2, axis) for turn in turns for axis in axes]
    half = [Single(turn, pi, axis) for turn in turns[:2] for axis in axes[:2]]
    return (*idle, *quarter, *half)


@cache
def _cycles() -> tuple[Single, Single, Single]:
    """Return the turns by thirds about (1, 1, 1), as x -> y -> z -> x."""
    found = [one for one in singles() if _cycle_of(one.matrix) is not None]
    ordered = {_cycle_of(one.matrix): one for one in found}
    return singles()[0], ordered[1], ordered[2]


def _cycle_of(u: Complex) -> int | None:
    """Return 1 for x -> y -> z -> x, 2 for its inverse, None otherwise."""
    x, y, z = (np.asarray(matrix(op)) for op in (Op.X, Op.Y, Op.Z))
    for k, order in ((1, (y, z, x)), (2, (z, x, y))):
        if all(np.allclose(u @ a @ u.conj().T, b) for a, b in zip((x, y, z), order, strict=True)):
            return k
    return None


def steps(number: int) -> Steps:
    """Return element ``number`` of the group, 0 to 11,519."""
    own, rest = number % 576, number // 576
    first = singles()[own // 24], singles()[own % 24]
    if rest == 0:
        return (first,)
    if rest < 10:
        return (first, _pair(rest - 1))
    if rest < 19:
        return (first, _QUARTER, _pair(rest - 10))
    return (first, _QUARTER, _BACK, _LAST)


def unitary(row: Steps) -> Complex:
    """Return the unitary of a row of steps."""
    found = np.eye(4, dtype=np.complex128)
    for k, (one, other) in enumerate(row):
        found = np.kron(one.matrix, other.matrix) @ (CZ if k else np.eye(4)) @ found
    return found


def inverse_of(u: Complex) -> int:
    """Return the element that undoes a Clifford, up to a phase."""
    return _numbers()[_key(u.conj().T)]


@cache
def _numbers() -> dict[bytes, int]:
    """Return the number of each element by its unitary."""
    fronts = np.array([np.kron(a.matrix, b.matrix) for a, b in product(singles(), repeat=2)])
    found = {}
    for rest in range(20):
        for own, u in enumerate(unitary(_identity_first(rest)) @ fronts):
            found[_key(u)] = 576 * rest + own
    return found


def _identity_first(rest: int) -> Steps:
    return ((singles()[0], singles()[0]), *steps(576 * rest)[1:])


def _key(u: Complex) -> bytes:
    """Return what tells a Clifford from all others: its entries, the first one that is not 0 made real."""
    flat = u.ravel()
    first = flat[np.argmax(np.abs(flat) > 0.2)]
    turned = flat * np.conj(first) / abs(first)
    return bytes(np.rint(4 * np.stack([turned.real, turned.imag])).astype(np.int8).tobytes())


def _pair(k: int) -> Layer:
    return _cycles()[k // 3], _cycles()[k % 3]


def _quarter_y(sign: int) -> Single:
    return Single(0.0, pi / 2, pi / 2 if sign > 0 else 3 * pi / 2)


_QUARTER: Layer = (_quarter_y(1), _quarter_y(-1))
_BACK: Layer = (_quarter_y(-1), _quarter_y(1))
_LAST: Layer = (Single(0.0, 0.0, 0.0), _quarter_y(1))
