"""Flows to OpenQASM 3: branches and loops by their words, leaving several blocks by a counter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Context, Decimal
from fractions import Fraction

from qctl.core.errors import ProgramError
from qctl.core.flow import (
    Apply,
    Assign,
    Bit,
    Block,
    Branch,
    Cell,
    Fail,
    Leave,
    Loop,
    Play,
    Scope,
    Statement,
    Store,
    Term,
    Turn,
    reach,
    statements,
)
from qctl.core.outputs import arranged
from qctl.core.program import Op, Program

_INFIX = {
    "+": "+", "-": "-", "*": "*", "/": "/", "%": "%", "**": "**", "&": "&", "|": "|", "^": "^", "and": "&&", "or": "||",
    "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip
_TRUTHS = frozenset(["==", "!=", "<", "<=", ">", ">=", "and", "or", "not", "bool"])
_REALS = frozenset(["sin", "cos", "tan", "exp", "sqrt", "log", "arcsin", "arccos", "arctan", "float"])
_CALLS = _REALS | {"ceiling", "floor"}


class FlowWriter:
    """Writes the flow of a program.

    Parameters
    ----------
    bits, qubits : how each is written
    rows : writes events
    gate : writes the name of a gate
    """

    def __init__(
        self,
        bits: list[str],
        qubits: list[str],
        rows: Callable[[int, int], Iterator[str]],
        gate: Callable[[Op], str],
    ) -> None:
        self._bits, self._qubits, self._rows, self._gate = bits, qubits, rows, gate
        self._kinds: dict[int, str] = {}

    def declarations(self, program: Program) -> Iterator[str]:
        """Yield the declarations of hidden bits, variables, and the counter of blocks to leave."""
        if program.n_hidden and program.outputs:  # only outputs are shown
            yield f"bit[{program.n_hidden}] hidden;"
        self._kinds = _kinds(program)
        yield from (f"{self._kinds[cell]} v{cell};" for cell in sorted(self._kinds))
        if any(_deep(block) for block in program.flow):
            yield "int leaving = 0;"
        for name, (shape, terms) in arranged(dict(program.outputs)).items():
            kind = "float" if any(_is_real(term, self._kinds) for term in terms) else "int"
            yield f"output array[{kind}, {', '.join(map(str, shape))}] {name};" if shape else f"output {kind} {name};"

    def outputs(self, program: Program) -> Iterator[str]:
        """Yield what outputs become in the end."""
        yield from (f"{name} = {self.term(term)};" for name, term in program.outputs)

    def block(self, block: Block) -> Iterator[str]:
        """Yield the lines of a block."""
        for statement in block:
            yield from self._statement(statement)
            if isinstance(statement, Leave):
                return

    def _indented(self, block: Block) -> Iterator[str]:
        yield from ("  " + line for line in self.block(block))

    def _statement(self, each: Statement) -> Iterator[str]:
        if isinstance(each, Play):
            yield from self._rows(each.first, each.last)
        elif isinstance(each, Turn):
            yield self._turn(each)
        elif isinstance(each, Assign):
            yield f"v{each.cell} = {self._as(self._kinds[each.cell], each.value)};"
        elif isinstance(each, Store):
            yield from self._store(each)
        elif isinstance(each, Branch):
            yield f"if ({self._truth(each.condition)}) {{"
            yield from self._indented(each.then)
            if each.otherwise:
                yield "} else {"
                yield from self._indented(each.otherwise)
            yield "}"
        elif isinstance(each, (Scope, Loop)):
            yield from self._loop(each)
        elif isinstance(each, Leave):
            if each.depth > 1:
                yield f"leaving = {each.depth - 1};"
            yield "break;"
        else:
            assert isinstance(each, Fail)
            raise ProgramError(f"a run that may stop ({each.reason})", allowed="what OpenQASM 3 can say")

    def _loop(self, each: Scope | Loop) -> Iterator[str]:
        endless = isinstance(each, Scope) or each.condition == 1
        yield f"while ({'true' if endless else self._truth(each.condition)}) {{"  # type: ignore[union-attr]
        yield from self._indented(each.body)
        if isinstance(each, Scope) and not (each.body and isinstance(each.body[-1], Leave)):
            yield "  break;"
        yield "}"
        if reach((each,)):
            yield "if (leaving > 0) { leaving = leaving - 1; break; }"

    def _turn(self, each: Turn) -> str:
        on = ", ".join(self._qubits[qubit] for qubit in each.qubits)
        if each.op == Op.DELAY:
            time, angle = "1s * ", each.angles[0]
            if isinstance(angle, Apply) and angle.name == "float" and _is_time(angle.arguments[0], self._kinds):
                time, angle = "", angle.arguments[0]
            return f"delay[{time}{self.term(angle)}] {on};"
        from qctl.core.gates import N_ANGLES

        angles = each.angles[: N_ANGLES.get(Op(each.op), 0)]
        return f"{self._gate(Op(each.op))}({', '.join(f'float({self.term(angle)})' for angle in angles)}) {on};"

    def _store(self, each: Store) -> Iterator[str]:
        if len(each.bits) == 1:
            yield f"{self._bits[each.bits[0]]} = bit({self._low(each.value)});"
            return
        yield "{"
        yield f"  bit[{len(each.bits)}] word = bit[{len(each.bits)}](int({self.term(each.value)}));"
        yield from (f"  {self._bits[bit]} = word[{k}];" for k, bit in enumerate(each.bits))
        yield "}"

    def _low(self, term: Term) -> str:
        return f"bool({self.term(term)} % 2)" if not _is_truth(term) else self.term(term)

    def _as(self, kind: str, term: Term) -> str:
        return f"{kind}({self.term(term)})" if kind == "int" and _is_truth(term) else self.term(term)

    def _truth(self, term: Term) -> str:
        return self.term(term) if _is_truth(term) or isinstance(term, Bit) else f"{self.term(term)} != 0"

    def term(self, term: Term) -> str:
        """Return a term as an expression."""
        if isinstance(term, Bit):
            return self._bits[term.index]
        if isinstance(term, Cell):
            return f"v{term.index}"
        if isinstance(term, Fraction):
            return _written(term)
        if isinstance(term, (int, float)):
            return repr(term) if term >= 0 else f"({term!r})"
        assert isinstance(term, Apply)
        return self._applied(term.name, term.arguments)

    def _applied(self, name: str, arguments: tuple[Term, ...]) -> str:
        if name in _INFIX:
            a, b = (self._operand(name, x) for x in arguments)
            return f"({a} {_INFIX[name]} {b})"
        if name == "float" and _is_time(arguments[0], self._kinds):
            return f"({self.term(arguments[0])} / 1s)"
        if name in _CALLS:
            return f"{name}({self.term(arguments[0])})"
        if name == "not":
            return f"!({self._truth(arguments[0])})"
        if name == "bool":
            return f"bool({self.term(arguments[0])})"
        if name == "int":
            return f"int({self.term(arguments[0])})"
        if name in ("fitted", "exact"):  # the range is that of the variable it came from; the value is the same
            return self.term(arguments[0])
        writers: dict[str, Callable[..., str]] = {
            "<<": self._shifted, "packed": self._packed, "word": self._word, "signed": self._signed,
            "round": lambda x: f"floor({self.term(x)} + 0.5)", "popcount": lambda x: f"popcount(uint({self.term(x)}))",
        }  # fmt: skip
        special = writers.get(name)
        if special is None:
            raise ProgramError(f"the operator {name!r}", allowed="what OpenQASM 3 can say")
        return special(*arguments)

    def _operand(self, name: str, term: Term) -> str:
        if name in ("and", "or"):
            return self._truth(term)
        return f"int({self.term(term)})" if _is_truth(term) or isinstance(term, Bit) else self.term(term)

    def _shifted(self, value: Term, places: Term) -> str:
        if not isinstance(places, int):
            raise ProgramError("a shift by a number of places that is measured", allowed="known numbers of places")
        word = self._operand("<<", value)
        return f"({word} << {places})" if places >= 0 else f"({word} >> {-places})"

    def _packed(self, *bits: Term) -> str:
        parts = [
            self._operand("+", bit) if k == 0 else f"{self._operand('*', bit)} * {1 << k}" for k, bit in enumerate(bits)
        ]
        return f"({' + '.join(part for part, bit in zip(parts, bits, strict=True) if bit != 0) or '0'})"

    def _word(self, value: Term, width: Term) -> str:
        if not isinstance(width, int) or width > 62:
            raise ProgramError(f"words of {width} bits", allowed="at most 62")
        return f"({self._operand('&', value)} & {(1 << width) - 1})"

    def _signed(self, value: Term, width: Term) -> str:
        if not isinstance(width, int) or width > 62:
            raise ProgramError(f"words of {width} bits", allowed="at most 62")
        half = 1 << (width - 1)
        return f"((({self._operand('+', value)} + {half}) & {2 * half - 1}) - {half})"


def _is_truth(term: Term) -> bool:
    return isinstance(term, Apply) and term.name in _TRUTHS


def _is_real(term: Term, kinds: dict[int, str]) -> bool:
    if isinstance(term, float):
        return True
    if isinstance(term, Cell):
        return kinds.get(term.index) == "float"
    if not isinstance(term, Apply) or term.name in _TRUTHS | {"int", "round", "ceiling", "floor"}:
        return False
    return term.name in _REALS or any(_is_real(argument, kinds) for argument in term.arguments)


def _is_time(term: Term, kinds: dict[int, str]) -> bool:
    """Say whether a term is a duration: durations alone are fractions, and only they grow of them."""
    if isinstance(term, Cell):
        return kinds.get(term.index) == "duration"
    if not isinstance(term, Apply) or term.name not in ("+", "-", "*", "/"):
        return isinstance(term, Fraction)
    a, b = (_is_time(argument, kinds) for argument in term.arguments)
    return a and not b if term.name == "/" else a or b


def _written(seconds: Fraction) -> str:
    """Return a duration exactly: as a decimal number where it is one, otherwise as a quotient."""
    top, bottom = abs(seconds.numerator), seconds.denominator
    number = Context(prec=4500).divide(Decimal(top), Decimal(bottom))
    text = f"{number}s" if Fraction(number) == abs(seconds) else f"({top}s / {bottom})"
    return text if seconds >= 0 else f"(-{text})"


def _kinds(program: Program) -> dict[int, str]:
    """Return the type of each variable that is used: real where anything real is assigned, in any number of steps."""
    assigns = [each for block in program.flow for each in statements(block) if isinstance(each, Assign)]
    kinds = {each.cell: "int" for each in assigns}
    changed = True
    while changed:
        changed = False
        for each in assigns:
            if kinds[each.cell] == "int" and _is_time(each.value, kinds):
                kinds[each.cell], changed = "duration", True
            if kinds[each.cell] == "int" and _is_real(each.value, kinds):
                kinds[each.cell], changed = "float", True
    return kinds


def _deep(block: Block) -> bool:
    return any(isinstance(each, Leave) and each.depth > 1 for each in statements(block))
