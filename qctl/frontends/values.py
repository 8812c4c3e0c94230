"""Classical types of OpenQASM 3, and how values change from one to another.

Source: OpenQASM 3 specification, "Types and Casting". Sizes that a program leaves open are 64 bits. A ``float`` of any
size is held with 64 bits; a duration is held as a fraction of a second, which is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from qctl.core.errors import ProgramError
from qctl.core.flow import Expression, Term, combine
from qctl.core.outputs import element

WORDS = frozenset(["bit", "uint", "int", "angle"])
"""Types whose bits can be counted."""
SHOWN = ("bit", "bool", "int", "uint", "float", "angle", "duration")
"""Types of what results can show."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type.

    Parameters
    ----------
    kind : ``bit``, ``bool``, ``int``, ``uint``, ``float``, ``angle``, ``complex``, ``duration`` or ``text``
    width : in bits; 0 for a whole number that a program writes without a type
    shape : of an array
    """

    kind: str
    width: int = 64
    shape: tuple[int, ...] = ()

    @property
    def element(self) -> Type:
        """Return the type of an array's elements."""
        return replace(self, shape=())

    def __str__(self) -> str:
        if self.shape:
            return f"array[{self.element}, {', '.join(map(str, self.shape))}]"
        return f"{self.kind}[{self.width}]" if self.kind in WORDS and 0 < self.width != 65 else self.kind


BOOL, LITERAL, FLOAT, COMPLEX, DURATION = (
    Type("bool", 1),
    Type("int", 0),
    Type("float"),
    Type("complex"),
    Type("duration"),
)
BIT, INT, TEXT = Type("bit", 1), Type("int"), Type("text")
COUNT = Type("int", 65)
"""An unsigned number of fewer than 64 bits with a literal: an int, which goes round where it becomes unsigned again."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value with its type; of an array, all elements row by row.

    Whole numbers, truth values and angles are whole numbers (of an angle, the word of its bits), durations are
    fractions of a second.
    """

    type: Type
    data: Term | complex | tuple[Term | complex, ...]

    @property
    def term(self) -> Term:
        """Return the one number that this is; raise ProgramError for arrays and complex numbers."""
        if isinstance(self.data, (tuple, complex)):
            raise ProgramError(f"a value of type {self.type}", allowed="a number")
        return self.data

    @property
    def known(self) -> bool:
        """Say whether this does not depend on anything measured."""
        parts = self.data if isinstance(self.data, tuple) else (self.data,)
        return not any(isinstance(part, Expression) for part in parts)


CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(("pi", "π"), Value(FLOAT, math.pi)),
    **dict.fromkeys(("tau", "τ"), Value(FLOAT, math.tau)),
    **dict.fromkeys(("euler", "ℇ"), Value(FLOAT, math.e)),
    "true": Value(BOOL, 1),
    "false": Value(BOOL, 0),
}


def literal(number: int) -> Value:
    """Return a whole number as a program writes it; raise ProgramError where it needs more than 64 bits."""
    if number >= 2**64:
        raise ProgramError(f"the number {str(number)[:40]}", allowed="whole numbers of 64 bits")
    return Value(LITERAL if number < 2**63 else Type("uint"), number)


def is_whole(kind: str) -> bool:
    """Say whether values of a kind are whole numbers that one can count with."""
    return kind in ("bit", "bool", "int", "uint")


def limits(target: Type) -> tuple[int, int]:
    """Return the least and the largest value of a type of whole numbers."""
    width = min(target.width or 64, 64) if target.kind == "int" else target.width or 64
    return (-(1 << width - 1), (1 << width - 1) - 1) if target.kind == "int" else (0, (1 << width) - 1)


def fit(term: Term, target: Type) -> Term:
    """Return a whole number that a type can hold; what is known and does not fit raises ProgramError.

    What is not known is checked when the program runs, except for 64 bits with sign, which no count of shots reaches.
    """
    low, high = limits(target)
    if not isinstance(term, Expression) and not low <= term <= high:
        raise ProgramError(f"{term} does not fit {target}", allowed=f"{low} to {high}")
    wide = target.kind == "int" and target.width in (0, 64, 65)
    return combine("fitted", term, low, high) if isinstance(term, Expression) and not wide else term


def radians(value: Value) -> Term:
    """Return a number, or an angle in radians."""
    if value.type.kind == "angle":
        return combine("*", value.term, math.tau / 2**value.type.width)
    if value.type.kind not in ("int", "uint", "float", "bool", "bit"):
        raise ProgramError(f"a value of type {value.type}", allowed="a number or an angle")
    return value.term


def as_output(name: str, value: Value) -> Iterator[tuple[str, Term]]:
    """Yield what results show of a variable: numbers as they are, angles in radians, arrays element by element."""
    shape, parts = value.type.shape, value.data if isinstance(value.data, tuple) else (value.data,)
    for index, part in zip(np.ndindex(shape), parts, strict=True):
        one = Value(value.type.element, part)
        term = radians(one) if one.type.kind == "angle" else one.term
        yield element(name, index), combine("float", term) if one.type.kind in ("float", "duration") else term


