"""Operators and functions of OpenQASM 3 on typed values.

Source: OpenQASM 3 specification, "Classical instructions": types of results, and the rules of C99 where it refers to
them. Unsigned numbers and angles go round at the end of their range; a signed number that does not fit is an error.
"""

from __future__ import annotations

import cmath
import operator
from collections.abc import Callable
from typing import Any

from qctl.core.errors import ProgramError
from qctl.core.flow import Term, combine

from .values import (
    BOOL,
    COMPLEX,
    COUNT,
    DURATION,
    FLOAT,
    INT,
    LITERAL,
    Type,
    Value,
    as_bool,
    cast,
    fit,
    is_whole,
    radians,
)

ARITHMETIC = frozenset(["+", "-", "*", "/"])
COMPARISONS = frozenset(["==", "!=", "<", "<=", ">", ">="])
_COMPLEX: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": pow,
}


def binary(name: str, a: Value, b: Value) -> Value:
    """Return ``a name b``; raise ProgramError where it has no meaning."""
    x, y = a.type, b.type
    if name in ARITHMETIC and ((x is FLOAT and (y is FLOAT or y is LITERAL)) or (x is LITERAL and y is FLOAT)):
        return Value(FLOAT, combine(name, a.term, b.term))  # as most angles are written
    kinds = {a.type.kind, b.type.kind}
    if a.type.shape or b.type.shape or "text" in kinds:
        a, b = _words(a), _words(b)
        kinds = {a.type.kind, b.type.kind}
    if name in ("&&", "||"):
        return Value(BOOL, combine("and" if name == "&&" else "or", as_bool(a), as_bool(b)))
    if "duration" in kinds:
        return _durations(name, a, b)
    if "complex" in kinds:
        return _complex(name, a, b)
    if name in COMPARISONS:
        return Value(BOOL, combine(name, *_comparable(a, b)))
    if name in ("<<", ">>"):
        return _shift(name, a, b)
    if name in ("&", "|", "^"):
        return _bitwise(name, a, b)
    if "angle" in kinds:
        return _angles(name, a, b)
    if "float" in kinds:
        return Value(FLOAT, combine(name, _float(a), _float(b)))
    return _whole(name, a, b)


def _float(value: Value) -> Term:
    return value.term if value.type.kind == "float" else combine("float", value.term)


def _words(value: Value) -> Value:
    if value.type.shape:
        raise ProgramError(f"an operator on {value.type}", allowed="single values")
    return Value(Type("bit", value.type.width), value.data) if value.type.kind == "text" else value


def _comparable(a: Value, b: Value) -> tuple[Term, Term]:
    if a.type.kind == b.type.kind == "angle":
        width = max(a.type.width, b.type.width)
        return tuple(cast(x, Type("angle", width)).term for x in (a, b))  # type: ignore[return-value]
    if a.type.kind == b.type.kind == "bit" and a.type.width != b.type.width:
        raise ProgramError(f"a comparison of {a.type} and {b.type}", allowed="registers of one size")
    return radians(a), radians(b)


def _whole(name: str, a: Value, b: Value) -> Value:
    """Whole numbers, by the ranks of C99: a literal is an ``int``, which is greater than a ``uint`` of fewer bits.

    Unsigned numbers alone go round at their own width, as the specification has it for angles. What mixes with a
    variable with sign is exact, or refused.
    """
    found = combine(name, a.term, _not_negative(b, 64) if name == "**" else b.term)
    unsigned = [v.type.width for v in (a, b) if v.type.kind == "uint"]
    if name == "**" and isinstance(found, float):
        return Value(FLOAT, found)
    others = [v for v in (a, b) if v.type.kind != "uint"]
    literal = all(v.type in (LITERAL, COUNT) for v in others)
    positive = all(v.type == LITERAL and v.known and v.term >= 0 for v in others)  # type: ignore[operator]
    if unsigned and (not others or (positive and max(unsigned) == 64)):
        return Value(Type("uint", max(unsigned)), combine("word", found, max(unsigned)))
    if a.type == b.type == LITERAL:
        return Value(LITERAL, fit(found, LITERAL))
    return Value(COUNT if literal and 64 not in unsigned else INT, fit(found, INT))


