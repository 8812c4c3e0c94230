"""Declarations and assignments."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any

from openqasm3 import ast

from qctl.core.flow import Expression

from ..builder import Qubits
from ..calculate import binary
from ..given import given
from ..tape import Place
from ..values import DURATION, SHOWN, Type, Value, cast
from .context import Context
from .expressions import Expressions
from .names import Variable
from .operands import Operands
from .references import Choice, Reference, read, whole, write

_ZEROS = {"complex": 0j, "float": 0.0, "duration": Fraction(0)}


class Classical:
    """Lowers declarations, measurements and assignments.

    Parameters
    ----------
    context, expressions, operands : of the lowering
    """

    def __init__(self, context: Context, expressions: Expressions, operands: Operands) -> None:
        self._context, self._expressions, self._operands = context, expressions, operands
        self.outputs: dict[str, Variable] = {}
        self.stretch: Callable[[], Expression] = Expression
        self.calibrated: Callable[[int, Place, Any], bool] = lambda *_: False
        expressions.measure = self.measured

    def new(self, kind: Type, *, fixed: bool = False, const: bool = False) -> Variable:
        """Return a new variable that no result shows; it holds zeros."""
        tape = self._context.tape
        if kind.kind == "bit" and not kind.shape:
            self._context.builder.reserve_bits(tape.n_hidden + kind.width, 0)
            return Variable(kind, tape.new_bits(kind.width), fixed, const)
        zero: Any = _ZEROS.get(kind.kind, 0)
        n_places = 1
        for size in kind.shape:
            n_places *= size
        return Variable(kind, tuple(tape.new_cell(zero) for _ in range(n_places)), fixed, const)

    def fill(self, variable: Variable, value: Value) -> None:
        """Give a whole variable a value."""
        write(self._context.tape, whole(variable), value)

    def declare(self, node: ast.ClassicalDeclaration | ast.ConstantDeclaration) -> None:
        """Declare a variable or constant, with what it begins with."""
        const = isinstance(node, ast.ConstantDeclaration)
        kind = self._expressions.type_of(node.type)
        if kind.kind == "stretch":
            variable = self.new(DURATION, fixed=True)
            self._context.tape.assign(variable.places[0], self.stretch())
            self._name(node, node.identifier.name, variable)
            return
        begins = node.init_expression
        if kind.kind == "bit" and not (kind.shape or const) and isinstance(begins, ast.QuantumMeasurement):
            self._declare_measured(node, kind, begins)
            return
        first = None if node.init_expression is None else self._first(node.init_expression, const)
        variable = self._global_bits(node, kind) or self.new(kind, fixed=const, const=const)
        if first is None:
            self._name(node, node.identifier.name, variable)
            return
        with self._context.at(node.init_expression or node):
            write(self._context.tape, whole(variable), cast(first, kind))
        self._name(node, node.identifier.name, variable)
        if const and isinstance(first.data, (int, float, Fraction)):
            self._visible_in_gates(node.identifier.name, variable)

    def _declare_measured(self, node: Any, kind: Type, measured: ast.QuantumMeasurement) -> None:  # noqa: ANN401
        """Declare bits that begin with a measurement: it goes into them, not by way of others."""
        qubits = self._operands.qubits(measured.qubit)
        bits = self._global_bits(node, kind) or self.new(kind)
        self._operands.each([qubits], lambda on: self._measure(node, on[0], bits))
        self._name(node, node.identifier.name, bits)

    def _first(self, node: Any, const: bool) -> Value:  # noqa: ANN401 - a node of the tree
        value = self._expressions.value(node)
        if const and not value.known:
            raise self._context.wrong(
                node, "a constant that depends on measured bits", "what is known before the program runs"
            )
        return value

    def _visible_in_gates(self, name: str, variable: Variable) -> None:
        value = read(self._context.tape, whole(variable))
        if value.known and self._context.names.is_global:
            self._context.builder.values[name] = value

    def _global_bits(self, node: ast.ClassicalDeclaration | ast.ConstantDeclaration, kind: Type) -> Variable | None:
        """Return bits that results show: registers, and arrays of them, that are declared outside of all blocks."""
        if kind.kind != "bit" or not self._context.names.is_global or isinstance(node, ast.ConstantDeclaration):
            return None
        single = not kind.shape and node.type.size is None  # type: ignore[attr-defined]
        n_bits = prod(kind.shape) * kind.width
        bits = self._context.builder.add_bits(node.identifier.name, n_bits, self._context.start(node), single)
        places = tuple(~bit for bit in bits.indices)
        self._context.tape.known.update(dict.fromkeys(places, 0))
        return Variable(kind, places)

    def _name(self, node: Any, name: str, entity: Variable | Qubits) -> None:  # noqa: ANN401
        if not self._context.names.declare(name, entity):
            raise self._context.wrong(node, f"{name!r} is already defined in this scope")

    def qubits(self, node: ast.QubitDeclaration) -> None:
        """Declare a quantum register."""
        if not self._context.names.is_global:
            raise self._context.wrong(
                node, "qubits that are declared within a block", "declarations outside of all blocks"
            )
        size = None if node.size is None else self._expressions.whole_number(node.size, "a size of a register")
        if size is not None and size < 1:
            raise self._context.wrong(node, f"{size} as the size of a register", "whole numbers from 1")
        name = node.qubit.name
        self._context.builder.add_qubits(name, size or 1, self._context.start(node), single=size is None)
        entity = self._context.builder.names[name]
        assert isinstance(entity, Qubits)
        self._name(node, name, entity)

    def input_or_output(self, node: ast.IODeclaration) -> None:
        """Declare a parameter whose value comes from outside, or a variable that results show."""
        kind, name = self._expressions.type_of(node.type), node.identifier.name
        if node.io_identifier.name == "output":
            if kind.kind not in SHOWN:
                raise self._context.wrong(node, f"an output of type {kind}", f"{', '.join(SHOWN)}, and arrays of these")
            register = None if kind.shape else self._global_bits(node, kind)  # type: ignore[arg-type]
            variable = register or self.new(kind)
            self.outputs[name] = variable
            self._name(node, name, variable)
            return
        value = self._context.builder.input(name, self._context.start(node))
        variable = self.new(kind, fixed=True)
        with self._context.at(node):
            write(self._context.tape, whole(variable), given(name, value, kind))
        self._name(node, name, variable)

    def alias(self, node: ast.AliasStatement) -> None:
        """Declare another name for qubits or bits."""
        if self._operands.are_qubits(node.value):
            entity: Qubits | Variable = self._operands.known_qubits(node.value, "an alias")
        else:
            found = self._bits(node.value)
            entity = Variable(found.type, found.places)
        self._context.names.declare(node.target.name, entity)  # an alias may be given again

    def _bits(self, node: Any) -> Reference:  # noqa: ANN401
        if isinstance(node, ast.Concatenation):
            a, b = self._bits(node.lhs), self._bits(node.rhs)
            places = a.places + b.places
            if len(set(places)) < len(places):
                raise self._context.wrong(node, "an alias that names one element twice")
            return Reference(Type(a.type.kind, len(places)), places)
        found = self._expressions.reference(node)
        if isinstance(found, Choice) or found.word is not None or found.type.kind != "bit" or found.type.shape:
            raise self._context.unsupported(node, "an alias of anything but qubits and registers of bits")
        return found

    def assign(self, node: ast.ClassicalAssignment) -> None:
        """Give a variable, or a part of one, a value."""
        base = node.lvalue.name if isinstance(node.lvalue, ast.IndexedIdentifier) else node.lvalue
        assert isinstance(base, ast.Identifier)
        variable = self._expressions.variable(base)
        if variable.fixed:
            raise self._context.wrong(node, f"an assignment to {base.name!r}, which is constant", "a variable")
        value = self._expressions.value(node.rvalue)
        at = self._expressions.reference(node.lvalue)
        with self._context.at(node):
            if node.op.name != "=":
                value = binary(node.op.name[:-1], read(self._context.tape, at), value)
                if value.type.kind == "bit" or variable.type.kind in ("uint", "angle"):
                    write(self._context.tape, at, cast(value, variable.type.element, explicit=True))
                    return
            write(self._context.tape, at, value)

    def measure(self, node: ast.QuantumMeasurementStatement) -> None:
        """Measure qubits into bits."""
        qubits = self._operands.qubits(node.measure.qubit)
        if node.target is None:
            self._operands.each(
                [qubits], lambda on: self._measure(node, on[0], self.new(Type("bit", len(on[0].indices))))
            )
            return
        at = self._expressions.reference(node.target)
        if isinstance(at, Reference) and at.word is None and at.places[0] < 0 and not at.type.shape:
            bits = Variable(at.type, at.places)
            self._operands.each([qubits], lambda on: self._measure(node, on[0], bits))
            return
        value = self.measured(node.measure)
        with self._context.at(node):
            write(self._context.tape, at, value)

    def measured(self, node: ast.QuantumMeasurement) -> Value:
        """Measure qubits; return what comes out."""
        qubits = self._operands.qubits(node.qubit)
        first = qubits
        while isinstance(first, Choice):
            first = first.ways[0]
        bits = self.new(Type("bit", len(first.indices)))
        self._operands.each([qubits], lambda on: self._measure(node, on[0], bits))
        return read(self._context.tape, whole(bits))

    def _measure(self, node: Any, qubits: Qubits, bits: Variable) -> None:  # noqa: ANN401
        builder, tape, start = self._context.builder, self._context.tape, self._context.start(node)
        if len(qubits.indices) != len(bits.places):
            asked = f"a measurement of {len(qubits.indices)} qubits into {len(bits.places)} bits"
            raise self._context.wrong(node, asked, "as many bits as qubits")
        builder.stream.spread(len(bits.places), start)
        if not builder.is_physical:
            builder.stream.measure(qubits.indices, [~place for place in bits.places])
        for qubit, place in zip(qubits.indices, bits.places, strict=True) if builder.is_physical else ():
            if not self.calibrated(qubit, place, node):
                builder.stream.measure((qubit,), (~place,))
        tape.measured(bits.places)
