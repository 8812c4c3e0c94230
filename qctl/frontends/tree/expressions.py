"""Expressions of the syntax tree to values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from openqasm3 import ast

from qctl.core.operators import exact

from ..arithmetic import decimal, duration
from ..builder import Qubits
from ..calculate import FUNCTIONS, binary, exact_quotient, unary
from ..values import BOOL, COMPLEX, CONSTANTS, DURATION, FLOAT, LITERAL, Type, Value, as_bool, cast, literal
from .context import Context
from .names import Variable
from .references import Choice, Index, Reference, part, read, size_of, whole

_DECIMAL = re.compile(r"(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9_]+)?")
_SIZED: dict[type, str] = {ast.IntType: "int", ast.UintType: "uint", ast.AngleType: "angle", ast.BitType: "bit"}
_PLAIN: dict[type, Type] = {
    ast.BoolType: BOOL, ast.FloatType: FLOAT, ast.ComplexType: COMPLEX, ast.DurationType: DURATION,
    ast.StretchType: Type("stretch"),
}  # fmt: skip


class Expressions:
    """Evaluates expressions as far as they are known.

    Parameters
    ----------
    context : of the lowering
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._exact = False
        self._rules: dict[type, Callable[[Any], Value]] = {
            ast.IntegerLiteral: self._integer, ast.FloatLiteral: self._real, ast.BooleanLiteral: self._truth,
            ast.ImaginaryLiteral: lambda node: Value(COMPLEX, complex(0, node.value)),
            ast.BitstringLiteral: lambda node: Value(Type("text", node.width), node.value),
            ast.DurationLiteral: self._duration, ast.Identifier: self._name, ast.IndexExpression: self._indexed,
            ast.UnaryExpression: self._unary, ast.BinaryExpression: self._binary, ast.Cast: self._cast,
            ast.FunctionCall: self._call, ast.SizeOf: self._sizeof, ast.DurationOf: self._durationof,
            ast.ArrayLiteral: self._array, ast.QuantumMeasurement: self._measurement,
        }  # fmt: skip
        self.measure: Callable[[Any], Value] = self._refused
        self.duration_of: Callable[[Any], Value] = self._refused
        self.others: Mapping[str, Callable[[Any], Value]] = {}  # functions that somebody else knows

    def value(self, node: Any) -> Value:  # noqa: ANN401 - a node of the tree
        """Return the value of an expression; raise ProgramError with its place where it has none."""
        with self._context.at(node):
            return self._rules.get(type(node), self._refused)(node)

    def exact(self, node: Any) -> Value:  # noqa: ANN401
        """Return the value of an angle: a quotient of whole numbers that leaves a rest is refused there."""
        self._exact, before = True, self._exact
        try:
            return self.value(node)
        finally:
            self._exact = before

    def truth(self, node: Any) -> Any:  # noqa: ANN401
        """Return the term of a condition."""
        with self._context.at(node):
            return as_bool(self.value(node))

    def whole_number(self, node: Any, what: str) -> int:  # noqa: ANN401
        """Return a whole number that must be known before the program runs."""
        value = self.value(node)
        if not value.known or value.type.kind not in ("int", "uint", "bit"):
            raise self._context.wrong(
                node, f"{what} of type {value.type}", "a whole number known before the program runs"
            )
        return int(value.term)  # type: ignore[arg-type]

    def type_of(self, node: ast.ClassicalType) -> Type:
        """Return a type; sizes may only depend on what is known."""
        if isinstance(node, ast.ArrayType):
            shape = tuple(self._size(size, "an array") for size in node.dimensions)
            if math.prod(shape) > self._context.limits.bits or len(shape) > 7:
                raise self._context.source.too_large(
                    "elements of an array", math.prod(shape), self._context.limits.bits, self._context.start(node)
                )
            element = self.type_of(node.base_type)
            return Type(element.kind, element.width, shape)
        plain = _PLAIN.get(type(node))
        if plain is not None:
            if isinstance(node, ast.FloatType) and node.size is not None:
                self._float_size(node.size)
            return plain
        kind = _SIZED.get(type(node))
        if kind is None:
            raise self._context.unsupported(node, f"the type {type(node).__name__}")
        default = 1 if kind == "bit" else 64
        size = default if node.size is None else self._size(node.size, kind)  # type: ignore[attr-defined]
        most = self._context.limits.bits if kind == "bit" else 64
        if size > most:
            raise self._context.source.too_large(f"bits of one {kind}", size, most, self._context.start(node))
        return Type(kind, size)

    def _float_size(self, node: Any) -> None:  # noqa: ANN401
        size = self._size(node, "float")
        if size not in (16, 32, 64):
            raise self._context.unsupported(node, f"float[{size}]", "sizes of 16, 32 and 64 are computed with 64 bits")

    def _size(self, node: Any, what: str) -> int:  # noqa: ANN401
        size = self.whole_number(node, f"a size of {what}")
        if size < 1:
            raise self._context.wrong(node, f"{size} as the size of {what}", "whole numbers from 1")
        return size

    def reference(self, node: Any) -> Reference | Choice[Reference]:  # noqa: ANN401
        """Return the variable, or the part of it, that a name with indices stands for."""
        with self._context.at(node):
            if isinstance(node, ast.Identifier):
                return whole(self.variable(node))
            if isinstance(node, ast.IndexedIdentifier):
                found: Reference | Choice[Reference] = whole(self.variable(node.name))
                for element in node.indices:
                    found = self._part(found, element)
                return found
            return self._part(self.reference(node.collection), node.index)

    def variable(self, node: ast.Identifier) -> Variable:
        """Return the variable that a name stands for."""
        found = self._context.names.find(node.name)
        if not isinstance(found, Variable):
            raise self._context.wrong(node, f"{node.name!r} is no variable here", "a variable declared above")
        return found

    def _part(self, of: Reference | Choice[Reference], element: Any) -> Reference | Choice[Reference]:  # noqa: ANN401
        if isinstance(of, Choice):
            return Choice(of.index, tuple(self._part(way, element) for way in of.ways))  # type: ignore[misc]
        return part(of, self.indices(element, [size_of(of, axis) for axis in range(_axes(element))]))

    def indices(self, element: Any, sizes: list[int]) -> list[Index]:  # noqa: ANN401
        """Return the indices within one pair of brackets, for axes of given sizes."""
        if isinstance(element, ast.DiscreteSet):
            return [tuple(self._within(node, sizes[0]) for node in element.values)]
        return [self._index(node, size) for node, size in zip(element, sizes, strict=True)]

    def _index(self, node: Any, size: int) -> Index:  # noqa: ANN401
        if isinstance(node, ast.RangeDefinition):
            return tuple(self._range(node, size))
        if isinstance(node, ast.DiscreteSet):
            return tuple(self._within(each, size) for each in node.values)
        value = self.value(node)
        if not value.known and value.type.kind in ("int", "uint", "bit", "bool"):
            return value.term
        return self._within(node, size, value)

    def _within(self, node: Any, size: int, value: Value | None = None) -> int:  # noqa: ANN401
        found = self.value(node) if value is None else value
        if not found.known or found.type.kind not in ("int", "uint", "bit", "bool"):
            raise self._context.wrong(node, f"an index of type {found.type}", "a whole number")
        index = int(found.term)  # type: ignore[arg-type]
        if not -size <= index < size:
            raise self._context.wrong(node, f"index {index} of {size} elements", f"{-size} to {size - 1}")
        return index % size

    def _range(self, node: ast.RangeDefinition, size: int) -> range:
        step = 1 if node.step is None else self.whole_number(node.step, "a step")
        if step == 0:
            raise self._context.wrong(node, "a range with step 0")
        ends = (0, size - 1) if step > 0 else (size - 1, 0)
        first = ends[0] if node.start is None else self._within(node.start, size)
        last = ends[1] if node.end is None else self._within(node.end, size)
        return range(first, last + (1 if step > 0 else -1), step)

    def _refused(self, node: Any) -> Value:  # noqa: ANN401
        raise self._context.unsupported(node, f"the expression {type(node).__name__}")

    def _integer(self, node: ast.IntegerLiteral) -> Value:
        return literal(node.value)

    def _real(self, node: ast.FloatLiteral) -> Value:
        if not math.isfinite(node.value):
            raise self._context.wrong(node, "a number that is not finite", "finite numbers of 64 bits")
        return Value(FLOAT, node.value)

    def _truth(self, node: ast.BooleanLiteral) -> Value:
        return Value(BOOL, int(node.value))

    def _duration(self, node: ast.DurationLiteral) -> Value:
        if not math.isfinite(node.value):
            raise self._context.wrong(node, f"a duration of {node.value} {node.unit.name}", "finite durations")
        if node.unit.name == "dt":
            machine = self._context.builder.machine
            if machine is None:
                what = "a duration in dt, the step of a laboratory's clock"
                raise self._context.unsupported(node, what, "write it in ns, us, ms or s, or let a laboratory run it")
            return Value(DURATION, decimal(self._written(node)) * exact(machine.tick))
        try:
            return Value(DURATION, duration(self._written(node), node.unit.name))
        except ValueError as reason:
            raise self._context.wrong(node, str(reason), "finite numbers of 64 bits") from reason

    def _written(self, node: ast.DurationLiteral) -> str:
        """Return a number as it stands in the text, where more digits may stand than the tree keeps."""
        found = _DECIMAL.match(self._context.source.text, self._context.start(node))
        text = found[0].replace("_", "") if found else ""
        return text if text and float(text) == node.value else repr(node.value)

    def _name(self, node: ast.Identifier) -> Value:
        found = self._context.names.find(node.name)
        if isinstance(found, Variable):
            return read(self._context.tape, whole(found))
        constant = CONSTANTS.get(node.name)
        if found is None and constant is not None:
            return constant
        what = "qubits" if isinstance(found, Qubits) else "no value here"
        raise self._context.wrong(node, f"{node.name!r} is {what}", "a variable or constant declared above")

    def _indexed(self, node: ast.IndexExpression) -> Value:
        inner: Any = node
        while isinstance(inner, ast.IndexExpression):
            inner = inner.collection
        if isinstance(inner, ast.Identifier):
            return read(self._context.tape, self.reference(node))
        value = self.value(node.collection)
        if value.type.kind not in ("bit", "uint", "int", "angle", "text") or value.type.shape:
            raise self._context.wrong(node, f"an index of {value.type}", "registers, whole numbers and angles")
        cell = self._context.tape.new_cell(0)
        self._context.tape.assign(cell, value.term)
        word = Reference(Type("bit" if value.type.kind == "text" else value.type.kind, value.type.width), (cell,))
        return read(self._context.tape, self._part(word, node.index))

    def _unary(self, node: ast.UnaryExpression) -> Value:
        return unary(node.op.name, self.value(node.expression))

    def _binary(self, node: ast.BinaryExpression) -> Value:
        a, b = self.value(node.lhs), self.value(node.rhs)
        return exact_quotient(a, b) if self._exact and node.op.name == "/" else binary(node.op.name, a, b)

    def _cast(self, node: ast.Cast) -> Value:
        return cast(self.value(node.argument), self.type_of(node.type), explicit=True)

    def _call(self, node: ast.FunctionCall) -> Value:
        name = node.name.name
        if name in FUNCTIONS and self._context.names.find(name) is None:
            n_arguments, function = FUNCTIONS[name]
            if len(node.arguments) != n_arguments:
                raise self._context.wrong(node, f"{name} of {len(node.arguments)} arguments", f"{n_arguments}")
            return function(*[self.value(argument) for argument in node.arguments])
        if name in self.others and self._context.names.find(name) is None:
            return self.others[name](node)
        value = self._context.call(node)
        if value is None:
            raise self._context.wrong(
                node, f"the value of {name!r}, which returns none", "a subroutine that returns one"
            )
        return value

    def _sizeof(self, node: ast.SizeOf) -> Value:
        axis = 0 if node.index is None else self.whole_number(node.index, "an axis")
        found = self.reference(node.target)
        if isinstance(found, Choice) or not 0 <= axis < len(found.type.shape):
            raise self._context.wrong(
                node, "the size of what is no array, or has no such axis", "arrays and their axes"
            )
        return Value(Type("uint"), found.type.shape[axis])

    def _array(self, node: ast.ArrayLiteral) -> Value:
        values = [self.value(each) for each in node.values]
        if not values or any(value.type.shape != values[0].type.shape for value in values):
            raise self._context.wrong(node, "an array of rows that differ, or of none", "rows of one shape")
        kinds = {value.type.element for value in values}
        element = kinds.pop() if len(kinds) == 1 else FLOAT if FLOAT in kinds else LITERAL
        parts = [p for value in values for p in (value.data if isinstance(value.data, tuple) else (value.data,))]
        return Value(Type(element.kind, element.width, (len(values), *values[0].type.shape)), tuple(parts))

    def _measurement(self, node: ast.QuantumMeasurement) -> Value:
        return self.measure(node)

    def _durationof(self, node: ast.DurationOf) -> Value:
        return self.duration_of(node)


def _axes(element: Any) -> int:  # noqa: ANN401
    return 1 if isinstance(element, ast.DiscreteSet) else len(element)
