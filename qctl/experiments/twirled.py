"""Rows of one gate of a pair with random Paulis between them: what its errors do on average, whatever their kind.

Random Paulis turn errors into random ones (Wallman and Emerson, PRA 94, 052325), which add up as in programs. A row of
an even number of gates ends in one state, and the share that still does falls as ``1/4 + 3/4 A p^n``; the average
infidelity of a gate is ``3/4 (1 - p)`` where all errors are alike (Magesan et al., PRL 106, 180504).
"""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.calibrate.fits import Fit, fit_line
from qctl.core.gates import matrix
from qctl.core.parameters import Estimate
from qctl.core.program import Op, event

from .rows import Row, barrier, flip, half

Floats = NDArray[np.float64]
LEAST = 0.05  # share above 1/4 below which nothing is left to see
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


def decay(numbers: Floats, share: Floats, sigma: Floats) -> Fit:
    """Return the fit of ``ln(4/3 (share - 1/4))`` against the number of gates, all of shape (n_rows,)."""
    above = np.maximum((share - 0.25) / 0.75, LEAST)
    (fit,) = fit_line(numbers[None], np.log(above)[None], (sigma / 0.75 / above)[None])
    return fit


def error_of(fit: Fit, run: str) -> Estimate:
    """Return the average infidelity of a gate; where rows hardly fall, what may have stayed unseen."""
    p = float(np.exp(fit.value("slope")))
    value, error = 0.75 * (1 - p), 0.75 * p * fit.error("slope")
    return Estimate(max(value, error), error, run=run)
