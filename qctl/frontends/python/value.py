"""Bits and variables of a circuit: what Python's operators make of them is worked out while it runs."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from numbers import Integral, Real
from typing import NoReturn, TypeGuard, Union

import numpy as np

from qctl.core.errors import ProgramError
from qctl.core.flow import Bit, Cell, Term, combine

Valuelike = Union["Value", int, float]


class Value:
    """A number that is known only when the circuit runs; ``term`` is how it is worked out, ``of`` in which circuit.

    ``+ - * / %``, ``<< &  | ^ ~`` and comparisons give other values. ``~`` says whether a value is 0.
    """

    __slots__ = ("of", "term")
    __hash__ = None  # type: ignore[assignment]  # equality is a question for the run

    def __init__(self, term: Term, of: int) -> None:
        self.term, self.of = term, of

    def __bool__(self) -> bool:
        """Refuse: Python decides while it writes the circuit, and nothing has been measured yet."""
        raise ProgramError(
            "a decision of Python on a measured bit",
            allowed="decisions of the circuit",
            remedy="write: with circuit.if_(bit): ..., and & | ~ for and, or, not",
        )

    def __getattr__(self, name: str) -> NoReturn:
        """Say what a chain of calls ended in."""
        raise AttributeError(_no_circuit(type(self).__name__, name), name=name, obj=self)

    def __add__(self, other: Valuelike) -> Value:
        return value("+", self, other)

    def __radd__(self, other: Valuelike) -> Value:
        return value("+", other, self)

    def __sub__(self, other: Valuelike) -> Value:
        return value("-", self, other)

    def __rsub__(self, other: Valuelike) -> Value:
        return value("-", other, self)

    def __mul__(self, other: Valuelike) -> Value:
        return value("*", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Valuelike) -> Value:
        return value("/", value("float", self), other)

    def __mod__(self, other: Valuelike) -> Value:
        return value("%", self, other)

    def __lshift__(self, other: Valuelike) -> Value:
        return value("<<", self, other)

    def __and__(self, other: Valuelike) -> Value:
        return value("&", self, other)

    def __or__(self, other: Valuelike) -> Value:
        return value("|", self, other)

    def __xor__(self, other: Valuelike) -> Value:
        return value("^", self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Value:
        return value("not", self)

    def __neg__(self) -> Value:
        return value("-", 0, self)

    def __eq__(self, other: object) -> Value:  # type: ignore[override]
        return value("==", self, other)

    def __ne__(self, other: object) -> Value:  # type: ignore[override]
        return value("!=", self, other)

    def __lt__(self, other: Valuelike) -> Value:
        return value("<", self, other)

    def __le__(self, other: Valuelike) -> Value:
        return value("<=", self, other)

    def __gt__(self, other: Valuelike) -> Value:
        return value(">", self, other)

    def __ge__(self, other: Valuelike) -> Value:
        return value(">=", self, other)


class Measured(Value):
    """A classical bit; the result shows it under the name of its register."""

    __slots__ = ("index",)

    def __init__(self, index: int, of: int) -> None:
        super().__init__(Bit(index), of)
        self.index = index


class Bits(list[Measured]):
    """Classical bits, in the order of their qubits."""

    def __getattr__(self, name: str) -> NoReturn:
        """Say what a chain of calls ended in."""
        raise AttributeError(_no_circuit("Bits", name), name=name, obj=self)


class Variable(Value):
    """A variable of the circuit, 0 at first; `Circuit.set` changes it."""

    __slots__ = ("index",)

    def __init__(self, index: int, of: int) -> None:
        super().__init__(Cell(index), of)
        self.index = index


def value(name: str, *arguments: object) -> Value:
    """Return an operator of `qctl.core.operators` on values and numbers."""
    circuits = {each.of for each in arguments if isinstance(each, Value)}
    if len(circuits) != 1:
        raise ProgramError(f"bits of {len(circuits)} circuits in one expression", allowed="those of one")
    of = circuits.pop()
    return Value(combine(name, *(term_of(each, of) for each in arguments)), of)


def word(bits: Seq[Value]) -> Value:
    """Return the number that some bits spell, the first of them the lowest."""
    return value("packed", *bits)


def term_of(given: object, of: int) -> Term:
    """Return how a value or number is worked out in a circuit."""
    if isinstance(given, Value):
        if given.of != of:
            raise ProgramError(
                "a bit or variable of another circuit", allowed="this circuit's own", remedy="measure again"
            )
        return given.term
    if isinstance(given, np.bool_ | Integral):
        return int(given)
    if isinstance(given, Real):
        return float(given)
    raise ProgramError(f"{type(given).__name__} beside a measured bit", allowed="numbers, bits and variables")


def whole(number: object) -> TypeGuard[int]:
    """Say whether something is a whole number, of Python or of NumPy; truth values are none."""
    return isinstance(number, Integral) and not isinstance(number, bool)


def _no_circuit(kind: str, name: str) -> str:
    return f"{kind} has no {name!r}: measure returns what it measures into; go on with the circuit in a line of its own"
