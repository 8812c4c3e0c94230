"""Expressions with numbers, constants and gate parameters: read without recursion, folded as they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import arithmetic
from .arithmetic import Function, Value, checked
from .source import Source
from .tokens import Cursor, Kind


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


Item = Value | Parameter | Apply


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression of gate parameters, in postfix order."""

    items: list[Item]


Term = Value | Formula
Names = Mapping[str, Value | Parameter | None]


@dataclass(slots=True)
class _Pending:
    """An operator, call or parenthesis whose right side is still being read; parentheses have strength 0."""

    strength: int
    function: Function | None
    n_arguments: int
    start: int
    n_seen: int = 0


def _call(source: Source, function: Function, arguments: Sequence[Value], start: int) -> Value:
    try:
        return checked(function(*arguments))
    except (ValueError, OverflowError) as reason:
        raise source.wrong(
            "this has no finite real value" if "math" in str(reason) else str(reason),
            start,
            "expressions with a finite real value",
        ) from reason


def apply(source: Source, function: Function, terms: Sequence[Term], start: int) -> Term:
    """Return a function of terms: its value when all are known, otherwise the longer formula."""
    known = [term for term in terms if not isinstance(term, Formula)]
    if len(known) == len(terms):
        return _call(source, function, known, start)
    if function in (arithmetic.divide, arithmetic.divide_3) and not isinstance(terms[1], Formula) and terms[1] == 0:
        raise source.wrong("division by zero", start)
    first = terms[0]
    items: list[Item] = first.items if isinstance(first, Formula) else [first]
    for term in terms[1:]:
        items.extend(term.items if isinstance(term, Formula) else [term])
    items.append(Apply(function, len(terms), start))
    return Formula(items)


def evaluate(source: Source, term: Term, parameters: Sequence[Value]) -> Value:
    """Return the value of a term for given gate parameters; raise ProgramError where it has none."""
    if not isinstance(term, Formula):
        return term
    stack: list[Value] = []
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


def read_expression(cursor: Cursor, names: Names) -> Term:
    """Return the expression at a cursor, which is left at the first token that does not belong to it."""
    return _ExpressionReader(cursor, names).read()


class _ExpressionReader:
    """Read one expression.

    Two stacks (values, and operators that wait for their right side) instead of recursion: a text nested a million
    deep is an error, not a crash.
    """

    def __init__(self, cursor: Cursor, names: Names) -> None:
        self._cursor, self._names = cursor, names
        second = cursor.dialect.version == 2
        self._unary = arithmetic.UNARY_2 if second else arithmetic.UNARY_3
        self._binary = arithmetic.BINARY_2 if second else arithmetic.BINARY_3
        self._functions = arithmetic.FUNCTIONS_2 if second else arithmetic.FUNCTIONS_3
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

    def _push(self, strength: int, function: Function | None, n_arguments: int) -> None:
        cursor = self._cursor
        if len(self._pending) >= cursor.limits.nesting:
            raise cursor.source.too_large(
                "or more operators and parentheses within each other", len(self._pending), cursor.limits.nesting,
                cursor.start,
            )  # fmt: skip
        self._pending.append(_Pending(strength, function, n_arguments, cursor.start))

    def _reduce(self) -> None:
        top = self._pending.pop()
        if top.function is None:
            return
        terms = self._terms[-top.n_arguments :]
        del self._terms[-top.n_arguments :]
        self._terms.append(apply(self._cursor.source, top.function, terms, top.start))

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
        n_arguments, function = self._functions[cursor.text]
        self._push(0, function, n_arguments)
        name = cursor.advance()
        if cursor.at("[") and name in ("int", "uint", "float"):
            raise cursor.source.unsupported(f"a cast to {name} of a given width", cursor.start, f"write {name}(...)")
        cursor.expect("(", f"after the function {name}")

    def _value(self) -> Term:
        cursor = self._cursor
        if cursor.kind is Kind.NAME:
            found = self._names.get(cursor.text)
            if found is None:
                asked = f"{cursor.text!r} is no constant, parameter or function here"
                if cursor.dialect.version == 3:  # it may be a variable, which only the syntax tree can tell
                    raise cursor.source.unsupported(asked, cursor.start, "use names declared above")
                raise cursor.source.wrong(asked, cursor.start, "a name declared above")
            cursor.advance()
            return Formula([found]) if isinstance(found, Parameter) else found
        literal = _LITERALS.get(cursor.kind)
        if literal is None:
            raise cursor.unexpected("an expression")
        value = literal(cursor)
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
        if self._pending and self._pending[-1].function is None and self._cursor.at(","):
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
        strength, function = self._binary[cursor.text]
        right = strength == 13  # powers bind to the right
        while self._pending and self._pending[-1].strength >= strength + right:
            self._reduce()
        self._push(strength, function, 2)
        cursor.advance()
        return True


def _integer(cursor: Cursor) -> Value:
    plain = cursor.text.replace("_", "").lower()
    if cursor.dialect.version == 2:
        return _real(cursor)
    base = {"0x": 16, "0o": 8, "0b": 2}.get(plain[:2], 10)
    return _bounded(cursor, int(plain, base))


def _real(cursor: Cursor) -> Value:
    if cursor.dialect.strict and cursor.kind is Kind.REAL and "." not in cursor.text:
        raise cursor.unexpected("a real number with a decimal point, as strict OpenQASM 2 has it")
    return _bounded(cursor, float(cursor.text.replace("_", "")))


def _bounded(cursor: Cursor, value: Value) -> Value:
    try:
        return checked(value)
    except ValueError as reason:
        raise cursor.source.wrong(
            f"the number {cursor.text[:40]}", cursor.start, "finite numbers of 64 bits"
        ) from reason


def _time(cursor: Cursor) -> Value:
    number = cursor.text.rstrip("smunµμdt").rstrip(" \t")
    unit = cursor.text[len(number) :].strip(" \t")
    if unit == "dt":
        raise cursor.source.unsupported(f"the duration {cursor.text}", cursor.start, "write it in ns, us, ms or s")
    return _bounded(cursor, arithmetic.duration(number, unit))


def _refused(cursor: Cursor) -> Value:
    raise cursor.source.unsupported(f"the {cursor.kind.value} {cursor.text[:40]} in an expression", cursor.start)


_LITERALS: dict[Kind, Callable[[Cursor], Value]] = {
    Kind.INTEGER: _integer,
    Kind.REAL: _real,
    Kind.TIME: _time,
    Kind.IMAGINARY: _refused,
    Kind.STRING: _refused,
}
