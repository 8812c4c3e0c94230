"""Durations that depend on the laboratory: ``durationof``, boxes of a given length, and stretches.

A stretch takes the length that lets all qubits of its section end together; sections lie between barriers over all
qubits that they use, and between the ends of boxes. Source: OpenQASM 3 specification, "Circuit timing".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from openqasm3 import ast

from qctl.core.errors import ProgramError
from qctl.core.flow import Apply, Expression, Term
from qctl.core.operators import exact
from qctl.core.program import Op

from ..builder import Durations, ProgramBuilder
from ..stream import N_COLUMNS
from ..values import DURATION, Value
from .context import Context

_ZERO, _exact = Fraction(0), cache(exact)
_TOLERANCE = 1e-13  # s; far below a sample, far above what rounding leaves


@dataclass(frozen=True, slots=True)
class Stretch(Expression):
    """A length of time that is found when all others are known."""

    index: int


@dataclass(frozen=True, slots=True)
class Length:
    """Seconds, and how often each stretch counts."""

    seconds: Fraction
    stretches: tuple[tuple[int, Fraction], ...] = ()

    def __add__(self, other: Length) -> Length:
        total = dict(self.stretches)
        for index, factor in other.stretches:
            total[index] = total.get(index, _ZERO) + factor
        return Length(self.seconds + other.seconds, tuple(sorted(total.items())))

    def times(self, factor: Fraction) -> Length:
        """Return a multiple."""
        return Length(self.seconds * factor, tuple((index, each * factor) for index, each in self.stretches))


def length_of(term: Term) -> Length:
    """Return a duration as a sum of seconds and stretches; raise ProgramError for anything else."""
    if isinstance(term, Stretch):
        return Length(_ZERO, ((term.index, Fraction(1)),))
    if isinstance(term, (int, float, Fraction)):
        return Length(exact(term))
    if isinstance(term, Apply) and term.name in ("+", "-", "*", "/"):
        a, b = map(length_of, term.arguments)
        if term.name in ("+", "-"):
            return a + b.times(Fraction(1 if term.name == "+" else -1))
        if term.name == "/" and b == Length(_ZERO):
            raise ProgramError("a duration divided by zero", allowed="divisors that are not zero")
        if not b.stretches:
            return a.times(b.seconds if term.name == "*" else 1 / b.seconds)
        if not a.stretches and term.name == "*":
            return b.times(a.seconds)
    raise ProgramError("a duration that is no sum of times and stretches", allowed="sums and multiples")


class NotPlaced(Exception):  # noqa: N818 - no error: the text is read again
    """Durations depend on where qubits are, which depends on the program: it is read as a draft first."""


class Timing:
    """Finds out durations.

    Parameters
    ----------
    context : of the lowering; its builder knows how long gates last, if anybody does
    block : runs a block
    """

    def __init__(self, context: Context, block: Callable[[Sequence[Any]], object]) -> None:
        self._context, self._block = context, block
        self._n_stretches = 0
        self._waits: dict[int, Length] = {}  # of rows of the stream
        self._boxes: list[tuple[int, int, Fraction | None]] = []

    def new_stretch(self) -> Stretch:
        """Return a new stretch."""
        self._n_stretches += 1
        if self._n_stretches > (most := self._context.limits.stretches):
            raise ProgramError(f"{self._n_stretches} stretches", allowed=f"at most {most}")
        return Stretch(self._n_stretches - 1)

    def wait(self, seconds: Expression, qubits: Sequence[int], start: int) -> None:
        """Append a wait of stretches on some qubits."""
        length, stream = length_of(seconds), self._context.builder.stream
        stream.reserve(len(qubits), start)
        for qubit in qubits:
            self._waits[len(stream)] = length
            stream.add(Op.DELAY, (qubit,))

    def box(self, first: int, seconds: Fraction | None, start: int) -> None:
        """Close a box that holds the rows from ``first`` to here; qubits without stretches wait until it ends."""
        stream = self._context.builder.stream
        if seconds is not None:
            for qubit, length in sorted(self._lengths(first, len(stream)).items()):
                rest = seconds - length.seconds
                if self._context.builder.is_draft:
                    continue
                if rest < -_TOLERANCE:
                    raise ProgramError(
                        f"a box of {float(seconds):g} s that holds {float(length.seconds):g} s",
                        allowed="boxes as long as they need",
                    )
                if not length.stretches and rest > _TOLERANCE:
                    stream.reserve(1, start)
                    stream.add(Op.DELAY, (qubit,), angles=(float(rest),))
        self._boxes.append((first, len(stream), seconds))

    def duration_of(self, node: ast.DurationOf) -> Value:
        """Return how long a block lasts; nothing of it is played."""
        tape, stream = self._context.tape, self._context.builder.stream
        here = tape.here()
        first = len(stream)
        self._block(node.target)
        if any(not isinstance(node, tuple) for node in tape.nodes()[here.n_nodes :]):
            raise self._context.unsupported(node, "the duration of what depends on measured bits")
        lengths = self._lengths(first, len(stream))
        tape.go_back(here)
        for row in [row for row in self._waits if row >= first]:
            del self._waits[row]
        longest = max(lengths.values(), key=lambda each: each.seconds, default=Length(_ZERO))
        if any(each.stretches for each in lengths.values()):
            raise self._context.unsupported(node, "the duration of a block with stretches")
        return Value(DURATION, longest.seconds)

    def resolve(self) -> None:
        """Give all stretches their lengths.

        Raises
        ------
        ProgramError
            When no lengths from 0 s on let all sections and boxes come out.
        """
        if not self._waits or self._context.builder.is_draft:
            return
        stream = self._context.builder.stream
        if any(isinstance(node, tuple) is False for node in self._context.tape.nodes()):
            raise ProgramError("stretches in a program with feedback", allowed="one of both")
        equations: list[tuple[Length, Fraction]] = []
        for first, last, seconds in [*self._boxes, (0, len(stream), None)]:
            equations += self._section_equations(first, last, seconds)
        values = self._solved(equations)
        waited: dict[int, float] = {}  # by qubit, s
        for row, length in self._waits.items():
            total = float(length.seconds) + sum(float(factor) * values[index] for index, factor in length.stretches)
            if total < -_TOLERANCE:
                raise ProgramError(f"a wait of {total:g} s, with all stretches as they must be", allowed="0 s and more")
            qubit, total = int(stream.columns[row * N_COLUMNS + 1]), max(total, 0.0)
            before = waited.get(qubit, 0.0)
            waited[qubit] = before + total
            stream.columns[row * N_COLUMNS + 4] = self._on_ticks(before, total)
        self._refuse_shared_light()

    def _on_ticks(self, before: float, seconds: float) -> float:
        """Return a wait in whole ticks: all waits of a qubit up to here end at the tick nearest to the solution."""
        machine = self._context.builder.machine
        if machine is None:
            return seconds
        tick = machine.tick
        return (round((before + seconds) / tick) - round(before / tick)) * tick

    def _refuse_shared_light(self) -> None:
        """Refuse sections with stretches whose operations would have to wait for each other's light."""
        machine, n = self._context.builder.machine, len(self._context.builder.stream)
        if machine is None or not machine.one_at_a_time:
            return
        rows, self._waits = sorted(self._waits), {}  # from here on they are waits like all others
        for first, last, _ in [*self._boxes, (0, n, None)]:
            for a, b in self._sections(first, last):
                if not any(a <= row < b for row in rows):
                    continue
                alone, shared = (self._lengths(a, b, in_turn=turn) for turn in (False, True))
                late = float(max(shared[q].seconds - alone[q].seconds for q in alone))
                if late > _TOLERANCE:
                    raise ProgramError(
                        f"stretches beside operations that need the same light, which come {late:g} s late",
                        allowed="operations whose light is free when they begin",
                        remedy="order them by waits or barriers",
                    )

    def _section_equations(self, first: int, last: int, seconds: Fraction | None) -> list[tuple[Length, Fraction]]:
        """Return what must last how long: qubits with stretches as long as their section, a box as long as it says."""
        out = []
        inside = [(a, b) for a, b, _ in self._boxes if (a, b) != (first, last) and first <= a and b <= last]
        for a, b in self._sections(first, last):
            if any(x <= a and b <= y for x, y in inside):
                continue
            lengths = self._lengths(a, b)
            shortest = max((each.seconds for each in lengths.values()), default=_ZERO) if seconds is None else seconds
            out += [(each, shortest) for each in lengths.values() if each.stretches]
        return out

    def _sections(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return ranges of rows between barriers over all qubits that are used in between."""
        columns = self._context.builder.stream.columns
        starts = range(first * N_COLUMNS, last * N_COLUMNS, N_COLUMNS)
        rows = [(int(columns[at]), int(columns[at + 1]), int(columns[at + 3])) for at in starts]
        used = {q for op, q, _ in rows if op != Op.BARRIER}
        edges, row = [first], 0
        while row < len(rows):
            end = row
            while end < len(rows) and rows[end][0] == Op.BARRIER and rows[end][2] == rows[row][2]:
                end += 1
            if end > row and used <= {q for _, q, _ in rows[row:end]}:
                edges += [first + row, first + end]
            row = max(end, row + 1)
        edges.append(last)
        return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]

    def _lengths(self, first: int, last: int, *, in_turn: bool = True) -> dict[int, Length]:
        """Return how long each qubit is busy in some rows, as soon as possible.

        Parameters
        ----------
        in_turn : operations wait for shared light, where the laboratory has one light for all and no stretch is before
        """
        machine, light = self._context.builder.machine, Length(_ZERO)
        in_turn = in_turn and machine is not None and machine.one_at_a_time
        events = self._context.builder.stream.events()[first:last]
        times: dict[int, Length] = {}
        for row, event in enumerate(events, first):
            op, qubits = Op(int(event["op"])), [int(q) for q in event["q"] if q >= 0]
            before = [times.get(q, Length(_ZERO)) for q in qubits]
            if op == Op.BARRIER:
                continue
            if len(qubits) > 1 and any(each.stretches for each in before):
                raise ProgramError("a stretch before a gate on two qubits", allowed="a barrier between them")
            length = self._waits.get(row) or Length(_exact(self._seconds(op, qubits, event)))
            latest = max(before, key=lambda each: each.seconds)
            lit = in_turn and op not in (Op.DELAY, Op.MEASURE) and length.seconds > 0
            if lit and not any(each.stretches for each in (light, latest)):
                latest = max(latest, light, key=lambda each: each.seconds)
            light = latest + length if lit else light
            for q in qubits:
                times[q] = latest + length
        return times

    def _seconds(self, op: Op, qubits: list[int], event: Any) -> float:  # noqa: ANN401 - a row of the table
        if op == Op.DELAY:
            return float(event["angle"][0])
        builder: ProgramBuilder = self._context.builder
        durations: Durations | None = builder.durations
        if builder.is_draft and builder.machine is not None:
            return builder.machine.tick
        if builder.placement is not None:
            qubits = [builder.placement[q] for q in qubits]
        elif not builder.is_physical and builder.machine is not None:
            raise NotPlaced
        elif durations is None or not builder.is_physical:
            raise ProgramError(
                "durations of gates, which only a laboratory knows for its physical qubits",
                allowed="programs that a laboratory runs",
            )
        assert durations is not None
        return durations(op, tuple(qubits), tuple(event["angle"].tolist()))

    def _solved(self, equations: list[tuple[Length, Fraction]]) -> list[float]:
        """Return the shortest stretches that meet all equations."""
        if not equations:
            return [0.0] * self._n_stretches
        matrix = np.zeros((len(equations), self._n_stretches))
        right = np.array([float(total - length.seconds) for length, total in equations])
        for row, (length, _) in enumerate(equations):
            for index, factor in length.stretches:
                matrix[row, index] = factor
        found = np.linalg.lstsq(matrix, right, rcond=None)[0]
        if np.any(np.abs(matrix @ found - right) > _TOLERANCE) or np.any(found < -_TOLERANCE):
            raise ProgramError("stretches that cannot let all qubits end together", allowed="room for each of them")
        return [max(float(value), 0.0) for value in found]
