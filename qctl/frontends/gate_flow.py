"""Loops and branches within the bodies of gates: written out while they are read, since all they depend on is known.

Source: OpenQASM 3 specification, "Hierarchically defined unitary gates": a body holds gates, and loops over them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .expression import Formula, evaluate, read_expression
from .statements import Body
from .tokens import Kind
from .values import FLOAT, Type, Value, as_bool, cast, literal, whole_number

if TYPE_CHECKING:
    from .definition import Call
    from .openqasm3 import Reader3

MOST = 5000  # statements and rounds of one statement of a body
COUNTING = frozenset(["int", "uint", "float", "angle"])  # types of what a loop counts with


class GateFlow:
    """Reads statements of one gate's body; refuses more of them than a program may run.

    Parameters
    ----------
    reader : at the body
    """

    def __init__(self, reader: Reader3) -> None:
        self._reader, self._cursor, self._source = reader, reader.cursor, reader.source
        self._n_read, self._depth = 0, 0

    def calls(self, body: Body) -> Iterator[Call]:
        """Yield the gates of one statement, of a block, or of all rounds of a loop."""
        self._pay(1)
        with self._deeper():
            yield from self._statement(body)

    def _statement(self, body: Body) -> Iterator[Call]:
        cursor = self._cursor
        if cursor.accept("{"):
            while not cursor.at("}"):
                if cursor.kind is Kind.END:
                    raise cursor.unexpected("'}' behind the block")
                yield from self.calls(body)
            cursor.advance()
        elif cursor.accept("for"):
            yield from self._loop(body)
        elif cursor.accept("if"):
            yield from self._branch(body)
        elif cursor.text in ("while", "switch", "break", "continue", "return", "end", "def", "extern"):
            what = f"in a gate: the statement {cursor.text!r}"
            raise self._source.unsupported(what, cursor.start, "loops over numbers, and if")
        else:
            yield self._reader.body_call(body)

    def _pay(self, n_rounds: int) -> None:
        self._n_read += n_rounds
        if self._n_read > MOST:
            raise self._source.too_large("or more statements of one gate", self._n_read, MOST, self._cursor.start)

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        """Count statements within each other, which are read by recursion."""
        self._depth += 1
        if self._depth > (most := self._cursor.limits.depth):
            what = "or more statements of a gate within each other"
            raise self._source.too_large(what, self._depth, most, self._cursor.start)
        yield
        self._depth -= 1

    def _loop(self, body: Body) -> Iterator[Call]:
        cursor, place = self._cursor, self._cursor.start
        kind = self._type(body)
        name = self._reader.name("a name")
        cursor.expect("in", "and what the loop counts through")
        numbers = self._numbers(body)
        start = cursor.start
        for number in numbers:
            value = self._reader.placed(partial(cast, target=kind), number, place)
            cursor.move(start)
            yield from self.calls(replace(body, values=ChainMap({name: value}, body.values)))  # type: ignore[arg-type]
        if not numbers:
            self._skip()

    def _type(self, body: Body) -> Type:
        """Read the type that a loop counts with."""
        cursor, start = self._cursor, self._cursor.start
        if cursor.text not in COUNTING:
            raise cursor.unexpected("a type: " + ", ".join(sorted(COUNTING)))
        kind, size = cursor.advance(), 64
        if cursor.accept("["):
            size = self._whole(body, "a size")
            cursor.expect("]", "after the size")
        if size < 1:
            raise self._source.wrong(f"{size} as the size of {kind}", start, "whole numbers from 1")
        if kind == "float" and size not in (16, 32, 64):
            raise self._source.unsupported(f"float[{size}]", start, "sizes of 16, 32 and 64 are computed with 64 bits")
        if size > 64:
            raise self._source.too_large(f"bits of one {kind}", size, 64, start)
        return FLOAT if kind == "float" else Type(kind, size)

    def _numbers(self, body: Body) -> Sequence[Value]:
        cursor, start = self._cursor, self._cursor.start
        if cursor.accept("{"):
            found: list[Value] = []
            self._reader.listed(lambda: found.append(self._known(body, "a number")), ("}",))
            cursor.expect("}", "after the numbers")
            self._pay(len(found))
            return found
        if not cursor.accept("["):
            raise self._source.unsupported("a loop over this in a gate", start, "ranges and sets of numbers")
        ends = [self._whole(body, "a range")]
        while cursor.accept(":"):
            ends.append(self._whole(body, "a range"))
        cursor.expect("]", "after the range")
        if not 2 <= len(ends) <= 3 or 0 in ends[1:-1]:
            raise self._source.wrong("this is no range", start, "[first:last] or [first:step:last]")
        step = ends[1] if len(ends) == 3 else 1
        self._pay(max(0, (ends[-1] - ends[0]) // step + 1))  # before any of them is read
        return [literal(number) for number in range(ends[0], ends[-1] + (1 if step > 0 else -1), step)]

    def _whole(self, body: Body, what: str) -> int:
        start, value = self._cursor.start, self._known(body, what)
        return self._reader.placed(whole_number, value, start)

    def _known(self, body: Body, what: str) -> Value:
        """Return the value of an expression that does not depend on the gate's parameters."""
        start = self._cursor.start
        term = read_expression(self._cursor, body.values)
        if isinstance(term, Formula):
            raise self._source.unsupported(f"{what} that depends on parameters of the gate", start, "constants")
        found = evaluate(self._source, term, ())
        assert isinstance(found, Value)
        return found

    def _branch(self, body: Body) -> Iterator[Call]:
        cursor = self._cursor
        cursor.expect("(", "and a condition")
        start = cursor.start
        holds = bool(self._reader.placed(as_bool, self._known(body, "a condition"), start))
        cursor.expect(")", "after the condition")
        yield from self.calls(body) if holds else self._skip()
        if cursor.accept("else"):
            yield from self._skip() if holds else self.calls(body)

    def _skip(self) -> tuple[Call, ...]:
        """Step over a statement or a block that is not run."""
        with self._deeper():
            self._over_statement()
        return ()

    def _over_statement(self) -> None:
        cursor = self._cursor
        if cursor.accept("if"):
            self._over("(", ")")
            self._skip()
            if cursor.accept("else"):
                self._skip()
        elif cursor.accept("for"):
            while not cursor.accept("in"):
                self._step()
            self._over(*(("{", "}") if cursor.at("{") else ("[", "]")))
            self._skip()
        elif cursor.at("{"):
            self._over("{", "}")
        else:
            while not cursor.accept(";"):
                self._step()

    def _over(self, opening: str, closing: str) -> None:
        """Step over brackets and what is between them."""
        self._cursor.expect(opening, "here")
        depth = 1
        while depth:
            depth += self._cursor.at(opening) - self._cursor.at(closing)
            self._step()

    def _step(self) -> None:
        if self._cursor.kind is Kind.END:
            raise self._cursor.unexpected("the rest of the gate")
        self._cursor.advance()
