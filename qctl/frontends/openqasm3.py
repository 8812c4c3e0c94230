"""Statements of OpenQASM 3: declarations, gates with modifiers, measurement; the rest is refused by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .builder import Bits, Constant, Qubits
from .definition import NO_MODIFIERS, BarrierGate, Call, Modifiers, PhaseGate
from .gate import Gate
from .gate_flow import GateFlow
from .given import given
from .library import QELIB1, QELIB1_LATER, STDGATES
from .operands import OperandReader
from .statements import Body, StatementReader
from .tokens import Kind
from .values import BOOL, DURATION, FLOAT, Type, Value, cast, whole_number

NUMBERS = frozenset(["int", "uint", "float", "angle", "bool", "duration"])
SIZED = frozenset(["int", "uint", "float", "angle"])
PLAIN = {"float": FLOAT, "bool": BOOL, "duration": DURATION}
FLOW = frozenset(
    ["if", "else", "for", "while", "switch", "case", "default", "break", "continue", "return", "end", "def", "extern"]
)
"""Words that begin a statement about the flow of control."""

REFUSED = FLOW | frozenset([
    "array", "box", "cal", "complex", "defcal", "defcalgrammar", "durationof", "mutable", "nop",
    "opaque", "output", "readonly", "stretch",
])  # fmt: skip
"""Words of the language that begin or stand in what is read through a syntax tree, or not at all."""

RESERVED = NUMBERS | REFUSED | frozenset([
    "OPENQASM", "include", "input", "pragma", "qubit", "qreg", "bit", "creg", "const", "gate", "let", "measure",
    "reset", "barrier", "delay", "gphase", "ctrl", "negctrl", "inv", "pow", "in", "true", "false", "void", "U",
])  # fmt: skip

GPHASE = PhaseGate()
MOST_MODIFIERS = 256  # of one gate


class Reader3(StatementReader):
    """Reads OpenQASM 3; the builder must know the built-in gates."""

    def read_version(self) -> None:
        """Read the version, if there is one."""
        if self.cursor.accept("OPENQASM"):
            if self.cursor.text not in ("3", "3.0", "3.1"):
                raise self.cursor.unexpected("version 3, 3.0 or 3.1")
            self.cursor.advance()
            self.end()

    def is_reserved(self, word: str) -> bool:
        """Say whether a word cannot be a name."""
        return word in RESERVED or word in ("pi", "tau", "euler", "π", "τ", "ℇ")

    def end(self) -> None:
        """Read the semicolon of a statement."""
        self.cursor.expect(";", "at the end of the statement")

    def statement(self) -> None:
        """Read one statement."""
        cursor = self.cursor
        word = cursor.text
        if cursor.kind is Kind.END:
            return
        if cursor.at("@") or cursor.at("#"):
            self._line_note()
            return
        if cursor.kind is Kind.SIGN:
            raise self._refused_sign()
        if cursor.kind is not Kind.NAME:
            raise cursor.unexpected("a statement")
        known = self._statements().get(word)
        if known is not None:
            known()
        elif word in NUMBERS:
            self._variable(fixed=False)
        elif word in REFUSED:
            raise self.source.unsupported(f"the statement {word!r}", cursor.start)
        else:
            self._named()

    def _statements(self) -> dict[str, Callable[[], None]]:
        return {
            "include": self._include, "qubit": self._qubit, "qreg": self._old_register, "bit": self._bit,
            "creg": self._old_register, "const": self._const, "gate": self.define_gate, "let": self._let,
            "measure": self._measure, "reset": self._reset, "barrier": self._barrier, "delay": self._delay,
            "input": self._input, "pragma": self._line_note,
            **dict.fromkeys(("gphase", "ctrl", "negctrl", "inv", "pow"), self._apply),
        }  # fmt: skip

    def _refused_sign(self) -> Exception:
        if self.cursor.at("{"):
            return self.source.unsupported("a block of statements", self.cursor.start)
        return self.cursor.unexpected("a statement")

    def _line_note(self) -> None:
        """Keep an annotation, or a pragma that begins with '#': both end with their line."""
        start, text = self.cursor.start, self.source.text
        end = text.find("\n", start)
        line = text[start : len(text) if end < 0 else end].rstrip()
        if line.startswith("#"):
            line = line[1:].lstrip()
            if not line.startswith("pragma"):
                raise self.source.wrong("'#' without pragma", start, "#pragma")
        elif not line[1:2].isidentifier():
            raise self.source.wrong("'@' without a name", start, "an annotation such as @name")
        self.builder.note(line)
        self.cursor.move(len(text) if end < 0 else end)

    def _input(self) -> None:
        """Read a parameter whose value comes from outside."""
        self.cursor.advance()
        kind = self.cursor.text
        if kind not in NUMBERS:
            raise self.source.unsupported(f"an input of type {kind!r}", self.cursor.start)
        self.cursor.advance()
        width = self._size("a number") if kind in SIZED else None
        start = self.cursor.start
        name = self.name("a name")
        self.end()
        value = self.builder.input(name, start)
        target = self._type(kind, width, start)
        found = self.placed(lambda value: given(name, value, target), value, start)
        self.declare(name, Constant(found, fixed=False), start)

    def _operands(self) -> OperandReader:
        return OperandReader(self.cursor, self.builder)

    def _include(self) -> None:
        self.cursor.advance()
        start = self.cursor.start
        name = self.cursor.take(Kind.STRING, "the name of a library in quotation marks")[1:-1]
        self.end()
        if name == "stdgates.inc":
            self.builder.include(dict(STDGATES), {}, start)
        elif name == "qelib1.inc":
            self.builder.include(dict(QELIB1), dict(QELIB1_LATER), start)
        else:
            allowed = 'only "stdgates.inc" and "qelib1.inc" are known; no file is opened'
            raise self.source.unsupported(f"include of {name[:60]!r}", start, allowed)
        self.forget()

    def _size(self, what: str) -> int | None:
        """Read a size in brackets, if there is one."""
        start = self.cursor.start
        if not self.cursor.accept("["):
            return None
        value = self.known(self.builder.fixed_values())
        self.cursor.expect("]", "after the size")
        if (size := self.placed(whole_number, value, start)) < 1:
            raise self.source.wrong(f"{size} as the size of {what}", start, "whole numbers from 1")
        return size

    def _qubit(self) -> None:
        self.cursor.advance()
        size = self._size("a register")
        start = self.cursor.start
        name = self.name("the name of a register")
        self.end()
        self.builder.add_qubits(name, size or 1, start, single=size is None)
        self.forget()

    def _old_register(self) -> None:
        quantum = self.cursor.advance() == "qreg"
        start = self.cursor.start
        name = self.name("the name of a register")
        size = self._size("a register")
        self.end()
        (self.builder.add_qubits if quantum else self.builder.add_bits)(name, size or 1, start, single=size is None)
        self.forget()

    def _bit(self) -> None:
        self.cursor.advance()
        size = self._size("a register")
        start = self.cursor.start
        name = self.name("the name of a register")
        measured = self._initial_bits() if self.cursor.accept("=") else None
        self.end()
        bits = self.builder.add_bits(name, size or 1, start, single=size is None)
        self.forget()
        if measured is not None:
            self.builder.measure(measured, bits, start)

    def _initial_bits(self) -> Qubits | None:
        """Read what bits begin with: a measurement, or zeros, which is what they hold anyway."""
        start = self.cursor.start
        if self.cursor.accept("measure"):
            return self._operands().qubits()
        if self.cursor.kind is Kind.STRING and not self.cursor.text.strip("\"'_0"):
            self.cursor.advance()
            return None
        if self.cursor.text in ("0", "false"):
            self.cursor.advance()
            return None
        raise self.source.unsupported("bits that begin with anything but 0 or a measurement", start)

    def _const(self) -> None:
        self.cursor.advance()
        if self.cursor.text not in NUMBERS:
            if self.cursor.text in RESERVED:
                raise self.source.unsupported(f"a constant of type {self.cursor.text!r}", self.cursor.start)
            raise self.cursor.unexpected("a type: " + ", ".join(sorted(NUMBERS)))
        self._variable(fixed=True)

    def _variable(self, fixed: bool) -> None:
        """Read a constant, or a variable with a value: it may be used as long as nothing assigns to it."""
        kind = self.cursor.advance()
        width = self._size("a number") if kind in SIZED else None
        start = self.cursor.start
        name = self.name("a name")
        if not fixed and self.cursor.at(";"):
            raise self.source.unsupported(f"the variable {name!r} without a value", start)
        self.cursor.expect("=", "and a value")
        if self.cursor.at("measure"):
            raise self.source.unsupported("a measurement into a number", self.cursor.start, "measure into bits")
        at = self.cursor.start
        visible = self.builder.fixed_values() if fixed else self.builder.values
        value = self._converted(kind, width, self.known(visible), at)
        self.end()
        self.declare(name, Constant(value, fixed), start)

    def _converted(self, kind: str, width: int | None, value: Value, start: int) -> Value:
        target = self._type(kind, width, start)
        return self.placed(lambda value: cast(value, target), value, start)

    def _type(self, kind: str, width: int | None, start: int) -> Type:
        if kind == "float" and width not in (None, 16, 32, 64):
            raise self.source.unsupported(f"float[{width}]", start, "sizes of 16, 32 and 64 are computed with 64 bits")
        if width is not None and width > 64:
            raise self.source.too_large(f"bits of one {kind}", width, 64, start)
        return PLAIN.get(kind) or Type(kind, width or 64)

    def _let(self) -> None:
        self.cursor.advance()
        start = self.cursor.start
        name = self.name("the name of an alias")
        self.cursor.expect("=", "and a register")
        alias = self._operands().concatenation()
        self.end()
        self.declare(name, alias, start)

    def _measure(self) -> None:
        start = self.cursor.start
        self.cursor.advance()
        qubits = self._operands().qubits()
        if self.cursor.at(";"):
            raise self.source.unsupported("a measurement whose result is not kept", start, "measure into a bit")
        self.cursor.expect("->", "and the bits that take the result")
        bits = self._operands().bits()
        self.end()
        self.builder.measure(qubits, bits, start)

    def _reset(self) -> None:
        start = self.cursor.start
        self.cursor.advance()
        qubits = self._operands().qubits()
        self.end()
        self.builder.reset(qubits, start)

    def _barrier(self) -> None:
        start = self.cursor.start
        self.cursor.advance()
        on = self._operand_list()
        self.builder.barrier(on or None, start)

    def _operand_list(self) -> list[Qubits]:
        """Read operands and the end of the statement."""
        on: list[Qubits] = []
        reader = self._operands()
        self.listed(lambda: on.append(reader.qubits()), (";",))
        self.end()
        return on

    def _delay(self) -> None:
        start = self.cursor.start
        self.cursor.advance()
        self.cursor.expect("[", "and a duration")
        length = self.known(self.builder.values)
        self.cursor.expect("]", "after the duration")
        if length.type != DURATION:
            raise self.source.wrong("a delay without a unit", start, "durations such as 100ns")
        on = self._operand_list() or [self.builder.all_qubits(start)]
        self.builder.wait(float(length.term), on, start)  # type: ignore[arg-type] # it is known

    def _named(self) -> None:
        """Read an assignment to bits, or a gate."""
        cursor, start = self.cursor, self.cursor.start
        entity = self.builder.names.get(cursor.text)
        if isinstance(entity, Bits):
            bits = self._operands().bits()
            if not cursor.accept("="):
                raise self.source.unsupported("an operation on classical bits", cursor.start, "measure into them")
            if not cursor.accept("measure"):
                raise self.source.unsupported("an assignment to bits of anything but a measurement", cursor.start)
            qubits = self._operands().qubits()
            self.end()
            self.builder.measure(qubits, bits, start)
        elif isinstance(entity, Constant):
            raise self.source.unsupported(f"the variable {cursor.text!r} that changes", start)
        else:
            self._apply()

    def _modifiers(self) -> Modifiers:
        """Read modifiers up to the gate's name."""
        controls: list[bool] = []
        exponents: list[float] = []
        n_modifiers = 0
        while self.cursor.kind is Kind.NAME and self.cursor.text in ("ctrl", "negctrl", "inv", "pow"):
            start = self.cursor.start
            word = self.cursor.advance()
            if (n_modifiers := n_modifiers + 1) > MOST_MODIFIERS:
                raise self.source.too_large("modifiers of one gate", n_modifiers, MOST_MODIFIERS, start)
            argument = self._modifier_argument(word)
            if word in ("ctrl", "negctrl"):
                self._check_controls(argument, len(controls), start)
                controls += [word == "ctrl"] * int(argument)
            else:
                exponents.append(argument)
            self.cursor.expect("@", f"after the modifier {word}")
        return Modifiers(tuple(controls), tuple(reversed(exponents))) if n_modifiers else NO_MODIFIERS

    def _modifier_argument(self, word: str) -> float:
        if word == "inv":
            return -1
        if not self.cursor.at("("):
            if word == "pow":
                raise self.cursor.unexpected("'(' and the exponent")
            return 1
        self.cursor.advance()
        start = self.cursor.start
        value = self.known(self.builder.fixed_values(), exact=True)
        self.cursor.expect(")", f"after the argument of {word}")
        return whole_number(value) if value.type.kind in ("int", "uint") else self.as_number(value, start)

    def _check_controls(self, number: float, others: int, start: int) -> None:
        if not isinstance(number, int) or number < 1:
            raise self.source.wrong(f"{number!r} controls", start, "whole numbers from 1")
        if others + number > self.cursor.limits.controls:
            raise self.source.too_large(
                "control qubits of one gate", others + number, self.cursor.limits.controls, start
            )

    def _gate(self, body: Body | None) -> tuple[Gate, int]:
        start = self.cursor.start
        if self.cursor.accept("gphase"):
            return GPHASE, start
        if self.cursor.kind is Kind.NAME and self.cursor.text in RESERVED - {"U"}:
            raise self.cursor.unexpected("a gate")
        name = self.cursor.take(Kind.NAME, "the name of a gate")
        if body is not None and name == body.name:
            raise self.source.wrong(f"the gate {name!r} that uses itself", start, "gates defined above")
        return self.builder.find_gate(name, start), start

    def _apply(self) -> None:
        start = self.cursor.start
        modifiers = self._modifiers()
        gate, at = self._gate(None)
        terms = self.arguments(self.builder.values)
        if self.cursor.at("["):
            raise self.source.unsupported("a gate with a duration", self.cursor.start)
        on = self._operand_list()
        self.price(gate, modifiers, at)
        self.builder.apply(gate, modifiers, self.angles(terms, at), on, start)

    def body_calls(self, body: Body) -> Iterable[Call]:
        """Read one statement of a gate's body: a gate, a loop or a branch."""
        return GateFlow(self).calls(body)

    def body_call(self, body: Body) -> Call:
        """Read one gate application or barrier of a gate's body."""
        cursor, start = self.cursor, self.cursor.start
        if cursor.kind is not Kind.NAME:
            raise cursor.unexpected("a gate, 'barrier' or '}': nothing else stands in a gate's body")
        qubits: list[int] = []
        if cursor.accept("barrier"):
            self.listed(lambda: qubits.append(self.body_qubit(body)), (";",))
            self.end()
            over = list(dict.fromkeys(qubits)) or list(body.qubits.values())
            return self.call(BarrierGate(len(over)), Modifiers(), (), over, start)
        modifiers = self._modifiers()
        gate, _ = self._gate(body)
        terms = self.arguments(body.values)
        self.listed(lambda: qubits.append(self.body_qubit(body)), (";",))
        self.end()
        return self.call(gate, modifiers, terms, qubits, start)
