"""Variables that loops in gates' bodies count with: values of a type, within expressions that know no types.

Source: OpenQASM 3 specification, "Types and Casting". Casts and operators on angles are those of the syntax tree's
reader. Numbers with sign and real ones calculate as plain ones do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qctl.core.errors import ProgramError

from .arithmetic import Duration, Value

if TYPE_CHECKING:
    from .tree import values as typed

_ROUND = {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}  # operators by which angles stay angles
_COUNTS = ("add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "rfloordiv", "mod", "rmod", "pow", "rpow")
_BITS = ("and", "rand", "or", "ror", "xor", "rxor", "lshift", "rshift", "neg", "invert")


class Unsigned(int):
    """An unsigned number of a width in bits; a result that would go round at its end raises ValueError.

    Whether it goes round depends on the type of the other number (OpenQASM 3 counts literals as unsigned beside an
    unsigned number, variables of type int not), which expressions of gates do not know.
    """

    width: int

    @classmethod
    def of(cls, number: int, width: int) -> Unsigned:
        """Return a number of a width; raise ValueError where it does not fit."""
        if not 0 <= number < 1 << width:
            raise ValueError(f"the result {number} does not fit uint[{width}]: count with int if it is meant")
        found = cls(number)
        found.width = width
        return found


class Angle(float):
    """An angle in radians, which is held as the word of its bits."""

    value: typed.Value

    @classmethod
    def of(cls, value: typed.Value) -> Angle:
        """Return an angle."""
        from .tree.values import radians

        found = cls(radians(value))  # type: ignore[arg-type]
        found.value = value
        return found

    def __trunc__(self) -> int:
        """Raise ValueError, as the cast of an angle to a whole number does."""
        raise ValueError("an angle stands where a number is needed")


def counter(kind: str, width: int, value: Value) -> Value:
    """Return what a loop over a value gives to its variable.

    Parameters
    ----------
    kind, width : of the variable: ``int``, ``uint``, ``float`` or ``angle``, and bits

    Raises
    ------
    ProgramError
        When the value does not fit; without a place.
    """
    from .tree.values import FLOAT, Type, cast

    return _plain(cast(_typed(value), FLOAT if kind == "float" else Type(kind, width)))


def _typed(value: Value) -> typed.Value:
    from .tree import values

    if isinstance(value, Angle):
        return value.value
    if isinstance(value, Duration):
        return values.Value(values.DURATION, value.seconds)
    if isinstance(value, bool):
        return values.Value(values.BOOL, int(value))
    if isinstance(value, Unsigned):
        return values.Value(values.Type("uint", value.width), int(value))
    return values.Value(values.LITERAL if isinstance(value, int) else values.FLOAT, value)


def _plain(value: typed.Value) -> Value:
    if value.type.kind == "angle":
        return Angle.of(value)
    if value.type.kind == "uint":
        return Unsigned.of(int(value.term), value.type.width)  # type: ignore[arg-type]
    return float(value.term) if value.type.kind == "float" else int(value.term)  # type: ignore[arg-type]


def _within(name: str, *, of_signed: bool) -> Callable[..., Any]:
    """Return an operator on unsigned numbers; beside a negative number the result may be one with sign."""
    calculate = getattr(int, name)

    def apply(own: Unsigned, *others: int) -> Any:  # noqa: ANN401 - as the operators of int
        found = calculate(own, *others)
        if not isinstance(found, int) or (of_signed and any(other < 0 for other in others)):
            return found
        return Unsigned.of(found, max([own.width, *(each.width for each in others if isinstance(each, Unsigned))]))

    return apply


def _around(sign: str, *, reflected: bool) -> Callable[..., Any]:
    """Return an operator on angles."""

    def apply(own: Angle, other: float) -> Value:
        from .tree.calculate import binary

        sides = [own.value, _typed(other)]
        try:
            return _plain(binary(sign, *(reversed(sides) if reflected else sides)))
        except ProgramError as reason:
            raise ValueError(reason.asked) from reason

    return apply


def _turned(own: Angle) -> Value:
    from .tree.calculate import unary

    return _plain(unary("-", own.value))


for _name in _COUNTS:
    setattr(Unsigned, f"__{_name}__", _within(f"__{_name}__", of_signed=True))
for _name in _BITS:
    setattr(Unsigned, f"__{_name}__", _within(f"__{_name}__", of_signed=False))
for _name, _sign in _ROUND.items():
    setattr(Angle, f"__{_name}__", _around(_sign, reflected=False))
    setattr(Angle, f"__r{_name}__", _around(_sign, reflected=True))
Angle.__neg__ = _turned  # type: ignore[method-assign,assignment]
