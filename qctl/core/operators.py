"""Operators of classical expressions, by name: one meaning for values known early and for those measured late."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction

from .errors import ProgramError

Number = int | float | Fraction
"""A number; durations are fractions of a second, so that their arithmetic is exact."""
_LONGEST = 2**1023  # seconds, which a float must hold in the end
_LARGEST = 2**4096  # words of long registers; what a number of the language can hold is its type's business


def quotient(a: Number, b: Number) -> Number:
    """Return the quotient; that of two whole numbers is cut off towards zero, as OpenQASM 3 has it."""
    if b == 0:
        raise ValueError("division by zero")
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a / b


def exact(value: Number) -> Fraction:
    """Return the fraction that the shortest decimal text of a number stands for: 0.1 is a tenth."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def remainder(a: Number, b: Number) -> Number:
    """Return what the quotient leaves; it has the sign of ``a``."""
    if b == 0:
        raise ValueError("division by zero")
    if isinstance(a, int) and isinstance(b, int):
        return a - b * int(quotient(a, b))
    return math.fmod(a, b)


def power(a: Number, b: Number) -> Number:
    """Return ``a`` to the power ``b``; whole numbers stay whole."""
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        if abs(a) > 1 and b * math.log2(abs(a)) > 64:
            raise ValueError("the result needs more than 64 bits")
        return int(a**b)
    return math.pow(a, b)


def shifted(a: Number, places: Number) -> int:
    """Return a whole number moved to the left; by a negative number of places to the right."""
    if not -4096 <= places <= 4096:
        raise ValueError(f"a shift by {places} places")
    return int(a) << int(places) if places >= 0 else int(a) >> -int(places)


def rotated(value: Number, places: Number, width: Number) -> int:
    """Return a word of ``width`` bits turned to the left."""
    n, k = int(width), int(places) % int(width)
    word = int(value) & (1 << n) - 1
    return (word << k | word >> (n - k)) & (1 << n) - 1


def word(value: Number, width: Number) -> int:
    """Return the lowest bits of a whole number, as one from 0 on."""
    return int(value) & (1 << int(width)) - 1


def signed(value: Number, width: Number) -> int:
    """Return what the bits of a word mean in two's complement."""
    low = word(value, width)
    return low - (1 << int(width)) if low >> (int(width) - 1) else low


def fitted(value: Number, low: Number, high: Number) -> Number:
    """Return a number that lies between two others; raise ValueError for any that does not."""
    if not low <= value <= high:
        raise ValueError(f"{value} does not lie between {low} and {high}")
    return value


def packed(*bits: Number) -> int:
    """Return the word of some bits, the lowest first."""
    return sum(int(bit) << place for place, bit in enumerate(bits))


def picked(index: Number, *values: Number) -> Number:
    """Return one of several values, by its place."""
    if not 0 <= index < len(values):
        raise ValueError(f"index {index} of {len(values)} elements")
    return values[int(index)]


OPERATORS: Mapping[str, Callable[..., Number]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": quotient, "%": remainder, "**": power,
    "<<": shifted, "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "not": operator.not_, "and": lambda a, b: bool(a) and bool(b), "or": lambda a, b: bool(a) or bool(b),
    "bool": bool, "int": math.trunc, "float": float, "round": round, "exact": exact,
    "word": word, "signed": signed, "fitted": fitted, "packed": packed, "picked": picked, "rotated": rotated,
    "popcount": lambda a: int(a).bit_count(),
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "exp": math.exp, "sqrt": math.sqrt, "log": math.log,
    "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan, "ceiling": math.ceil, "floor": math.floor,
}  # fmt: skip
"""Every operator. Truth values are numbers: false is 0, true is 1."""


def compute(name: str, *arguments: Number) -> Number:
    """Return the value of an operator.

    Raises
    ------
    ProgramError
        When there is none: it is not finite, needs more than 64 bits, or an argument is out of range.
    """
    try:
        value = OPERATORS[name](*arguments)
    except (ValueError, OverflowError, ZeroDivisionError) as reason:
        text = "this has no finite real value" if "math" in str(reason) else str(reason)
        raise ProgramError(text, allowed="expressions with a finite value", where=f"operator {name}") from reason
    if isinstance(value, float) and not math.isfinite(value):
        raise ProgramError(f"the result {value} is not finite", where=f"operator {name}")
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise ProgramError("the result needs more than 4096 bits", where=f"operator {name}")
    if isinstance(value, Fraction) and not (abs(value) < _LONGEST and value.denominator < _LARGEST):
        raise ProgramError("a duration that needs more than 4096 bits, or too long", where=f"operator {name}")
    return int(value) if isinstance(value, bool) else value
