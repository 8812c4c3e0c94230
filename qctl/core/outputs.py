"""Values beside bits that a program shows: what its shots ended with, as arrays in which whole numbers stay whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .operators import Number

T = TypeVar("T")

_ELEMENT = re.compile(r"(.+?)((?:\[[0-9]+\])+)")
_FIRST, _BEHIND = -(2**63), 2**63  # of numbers that int64 holds


def element(name: str, index: Iterable[int]) -> str:
    """Return the name of an element of an array: ``a[0][1]``."""
    return name + "".join(f"[{k}]" for k in index)


def shown(
    names: Iterable[str], ends: Sequence[Mapping[str, Number]], where: NDArray[np.intp]
) -> dict[str, NDArray[np.generic]]:
    """Return what shots show.

    Parameters
    ----------
    names : of the values, elements of arrays one by one
    ends : values by name, at each of the ends to which shots come
    where : to which of them each shot came, shape (shots,); -1 of one that does not count, and shows 0

    Returns
    -------
    by name, of an array by its own, shape (shots, *shape of the array): int64 (Python's numbers where these are beyond
    it), or float64
    """
    columns = {name: _exact([*(end[name] for end in ends), 0])[where] for name in names}
    return {name: np.stack(parts, -1).reshape(len(where), *shape) for name, (shape, parts) in arranged(columns).items()}


def arranged(parts: Mapping[str, T]) -> dict[str, tuple[tuple[int, ...], list[T]]]:
    """Return values and arrays by name: the shape (of one value, empty) and the elements, row by row."""
    found: dict[str, list[tuple[tuple[int, ...], T]]] = {}
    for name, part in parts.items():
        match = _ELEMENT.fullmatch(name)
        index = tuple(int(k) for k in re.findall(r"[0-9]+", match[2])) if match else ()
        found.setdefault(match[1] if match else name, []).append((index, part))
    return {
        name: (tuple(k + 1 for k in max(index for index, _ in rows)), [part for _, part in rows])
        for name, rows in found.items()
    }


def key_of(value: object) -> str:
    """Return how a value is written as a key: whole numbers in full, others so that they are read back exactly."""
    if isinstance(value, list):
        return f"[{', '.join(map(key_of, value))}]"
    return repr(value)


def tallied(values: NDArray[np.generic], numbers: Iterable[int] | None = None) -> dict[str, int]:
    """Return how often each value came, by `key_of`, in rising order; of arrays, each whole array.

    Parameters
    ----------
    values : shape (shots, ...)
    numbers : how many shots each row stands for; None: one
    """
    rows = values.reshape(len(values), int(np.prod(values.shape[1:])))
    found: dict[tuple[Number, ...], int] = {}
    for row, number in zip(rows.tolist(), repeat(1) if numbers is None else numbers, strict=False):
        found[tuple(row)] = found.get(tuple(row), 0) + number
    shaped = {each: np.array(each, object).reshape(values.shape[1:]).tolist() for each in found}
    return {key_of(shaped[each]): found[each] for each in sorted(found)}


def _exact(values: Sequence[Number]) -> NDArray[np.generic]:
    if not all(isinstance(value, int) for value in values):
        return np.array(values, np.float64)
    whole = [int(value) for value in values]
    return np.array(whole, np.int64 if all(_FIRST <= value < _BEHIND for value in whole) else object)
