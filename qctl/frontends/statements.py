"""What the statements of OpenQASM 2 and 3 share: lists, arguments, gate definitions, the way through a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import ChainMap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from qctl.core.errors import ProgramError
from qctl.core.program import Program

from .builder import Bits, Entity, ProgramBuilder, Qubits, kind_of
from .definition import Call, DefinedGate, Modifiers, body_cost
from .expression import Formula, Names, Parameter, Term, evaluate, read_expression, real
from .flat import FlatReader
from .gate import Gate
from .tokens import Cursor, Kind
from .values import Value

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Body:
    """What is visible within a gate's body: its qubits by name, its parameters and the constants outside."""

    name: str
    qubits: dict[str, int]
    values: Names


class StatementReader(ABC):
    """Reads a program statement by statement into a builder.

    Parameters
    ----------
    cursor : at the first token of the program
    builder : gets the declarations and events
    """

    def __init__(self, cursor: Cursor, builder: ProgramBuilder) -> None:
        self.cursor, self.builder, self.source = cursor, builder, cursor.source
        self._flat = FlatReader(builder, self.angles_at)

    @abstractmethod
    def statement(self) -> None:
        """Read one statement; the cursor stands at its first token."""

    @abstractmethod
    def body_call(self, body: Body) -> Call:
        """Read one gate application of a gate's body, with its semicolon."""

    def body_calls(self, body: Body) -> Iterable[Call]:
        """Read one statement of a gate's body: by default a gate."""
        return [self.body_call(body)]

    def read(self) -> Program:
        """Read the whole text and return its program."""
        while self.cursor.kind is not Kind.END:
            self.statement()
            self.cursor.move(self._flat.read(self.cursor.start))
        return self.builder.program()

    def declare(self, name: str, entity: Entity, start: int) -> None:
        """Give a name a meaning."""
        self.builder.declare(name, entity, start)
        self.forget()

    def forget(self) -> None:
        """Let the quick way look names up again."""
        self._flat.forget()

    def name(self, what: str) -> str:
        """Read a name that may be declared or is declared, but is no word of the language."""
        if self.cursor.kind is Kind.NAME and self.is_reserved(self.cursor.text):
            raise self.source.wrong(f"{self.cursor.text!r} is a word of the language", self.cursor.start, what)
        return self.cursor.take(Kind.NAME, what)

    @abstractmethod
    def is_reserved(self, word: str) -> bool:
        """Say whether a word cannot be a name."""

    def listed(self, item: Callable[[], object], closing: tuple[str, ...]) -> None:
        """Read items up to a closing sign, which stays; the last may have a comma, except in the strict dialect."""
        cursor = self.cursor
        n_items, most = 0, cursor.limits.angles if closing == (")",) else cursor.limits.qubits
        while not any(map(cursor.at, closing)):
            if (n_items := n_items + 1) > most:
                raise self.source.too_large("or more items in one list", n_items, most, cursor.start)
            item()
            if not cursor.at(","):
                if not any(map(cursor.at, closing)):
                    raise cursor.unexpected(" or ".join(map(repr, (",", *closing))))
                return
            comma = cursor.start
            cursor.advance()
            if cursor.dialect.strict and any(map(cursor.at, closing)):
                raise self.source.wrong("a comma at the end of a list", comma, "none, in strict OpenQASM 2")

    def arguments(self, values: Names) -> tuple[Term, ...]:
        """Read the arguments of a gate, if an opening parenthesis is here."""
        terms: list[Term] = []
        if self.cursor.accept("("):
            self.listed(lambda: terms.append(read_expression(self.cursor, values, exact=True)), (")",))
            self.cursor.expect(")", "after the arguments")
        return tuple(terms)

    def angles(self, terms: tuple[Term, ...], start: int) -> tuple[float, ...]:
        """Return the values of gate arguments; raise ProgramError for what is no number."""
        return tuple(self.as_number(evaluate(self.source, term, ()), start) for term in terms)

    def as_number(self, value: object, start: int) -> float:
        """Return a number; raise ProgramError for anything else."""
        try:
            return self.placed(real, value, start) + 0.0
        except ValueError as reason:
            raise self.source.wrong(str(reason), start) from reason

    def known(self, names: Names, *, exact: bool = False) -> Value:
        """Read an expression without parameters of a gate."""
        found = evaluate(self.source, read_expression(self.cursor, names, exact=exact), ())
        assert isinstance(found, Value)
        return found

    def placed(self, convert: Callable[[Any], Kept], value: object, start: int) -> Kept:
        """Return a converted value; an error gets its place."""
        try:
            return convert(value)
        except ProgramError as reason:
            raise self.source.wrong(reason.asked, start, reason.allowed, reason.remedy) from reason

    def angles_at(self, start: int) -> tuple[float, ...]:
        """Return the angles that begin at a place of the text, in parentheses; raise ProgramError where none do."""
        self.cursor.move(start)
        terms: list[Term] = []
        self.listed(lambda: terms.append(read_expression(self.cursor, self.builder.values, exact=True)), (")",))
        return self.angles(tuple(terms), start)

    def quantum(self, entity: Entity, start: int) -> Qubits:
        """Return qubits; raise ProgramError for anything else."""
        if not isinstance(entity, Qubits):
            raise self.source.wrong(f"this is {kind_of(entity)}", start, "a quantum register or qubit")
        return entity

    def classical(self, entity: Entity, start: int) -> Bits:
        """Return classical bits; raise ProgramError for anything else."""
        if not isinstance(entity, Bits):
            raise self.source.wrong(f"this is {kind_of(entity)}", start, "a classical register or bit")
        return entity

    def header(self) -> tuple[str, list[str], list[str], int]:
        """Read name, parameters and qubits of a gate declaration; return them and where it began."""
        start = self.cursor.start
        self.cursor.advance()
        name = self.name("the name of a gate")
        parameters: dict[str, None] = {}
        qubits: dict[str, None] = {}
        if self.cursor.accept("("):
            self.listed(lambda: self._own_name(parameters, qubits), (")",))
            self.cursor.expect(")", "after the parameters")
        self.listed(lambda: self._own_name(qubits, parameters), ("{", ";"))
        if not qubits:
            raise self.source.wrong(f"the gate {name!r} without qubits", start, "at least one qubit")
        return name, list(parameters), list(qubits), start

    def _own_name(self, names: dict[str, None], others: dict[str, None]) -> None:
        start = self.cursor.start
        name = self.name("a name")
        if name in names or name in others:
            raise self.source.wrong(f"{name!r} is already a name of this gate", start)
        names[name] = None

    def define_gate(self) -> None:
        """Read a gate definition and declare the gate."""
        name, parameters, qubits, start = self.header()
        own: dict[str, Value | Parameter | None] = dict.fromkeys(qubits)  # hides constants of the same name
        own.update({parameter: Parameter(index) for index, parameter in enumerate(parameters)})
        values = ChainMap(own, self.builder.values)
        body = Body(name, {qubit: index for index, qubit in enumerate(qubits)}, values)
        calls: list[Call] = []
        self.cursor.expect("{", "before the body of the gate")
        while not self.cursor.at("}"):
            calls.extend(self.body_calls(body))
        cost = body_cost(calls)
        if cost.depth > self.cursor.limits.depth:
            raise self.source.too_large(
                "gate definitions within each other", cost.depth, self.cursor.limits.depth, start
            )
        self.declare(name, DefinedGate(self.source, len(parameters), len(qubits), tuple(calls), cost), start)
        self.cursor.advance()

    def call(
        self, gate: Gate, modifiers: Modifiers, terms: tuple[Term, ...], qubits: list[int], start: int
    ) -> Call:  # fmt: skip
        """Return one application within a body; raise ProgramError when it does not fit its gate."""
        n_qubits = gate.n_qubits + len(modifiers.controls)
        for what, given, needed in (("angles", len(terms), gate.n_parameters), ("qubits", len(qubits), n_qubits)):
            if given != needed:
                raise self.source.wrong(f"a gate with {given} {what}", start, f"{needed}")
        if len(set(qubits)) < len(qubits):
            raise self.source.wrong("a gate that uses one qubit twice", start, "different qubits")
        self.price(gate, modifiers, start)
        arguments = (term if isinstance(term, Formula) else self.as_number(term, start) for term in terms)
        return Call(gate, modifiers, tuple(arguments), tuple(qubits))

    def price(self, gate: Gate, modifiers: Modifiers, start: int) -> None:
        """Refuse a modified gate that has no form or too many controls."""
        try:
            cost = modifiers.cost(gate.cost)
        except ValueError as reason:
            raise self.source.unsupported(str(reason), start) from reason
        most = max((controls for _, controls in cost.census), default=0)
        if most > self.cursor.limits.controls:
            raise self.source.too_large("control qubits of one gate", most, self.cursor.limits.controls, start)

    def body_qubit(self, body: Body) -> int:
        """Read one qubit of the gate being defined."""
        start = self.cursor.start
        name = self.cursor.take(Kind.NAME, "a qubit of the gate")
        if name not in body.qubits:
            raise self.source.wrong(f"{name!r} is no qubit of this gate", start, ", ".join(body.qubits))
        if self.cursor.at("["):
            raise self.source.wrong(
                "an index within a gate", self.cursor.start, "the gate's own qubits, each by its name"
            )
        return body.qubits[name]
