"""Axes of a sweep: values by name, and arithmetic on them point by point."""

from __future__ import annotations

import math
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike, NDArray

from .errors import ProgramError


@dataclass(frozen=True, eq=False)
class Swept(NDArrayOperatorsMixin):
    """A number that differs from sweep point to sweep point: what arithmetic on axes gives.

    Operators and functions of NumPy work on it: ``np.pi * axis / 2``, ``np.sqrt(axis)``. Two axes span a grid.

    Parameters
    ----------
    axes : the axes that it depends on
    values : one axis of the array for each
    """

    axes: tuple[Axis, ...]
    values: NDArray[np.float64]

    __array_priority__ = 1000

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:  # noqa: ANN401
        """Apply a function of NumPy at each point of the grid that its arguments span."""
        if method != "__call__" or settings or function.nout != 1:
            return NotImplemented
        axes = axes_of(inputs)
        return Swept(axes, np.asarray(function(*(on_grid(each, axes) for each in inputs)), np.float64))

    def __bool__(self) -> bool:
        """Refuse: a number that is swept is many."""
        raise ProgramError("a decision on a number that is swept", allowed="decisions on single numbers")

    __eq__, __ne__, __hash__ = object.__eq__, object.__ne__, object.__hash__  # which one, not which numbers


@dataclass(frozen=True, eq=False, init=False)
class Axis(Swept):
    """One axis of a sweep.

    Parameters
    ----------
    name : what is swept, for results and drawings
    points : float64, shape (n,), at least one
    unit : of the points: s, Hz, rad, V, or nothing

    Examples
    --------
    >>> wait = Axis("wait", [0, 1e-6, 2e-6], "s")
    >>> (2 * wait).values.tolist()
    [0.0, 2e-06, 4e-06]
    """

    name: str = ""
    unit: str = ""

    def __init__(self, name: str, points: ArrayLike, unit: str = "") -> None:
        values = np.array(points, np.float64, ndmin=1)
        if values.ndim != 1 or not values.size or not np.all(np.isfinite(values)):
            raise ProgramError(
                f"an axis {name!r} of shape {values.shape}", allowed="a row of at least one finite number"
            )
        values.setflags(write=False)
        for field, value in (("axes", (self,)), ("values", values), ("name", name), ("unit", unit)):
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        """Return name, ends and number of points; never the points themselves."""
        unit = f" {self.unit}" if self.unit else ""
        return f"Axis({self.name!r}, {self.values[0]:g} to {self.values[-1]:g}{unit}, {len(self)} points)"

    def along(self, values: ArrayLike) -> Swept:
        """Return other numbers that are swept together with this axis, one for each of its points."""
        found = np.array(values, np.float64)
        if found.shape != self.values.shape:
            raise ProgramError(f"{found.shape} numbers along {self!r}", allowed=f"{len(self)}, one for each point")
        return Swept((self,), found)


Number = float | Swept
"""A number that stays, or one that is swept."""


def axes_of(numbers: Seq[object]) -> tuple[Axis, ...]:
    """Return the axes that some numbers depend on, in order of their first use."""
    return tuple(dict.fromkeys(axis for each in numbers if isinstance(each, Swept) for axis in each.axes))


def n_points(axes: Seq[Axis]) -> int:
    """Return how many points a grid has; one without axes."""
    return math.prod(map(len, axes))


def on_grid(number: object, axes: Seq[Axis]) -> NDArray[np.float64]:
    """Return a number at each point of a grid, in a shape that broadcasts to that of the grid."""
    if not isinstance(number, Swept):
        return np.asarray(number, np.float64)
    order = sorted(range(len(number.axes)), key=lambda k: axes.index(number.axes[k]))
    lengths = [len(axis) if axis in number.axes else 1 for axis in axes]
    return np.transpose(number.values, order).reshape(lengths)


def at_points(number: object, axes: Seq[Axis]) -> NDArray[np.float64]:
    """Return a number at each point of a grid, shape (n_points,); the last axis runs fastest."""
    return np.broadcast_to(on_grid(number, axes), [len(axis) for axis in axes]).ravel()
