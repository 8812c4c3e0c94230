"""What depends on measured bits: blocks of events, branches, loops and assignments, as a frozen tree.

A program's events stay one table. Its flow says which rows are played, and when; a program without one plays all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from .operators import OPERATORS, Number, compute


class Expression:
    """A value that is known when the program runs; written with Python's operators.

    Comparison with ``==`` asks whether two expressions are the same; use ``combine("==", a, b)`` for their values.
    """

    __slots__ = ()

    def __add__(self, other: Term) -> Term:
        return combine("+", self, other)

    def __radd__(self, other: Term) -> Term:
        return combine("+", other, self)

    def __sub__(self, other: Term) -> Term:
        return combine("-", self, other)

    def __rsub__(self, other: Term) -> Term:
        return combine("-", other, self)

    def __mul__(self, other: Term) -> Term:
        return combine("*", self, other)

    def __rmul__(self, other: Term) -> Term:
        return combine("*", other, self)

    def __truediv__(self, other: Term) -> Term:
        return combine("/", self, other)

    def __neg__(self) -> Term:
        return combine("-", 0, self)

    def __and__(self, other: Term) -> Term:
        return combine("&", self, other)

    def __or__(self, other: Term) -> Term:
        return combine("|", self, other)

    def __xor__(self, other: Term) -> Term:
        return combine("^", self, other)

    def __invert__(self) -> Term:
        return combine("not", self)


@dataclass(frozen=True, slots=True)
class Bit(Expression):
    """The value of a classical bit of the program, 0 before anything was measured into it."""

    index: int


@dataclass(frozen=True, slots=True)
class Cell(Expression):
    """The value of a numbered variable of the program, 0 before anything was assigned to it."""

    index: int


@dataclass(frozen=True, slots=True)
class Apply(Expression):
    """An operator of ``core.operators`` on terms."""

    name: str
    arguments: tuple[Term, ...]

    def __post_init__(self) -> None:
        OPERATORS[self.name]  # an unknown name is a mistake of whoever builds the program


Term = int | float | Fraction | Expression
"""A number, or what becomes one."""


def combine(name: str, *arguments: Term) -> Term:
    """Return an operator of some terms: its value where all are known, the longer expression otherwise."""
    known = [a for a in arguments if not isinstance(a, Expression)]
    return compute(name, *known) if len(known) == len(arguments) else Apply(name, arguments)


@dataclass(frozen=True, slots=True)
class Play:
    """Rows ``first`` to before ``last`` of the program's events."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One event whose angles (for a DELAY, whose seconds) are computed from measured bits."""

    op: int
    qubits: tuple[int, ...]
    angles: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """Write a word into bits, the lowest into the first."""

    bits: tuple[int, ...]
    value: Term


@dataclass(frozen=True, slots=True)
class Assign:
    """Write a value into a variable."""

    cell: int
    value: Term


@dataclass(frozen=True, slots=True)
class Branch:
    """Go one of two ways; ``where`` is the place in the text, for messages, and no content."""

    condition: Term
    then: Block
    otherwise: Block = ()
    where: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """A block that `Leave` can leave before its end."""

    body: Block


@dataclass(frozen=True, slots=True)
class Loop:
    """Repeat a block as long as a condition holds, asked before each round."""

    condition: Term
    body: Block
    where: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Leave:
    """Go on behind the scope or loop that is the ``depth``-th around here, the innermost being 1."""

    depth: int


@dataclass(frozen=True, slots=True)
class Fail:
    """Stop the run: what was asked has no meaning, such as an index outside of its register."""

    reason: str


Statement = Play | Turn | Store | Assign | Branch | Scope | Loop | Leave | Fail
Block = tuple[Statement, ...]


def statements(block: Block) -> Iterator[Statement]:
    """Yield every statement of a block and of the blocks within it."""
    todo = list(reversed(block))
    while todo:
        statement = todo.pop()
        yield statement
        if isinstance(statement, Branch):
            todo += [*reversed(statement.otherwise), *reversed(statement.then)]
        elif isinstance(statement, (Scope, Loop)):
            todo += reversed(statement.body)


def steers(block: Block, *, doubtful: bool = False) -> Iterator[Statement]:
    """Yield what makes events depend on measured bits: without any, a block is events first and arithmetic after.

    Parameters
    ----------
    doubtful : behind a branch that may leave, nothing is certain to be played
    """
    for statement in block:
        if isinstance(statement, Turn) or (doubtful and isinstance(statement, Play)):
            yield statement
        elif isinstance(statement, Scope):
            yield from steers(statement.body, doubtful=doubtful)
        elif isinstance(statement, (Branch, Loop)) and any(
            isinstance(inner, (Play, Turn)) for inner in statements((statement,))
        ):
            yield statement
        doubtful = doubtful or reach((statement,)) > 0


def reach(block: Block) -> int:
    """Return how many scopes and loops around a block its farthest `Leave` leaves."""
    farthest = 0
    for statement in block:
        if isinstance(statement, Leave):
            farthest = max(farthest, statement.depth)
        elif isinstance(statement, Branch):
            farthest = max(farthest, reach(statement.then), reach(statement.otherwise))
        elif isinstance(statement, (Scope, Loop)):
            farthest = max(farthest, reach(statement.body) - 1)
    return farthest


def bits_of(term: Term) -> frozenset[int]:
    """Return the bits that a term reads."""
    if isinstance(term, Bit):
        return frozenset({term.index})
    if isinstance(term, Apply):
        return frozenset().union(*(bits_of(argument) for argument in term.arguments))
    return frozenset()


def value_of(term: Term, bits: dict[int, int] | list[int], cells: dict[int, Number] | list[Number]) -> Number:
    """Return the value of a term for given bits and variables."""
    if isinstance(term, Bit):
        return bits[term.index]
    if isinstance(term, Cell):
        return cells[term.index]
    if isinstance(term, Apply):
        return compute(term.name, *[value_of(argument, bits, cells) for argument in term.arguments])
    return term  # type: ignore[return-value]
