"""One shot of a program with decisions: what is played next, by what was answered so far.

A part ends where an answer is needed: where measured bits decide, and at a reset of a qubit that has been used, which
is a measurement and, where it says 1, an X at the beginning of the next part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import ProgramError
from .program import EVENT, Op, Program, event
from .walk import MOST_STEPS, Walk

_RESET = -1


class Course:
    """The parts of one shot, one after the other.

    Parameters
    ----------
    program, point : which sweep point of what
    most_steps : statements after which a shot is given up as endless
    most_parts : parts after which it is: a loop until success never ends surely

    Attributes
    ----------
    n_parts : how many parts there were so far
    """

    def __init__(
        self, program: Program, point: int = 0, *, most_steps: int = MOST_STEPS, most_parts: int = 10_000
    ) -> None:
        self._walk = Walk(program, point, most_steps)
        self._most_parts = most_parts
        self._rest = np.empty(0, EVENT)
        self._touched: set[int] = set()
        self._asked: list[tuple[int, int]] = []  # _RESET and its qubit, or 0 and the bit
        self._told: list[int] | None = None  # answers for the walk; None before it was asked for anything
        self.n_parts = 0

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
        rows = []
        for (kind, where), answer in zip(self._asked, answers, strict=True):
            if kind != _RESET:
                assert self._told is not None
                self._told.append(int(answer))
            elif answer:
                rows.append(event(Op.X, [where]))
        self._asked = []
        if not len(self._rest) and not self._refill():
            return None
        self.n_parts += 1
        if self.n_parts > self._most_parts:
            raise ProgramError(f"more than {self._most_parts} parts of one shot", allowed="loops that end sooner")
        return np.concatenate([np.array(rows, EVENT), self._part()])

    def bits(self) -> list[int]:
        """Return the bits that the program shows, as they are now."""
        return self._walk.shown()

    def outputs(self) -> dict[str, int | float]:
        """Return the values of the program's outputs, as they are now."""
        return self._walk.outputs()

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
        """Return events up to and with the first resets that need an answer."""
        out: list[tuple[object, ...]] = []
        columns = [self._rest[name].tolist() for name in EVENT.names or ()]
        row, resets = 0, False
        for row, (op, q, bit, angle) in enumerate(zip(*columns, strict=True)):
            if op == Op.RESET and q[0] in self._touched:
                resets = True
                self._ask(out, q[0], (_RESET, q[0]))
                continue
            if resets:
                self._rest = self._rest[row:]
                return np.array(out, EVENT)
            if op == Op.MEASURE:
                self._ask(out, q[0], (0, bit))
            elif op != Op.RESET:
                out.append((op, q, bit, angle))
            if op not in (Op.RESET, Op.BARRIER, Op.DELAY, Op.ID):
                self._touched.update(qubit for qubit in q if qubit >= 0)
        self._rest = self._rest[len(self._rest) :]
        return np.array(out, EVENT)

    def _ask(self, out: list[tuple[object, ...]], qubit: int, what: tuple[int, int]) -> None:
        out.append(event(Op.MEASURE, [qubit], bit=len(self._asked)))
        self._asked.append(what)
