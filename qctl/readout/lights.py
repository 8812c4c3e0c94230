"""Lights that fail while a run goes on, told shot by shot from what images show where no atom is measured."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FEWEST = 50  # looks at a site, from which a light can be called off
DIM = 0.5  # grey values by which light shows in the border of a frame, averaged
SURE = 4.0  # standard deviations of that average
UNPREPARED = 0.25  # of idle atoms in 1, from which they were not pumped: without pumping it is half of them

Floats = NDArray[np.float64]
Shots = NDArray[np.bool_]


def border_of(pixels: NDArray[np.uint16], edge: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the mean grey value of each frame's border, and what noise makes of the difference of two of them.

    Parameters
    ----------
    pixels : shape (shots, n_points, n_windows, rows, columns)
    edge : where no atom is, shape (rows, columns)
    """
    seen = pixels[..., edge]
    if not seen.size:
        return np.zeros(pixels.shape[:3]), np.inf
    return seen.mean(axis=3), float(np.sqrt(2 * seen.var(axis=3).mean() / seen.shape[3]))


def unlike(border: Floats, noise: float, window: int, like: int) -> tuple[Shots, Shots]:
    """Return the shots, shape (n_points, shots), in which an image is darker than another, and brighter.

    Parameters
    ----------
    border : shape (shots, n_points, n_windows)
    """
    more = (border[..., window] - border[..., like]).T
    limit = max(DIM, SURE * noise)
    return np.asarray(more < -limit), np.asarray(more > limit)


def unprepared(idle: Shots, bright: Shots) -> Shots:
    """Return the shots, shape (n_points, shots), around which atoms that nothing was done to are found in 1.

    One shot has too few of them: it is told from some in a row, at least `FEWEST` looks, and then of those before and
    behind these as well, as nobody knows when it began.

    Parameters
    ----------
    idle : who was there and left alone, shape (n_qubits, shots, n_points)
    bright : who is in 1
    """
    _, shots, n_points = idle.shape
    bad = np.zeros((n_points, shots), bool)
    for point in range(n_points):
        looks, ones = idle[..., point].sum(axis=0), (idle & bright)[..., point].sum(axis=0)
        if looks.sum() < FEWEST:
            continue
        size = min(shots, int(np.ceil(FEWEST / looks.mean())))
        edges = [*range(0, shots - size + 1, size), shots]
        for first, last in pairwise(edges):
            if ones[first:last].sum() > UNPREPARED * looks[first:last].sum():
                bad[point, max(0, first - size) : last + size] = True
    return bad
