"""Neighbouring 1-qubit gates of a qubit become one: products of whole runs, by halving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qctl.core.program import Op

Columns = tuple[NDArray[np.complex128], NDArray[np.complex128]]


def merge_turns(events: NDArray[np.void], starts: NDArray[np.int64]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Return events in which each run of U on one qubit is one U in the place of the first, and the new starts.

    A run ends where anything else touches its qubit, and at the end of a sweep point.
    """
    run = _runs(events, starts)
    gates = np.flatnonzero(events["op"] == Op.U)
    if not len(gates):
        return events, starts
    order = gates[np.argsort(run[gates], kind="stable")]
    number = run[order]
    heads = order[np.flatnonzero(np.diff(number, prepend=-1))]
    a, b = _product(_columns(events["angle"][order]), number)
    merged = events.copy()
    merged["angle"][heads] = _angles(a, b)
    keep = events["op"] != Op.U
    keep[heads] = True
    return merged[keep], np.concatenate([[0], np.cumsum(keep)])[starts].astype(np.int64)


def _runs(events: NDArray[np.void], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each row the number of its run; only rows of U have a meaningful one."""
    point = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    n = int(events["q"].max(initial=0)) + 1
    second = np.flatnonzero(events["q"][:, 1] >= 0)
    row = np.concatenate([np.arange(len(events)), second])
    place = np.concatenate([point * n + events["q"][:, 0], (point * n)[second] + events["q"][second, 1]])
    order = np.lexsort((row, place))
    row, place = row[order], place[order]
    gate = events["op"][row] == Op.U
    begins = np.ones(len(row), bool)
    begins[1:] = ~(gate[1:] & gate[:-1] & (place[1:] == place[:-1]))
    run = np.zeros(len(events), np.int64)
    run[row[gate]] = np.cumsum(begins)[gate]
    return run


def _columns(angle: NDArray[np.float64]) -> Columns:
    """Return the first column (a, b) of ``[[a, -b*], [b, a*]]``, the gates with determinant 1."""
    theta, phi, lam = angle.T
    return np.cos(theta / 2) * np.exp(-0.5j * (phi + lam)), np.sin(theta / 2) * np.exp(0.5j * (phi - lam))


def _product(columns: Columns, run: NDArray[np.int64]) -> Columns:
    """Return the product of each run, the first gate rightmost: pairs of neighbours, until one is left of each."""
    a, b = columns
    while True:
        begins = np.flatnonzero(np.diff(run, prepend=-1))
        within = np.arange(len(run)) - np.repeat(begins, np.diff(begins, append=len(run)))
        if not np.any(within):
            return a, b
        left = np.flatnonzero(within % 2 == 0)
        paired = left[(left + 1 < len(run))]
        paired = paired[run[paired + 1] == run[paired]]
        a1, b1, a2, b2 = a[paired], b[paired], a[paired + 1], b[paired + 1]
        a, b = a.copy(), b.copy()
        a[paired], b[paired] = a2 * a1 - b2.conj() * b1, b2 * a1 + a2.conj() * b1
        a, b, run = a[left], b[left], run[left]


def _angles(a: NDArray[np.complex128], b: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Return theta, phi and lambda, shape (n, 3)."""
    total, difference = -2 * np.angle(a), 2 * np.angle(b)
    return np.stack([2 * np.arctan2(np.abs(b), np.abs(a)), (total + difference) / 2, (total - difference) / 2], axis=1)