def _not_negative(value: Value, most: int) -> Term:
    """Return a number of times; one that is measured is checked when the program runs."""
    if value.known or value.type.kind != "int":
        return value.term
    return combine("fitted", value.term, 0, most)


def exact_quotient(a: Value, b: Value) -> Value:
    """Return ``a / b`` as an angle: a quotient of whole numbers that leaves a rest is refused.

    The specification cuts it to a whole number, other tools do not: ``rx(1/2)`` would silently be ``rx(0)``.
    """
    if a.known and b.known and a.type.kind == b.type.kind == "int" and not a.type.shape and not b.type.shape:
        x, y = int(a.term), int(b.term)  # type: ignore[arg-type]
        if y and x % y:
            raise ProgramError(
                f"{x}/{y} of whole numbers leaves a rest, which OpenQASM 3 cuts off: write {x}.0/{y} if meant"
            )
    return binary("/", a, b)


def _shift(name: str, a: Value, b: Value) -> Value:
    times = _not_negative(b, 4095)
    places = times if name == "<<" else combine("-", 0, times)
    if not is_whole(b.type.kind) or not (is_whole(a.type.kind) or a.type.kind == "angle"):
        raise ProgramError(f"a shift of {a.type} by {b.type}", allowed="whole numbers")
    if b.known and not 0 <= b.term < 4096:  # type: ignore[operator]
        raise ProgramError(f"a shift by {b.term} places", allowed="0 to 4095")
    found = combine("<<", a.term, places)
    if a.type.kind in ("bit", "uint", "angle"):
        return Value(a.type, combine("word", found, a.type.width))
    return Value(a.type, fit(found, a.type))


def _bitwise(name: str, a: Value, b: Value) -> Value:
    for value in (a, b):
        if not is_whole(value.type.kind) and value.type.kind != "angle":
            raise ProgramError(f"the bits of {value.type}", allowed="bits, whole numbers and angles")
    found = combine(name, a.term, b.term)
    for kind in ("angle", "bit", "uint", "int", "bool"):
        widths = [v.type.width for v in (a, b) if v.type.kind == kind]
        if widths and len(widths) == 2 and kind in ("bit", "angle") and widths[0] != widths[1]:
            raise ProgramError(f"{a.type} and {b.type} bit by bit", allowed="registers of one size")
        if widths:
            return Value(Type(kind, max(widths)), found)
    raise AssertionError(kind)


def _angles(name: str, a: Value, b: Value) -> Value:
    both = a.type.kind == b.type.kind
    width = max(v.type.width for v in (a, b) if v.type.kind == "angle")
    kind = Type("angle", width)
    if name in ("+", "-"):
        return Value(kind, combine("word", combine(name, cast(a, kind).term, cast(b, kind).term), width))
    if both and name == "/":
        return Value(Type("uint", width), combine("/", cast(a, kind).term, cast(b, kind).term))
    factor = b if a.type.kind == "angle" else a
    if name == "*" and is_whole(factor.type.kind):
        return Value(kind, combine("word", combine("*", a.term, b.term), width))
    if name == "/" and is_whole(b.type.kind):
        return Value(kind, combine("/", a.term, b.term))
    if not both:
        return Value(FLOAT, combine(name, combine("float", radians(a)), combine("float", radians(b))))
    raise ProgramError(f"{a.type} {name} {b.type}", allowed="+, - and / of angles")


