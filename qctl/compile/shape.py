"""A program whose angles come later: placed and routed once, with symbols for them, and bound to numbers often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.gates import N_ANGLES
from qctl.core.laboratory import Laboratory
from qctl.core.program import Op, Program
from qctl.platforms import platform_of

from .lower import entangler_of, lower
from .resets import drop_passive_resets
from .route import check_size, fits, used_qubits


@dataclass(frozen=True)
class Shape:
    """A placed program of one sweep point, some of whose angles are affine in numbers that are not known yet.

    Parameters
    ----------
    program : on physical qubits; open angles hold their constant part
    row, column : which angles are open, shape (n_open,)
    term : for each addend of an open angle, which of them it belongs to, shape (n_terms,)
    free : which free number it multiplies, shape (n_terms,)
    factor : by how much, shape (n_terms,)
    n_free : how many numbers `bind` takes
    entangler : the 2-qubit gate of the machine
    merge : neighbouring 1-qubit gates become one once their angles are known
    """

    program: Program
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    term: NDArray[np.int64]
    free: NDArray[np.int64]
    factor: NDArray[np.float64]
    n_free: int
    entangler: Op
    merge: bool

    def bind(self, values: NDArray[np.float64]) -> Program:
        """Return a program with one sweep point for each row of ``values``, shape (n_points, n_free), in rad or s."""
        if values.ndim != 2 or values.shape[1] != self.n_free:
            raise CompileError(f"values of shape {values.shape}", allowed=f"(n_points, {self.n_free})")
        n_points, n_rows = len(values), len(self.program.events)
        events = np.tile(self.program.events, n_points)
        added = np.zeros((n_points, len(self.row)))
        np.add.at(added.T, self.term, (values[:, self.free] * self.factor).T)
        angle = events["angle"].reshape(n_points, n_rows, 3)
        angle[:, self.row, self.column] += added
        bound = replace(self.program, events=events, starts=np.arange(n_points + 1, dtype=np.int64) * n_rows)
        return lower(bound, merge=True, entangler=self.entangler) if self.merge else bound

    @cached_property
    def n_open(self) -> int:
        """Return how many angles wait for numbers."""
        return len(self.row)


def shape_of(
    program: Program,
    free: NDArray[np.bool_],
    known: Mapping[str, float],
    laboratory: Laboratory,
    *,
    optimise: bool = True,
) -> Shape:
    """Place and route a program for all values of its free angles.

    Parameters
    ----------
    program : one sweep point; what its free angles hold does not count
    free : shape (n_events, 3); they are the numbers that `Shape.bind` takes, row by row

    Raises
    ------
    CompileError
        When the program cannot run on this laboratory.
    """
    if program.n_points != 1 or free.shape != program.events["angle"].shape:
        raise CompileError(
            f"{program.n_points} sweep points, marks of shape {free.shape}", allowed="1, and (n_events, 3)"
        )
    rows = np.flatnonzero(program.events["op"] != Op.RESET)  # those that remain, if the others may go
    ready, marks = drop_passive_resets(program), free[rows]
    check_size(ready, laboratory)
    if fits(ready, laboratory):
        return _as_it_stands(ready, marks, laboratory, merge=optimise and not program.physical)
    return _routed(ready, marks, known, laboratory, optimise=optimise)


def _as_it_stands(program: Program, free: NDArray[np.bool_], laboratory: Laboratory, *, merge: bool) -> Shape:
    row, column = (where.astype(np.int64) for where in np.nonzero(free))
    events = program.events.copy()
    events["angle"][free] = 0.0
    each = np.arange(len(row))
    placed = replace(program, events=events, physical=True)
    entangler = entangler_of(platform_of(laboratory).natives)
    return Shape(placed, row, column, each, each, np.ones(len(row)), len(row), entangler, merge)


def _routed(
    program: Program, free: NDArray[np.bool_], known: Mapping[str, float], laboratory: Laboratory, *, optimise: bool
) -> Shape:
    from qiskit.circuit import Parameter  # Qiskit takes a second to import: only programs that need it pay

    from .circuits import circuit_of, events_of
    from .target import target_of
    from .transpile import APART, passes_of

    used = used_qubits(program)
    symbols = [Parameter(f"free{k}") for k in range(np.count_nonzero(free))]
    angles: list[list[Any]] = program.events["angle"].tolist()
    for symbol, row, column in zip(symbols, *(where.tolist() for where in np.nonzero(free)), strict=True):
        angles[row][column] = symbol
    layout = used.tolist() if program.physical else None
    passes = passes_of(target_of(known, laboratory, apart=APART), optimise=optimise, layout=layout)
    terms = _Terms({symbol: k for k, symbol in enumerate(symbols)})
    events = events_of(passes.run(circuit_of(program.events, used, program.n_bits, angles)), terms.constant)
    placed = replace(
        program, events=events, starts=np.zeros(0, np.int64), n_qubits=len(laboratory.qubits), physical=True
    )
    with_number = np.flatnonzero(np.isin(events["op"], [Op.DELAY, *N_ANGLES]))
    row = with_number[np.array(terms.open, np.int64)]
    term, number, factor = np.array(terms.found, np.float64).reshape(-1, 3).T
    column = np.zeros(len(row), np.int64)
    merge = optimise and not program.physical
    entangler = entangler_of(platform_of(laboratory).natives)
    where = (row, column, term.astype(np.int64), number.astype(np.int64))
    return Shape(placed, *where, factor, len(symbols), entangler, merge)


class _Terms:
    """Take the symbols out of angles, in the order in which the angles are read."""

    def __init__(self, symbols: Mapping[Any, int]) -> None:
        self._symbols = symbols
        self._n_read = 0
        self.open: list[int] = []  # number of each angle that holds symbols
        self.found: list[tuple[int, int, float]] = []  # which of these, which symbol, factor

    def constant(self, angle: Any) -> float:  # noqa: ANN401 (a number, or one of Qiskit's expressions)
        """Return the constant part of an angle and note the rest."""
        self._n_read += 1
        symbols = getattr(angle, "parameters", ())
        if not symbols:
            return float(angle)
        for symbol in sorted(symbols, key=lambda one: self._symbols[one]):
            factor = angle.gradient(symbol)
            if getattr(factor, "parameters", ()):
                raise CompileError(f"the transpiler made {angle} of an angle", allowed="sums of multiples of angles")
            self.found.append((len(self.open), self._symbols[symbol], float(factor)))
        self.open.append(self._n_read - 1)
        return float(angle.bind(dict.fromkeys(symbols, 0.0)))
