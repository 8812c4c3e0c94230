"""Observables as products of letters: which are measured together, and what a shot says of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SparseObservable

Term = tuple[tuple[int, str], ...]
"""Letters of a product by qubit, rising; letters are X, Y, Z and the projectors 0 1 + - r l."""

AXIS = {**dict.fromkeys("X+-", "X"), **dict.fromkeys("Yrl", "Y"), **dict.fromkeys("Z01", "Z")}
TURN = {"X": (-pi / 2, pi / 2), "Y": (pi / 2, 0.0), "Z": (0.0, 0.0)}
"""R(theta, phi) that turns each axis into Z."""


@dataclass(frozen=True)
class Group:
    """Terms that one setting of axes measures, qubit by qubit."""

    axes: Mapping[int, str]
    terms: tuple[Term, ...]


def terms_of(observable: SparseObservable) -> dict[Term, float]:
    """Return the real coefficient of each product; the empty product is the identity."""
    found: dict[Term, float] = {}
    for letters, qubits, coefficient in observable.to_sparse_list():
        term = tuple(sorted(zip(qubits, letters, strict=True)))
        found[term] = found.get(term, 0.0) + complex(coefficient).real
    return found


def groups_of(terms: Iterable[Term]) -> list[Group]:
    """Return terms in groups that commute qubit by qubit: longest first, each into the first that takes it."""
    axes: list[dict[int, str]] = []
    members: list[list[Term]] = []
    for term in sorted(filter(None, terms), key=lambda one: (-len(one), one)):
        wanted = {qubit: AXIS[letter] for qubit, letter in term}
        for have, group in zip(axes, members, strict=True):
            if all(have.get(qubit, axis) == axis for qubit, axis in wanted.items()):
                have.update(wanted)
                group.append(term)
                break
        else:
            axes.append(wanted)
            members.append([term])
    return [Group(have, tuple(group)) for have, group in zip(axes, members, strict=True)]


def value_of(term: Term, bits: NDArray[np.uint8], column: Mapping[int, int]) -> NDArray[np.float64]:
    """Return what each row of bits says of a product, shape (n_rows,).

    Parameters
    ----------
    bits : shape (n_rows, n_columns), of qubits whose axes were turned into Z
    column : of each qubit
    """
    value = np.ones(len(bits))
    for qubit, letter in term:
        bit = bits[:, column[qubit]]
        if letter in "XYZ":
            value *= 1.0 - 2.0 * bit
        else:
            value *= bit if letter in "1-l" else 1 - bit
    return value


def moments(
    observable: Mapping[Term, float], values: Mapping[Term, NDArray[np.float64]], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """Return mean and variance of one shot of what a group says of an observable; covariances of its terms included.

    Parameters
    ----------
    values : of the group's terms, by row
    weights : how often each row came; they sum to 1
    """
    total = np.zeros(len(weights))
    for term, value in values.items():
        if term in observable:
            total += observable[term] * value
    mean = float(weights @ total)
    return mean, float(weights @ (total - mean) ** 2)
