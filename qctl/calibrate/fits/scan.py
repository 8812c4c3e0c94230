"""First guesses that cannot miss: every curve of a grid is laid through the points, and the best few are starts.

All curves here are linear in some parameters once the others are given (Golub and Pereyra, SIAM J. Numer. Anal. 10,
413): the grid covers the others. For a sinusoid over evenly spaced points this is the zero-padded periodogram, for
uneven ones the one of Lomb and Scargle with a free mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SETS_AT_ONCE = 2048
NUDGE = 1e-9  # makes normal matrices solvable; starts need no more digits


@dataclass(frozen=True, eq=False)
class Grid:
    """Curves to try.

    Parameters
    ----------
    nonlinear : parameters of each curve, shape (n_grid, k)
    columns : for each curve, what its linear parameters multiply, shape (n_grid, n_points, m)
    place : where each curve lies in the space in which starts are kept apart, shape (n_grid, d)
    apart : how far, in at least one direction, two starts must lie from each other, shape (d,)
    """

    nonlinear: Floats
    columns: Floats
    place: Floats
    apart: Floats


MakeGrid = Callable[[Floats], Grid]


def scan(make: MakeGrid, u: Floats, v: Floats, n_starts: int) -> tuple[Floats, Floats]:
    """Return nonlinear (n_sets, n_starts, k) and linear (n_sets, n_starts, m) parameters of the best curves."""
    found: dict[int, tuple[Floats, Floats]] = {}
    for rows in _alike(u):
        grid = make(u[rows[0]])
        gram = _gram(grid.columns)
        for first in range(0, len(rows), SETS_AT_ONCE):
            part = rows[first : first + SETS_AT_ONCE]
            for row, answer in zip(part, _best(grid, gram, v[part], n_starts), strict=True):
                found[int(row)] = answer
    rows_in_order = range(len(u))
    return np.array([found[row][0] for row in rows_in_order]), np.array([found[row][1] for row in rows_in_order])


def _alike(u: Floats) -> list[NDArray[np.intp]]:
    """Return the groups of sets that share their axis."""
    groups: dict[bytes, list[int]] = {}
    for row, axis in enumerate(np.round(u, 9) + 0.0):
        groups.setdefault(axis.tobytes(), []).append(row)
    return [np.array(rows) for rows in groups.values()]


def _gram(columns: Floats) -> Floats:
    """Return the normal matrices of all curves, made solvable where two columns are the same."""
    gram = columns.transpose(0, 2, 1) @ columns
    k = np.arange(gram.shape[1])
    gram[:, k, k] *= 1 + NUDGE
    gram[:, k, k] += 1e-300
    return gram


def _best(grid: Grid, gram: Floats, v: Floats, n_starts: int) -> list[tuple[Floats, Floats]]:
    n_grid, n_points, m = grid.columns.shape
    overlaps = (grid.columns.transpose(0, 2, 1).reshape(n_grid * m, n_points) @ v.T).reshape(n_grid, m, len(v))
    linear = np.asarray(np.linalg.solve(gram, overlaps), float)
    explained = np.sum(linear * overlaps, axis=1).T
    every = np.arange(len(v))
    chosen = np.empty((len(v), n_starts), int)
    for k in range(n_starts):
        best = chosen[:, k] = explained.argmax(axis=1)
        close = np.abs(grid.place[None] - grid.place[best][:, None]) < grid.apart
        explained[close.all(axis=2)] = -1.0
    return [(grid.nonlinear[chosen[row]], linear[chosen[row], :, row]) for row in every]
