"""Follow the flow of a program: the events up to the next decision, given all answers so far."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ProgramError
from .flow import (
    Assign,
    Block,
    Branch,
    Expression,
    Fail,
    Leave,
    Loop,
    Play,
    Scope,
    Statement,
    Store,
    Term,
    Turn,
    bits_of,
    statements,
    value_of,
)
from .operators import Number
from .program import EVENT, Op, Program, event

MOST_STEPS = 1_000_000


@dataclass(slots=True)
class _Frame:
    """A block that is being followed, and where in it; ``scope`` is what `Leave` counts."""

    block: Block
    scope: Scope | Loop | None = None
    place: int = 0


class Walk:
    """One way through a sweep point of a program.

    `advance` returns what is to be played next; `tell` says what was measured meanwhile. A walk can be copied, and both
    copies go on by themselves.

    Parameters
    ----------
    program : with or without flow
    point : sweep point
    most_steps : statements after which a walk is given up as endless

    Attributes
    ----------
    bits, cells : values so far
    """

    def __init__(self, program: Program, point: int = 0, most_steps: int = MOST_STEPS) -> None:
        self._program = program
        whole = (Play(int(program.starts[point]), int(program.starts[point + 1])),)
        self._stack = [_Frame(program.flow[point] if program.flow else whole)]
        self._left = most_steps
        self._waiting: list[tuple[int, int]] = []  # number and bit of the measurements without an answer, in order
        self._n_asked = 0
        self._latest: dict[int, int] = {}  # by bit, the last measurement whose answer it holds
        self.bits: list[int] = [0] * program.n_bits
        self.cells: list[Number] = [0] * program.n_cells

    def __copy__(self) -> Walk:
        other = object.__new__(Walk)
        other._program, other._left = self._program, self._left
        other._stack = [copy(frame) for frame in self._stack]
        other._waiting, other.bits, other.cells = self._waiting.copy(), self.bits.copy(), self.cells.copy()
        other._n_asked, other._latest = self._n_asked, self._latest.copy()
        return other

    @property
    def key(self) -> tuple[object, ...]:
        """Return what decides all that follows: walks with one key go the same way."""
        places = tuple((id(frame.block), frame.place) for frame in self._stack)
        return places, tuple(self.bits), tuple(self.cells)

    @property
    def ended(self) -> bool:
        """Say whether nothing follows, whatever is answered."""
        return not self._stack

    def advance(self) -> NDArray[np.void] | None:
        """Return the events up to the next decision that needs an answer, or None at the end.

        Returns
        -------
        EVENT rows; every measurement in it must be answered by `tell` before the next call

        Raises
        ------
        ProgramError
            When the flow has no meaning for these answers, or takes too many steps.
        """
        if self._stack and self._must_wait():
            raise ProgramError(f"{len(self._waiting)} measurements without an answer", allowed="tell, then advance")
        rows: list[NDArray[np.void]] = []
        while self._stack and not self._must_wait():
            self._step(rows)
        found = np.concatenate(rows) if rows else np.empty(0, EVENT)
        return found if len(found) or self._stack else None

    def tell(self, answers: list[int] | NDArray[np.integer]) -> None:
        """Take the answers of the measurements of the last events, in the order of their rows."""
        if len(answers) != len(self._waiting):
            raise ProgramError(f"{len(answers)} answers", allowed=f"{len(self._waiting)}, one for each measurement")
        for answer in answers:
            self.tell_one(0, int(answer))

    def wanted(self) -> list[int]:
        """Return which of the missing answers the next decision needs, as places in their order."""
        statement, frame = self._next(), self._stack[-1] if self._stack else None
        if statement is None:
            terms: tuple[Term, ...] = (frame.scope.condition,) if frame and isinstance(frame.scope, Loop) else ()
        elif isinstance(statement, Turn):
            terms = statement.angles
        elif isinstance(statement, (Branch, Loop)):
            terms = (statement.condition,)
        else:
            terms = (statement.value,) if isinstance(statement, (Store, Assign)) else ()
        bits = frozenset().union(*map(bits_of, terms))
        bits |= set(statement.bits) if isinstance(statement, Store) else set()
        return [place for place, (_, bit) in enumerate(self._waiting) if bit in bits]

    def tell_one(self, place: int, answer: int) -> None:
        """Take one of the missing answers; the others stay missing."""
        number, bit = self._waiting.pop(place)
        if number >= self._latest.get(bit, 0):
            self.bits[bit], self._latest[bit] = answer, number

    def plays_no_more(self) -> bool:
        """Say whether nothing but arithmetic is left."""
        rest = [statement for frame in self._stack for statement in self._ahead(frame)]
        return not any(isinstance(each, (Play, Turn)) for each in statements(tuple(rest)))

    @staticmethod
    def _ahead(frame: _Frame) -> Block:
        return frame.block if isinstance(frame.scope, Loop) else frame.block[frame.place :]

    def shown(self) -> list[int]:
        """Return the bits that the program shows, as they are now."""
        return self.bits[: self._program.n_bits - self._program.n_hidden]

    def outputs(self) -> dict[str, Number]:
        """Return the values of the program's outputs."""
        return {name: value_of(term, self.bits, self.cells) for name, term in self._program.outputs}

    def _next(self) -> Statement | None:
        frame = self._stack[-1]
        return frame.block[frame.place] if frame.place < len(frame.block) else None

    def _must_wait(self) -> bool:
        """Say whether the next statement reads a bit whose answer is still missing, or writes one."""
        statement = self._next()
        if not self._waiting or statement is None:
            frame = self._stack[-1]
            again = frame.scope if statement is None and isinstance(frame.scope, Loop) else None
            return bool(self._waiting and again and self._unknown(again.condition))
        if isinstance(statement, Store):
            return self._unknown(statement.value) or not self._unasked(statement.bits)
        if isinstance(statement, Turn):
            return any(map(self._unknown, statement.angles))
        if isinstance(statement, Assign):
            return self._unknown(statement.value)
        return isinstance(statement, (Branch, Loop)) and self._unknown(statement.condition)

    def _unknown(self, term: Term) -> bool:
        return isinstance(term, Expression) and not self._unasked(bits_of(term))

    def _unasked(self, bits: frozenset[int] | tuple[int, ...]) -> bool:
        return not any(bit in bits for _, bit in self._waiting)

    def _step(self, rows: list[NDArray[np.void]]) -> None:
        self._left -= 1
        if self._left < 0:
            raise ProgramError("a program that takes too many steps", allowed="loops that end")
        statement, frame = self._next(), self._stack[-1]
        if statement is None:
            self._end_of_block()
            return
        frame.place += 1
        if isinstance(statement, Play):
            self._play(self._program.events[statement.first : statement.last], rows)
        elif isinstance(statement, Turn):
            angles = [float(self._value(angle)) for angle in statement.angles]
            self._play(np.array([event(Op(statement.op), statement.qubits, angles)], EVENT), rows)
        elif isinstance(statement, Store):
            value = int(self._value(statement.value))
            for place, bit in enumerate(statement.bits):
                self.bits[bit] = value >> place & 1
        elif isinstance(statement, Assign):
            self.cells[statement.cell] = self._value(statement.value)
        else:
            self._turn_off(statement)

    def _turn_off(self, statement: Branch | Scope | Loop | Leave | Fail) -> None:
        if isinstance(statement, Branch):
            self._stack.append(_Frame(statement.then if self._value(statement.condition) else statement.otherwise))
        elif isinstance(statement, Scope):
            self._stack.append(_Frame(statement.body, statement))
        elif isinstance(statement, Loop):
            self._stack.append(_Frame(statement.body, statement, len(statement.body)))
        elif isinstance(statement, Leave):
            depth = statement.depth
            while depth:
                depth -= self._stack.pop().scope is not None
        else:
            raise ProgramError(statement.reason, where="while the program ran")

    def _end_of_block(self) -> None:
        frame = self._stack[-1]
        if isinstance(frame.scope, Loop) and self._value(frame.scope.condition):
            frame.place = 0
        else:
            self._stack.pop()

    def _play(self, events: NDArray[np.void], rows: list[NDArray[np.void]]) -> None:
        rows.append(events)
        bits = events["bit"][events["op"] == Op.MEASURE].tolist()
        self._waiting += enumerate(bits, self._n_asked)
        self._n_asked += len(bits)

    def _value(self, term: Term) -> Number:
        return value_of(term, self.bits, self.cells)
