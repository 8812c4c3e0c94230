"""How every gate of a program is made of U and CZ, or U and RXX: one small table per gate, for vectorised expansion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.program import Op

Row = tuple[Op, tuple[int, ...], tuple[float, float, float], tuple[float, float, float]]
"""Gate, its qubits among those of the source, constant angles, and factors on the source's first angle."""

_FREE = (0.0, 0.0, 0.0)


def _u(qubit: int, constant: tuple[float, float, float], factor: tuple[float, float, float] = _FREE) -> list[Row]:
    return [(Op.U, (qubit,), constant, factor)]


def _ry(qubit: int, angle: float) -> list[Row]:
    return _u(qubit, (angle, 0.0, 0.0))


def _rx(qubit: int, angle: float) -> list[Row]:
    return _u(qubit, (angle, -pi / 2, pi / 2))


def _rz(qubit: int, factor: float) -> list[Row]:
    return _u(qubit, _FREE, (0.0, 0.0, factor))


def _h(qubit: int) -> list[Row]:
    return _u(qubit, (pi / 2, 0.0, pi))


_CZ: list[Row] = [(Op.CZ, (0, 1), _FREE, _FREE)]


def _cx(control: int, target: int) -> list[Row]:
    """Return RY(pi/2) CZ RY(-pi/2): it turns Z of the target into X."""
    return [*_ry(target, -pi / 2), (Op.CZ, (control, target), _FREE, _FREE), *_ry(target, pi / 2)]


_RZZ = [*_cx(0, 1), *_rz(1, 1.0), *_cx(0, 1)]
_HALF_RX, _BACK_RX = (0.5, 0.0, 0.0), (-0.5, 0.0, 0.0)

TEMPLATES: dict[Op, list[Row]] = {
    Op.ID: [],
    Op.X: _u(0, (pi, 0.0, pi)),
    Op.Y: _u(0, (pi, pi / 2, pi / 2)),
    Op.Z: _u(0, (0.0, 0.0, pi)),
    Op.H: _h(0),
    Op.S: _u(0, (0.0, 0.0, pi / 2)),
    Op.SDG: _u(0, (0.0, 0.0, -pi / 2)),
    Op.T: _u(0, (0.0, 0.0, pi / 4)),
    Op.TDG: _u(0, (0.0, 0.0, -pi / 4)),
    Op.SX: _rx(0, pi / 2),
    Op.SXDG: _rx(0, -pi / 2),
    Op.RX: _u(0, (0.0, -pi / 2, pi / 2), (1.0, 0.0, 0.0)),
    Op.RY: _u(0, _FREE, (1.0, 0.0, 0.0)),
    Op.RZ: _rz(0, 1.0),
    Op.P: _rz(0, 1.0),
    Op.CX: _cx(0, 1),
    Op.CY: [*_rx(1, pi / 2), *_CZ, *_rx(1, -pi / 2)],
    Op.CH: [*_ry(1, -pi / 4), *_CZ, *_ry(1, pi / 4)],
    Op.CP: [*_rz(0, 0.5), *_rz(1, 0.5), *_cx(0, 1), *_rz(1, -0.5), *_cx(0, 1)],
    Op.CRX: [*_u(1, (0.0, -pi / 2, pi / 2), _HALF_RX), *_CZ, *_u(1, (0.0, -pi / 2, pi / 2), _BACK_RX), *_CZ],
    Op.CRY: [*_u(1, _FREE, _HALF_RX), *_CZ, *_u(1, _FREE, _BACK_RX), *_CZ],
    Op.CRZ: [*_rz(1, 0.5), *_cx(0, 1), *_rz(1, -0.5), *_cx(0, 1)],
    Op.SWAP: [*_cx(0, 1), *_cx(1, 0), *_cx(0, 1)],
    Op.ISWAP: [*_u(0, (0.0, 0.0, pi / 2)), *_u(1, (0.0, 0.0, pi / 2)), *_h(0), *_cx(0, 1), *_cx(1, 0), *_h(1)],
    Op.RXX: [*_h(0), *_h(1), *_RZZ, *_h(0), *_h(1)],
    Op.RYY: [*_rx(0, pi / 2), *_rx(1, pi / 2), *_RZZ, *_rx(0, -pi / 2), *_rx(1, -pi / 2)],
    Op.RZZ: _RZZ,
}
"""Each is equal to its gate up to a global phase. U and R keep all their angles and are treated apart."""


