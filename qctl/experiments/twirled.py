"""Rows of one gate of a pair with random Paulis between them: what its errors do on average, whatever their kind.

Random Paulis turn errors into random ones (Wallman and Emerson, PRA 94, 052325), which add up as in programs. A row of
an even number of gates ends in one state, and the share that still does falls as ``1/4 + 3/4 A p^n``; the average
infidelity of a gate is ``3/4 (1 - p)`` where all errors are alike (Magesan et al., PRL 106, 180504).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.outcome import Figure
from qctl.core.gates import matrix
from qctl.core.parameters import Estimate
from qctl.core.program import Op, event

from .rows import Row, barrier, flip, half

Floats = NDArray[np.float64]
LEAST = 0.05  # share above 1/4 below which nothing is left to see
FEWEST = 0.5  # of right endings behind no gate at all, for an answer that can be believed
TURNS = {Op.CZ: (), Op.RXX: (pi / 2,)}


def twirled(pair: tuple[int, int], op: Op, n: int, rng: np.random.Generator) -> tuple[list[Row], tuple[int, int]]:
    """Return a row of ``n`` gates, which is even, and the bits in which it ends.

    Parameters
    ----------
    op : RXX, which flips both qubits every second time, or CZ, which stands between quarter turns
    """
    turns = [half(q) for q in pair] if op is Op.CZ else []
    rows = list(turns)
    for number in range(n):
        rows += [*_paulis(pair, rng), *barrier(pair, 2 * number)]
        rows += [event(op, pair, TURNS[op]), *barrier(pair, 2 * number + 1)]
    rows += [*_paulis(pair, rng), *turns]
    return rows, ending(rows, pair)


def _paulis(pair: tuple[int, int], rng: np.random.Generator) -> list[Row]:
    found: list[Row] = []
    for qubit, one in zip(pair, rng.integers(4, size=2).tolist(), strict=True):
        found += [[], [flip(qubit)], [flip(qubit, pi / 2)], [event(Op.RZ, (qubit,), (pi,))]][one]
    return found


def ending(rows: list[Row], pair: tuple[int, int]) -> tuple[int, int]:
    """Return the bits in which rows of gates of a pair end, which begin in 0."""
    state = np.zeros((2, 2), np.complex128)
    state[0, 0] = 1
    for op, qubits, _, angles in rows:
        if op == Op.BARRIER:
            continue
        gate = matrix(Op(op), angles)  # type: ignore[arg-type]
        if len(gate) == 4:
            state = (gate @ state.ravel()).reshape(2, 2)
        else:
            axis = pair.index(qubits[0])  # type: ignore[index]
            state = np.moveaxis(np.tensordot(gate, state, axes=(1, axis)), 0, axis)
    a, b = np.unravel_index(int(np.argmax(np.abs(state))), (2, 2))
    return int(a), int(b)


@dataclass(frozen=True)
class Falling:
    """How the share of right endings falls with the number of gates.

    Parameters
    ----------
    error : average infidelity of a gate; where rows hardly fall, what may have stayed unseen
    left : share of right endings behind no gate at all
    """

    error: Estimate
    left: float
    figure: Figure


def falling(title: str, run: str, numbers: Floats, share: Floats, sigma: Floats) -> Falling:
    """Fit a line to ``ln(4/3 (share - 1/4))``, all of shape (n_rows,); rows that never fall are an answer too.

    Scatter among rows, where it is more than counting, goes into the error.
    """
    above = np.maximum((share - 0.25) / 0.75, LEAST)
    y, weight = np.log(above), (0.75 * above / sigma) ** 2
    design = np.stack([numbers, np.ones_like(numbers)], axis=1)
    covariance = np.linalg.inv(design.T @ (design * weight[:, None]))
    slope, start = (covariance @ design.T @ (weight * y)).tolist()
    rest = float((weight * (y - slope * numbers - start) ** 2).sum()) / max(len(y) - 2, 1)
    p, spread = float(np.exp(slope)), float(np.sqrt(covariance[0, 0] * max(rest, 1.0)))
    value, error = 0.75 * (1 - p), 0.75 * p * spread
    fine = np.linspace(0, numbers.max(), 40)
    curve = 0.25 + 0.75 * np.exp(slope * fine + start)
    figure = Figure(title, numbers, share, "gates", "share of right endings", sigma, fine, curve)
    return Falling(Estimate(max(value, error), error, run=run), float(np.exp(start)), figure)
