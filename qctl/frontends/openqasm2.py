"""Statements of OpenQASM 2: accepted and refused as Qiskit's reader decides."""

from __future__ import annotations

from qctl.core.flow import Expression, combine

from .builder import Bits, Opaque, Qubits
from .definition import NO_MODIFIERS, BarrierGate, Call
from .library import QELIB1, QELIB1_LATER
from .statements import Body, StatementReader
from .tokens import Kind

RESERVED = frozenset([
    "OPENQASM", "U", "CX", "barrier", "creg", "gate", "if", "include", "measure", "opaque", "qreg", "reset", "pi",
    "sin", "cos", "tan", "exp", "ln", "sqrt",
])  # fmt: skip


class Reader2(StatementReader):
    """Reads OpenQASM 2; the builder must know the built-in gates."""

    def read_version(self) -> None:
        """Read the version, which only the strict dialect needs."""
        strict = self.cursor.dialect.strict
        while not strict and self.cursor.accept(";"):
            pass
        if not self.cursor.at("OPENQASM"):
            if strict:
                raise self.cursor.unexpected("'OPENQASM 2.0;' first, in strict OpenQASM 2")
            return
        self.cursor.advance()
        if self.cursor.kind not in (Kind.REAL, Kind.INTEGER) or self.cursor.text not in ("2.0", "2"):
            raise self.cursor.unexpected("version 2.0")
        self.cursor.advance()
        self.end()

    def is_reserved(self, word: str) -> bool:
        """Say whether a word cannot be a name."""
        return word in RESERVED

    def end(self) -> None:
        """Read the semicolon of a statement."""
        self.cursor.expect(";", "at the end of the statement")

    def statement(self) -> None:
        """Read one statement."""
        cursor = self.cursor
        if cursor.kind is Kind.END:
            return
        if cursor.at(";") and not cursor.dialect.strict:
            cursor.advance()
            return
        if cursor.kind is not Kind.NAME:
            raise cursor.unexpected("a statement")
        known = {
            "include": self._include, "qreg": self._register, "creg": self._register, "gate": self.define_gate,
            "opaque": self._opaque, "measure": self._measure, "reset": self._reset, "barrier": self._barrier,
        }.get(cursor.text)  # fmt: skip
        if known is not None:
            known()
        elif cursor.text == "if":
            self._if()
        elif cursor.text in RESERVED - {"U", "CX"}:
            raise cursor.unexpected("a statement; the version comes first")
        else:
            self._apply()

    def _include(self) -> None:
        self.cursor.advance()
        start = self.cursor.start
        name = self.cursor.take(Kind.STRING, "the name of a library in quotation marks")[1:-1]
        if name != "qelib1.inc":
            raise self.source.unsupported(
                f"include of {name[:60]!r}", start, 'only "qelib1.inc" is known; no file is opened'
            )
        self.end()
        self.builder.include(dict(QELIB1), dict(QELIB1_LATER), start)
        self.forget()

    def _register(self) -> None:
        quantum = self.cursor.advance() == "qreg"
        start = self.cursor.start
        name = self.name("the name of a register")
        self.cursor.expect("[", "and the size of the register")
        size = int(self.cursor.take(Kind.INTEGER, "a size"))
        self.cursor.expect("]", "after the size")
        (self.builder.add_qubits if quantum else self.builder.add_bits)(name, size, start)
        self.forget()
        self.end()

    def _opaque(self) -> None:
        name, parameters, qubits, start = self.header()
        self.end()
        self.declare(name, Opaque(len(parameters), len(qubits)), start)

    def _operand(self) -> Qubits | Bits:
        """Read a register or one element of it."""
        start = self.cursor.start
        entity = self.builder.find(self.cursor.take(Kind.NAME, "a register"), start)
        if not isinstance(entity, (Qubits, Bits)):
            raise self.source.wrong("this is no register", start, "a quantum or classical register")
        if not self.cursor.accept("["):
            return entity
        at = self.cursor.start
        index = int(self.cursor.take(Kind.INTEGER, "an index"))
        if index >= len(entity.indices):
            raise self.source.wrong(f"index {index} of a register of {len(entity.indices)}", at, "smaller indices")
        self.cursor.expect("]", "after the index")
        return type(entity)((entity.indices[index],), single=True)

    def _qubits(self) -> Qubits:
        start = self.cursor.start
        return self.quantum(self._operand(), start)

    def _measure(self) -> None:
        start = self.cursor.start
        self.cursor.advance()
        qubits = self._qubits()
        self.cursor.expect("->", "and the bit that takes the result")
        at = self.cursor.start
        bits = self.classical(self._operand(), at)
        self.end()
        if qubits.single != bits.single:
            raise self.source.wrong("a measurement between a register and a single element", start, "two of one kind")
        self.builder.measure(qubits, bits, start)

    def _reset(self) -> None:
        start = self.cursor.start
        self.cursor.advance()
        qubits = self._qubits()
        self.end()
        self.builder.reset(qubits, start)

    def _barrier(self) -> None:
        start = self.cursor.start
        self.cursor.advance()
        on: list[Qubits] = []
        self.listed(lambda: on.append(self._qubits()), (";",))
        self.end()
        self.builder.barrier(on or None, start)

    def _if(self) -> None:
        """Read a condition on a whole register, and what it decides about: a gate, a measurement or a reset."""
        cursor, tape = self.cursor, self.builder.tape
        where = self.source.where(cursor.start)
        cursor.advance()
        cursor.expect("(", "and a condition")
        start = cursor.start
        register = self.classical(self.builder.find(cursor.take(Kind.NAME, "a classical register"), start), start)
        cursor.expect("==", "and a whole number")
        number = int(cursor.take(Kind.INTEGER, "a whole number"))
        cursor.expect(")", "after the condition")
        acts = {"measure": self._measure, "reset": self._reset}
        if cursor.kind is not Kind.NAME or (cursor.text in RESERVED - {"U", "CX"} and cursor.text not in acts):
            raise cursor.unexpected("a gate, 'measure' or 'reset'")
        held = combine("packed", *(tape.read(~bit) for bit in register.indices))  # type: ignore[arg-type]
        condition = combine("==", held, number)
        here, act = tape.here(), acts.get(cursor.text, self._apply)
        tape.branch(condition if isinstance(condition, Expression) else 1, act, lambda: None, where)
        if not condition:  # read like any other, and never done
            tape.go_back(here)

    def _apply(self) -> None:
        start = self.cursor.start
        gate = self.builder.find_gate(self.cursor.advance(), start)
        terms = self.arguments(self.builder.values)
        on: list[Qubits] = []
        self.listed(lambda: on.append(self._qubits()), (";",))
        self.end()
        self.builder.apply(gate, NO_MODIFIERS, self.angles(terms, start), on, start)

    def body_call(self, body: Body) -> Call:
        """Read one gate application or barrier of a gate's body."""
        cursor, start = self.cursor, self.cursor.start
        if cursor.kind is not Kind.NAME or cursor.text in RESERVED - {"U", "CX", "barrier"}:
            raise cursor.unexpected("a gate, 'barrier' or '}': nothing else stands in a gate's body")
        qubits: list[int] = []
        name = cursor.advance()
        if name == "barrier":
            self.listed(lambda: qubits.append(self.body_qubit(body)), (";",))
            self.end()
            over = list(dict.fromkeys(qubits)) or list(body.qubits.values())
            return self.call(BarrierGate(len(over)), NO_MODIFIERS, (), over, start)
        gate = self.builder.find_gate(name, start)
        terms = self.arguments(body.values)
        self.listed(lambda: qubits.append(self.body_qubit(body)), (";",))
        self.end()
        return self.call(gate, NO_MODIFIERS, terms, qubits, start)
