"""Operators and functions on plain numbers: of OpenQASM 2, and of what depends on the parameters of a gate.

Every result is finite and in range, or it is refused.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

_LARGEST = 2**63

Value = float | bool  # ``float`` stands for int and float
Function = Callable[..., Value]

UNITS = {"s": 0, "ms": -3, "us": -6, "µs": -6, "μs": -6, "ns": -9}
"""Units of a duration, as powers of ten of a second; ``dt`` is not among them, since it is no time."""


@lru_cache(1024)  # programs write the same few durations again and again
def duration(number: str, unit: str) -> Fraction:
    """Return the seconds of a literal such as ``100ns``, exactly; raise ValueError for what a float cannot hold."""
    return decimal(number) * Fraction(10) ** UNITS[unit]


def decimal(number: str) -> Fraction:
    """Return a decimal number exactly; raise ValueError for what a float cannot hold."""
    plain = number.replace("_", "")
    size = float(plain)
    if not math.isfinite(size) or (size == 0 and plain.lower().split("e")[0].strip("0.")):
        raise ValueError(f"the number {number[:40]} in a duration")
    return Fraction(plain if size else 0)


def number(value: Value) -> float:
    """Return a number; raise ValueError for a truth value."""
    if isinstance(value, bool):
        raise ValueError("a bool stands where a number is needed")
    return value


def whole(value: Value) -> int:
    """Return a whole number; raise ValueError for anything else."""
    found = number(value)
    if not isinstance(found, int):
        raise ValueError(f"{value!r} is no whole number")
    return found


def truth(value: Value) -> bool:
    """Return a truth value; raise ValueError for anything else."""
    if not isinstance(value, bool):
        raise ValueError("a number stands where true or false is needed")
    return value


def checked(value: Value) -> Value:
    """Return the value if it is finite and, for a whole number, of at most 64 bits; raise ValueError otherwise."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"the result {value} is not finite")
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise ValueError("the result needs more than 64 bits")
    return value


def _on_numbers(function: Callable[[float, float], float]) -> Function:
    return lambda a, b: function(number(a), number(b))


def divide(a: Value, b: Value) -> Value:
    """Return the quotient of real numbers."""
    if number(b) == 0:
        raise ValueError("division by zero")
    return number(a) / number(b)


def divide_3(a: Value, b: Value) -> Value:
    """Return the quotient as OpenQASM 3 has it, and refuse two whole numbers that do not divide.

    The specification cuts such a quotient to a whole number, other tools do not:
    ``rx(1/2)`` would silently be ``rx(0)``.
    """
    if not (isinstance(a, int) and isinstance(b, int)) or isinstance(a, bool) or isinstance(b, bool) or b == 0:
        return divide(a, b)
    if a % b:
        raise ValueError(f"{a}/{b} of whole numbers leaves a rest, which OpenQASM 3 cuts off: write {a}.0/{b} if meant")
    return a // b


def _remainder(a: Value, b: Value) -> Value:
    if number(b) == 0:
        raise ValueError("division by zero")
    if isinstance(a, int) and isinstance(b, int):
        return a % b if a >= 0 and b > 0 else a - b * (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)
    return math.fmod(number(a), number(b))


def power(a: Value, b: Value) -> Value:
    """Return ``a`` to the power ``b``; whole numbers stay whole, what has no real value is refused."""
    base, exponent = number(a), number(b)
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if abs(base) > 1 and exponent * math.log2(abs(base)) > 64:
            raise ValueError("the result needs more than 64 bits")
        found: int = base**exponent
        return found
    return math.pow(base, exponent)


def _shift(move: Callable[[int, int], int]) -> Function:
    def apply(a: Value, b: Value) -> Value:
        if not 0 <= whole(b) < 64 or whole(a) < 0:
            raise ValueError("a shift needs numbers that are not negative and at most 63 places")
        return move(whole(a), whole(b))

    return apply


def _bitwise(on_integers: Callable[[int, int], int]) -> Function:
    return lambda a, b: on_integers(whole(a), whole(b))


def _compare(relation: Callable[[float, float], bool]) -> Function:
    def apply(a: Value, b: Value) -> Value:
        if isinstance(a, bool) and isinstance(b, bool):
            return relation(a, b)
        return relation(number(a), number(b))

    return apply


def _negate(a: Value) -> Value:
    return -number(a)


def _real(function: Callable[[float], float]) -> Function:
    return lambda a: function(number(a))


_ADD, _SUBTRACT, _MULTIPLY = map(_on_numbers, (operator.add, operator.sub, operator.mul))

BINARY_2: dict[str, tuple[int, Function]] = {
    "^": (13, power),
    "*": (11, _MULTIPLY),
    "/": (11, divide),
    "+": (10, _ADD),
    "-": (10, _SUBTRACT),
}
"""Binding strength and meaning of the operators of OpenQASM 2, whose numbers are all real."""

BINARY_3: dict[str, tuple[int, Function]] = {
    "**": (13, power),
    "*": (11, _MULTIPLY),
    "/": (11, divide_3),
    "%": (11, _remainder),
    "+": (10, _ADD),
    "-": (10, _SUBTRACT),
    "<<": (9, _shift(operator.lshift)),
    ">>": (9, _shift(operator.rshift)),
    "<": (8, _compare(operator.lt)),
    ">": (8, _compare(operator.gt)),
    "<=": (8, _compare(operator.le)),
    ">=": (8, _compare(operator.ge)),
    "==": (7, _compare(operator.eq)),
    "!=": (7, _compare(operator.ne)),
    "&": (6, _bitwise(operator.and_)),
    "^": (5, _bitwise(operator.xor)),
    "|": (4, _bitwise(operator.or_)),
    "&&": (3, lambda a, b: truth(a) and truth(b)),
    "||": (2, lambda a, b: truth(a) or truth(b)),
}
"""The same of OpenQASM 3, where a parameter of a gate is among the numbers."""

UNARY_2: dict[str, Function] = {"-": _negate, "+": number}
UNARY_3: dict[str, Function] = {"-": _negate, "!": lambda a: not truth(a), "~": lambda a: ~whole(a)}
UNARY_STRENGTH = 12

_SHARED = {name: (1, _real(getattr(math, name))) for name in ("sin", "cos", "tan", "exp", "sqrt")}

FUNCTIONS_2: dict[str, tuple[int, Function]] = {**_SHARED, "ln": (1, _real(math.log))}
"""How many arguments each function takes, and its meaning."""

FUNCTIONS_3: dict[str, tuple[int, Function]] = {
    **_SHARED,
    **dict.fromkeys(("ln", "log"), (1, _real(math.log))),
    "arcsin": (1, _real(math.asin)),
    "arccos": (1, _real(math.acos)),
    "arctan": (1, _real(math.atan)),
    "ceiling": (1, lambda a: math.ceil(number(a))),
    "floor": (1, lambda a: math.floor(number(a))),
    "mod": (2, _remainder),
    "pow": (2, power),
    "int": (1, lambda a: int(a) if isinstance(a, bool) else math.trunc(number(a))),
    "uint": (1, lambda a: int(a) if isinstance(a, bool) else abs(math.trunc(number(a)))),
    "float": (1, lambda a: float(a) if isinstance(a, bool) else float(number(a))),
    "bool": (1, lambda a: a if isinstance(a, bool) else number(a) != 0),
}
