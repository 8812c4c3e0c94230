"""What OpenQASM 3 statements act on: registers, their elements, ranges and sets, aliases, physical qubits."""

from __future__ import annotations

from collections.abc import Sequence

from qctl.core.errors import ProgramError

from .builder import Bits, ProgramBuilder, Qubits, kind_of
from .expression import evaluate, read_expression
from .tokens import Cursor, Kind
from .values import whole_number


class OperandReader:
    """Reads one operand at the cursor.

    Parameters
    ----------
    cursor, builder : of the reader of statements
    """

    def __init__(self, cursor: Cursor, builder: ProgramBuilder) -> None:
        self._cursor, self._builder, self._source = cursor, builder, cursor.source

    def qubits(self) -> Qubits:
        """Read qubits."""
        start = self._cursor.start
        found = self._operand()
        if not isinstance(found, Qubits):
            raise self._source.wrong("this is a classical register", start, "qubits")
        return found

    def bits(self) -> Bits:
        """Read classical bits."""
        start = self._cursor.start
        found = self._operand()
        if not isinstance(found, Bits):
            raise self._source.wrong("this is a quantum register", start, "classical bits")
        return found

    def concatenation(self) -> Qubits | Bits:
        """Read operands joined by ``++``: what an alias can stand for."""
        start = self._cursor.start
        first = self._operand()
        indices = list(first.indices)
        joined = False
        while self._cursor.accept("++"):
            joined = True
            at = self._cursor.start
            other = self._operand()
            if type(other) is not type(first):
                raise self._source.wrong("qubits joined with classical bits", at)
            indices.extend(other.indices)
            if len(indices) > self._cursor.limits.bits:
                raise self._source.too_large("elements of an alias", len(indices), self._cursor.limits.bits, at)
        if len(set(indices)) < len(indices):
            raise self._source.wrong("an alias that names one element twice", start)
        return type(first)(tuple(indices), single=first.single and not joined)

    def _operand(self) -> Qubits | Bits:
        cursor, start = self._cursor, self._cursor.start
        if cursor.kind is Kind.QUBIT:
            return self._builder.physical_qubit(int(cursor.advance()[1:]), start)
        name = cursor.take(Kind.NAME, "a register or qubit")
        entity = self._builder.find(name, start)
        if not isinstance(entity, (Qubits, Bits)):
            raise self._source.wrong(f"{name!r} is {kind_of(entity)}", start, "a register or qubit")
        while cursor.at("["):
            if entity.single:
                raise self._source.wrong(f"an index of the single element {name!r}", cursor.start)
            entity = self._indexed(entity)
        return entity

    def _indexed(self, register: Qubits | Bits) -> Qubits | Bits:
        cursor = self._cursor
        cursor.expect("[", "and an index")
        size = len(register.indices)
        if cursor.accept("{"):
            chosen = self._set(size)
        elif cursor.at(":"):
            chosen = self._range(0, size)
        else:
            start = cursor.start
            first = self._whole()
            if not cursor.at(":"):
                cursor.expect("]", "after the index")
                return type(register)((register.indices[self._within(first, size, start)],), single=True)
            chosen = self._range(self._within(first, size, start), size)
        cursor.expect("]", "after the index")
        return type(register)(tuple(register.indices[index] for index in chosen))

    def _whole(self) -> int:
        start = self._cursor.start
        value = evaluate(self._source, read_expression(self._cursor, self._builder.values), ())
        try:
            return whole_number(value)  # type: ignore[arg-type] # no parameter of a gate is here
        except ProgramError as reason:
            raise self._source.wrong(reason.asked, start, reason.allowed) from reason

    def _within(self, index: int, size: int, start: int) -> int:
        """Return an index from 0; negative ones count from the end."""
        if not -size <= index < size:
            raise self._source.wrong(f"index {index} of a register of {size}", start, f"{-size} to {size - 1}")
        return index % size

    def _set(self, size: int) -> Sequence[int]:
        cursor = self._cursor
        chosen: list[int] = []
        while not cursor.at("}"):
            start = cursor.start
            chosen.append(self._within(self._whole(), size, start))
            if not cursor.accept(","):
                break
        cursor.expect("}", "after the indices")
        return chosen

    def _range(self, first: int, size: int) -> Sequence[int]:
        """Read the rest of ``first:last`` or ``first:step:last``, both ends included."""
        cursor = self._cursor
        start = cursor.start
        cursor.advance()
        step, last = 1, size - 1
        if not cursor.at("]"):
            at = cursor.start
            last = self._whole()
            if cursor.accept(":"):
                step = last
                at = cursor.start
                last = size - 1 if cursor.at("]") else self._whole()
            last = self._within(last, size, at)
        if step == 0:
            raise self._source.wrong("a range with step 0", start)
        return range(first, last + (1 if step > 0 else -1), step)