def _durations(name: str, a: Value, b: Value) -> Value:
    both = a.type.kind == b.type.kind
    if both and name in COMPARISONS:
        return Value(BOOL, combine(name, a.term, b.term))
    if both and name == "/":
        return Value(FLOAT, combine("float", combine("/", a.term, b.term)))
    factor = b if a.type.kind == "duration" else a
    number = is_whole(factor.type.kind) or factor.type.kind == "float"
    fits = both if name in ("+", "-") else number and (name == "*" or (name == "/" and factor is b))
    if not fits:
        raise ProgramError(
            f"{a.type} {name} {b.type}", allowed="sums, differences and quotients of durations, multiples"
        )
    x, y = (combine("exact", v.term) if v.type.kind == "float" else v.term for v in (a, b))
    return Value(DURATION, combine(name, x, y))


def _complex(name: str, a: Value, b: Value) -> Value:
    x, y = cast(a, COMPLEX).data, cast(b, COMPLEX).data
    if name in ("==", "!="):
        return Value(BOOL, int((x == y) is (name == "==")))
    if name not in _COMPLEX:
        raise ProgramError(f"{a.type} {name} {b.type}", allowed="+, -, *, /, **, == and != of complex numbers")
    try:
        found = complex(_COMPLEX[name](x, y))
    except (ZeroDivisionError, OverflowError) as reason:
        raise ProgramError(f"this has no value ({reason})") from reason
    if not cmath.isfinite(found):
        raise ProgramError("the result is not finite")
    return Value(COMPLEX, found)


def unary(name: str, a: Value) -> Value:
    """Return ``name a``."""
    if name == "!" or (name == "~" and a.type.kind == "bool"):
        return Value(BOOL, combine("not", as_bool(a)))
    a = _words(a)
    if name == "~":
        if a.type.kind not in ("bit", "uint", "int", "angle"):
            raise ProgramError(f"~ of {a.type}", allowed="bits, whole numbers and angles")
        turned = combine("-", -1, a.term)
        return Value(a.type, turned if a.type.kind == "int" else combine("word", turned, a.type.width))
    if a.type.kind == "complex":
        return Value(COMPLEX, -a.data)  # type: ignore[operator]
    turned = combine("-", 0, a.term)
    if a.type.kind in ("uint", "angle"):
        return Value(a.type, combine("word", turned, a.type.width))
    return Value(LITERAL if a.type.kind in ("bit", "bool") else a.type, turned)


def _rotate(sign: int) -> Callable[..., Value]:
    def apply(a: Value, b: Value) -> Value:
        a = _words(a)
        if a.type.kind not in ("bit", "uint"):
            raise ProgramError(f"a rotation of {a.type}", allowed="bits and unsigned numbers")
        return Value(a.type, combine("rotated", a.term, combine("*", sign, b.term), a.type.width))

    return apply


def _real(name: str) -> Callable[[Value], Value]:
    return lambda a: Value(FLOAT, combine(name, combine("float", radians(a))))


def _part(name: str) -> Callable[[Value], Value]:
    return lambda a: Value(FLOAT, float(getattr(cast(a, COMPLEX).data, name)))


FUNCTIONS: dict[str, tuple[int, Callable[..., Value]]] = {
    **{name: (1, _real(name)) for name in ("sin", "cos", "tan", "exp", "sqrt", "log", "arcsin", "arccos", "arctan")},
    "ln": (1, _real("log")),
    "ceiling": (1, lambda a: Value(Type("int"), combine("ceiling", radians(a)))),
    "floor": (1, lambda a: Value(Type("int"), combine("floor", radians(a)))),
    "mod": (2, lambda a, b: binary("%", a, b)),
    "pow": (2, lambda a, b: binary("**", a, b)),
    "popcount": (1, lambda a: Value(Type("uint"), combine("popcount", _words(a).term))),
    "rotl": (2, _rotate(1)),
    "rotr": (2, _rotate(-1)),
    "real": (1, _part("real")),
    "imag": (1, _part("imag")),
}
"""Built-in functions: how many arguments each takes, and its meaning."""