def whole_number(value: Value) -> int:
    """Return a whole number that is known; raise ProgramError for anything else."""
    if not value.known or value.type.shape or value.type.kind not in ("int", "uint", "bit"):
        raise ProgramError(f"a value of type {value.type}", allowed="a whole number known before the program runs")
    return int(value.term)  # type: ignore[arg-type]


def gate_angle(value: Value) -> Term:
    """Return a value as the angle of a gate, in radians; truth values and bits are none."""
    if value.type.kind in ("bool", "bit"):
        raise ProgramError(f"an angle must be a number, not of type {value.type}", allowed="a number or an angle")
    return radians(value)


def as_bool(value: Value) -> Term:
    """Return whether a value is not 0."""
    return value.term if value.type in (BOOL, BIT) else combine("!=", cast(value, BOOL).term, 0)


def cast(value: Value, target: Type, *, explicit: bool = False) -> Value:
    """Return a value as one of another type.

    Parameters
    ----------
    explicit : the program asks for it: a number that is too large loses its upper bits, which is otherwise refused

    Raises
    ------
    ProgramError
        When the types do not go together, or a known value does not fit.
    """
    if target.shape or value.type.shape:
        return _array(value, target)
    if value.type == target:
        return value
    rule = _RULES.get(target.kind)
    data = rule(value, target, explicit) if rule else None
    if data is None:
        raise ProgramError(f"a value of type {value.type} where {target} is needed", allowed=f"what {target} can hold")
    return Value(target, data)


def _array(value: Value, target: Type) -> Value:
    if value.type.shape != target.shape or not isinstance(value.data, tuple):
        raise ProgramError(f"a value of type {value.type}", allowed=f"{target}")
    element, into = value.type.element, target.element
    return Value(target, tuple(cast(Value(element, part), into).data for part in value.data))  # type: ignore[misc]


def _to_bits(value: Value, target: Type, explicit: bool) -> Term | None:
    kind, width = value.type.kind, value.type.width
    if kind in ("bit", "angle", "text"):
        if width == target.width:
            return value.term
        raise ProgramError(f"{width} bits of type {kind} where {target} is needed", allowed=f"{target.width} bits")
    if kind == "bool":
        return value.term
    if kind in ("int", "uint"):
        whole = explicit or value.type == COUNT or (width == target.width and kind == "int")
        return combine("word", value.term, target.width) if whole else fit(value.term, target)
    return None


def _to_bool(value: Value, target: Type, explicit: bool) -> Term | None:
    if value.type.kind in ("bit", "int", "uint", "float", "angle"):
        return combine("!=", value.term, 0)
    return None


def _to_whole(value: Value, target: Type, explicit: bool) -> Term | None:
    kind, width, signed = value.type.kind, target.width or 64, target.kind == "int"
    if kind in ("duration", "angle", "complex", "text"):
        return None
    if kind == "float":
        return fit(combine("int", value.term), target)
    if kind == "bit" and value.type.width == width and signed:
        return combine("signed", value.term, width)
    if value.type == COUNT and not signed:
        explicit = True  # as all that unsigned numbers are stored into
    own = min(value.type.width or 64, 64)
    if (signed and own <= width) if kind == "int" else own < width + (not signed):
        return value.term
    return combine("signed" if signed else "word", value.term, width) if explicit else fit(value.term, target)


def _to_float(value: Value, target: Type, explicit: bool) -> Term | None:
    if value.type.kind in ("int", "uint", "bool", "bit", "angle"):
        return combine("float", radians(value))
    return value.term if value.type.kind == "float" else None


def _to_angle(value: Value, target: Type, explicit: bool) -> Term | None:
    kind, width = value.type.kind, target.width
    if kind == "angle":
        return combine("<<", value.term, width - value.type.width)
    if kind == "bit" and value.type.width == width:
        return value.term
    if kind in ("float", "int", "uint"):
        turns = combine("*", value.term, 2**width / math.tau)
        return combine("word", combine("round", turns), width)
    return None


def _to_complex(value: Value, target: Type, explicit: bool) -> complex | None:
    if not value.known:
        raise ProgramError(
            "a complex number that depends on measured bits", allowed="one known before the program runs"
        )
    if value.type.kind in ("int", "uint", "float"):
        try:
            return complex(value.term)  # type: ignore[arg-type]
        except OverflowError:
            raise ProgramError("a number that no float can hold", allowed="up to 1.8e308") from None
    return value.data if value.type.kind == "complex" else None  # type: ignore[return-value]


def _to_duration(value: Value, target: Type, explicit: bool) -> Term | None:
    return value.term if value.type.kind == "duration" else None


_RULES = {
    "bit": _to_bits, "bool": _to_bool, "int": _to_whole, "uint": _to_whole, "float": _to_float, "angle": _to_angle,
    "complex": _to_complex, "duration": _to_duration,
}  # fmt: skip
