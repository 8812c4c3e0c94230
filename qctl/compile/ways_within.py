"""A program with decisions as a tree: what is played until instruments must decide, and what for each answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from qctl.core.answers import decisions
from qctl.core.course import Course
from qctl.core.errors import CompileError
from qctl.core.flow import Loop
from qctl.core.program import EVENT, Op, Program
from qctl.core.ways import EACH_WAY

from .parts import Part, Parts

MOST_ANSWERS = 12  # of one way, over all its measurements
MOST_PARTS = 16  # of one way

Answers = tuple[int, ...]


@dataclass(frozen=True)
class Stretch:
    """What is played between two moments of decision.

    Parameters
    ----------
    part : native operations; a bit for each measurement
    n_answers : measurements in it
    after : what follows, by answers; None where the shot is over
    matters : places of the answers that make a difference to what follows
    content : what tells this stretch, with all that follows, from others
    """

    part: Part
    n_answers: int
    after: dict[Answers, Stretch | None]
    matters: tuple[int, ...]
    content: object

    def follows(self, answers: Answers) -> Stretch | None:
        """Return what is played next; ``answers`` are those that matter."""
        whole = [0] * self.n_answers
        for place, answer in zip(self.matters, answers, strict=True):
            whole[place] = answer
        return self.after[tuple(whole)]


def tree(program: Program, parts: Parts, n_physical: int, point: int = 0) -> Stretch:
    """Return the first stretch of a sweep point, and through it all that can follow.

    Raises
    ------
    CompileError
        When a way has more answers or parts than are held ready; loops whose end only answers tell have no bound.
    """
    found = _stretch(program, parts, point, (), np.zeros(n_physical))
    if found is None:
        raise CompileError("a program that plays nothing", allowed="at least one measurement", where="feedback")
    return found


def walk(
    stretch: Stretch, taken: tuple[tuple[Stretch, Answers], ...] = ()
) -> Iterator[tuple[tuple[Stretch, Answers], ...]]:
    """Yield every way: its stretches in order, each with the answers that matter to what follows it."""
    for answers in product((0, 1), repeat=len(stretch.matters)):
        after = stretch.follows(answers)
        way = (*taken, (stretch, answers))
        if after is None:
            yield way
        else:
            yield from walk(after, way)


def _stretch(
    program: Program, parts: Parts, point: int, before: tuple[Answers, ...], frames: NDArray[np.float64]
) -> Stretch | None:
    """Return what comes after the answers of all stretches before; the course is followed from the beginning."""
    course = Course(program, point)
    events = course.advance()
    for answers in before:
        events = course.advance(answers)
    if events is None:
        return None
    n_answers = int(np.count_nonzero(events["op"] == Op.MEASURE))
    if sum(map(len, before)) + n_answers > MOST_ANSWERS or len(before) >= MOST_PARTS:
        raise _too_far(program)
    part = parts.part(events, frames)
    after = {
        answers: _stretch(program, parts, point, (*before, answers), part.frames)
        for answers in product((0, 1), repeat=n_answers)
    }
    matters = tuple(place for place in range(n_answers) if _matters(after, place))
    events = part.program.events
    rows = tuple(events[name].tobytes() for name in EVENT.names or ())  # column by column: between them lies anything
    content = (rows, tuple(None if s is None else s.content for s in after.values()))
    return Stretch(part, n_answers, after, matters, content)


def _matters(after: dict[Answers, Stretch | None], place: int) -> bool:
    """Say whether one answer makes a difference for any values of the others."""
    for answers, stretch in after.items():
        other = after[(*answers[:place], 1 - answers[place], *answers[place + 1 :])]
        if (stretch is None) != (other is None) or (stretch and other and stretch.content != other.content):
            return True
    return False


def _too_far(program: Program) -> CompileError:
    loop = next((each for each in decisions(program) if isinstance(each, Loop)), None)
    return CompileError(
        f"feedback: {'a loop' if loop else 'a program'} that may ask more than {MOST_ANSWERS} times in a shot",
        allowed=f"at most {MOST_ANSWERS} answers: every way a shot can go stands in the memory of the AWGs beforehand",
        where=loop.where if loop else "",
        remedy=f"bound the number of rounds, or {EACH_WAY}",
    )
