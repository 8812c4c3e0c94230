"""Expressions with numbers, constants and gate parameters: read without recursion, folded as they are read.

What is known in OpenQASM 3 is a value of a type, calculated as everywhere in a program. What depends on a parameter
of a gate is a real number, as the parameter is, and so is all of OpenQASM 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from qctl.core.errors import ProgramError

from . import arithmetic, calculate
from .arithmetic import Function, checked
from .source import Source
from .tokens import Cursor, Kind
from .values import BOOL, DURATION, FLOAT, Type, Value, cast, gate_angle, literal

Real = arithmetic.Value


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator or a function: on known values, and on numbers where parameters of a gate are among them."""

    known: Callable[..., Any]
    real: Function | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """The value of one parameter of a gate, known when the gate is used."""

    index: int


@dataclass(frozen=True, slots=True)
class Apply:
    """One operator or function within a formula, and where it stands."""

    function: Function
    n_arguments: int
    start: int


Item = Real | Parameter | Apply


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression of gate parameters, in postfix order."""

    items: list[Item]


Known = Value | Real
Term = Known | Formula
Names = Mapping[str, Value | Parameter | None]


@dataclass(slots=True)
class _Pending:
    """An operator, call or parenthesis whose right side is still being read; parentheses have strength 0."""

    strength: int
    operation: Operation | None
    n_arguments: int
    start: int
    n_seen: int = 0


def _call(source: Source, function: Callable[..., Any], arguments: Sequence[Known], start: int) -> Any:  # noqa: ANN401
    try:
        found = function(*arguments)
        return found if isinstance(found, Value) else checked(found)
    except ProgramError as reason:
        raise source.wrong(reason.asked, start, reason.allowed, reason.remedy) from reason
    except (ValueError, OverflowError) as reason:
        raise source.wrong(
            "this has no finite real value" if "math" in str(reason) else str(reason),
            start,
            "expressions with a finite real value",
        ) from reason


def real(value: object) -> float:
    """Return a value as the angle of a gate; raise ValueError or ProgramError for what is none."""
    found = gate_angle(value) if isinstance(value, Value) else value
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise ValueError("an angle must be a number")
    return float(found)


def _plain(value: Known) -> Real:
    """Return a value as a number beside a parameter of a gate."""
    if not isinstance(value, Value):
        return value
    return bool(value.term) if value.type == BOOL else gate_angle(value)  # type: ignore[return-value]


def apply(source: Source, operation: Operation, terms: Sequence[Term], start: int) -> Term:
    """Return a function of terms: its value when all are known, otherwise the longer formula."""
    known = [term for term in terms if not isinstance(term, Formula)]
    if len(known) == len(terms):
        found: Known = _call(source, operation.known, known, start)
        return found
    if operation.real is None:
        raise source.unsupported("this function of a parameter of a gate", start)
    parts = [term.items if isinstance(term, Formula) else [_call(source, _plain, [term], start)] for term in terms]
    if operation.real in (arithmetic.divide, arithmetic.divide_3) and parts[1] == [0]:
        raise source.wrong("division by zero", start)
    items = parts[0]
    for part in parts[1:]:
        items.extend(part)
    items.append(Apply(operation.real, len(terms), start))
    return Formula(items)


def evaluate(source: Source, term: Term, parameters: Sequence[Real]) -> Known:
    """Return the value of a term for given gate parameters; raise ProgramError where it has none."""
    if not isinstance(term, Formula):
        return term
    stack: list[Real] = []
    for item in term.items:
        if isinstance(item, Parameter):
            stack.append(parameters[item.index])
        elif isinstance(item, Apply):
            arguments = stack[-item.n_arguments :]
            del stack[-item.n_arguments :]
            stack.append(_call(source, item.function, arguments, item.start))
        else:
            stack.append(item)
    return stack[0]


@dataclass(frozen=True, slots=True)
class _Language:
    """Operators with their strengths, and functions with the number of their arguments."""

    unary: Mapping[str, Operation]
    binary: Mapping[str, tuple[int, Operation]]
    functions: Mapping[str, tuple[int, Operation]]


def _cast(kind: str, width: int) -> Operation:
    plain = arithmetic.FUNCTIONS_3.get(kind)
    target = FLOAT if kind == "float" else BOOL if kind == "bool" else Type(kind, width)
    return Operation(
        lambda value: cast(value, target, explicit=True),
        plain[1] if plain and (width == 64 or kind == "float") else None,
    )


_CASTS = frozenset(["int", "uint", "float", "bool", "angle", "bit"])
_SIZED = frozenset(["int", "uint", "float", "angle", "bit"])
_TYPED = _Language(
    {sign: Operation(partial(calculate.unary, sign), found) for sign, found in arithmetic.UNARY_3.items()},
    {
        sign: (strength, Operation(partial(calculate.binary, sign), found))
        for sign, (strength, found) in arithmetic.BINARY_3.items()
    },
    {kind: (1, _cast(kind, 1 if kind == "bit" else 64)) for kind in _CASTS}
    | {
        name: (n_arguments, Operation(function, arithmetic.FUNCTIONS_3.get(name, (0, None))[1]))
        for name, (n_arguments, function) in calculate.FUNCTIONS.items()
    },
)
_EXACT = replace(_TYPED, binary={**_TYPED.binary, "/": (11, Operation(calculate.exact_quotient, arithmetic.divide_3))})
_PLAIN = _Language(
    {sign: Operation(function, function) for sign, function in arithmetic.UNARY_2.items()},
    {sign: (strength, Operation(function, function)) for sign, (strength, function) in arithmetic.BINARY_2.items()},
    {name: (n, Operation(function, function)) for name, (n, function) in arithmetic.FUNCTIONS_2.items()},
)


def read_expression(cursor: Cursor, names: Names, *, exact: bool = False) -> Term:
    """Return the expression at a cursor, which is left at the first token that does not belong to it.

    Parameters
    ----------
    exact : it is an angle, where a quotient of whole numbers that leaves a rest is refused
    """
    return _ExpressionReader(cursor, names, exact=exact).read()


class _ExpressionReader:
    """Read one expression.

    Two stacks (values, and operators that wait for their right side) instead of recursion: a text nested a million
    deep is an error, not a crash.
    """

    def __init__(self, cursor: Cursor, names: Names, *, exact: bool) -> None:
        self._cursor, self._names = cursor, names
        language = _PLAIN if cursor.dialect.version == 2 else _EXACT if exact else _TYPED
        self._unary, self._binary, self._functions = language.unary, language.binary, language.functions
        self._terms: list[Term] = []
        self._pending: list[_Pending] = []

    def read(self) -> Term:
        """Return the expression; raise ProgramError where there is none."""
        self._operand()
        while self._operator():
            self._operand()
        while self._pending:
            if self._pending[-1].strength == 0:
                raise self._cursor.unexpected("')' or an operator")
            self._reduce()
        return self._terms.pop()

    def _push(self, strength: int, operation: Operation | None, n_arguments: int) -> None:
        cursor = self._cursor
        if len(self._pending) >= cursor.limits.nesting:
            raise cursor.source.too_large(
                "or more operators and parentheses within each other", len(self._pending), cursor.limits.nesting,
                cursor.start,
            )  # fmt: skip
        self._pending.append(_Pending(strength, operation, n_arguments, cursor.start))

    def _reduce(self) -> None:
        top = self._pending.pop()
        if top.operation is None:
            return
        terms = self._terms[-top.n_arguments :]
        del self._terms[-top.n_arguments :]
        self._terms.append(apply(self._cursor.source, top.operation, terms, top.start))

    def _operand(self) -> None:
        """Read signs, functions and opening parentheses up to and with the next value."""
        cursor = self._cursor
        while True:
            if cursor.kind is Kind.SIGN and cursor.text in self._unary:
                self._push(arithmetic.UNARY_STRENGTH, self._unary[cursor.text], 1)
                cursor.advance()
            elif cursor.at("("):
                self._push(0, None, 1)
                cursor.advance()
            elif cursor.kind is Kind.NAME and cursor.text in self._functions and cursor.text not in self._names:
                self._function()
            else:
                self._terms.append(self._value())
                return

    def _function(self) -> None:
        cursor = self._cursor
        n_arguments, operation = self._functions[cursor.text]
        self._push(0, operation, n_arguments)
        name = cursor.advance()
        if name in _SIZED and cursor.accept("["):
            self._pending[-1].operation = _cast(name, self._width(name))
        cursor.expect("(", f"after the function {name}")

    def _width(self, name: str) -> int:
        """Read the size of the type of a cast."""
        cursor, start = self._cursor, self._cursor.start
        known = literal_of(cursor) if cursor.kind is Kind.INTEGER else self._names.get(cursor.text)
        allowed = (16, 32, 64) if name == "float" else range(1, 65)
        if not isinstance(known, Value) or known.type.kind not in ("int", "uint") or known.term not in allowed:
            remedy = "literals and constants from 1 to 64; 16, 32 and 64 for float"
            raise cursor.source.unsupported(f"a cast to {name} of this width", start, remedy)
        cursor.advance()
        cursor.expect("]", "after the size")
        return int(known.term)  # type: ignore[arg-type]

    def _value(self) -> Term:
        cursor = self._cursor
        if cursor.kind is Kind.NAME:
            found = self._names.get(cursor.text)
            if found is None or (cursor.dialect.version == 2 and isinstance(found, Value) and found.type != FLOAT):
                asked = f"{cursor.text!r} is no constant, parameter or function here"
                if cursor.dialect.version == 3:  # it may be a variable, which only the syntax tree can tell
                    raise cursor.source.unsupported(asked, cursor.start, "use names declared above")
                raise cursor.source.wrong(asked, cursor.start, "a name declared above")
            cursor.advance()
            if isinstance(found, Parameter):
                return Formula([found])
            return found if cursor.dialect.version == 3 else real(found)
        read = _LITERALS.get(cursor.kind)
        if read is None:
            raise cursor.unexpected("an expression")
        value = read(cursor)
        cursor.advance()
        return value

    def _operator(self) -> bool:
        """Read closing parentheses and one operator or comma; say whether an operand must follow."""
        while self._cursor.at(")") or self._cursor.at(","):
            closing = self._cursor.at(")")
            group = self._group()
            if group is None:
                return False
            group.n_seen += 1
            self._cursor.advance()
            if not closing:
                if not self._cursor.at(")"):
                    return True
                if self._cursor.dialect.strict:
                    raise self._cursor.unexpected("an expression: strict OpenQASM 2 has no comma at the end of a list")
                self._cursor.advance()
            self._close(group)
        return self._binary_operator()

    def _group(self) -> _Pending | None:
        """Finish everything up to the innermost open parenthesis, which a ')' or ',' has been reached for."""
        while self._pending and self._pending[-1].strength:
            self._reduce()
        if self._pending and self._pending[-1].operation is None and self._cursor.at(","):
            raise self._cursor.unexpected("')'")
        return self._pending[-1] if self._pending else None

    def _close(self, group: _Pending) -> None:
        if group.n_seen != group.n_arguments:
            raise self._cursor.source.wrong(
                f"a function with {group.n_seen} arguments", group.start, f"{group.n_arguments}"
            )
        self._reduce()

    def _binary_operator(self) -> bool:
        cursor = self._cursor
        if cursor.kind is not Kind.SIGN or cursor.text not in self._binary:
            return False
        strength, operation = self._binary[cursor.text]
        right = strength == 13  # powers bind to the right
        while self._pending and self._pending[-1].strength >= strength + right:
            self._reduce()
        self._push(strength, operation, 2)
        cursor.advance()
        return True


def literal_of(cursor: Cursor) -> Known:
    """Return the value of the whole number at a cursor."""
    if cursor.dialect.version == 2:
        return _real(cursor)
    base = 10 if cursor.text.isdecimal() else {"0x": 16, "0o": 8, "0b": 2}.get(cursor.text[:2].lower(), 10)
    try:
        return literal(int(cursor.text, base))
    except ProgramError as reason:
        raise cursor.source.wrong(reason.asked, cursor.start, reason.allowed) from reason


def _real(cursor: Cursor) -> Known:
    if cursor.dialect.strict and cursor.kind is Kind.REAL and "." not in cursor.text:
        raise cursor.unexpected("a real number with a decimal point, as strict OpenQASM 2 has it")
    return _bounded(cursor, FLOAT, float(cursor.text.replace("_", "")))


def _bounded(cursor: Cursor, kind: Type, value: float) -> Known:
    if not math.isfinite(value):
        raise cursor.source.wrong(f"the number {cursor.text[:40]}", cursor.start, "finite numbers of 64 bits")
    return value if cursor.dialect.version == 2 else Value(kind, value)


def _time(cursor: Cursor) -> Known:
    number = cursor.text.rstrip("smunµμdt").rstrip(" \t")
    unit = cursor.text[len(number) :].strip(" \t")
    if unit == "dt":
        raise cursor.source.unsupported(f"the duration {cursor.text}", cursor.start, "write it in ns, us, ms or s")
    try:
        return Value(DURATION, arithmetic.duration(number, unit))
    except ValueError as reason:
        raise cursor.source.wrong(str(reason), cursor.start, "finite numbers of 64 bits") from reason


def _refused(cursor: Cursor) -> Known:
    raise cursor.source.unsupported(f"the {cursor.kind.value} {cursor.text[:40]} in an expression", cursor.start)


_LITERALS: dict[Kind, Callable[[Cursor], Known]] = {
    Kind.INTEGER: literal_of,
    Kind.REAL: _real,
    Kind.TIME: _time,
    Kind.IMAGINARY: _refused,
    Kind.STRING: _refused,
}
