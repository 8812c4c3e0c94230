"""Gates that a program can use: from a library, or defined in its own text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from qctl.core.program import Op

from .steps import Shape, Step, shape_of
from .synthesis import n_rows

Census = Counter[tuple[int, int]]
"""How many steps of each kind, under how many controls, a gate consists of at most."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What expanding a gate once takes, known before it is done.

    Parameters
    ----------
    census : steps of the result
    work : steps handled on the way, over all levels of definition
    depth : levels of definition
    shape : on what all its steps act, if any power of it has a closed form
    """

    census: Census
    work: int
    depth: int
    shape: Shape | None

    @property
    def n_steps(self) -> int:
        """Return the number of steps of the result."""
        return sum(self.census.values())

    def n_events(self, controls: int = 0) -> int:
        """Return the number of events of the result under further controls."""
        return sum(n * n_rows(kind, inner + controls) for (kind, inner), n in self.census.items())


class Gate(Protocol):
    """What stands behind a gate's name."""

    @property
    def n_parameters(self) -> int:
        """Return how many angles it takes."""
        ...

    @property
    def n_qubits(self) -> int:
        """Return on how many qubits it acts."""
        ...

    @property
    def cost(self) -> Cost:
        """Return what expanding it takes."""
        ...

    def steps(self, angles: Sequence[float]) -> list[Step]:
        """Return the gate on its own qubits 0, 1, ..."""
        ...


@dataclass(frozen=True, slots=True)
class LibraryGate:
    """A gate of a standard library.

    Parameters
    ----------
    n_parameters, n_qubits : what it takes
    build : its steps, for given angles; their number and kinds do not depend on the angles
    direct : the one event it is without modifiers and up to a global phase, and the angles to put before its own
    """

    n_parameters: int
    n_qubits: int
    build: Callable[..., list[Step]]
    direct: tuple[Op, tuple[float, ...]] | None = None
    cost: Cost = field(init=False)

    def __post_init__(self) -> None:
        steps = self.build(*[0.1] * self.n_parameters)
        census = Counter((step.kind, step.controls) for step in steps)
        object.__setattr__(self, "cost", Cost(census, len(steps), 1, shape_of(steps)))

    def steps(self, angles: Sequence[float]) -> list[Step]:
        """Return the gate on its own qubits 0, 1, ..."""
        return self.build(*angles)
