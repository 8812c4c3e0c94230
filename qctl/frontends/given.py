"""What is given for a program's inputs, as values of the types that the program declares: all of it, or refused.

Python's numbers are taken as they are. Texts are what a program would write there: the bits of a register, a duration
with its unit, an expression of constants.
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Callable

from qctl.core.errors import ProgramError

from .expression import evaluate, read_expression
from .limits import ReadLimits
from .source import Source
from .tokens import OPENQASM_3, Cursor, Kind
from .values import BOOL, COMPLEX, CONSTANTS, FLOAT, LITERAL, Type, Value, cast, fit, limits

_OTHER = "a value of another type"
_LONGEST = 1000  # characters of a text that is no word of bits
_BITS = re.compile(r"(?:0b)?([01]+(?:_[01]+)*)")
_TRUTHS: dict[object, int] = {"true": 1, "false": 0, "1": 1, "0": 0}


def given(name: str, value: object, target: Type) -> Value:
    """Return what is given for an input as a value of its type.

    Parameters
    ----------
    name : of the input
    value : a number, a truth value or a text
    target : its type

    Raises
    ------
    ProgramError
        When the type cannot hold it, or cannot be given; it says what the type takes.
    """
    if target.shape or target.kind not in _RULES:
        remedy = "one input for each element; this is not supported" if target.shape else "this is not supported"
        raise ProgramError(f"the input {name!r} of type {target}", allowed="single values", remedy=remedy)
    try:
        return cast(_RULES[target.kind](value, target), target)
    except ProgramError as reason:
        why = "" if reason.asked == _OTHER else f"the value says: {reason.asked}"
        raise ProgramError(f"{_shown(value)} for the input {name!r}", allowed=_allowed(target), remedy=why) from reason


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a number of {value.bit_length()} bits"
    return repr(value)[:60]


def _allowed(target: Type) -> str:
    """Return what a type takes, in words."""
    kind = target.kind
    if kind in ("int", "uint"):
        low, high = limits(target)
        return f"whole numbers of {target}, {low} to {high}"
    if kind == "bit":
        text = "01" * (target.width // 2) + "0" * (target.width % 2) if target.width <= 16 else "0110..."
        return f"the text of {target.width} bits such as '{text}', bit 0 last, or a number below 2**{target.width}"
    return {
        "bool": "true, false, 0 or 1",
        "float": "real numbers, and texts such as 'pi/2'",
        "angle": "radians, and texts such as 'pi/2'",
        "complex": "numbers, and texts such as '1+2im'",
        "duration": "texts with a unit, such as '10ns' or '1.5us'",
    }[kind]


def _wrong() -> ProgramError:
    return ProgramError(_OTHER)


def _computed(text: str) -> Value:
    """Return the value of an expression of constants."""
    source = Source(text, "input")
    if len(text) > _LONGEST:
        raise _wrong()
    cursor = Cursor(source, OPENQASM_3, ReadLimits())
    found = evaluate(source, read_expression(cursor, CONSTANTS, exact=True), ())
    if cursor.kind is not Kind.END or not isinstance(found, Value):
        raise _wrong()
    return found


def _number(value: object, target: Type) -> Value:
    if isinstance(value, bool):
        return Value(BOOL, int(value))
    if isinstance(value, int):
        return Value(LITERAL, value)
    if isinstance(value, (float, complex)):
        return Value(FLOAT if isinstance(value, float) else COMPLEX, value)
    if isinstance(value, str):
        return _computed(value)
    raise _wrong()


def _angle(value: object, target: Type) -> Value:
    found = _number(value, target)
    if found.known and found.type.kind in ("float", "int", "uint"):
        steps = float(found.term) / math.tau * 2**target.width  # type: ignore[arg-type] # nothing of it is measured
        if abs(steps - round(steps)) > max(1e-9, 2**target.width * 1e-15):
            raise ProgramError(
                f"an angle between two steps of {target}", allowed=f"multiples of pi / {2**target.width // 2}"
            )
    return found


def _whole(value: object, target: Type) -> Value:
    found = _number(value, target)
    if found.type.kind != "float":
        return found if found.type != LITERAL else Value(LITERAL, fit(found.term, target))
    number = float(found.term)  # type: ignore[arg-type] # nothing of it is measured
    if not number.is_integer():
        raise _wrong()
    return Value(LITERAL, fit(int(number), target))


def _bits(value: object, target: Type) -> Value:
    if isinstance(value, str):
        plain = value.strip().strip("\"'")
        match = _BITS.fullmatch(plain)
        if match is None:
            if plain in _TRUTHS:
                return Value(BOOL, _TRUTHS[plain])
            raise _wrong()
        digits = match[1].replace("_", "")
        return Value(Type("text", len(digits)), int(digits, 2))
    if not isinstance(value, int):
        raise _wrong()
    return _number(value, target)


def _truth(value: object, target: Type) -> Value:
    if isinstance(value, str) and value.strip() in _TRUTHS:
        return Value(BOOL, _TRUTHS[value.strip()])
    if not isinstance(value, int) or value not in (0, 1):
        raise _wrong()
    return Value(BOOL, int(value))


def _complex(value: object, target: Type) -> Value:
    if not isinstance(value, str):
        return _number(value, target)
    try:
        found = complex(re.sub(r"\s*([+-])\s*", r"\1", value.strip()).replace("im", "j"))
    except ValueError:
        return _computed(value)
    if not cmath.isfinite(found):
        raise _wrong()
    return Value(COMPLEX, found)


def _duration(value: object, target: Type) -> Value:
    if not isinstance(value, str):
        raise _wrong()
    return _computed(value)


_RULES: dict[str, Callable[[object, Type], Value]] = {
    "bit": _bits, "bool": _truth, "int": _whole, "uint": _whole, "float": _number, "angle": _angle,
    "complex": _complex, "duration": _duration,
}  # fmt: skip