@dataclass(frozen=True)
class Table:
    """All templates end to end: rows ``first[op]`` to ``first[op] + count[op]`` make ``op``.

    Parameters
    ----------
    first, count : int64, shape (n_ops,); ops without a template pass as one row of their own
    op : int16, shape (n_rows,); -1 keeps the op of the source
    qubits : int64, shape (n_rows, 2); which qubit of the source; 2 for none
    constant, factor : float64, shape (n_rows, 3); angles are ``constant + factor * source.angle[0]``
    """

    first: NDArray[np.int64]
    count: NDArray[np.int64]
    op: NDArray[np.int16]
    qubits: NDArray[np.int64]
    constant: NDArray[np.float64]
    factor: NDArray[np.float64]


def _xx(angle: float, factor: float = 0.0) -> list[Row]:
    return [(Op.RXX, (0, 1), (angle, 0.0, 0.0), (factor, 0.0, 0.0))]


def _about_z(angle: float, factor: float = 0.0) -> list[Row]:
    """Return RZZ: RXX between two H on either qubit."""
    return [*_h(0), *_h(1), *_xx(angle, factor), *_h(0), *_h(1)]


def _about_y(angle: float, factor: float = 0.0) -> list[Row]:
    """Return RYY: a quarter turn about Z makes X of Y."""
    before, after = (0.0, 0.0, -pi / 2), (0.0, 0.0, pi / 2)
    return [*_u(0, before), *_u(1, before), *_xx(angle, factor), *_u(0, after), *_u(1, after)]


_XX_CZ: list[Row] = [*_u(0, (0.0, 0.0, pi / 2)), *_u(1, (0.0, 0.0, pi / 2)), *_about_z(-pi / 2)]
_XX_CX: list[Row] = [*_ry(1, -pi / 2), *_XX_CZ, *_ry(1, pi / 2)]
_XX_CRZ: list[Row] = [*_rz(1, 0.5), *_about_z(0.0, -0.5)]

XX_TEMPLATES: dict[Op, list[Row]] = {
    **{op: rows for op, rows in TEMPLATES.items() if op < Op.CX},
    Op.CX: _XX_CX,
    Op.CY: [*_rx(1, pi / 2), *_XX_CZ, *_rx(1, -pi / 2)],
    Op.CZ: _XX_CZ,
    Op.CH: [*_ry(1, -pi / 4), *_XX_CZ, *_ry(1, pi / 4)],
    Op.CP: [*_rz(0, 0.5), *_rz(1, 0.5), *_about_z(0.0, -0.5)],
    Op.CRX: [*_h(1), *_XX_CRZ, *_h(1)],
    Op.CRY: [*_rx(1, pi / 2), *_XX_CRZ, *_rx(1, -pi / 2)],
    Op.CRZ: _XX_CRZ,
    Op.SWAP: [*_xx(pi / 2), *_about_y(pi / 2), *_about_z(pi / 2)],
    Op.ISWAP: [*_xx(-pi / 2), *_about_y(-pi / 2)],
    Op.RXX: _xx(0.0, 1.0),
    Op.RYY: _about_y(0.0, 1.0),
    Op.RZZ: _about_z(0.0, 1.0),
}
"""The same with RXX, of which one makes every controlled gate and every turn about two axes."""


def _table(templates: Mapping[Op, list[Row]]) -> Table:
    rows: list[Row] = [(Op.ID, (0, 1), _FREE, _FREE)]  # row 0: passes as it stands
    n_ops = max(Op) + 1
    first, count = np.zeros(n_ops, np.int64), np.ones(n_ops, np.int64)
    for op, template in templates.items():
        first[op], count[op] = len(rows), len(template)
        rows += template
    ops = np.array([-1, *(int(row[0]) for row in rows[1:])], np.int16)
    qubits = np.array([(*row[1], 2)[:2] for row in rows], np.int64)
    return Table(first, count, ops, qubits, np.array([row[2] for row in rows]), np.array([row[3] for row in rows]))


TABLES: Mapping[Op, Table] = {Op.CZ: _table(TEMPLATES), Op.RXX: _table(XX_TEMPLATES)}
"""By the one 2-qubit gate that the machine has."""
