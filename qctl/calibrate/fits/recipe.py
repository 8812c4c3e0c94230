"""How one kind of curve is fitted: where it starts, what is free, what its parameters mean, when it can be believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .points import Origin, Points
from .scan import MakeGrid

Floats = NDArray[np.float64]
FREE = 1e3  # bound of parameters that have none: data are of order 1


@dataclass(frozen=True, eq=False)
class Frame:
    """How the numbers that were fitted become those of the laboratory: x = x0 + dx u, y = y0 + dy v."""

    x0: Floats
    dx: Floats
    y0: Floats
    dy: Floats

    @classmethod
    def of(cls, points: Points) -> Frame:
        """Return the frame of all sets of ``points``."""
        return cls(points.x0, points.dx, points.y0, points.dy)


Null = Literal["constant", "line", "nothing"]
Physical = Callable[[Floats, Frame], list[Floats]]
Arrange = Callable[[Floats, Floats, Points], Floats]
Held = float | Callable[[Points], Floats]
Bounds = Callable[[Floats], tuple[list[float], list[float]]]
Judge = Callable[[Mapping[str, float], Mapping[str, float], Floats], str]


@dataclass(frozen=True, eq=False)
class Recipe:
    """One kind of curve.

    Parameters
    ----------
    name, names : of the curve and of its parameters, as users see them
    model : number of the curve in the kernel
    grid : curves to try first
    nonlinear, linear : numbers of the kernel's parameters that the grid gives, and that it solves for
    bounds : lower and upper bound of each of the kernel's parameters, from the axis u
    physical : from the kernel's parameters, shape (..., n_sets, n_par), the named ones, each of shape (..., n_sets)
    bound_names : the name that users know for each of the kernel's parameters
    held : kernel's parameters that are not fitted, and their values, or what finds them from the points
    origin : where u = 0 lies
    least : number of points needed
    null : the simplest curve that this one must beat; "nothing": whatever is found is an answer
    trials : how many independent curves of this kind noise could imitate, by the number of points
    essential : parameters without which the fit is worth nothing
    judge : from values, errors and x, a reason not to believe the fit, or ""
    n_starts : how many starts are tried
    coarse : whether first guesses may come from averages of neighbouring points
    arrange : makes starts, shape (n_sets, n_starts, n_par), where the grid's numbers are not those of the kernel
    """

    name: str
    names: tuple[str, ...]
    model: int
    grid: MakeGrid
    nonlinear: tuple[int, ...]
    linear: tuple[int, ...]
    bounds: Bounds
    physical: Physical
    bound_names: tuple[str, ...]
    held: Mapping[int, Held] = field(default_factory=dict)
    origin: Origin = "first"
    least: int = 5
    null: Null = "constant"
    trials: Callable[[int], float] = float
    essential: tuple[str, ...] = ()
    judge: Judge | None = None
    n_starts: int = 3
    coarse: bool = False
    arrange: Arrange | None = None
