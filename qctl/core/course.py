"""One shot of a program with decisions: what is played next, by what was answered so far.

A part ends where an answer is needed: where measured bits decide, and at a reset of a qubit that has been used, which
is a measurement and, where it says 1, an X at the beginning of the next part. Machines whose light ends a part,
measures only some qubits at a time, or leaves them in 0, say so by `Measuring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ProgramError
from .operators import Number
from .program import EVENT, Op, Program, event, said
from .walk import MOST_STEPS, Walk

_RESET = -1
_IDLE = (Op.BARRIER, Op.DELAY, Op.ID)


@dataclass(frozen=True, slots=True)
class Measuring:
    """How a machine measures in the middle of a shot.

    Parameters
    ----------
    at_once : so many qubits in one part, at its end
    grounded : whatever the answer, the qubit is in 0 afterwards; where it said 1 and the qubit is used again, an X
        brings it back. A reset of a qubit that was just measured costs nothing then
    """

    at_once: int
    grounded: bool = False


class Course:
    """The parts of one shot, one after the other. A course can be copied, and both copies go on by themselves.

    Parameters
    ----------
    program, point : which sweep point of what
    measuring : None where any qubits are measured at any time, and stay in the state that was found
    most_steps : statements after which a shot is given up as endless
    most_parts : parts after which it is: a loop until success never ends surely

    Attributes
    ----------
    n_parts : how many parts there were so far
    """

    def __init__(
        self,
        program: Program,
        point: int = 0,
        *,
        measuring: Measuring | None = None,
        most_steps: int = MOST_STEPS,
        most_parts: int = 10_000,
    ) -> None:
        self._measuring = measuring
        self._owed: set[int] = set()  # qubits that were found in 1, and left in 0
        self._clean: set[int] = set()  # qubits that a measurement left in 0
        self._walk = Walk(program, point, most_steps)
        self._most_parts = most_parts
        self._rest = np.empty(0, EVENT)
        self._touched: set[int] = set()
        self._asked: list[tuple[int, int]] = []  # 0 or _RESET, and the qubit
        self._told: list[int] | None = None  # answers for the walk; None before it was asked for anything
        self.n_parts = 0

    def __copy__(self) -> Course:
        other = object.__new__(Course)
        other.__dict__.update(self.__dict__)
        other._walk, other._told = copy(self._walk), None if self._told is None else list(self._told)
        other._touched, other._owed, other._clean = set(self._touched), set(self._owed), set(self._clean)
        return other

    def advance(self, answers: Sequence[int] | NDArray[np.integer] = ()) -> NDArray[np.void] | None:
        """Return what is played next, or None at the end of the shot.

        Parameters
        ----------
        answers : one for each measurement of the part before, in the order of its bits

        Returns
        -------
        EVENT rows without resets; measurements have bits 0, 1, ... of their own
        """
        if len(answers) != len(self._asked):
            raise ProgramError(f"{len(answers)} answers", allowed=f"{len(self._asked)}, one for each measurement")
        rows = self._heard(answers)
        self._asked = []
        if not len(self._rest) and not self._refill():
            return None
        self.n_parts += 1
        if self.n_parts > self._most_parts:
            raise ProgramError(f"more than {self._most_parts} parts of one shot", allowed="loops that end sooner")
        return np.concatenate([np.array(rows, EVENT), self._part()])

    def _heard(self, answers: Sequence[int] | NDArray[np.integer]) -> list[tuple[object, ...]]:
        """Take answers; return what begins the next part on their account."""
        rows, grounded = [], self._measuring is not None and self._measuring.grounded
        for (kind, qubit), answer in zip(self._asked, answers, strict=True):
            if kind != _RESET:
                assert self._told is not None
                self._told.append(int(answer))
            if grounded:
                self._clean.add(qubit)
                if answer and kind != _RESET:
                    self._owed.add(qubit)
            elif answer and kind == _RESET:
                rows.append(event(Op.X, [qubit]))
        return rows

    def bits(self) -> list[int]:
        """Return the bits that the program shows, as they are now."""
        return self._walk.shown()

    def outputs(self) -> dict[str, Number]:
        """Return the values of the program's outputs, as they are now."""
        return self._walk.outputs()

    def ahead(self) -> tuple[object, ...] | None:
        """Return what the rest of the shot depends on, the same for courses that go on alike; None: on answers."""
        if not self._walk.ended:
            return None
        later = set(self._rest["q"].ravel().tolist())
        known = (frozenset(one & later) for one in (self._touched, self._owed, self._clean))
        return said(self._rest), tuple(self._asked), *known

    def _refill(self) -> bool:
        """Let the walk go on; say whether there is anything more to play."""
        while not len(self._rest):
            if self._told is not None:
                self._walk.tell(self._told)
            self._told = []
            found = self._walk.advance()
            if found is None:
                return False
            self._rest = found
        return True

    def _part(self) -> NDArray[np.void]:
        """Return events up to and with the first resets that need an answer, or as far as one part goes."""
        out: list[tuple[object, ...]] = []
        columns = [self._rest[name].tolist() for name in EVENT.names or ()]
        resets = False
        for row, (op, q, bit, angle) in enumerate(zip(*columns, strict=True)):
            asks = op == Op.MEASURE or (op == Op.RESET and q[0] in self._touched - self._clean)
            if (resets and not (asks and op == Op.RESET)) or self._is_full(op, q, asks):
                self._rest = self._rest[row:]
                return np.array(out, EVENT)
            used = [qubit for qubit in q if qubit >= 0]
            if op == Op.RESET:
                resets = resets or asks
                self._owed.discard(q[0])
            elif op not in _IDLE:
                out += [event(Op.X, [qubit]) for qubit in used if qubit in self._owed]
                self._owed.difference_update(used)
                self._clean.difference_update(used)
                self._touched.update(used)
            if asks:
                out.append(event(Op.MEASURE, [q[0]], bit=len(self._asked)))
                self._asked.append((_RESET if op == Op.RESET else 0, q[0]))
            elif op != Op.RESET:
                out.append((op, q, bit, angle))
        self._rest = self._rest[len(self._rest) :]
        return np.array(out, EVENT)

    def _is_full(self, op: int, q: list[int], asks: bool) -> bool:
        """Say whether a row belongs to the next part."""
        if self._measuring is None or op in _IDLE:
            return False
        measured = {qubit for _, qubit in self._asked}
        return bool(measured & set(q)) or (asks and len(self._asked) >= self._measuring.at_once)
