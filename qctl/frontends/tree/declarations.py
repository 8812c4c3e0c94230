"""Words to syntax trees: declarations and definitions."""

from __future__ import annotations

from typing import Any

from openqasm3 import ast

from .reader import Reader, Unsure
from .words import Words


class Declarations(Reader):
    """Reads what gives a name a meaning; ``n_loops`` says how many loops are around here."""

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        self.n_loops, self.depth, self.in_subroutine = 0, 0, False

    def block(self) -> list[Any]:
        """Read a block in braces."""
        raise NotImplementedError

    def is_global(self) -> None:
        """Leave to the reference parser what must stand outside of all blocks and does not."""
        if self.depth or self.in_subroutine:
            raise Unsure

    def ended(self, node: Any) -> Any:  # noqa: ANN401 - any statement
        """Return a statement that ends with a semicolon."""
        self.expect(";")
        return node

    def measurement(self) -> ast.QuantumMeasurement:
        """Read ``measure`` and what it measures."""
        start = self.at
        self.expect("measure")
        return self.placed(ast.QuantumMeasurement(self.place()), start)

    def value(self) -> Any:  # noqa: ANN401
        """Read an expression or a measurement."""
        return self.measurement() if self.texts[self.at] == "measure" else self.expression()

    def declaration(self, start: int) -> Any:  # noqa: ANN401
        """Read a declaration; a cast that begins a statement is no declaration."""
        kind, name = self.type(), self.name()
        return self.ended(ast.ClassicalDeclaration(kind, name, self.value() if self.accept("=") else None))

    def array(self, start: int) -> Any:  # noqa: ANN401
        """Read the declaration of an array."""
        self.is_global()
        self.at += 1
        self.expect("[")
        element = self.type()
        self.expect(",")
        sizes = self.several(self.expression, "]")
        if not sizes or isinstance(element, ast.StretchType) or any(isinstance(n, ast.UnaryExpression) for n in sizes):
            raise Unsure
        kind = self.placed(ast.ArrayType(element, sizes), start)
        name = self.name()
        return self.ended(ast.ClassicalDeclaration(kind, name, self.rows() if self.accept("=") else None))

    def rows(self) -> Any:  # noqa: ANN401
        """Read the elements of an array in braces, or a value."""
        start = self.at
        if not self.accept("{"):
            return self.value()
        return self.placed(ast.ArrayLiteral(self.several(self.element, "}")), start)

    def element(self) -> Any:  # noqa: ANN401
        """Read one element of an array, which may be a row itself."""
        return self.rows() if self.texts[self.at] == "{" else self.expression()

    def constant(self, start: int) -> Any:  # noqa: ANN401
        """Read ``const``."""
        self.at += 1
        kind, name = self.type(), self.name()
        self.expect("=")
        return self.ended(ast.ConstantDeclaration(kind, name, self.value()))

    def outside(self, start: int) -> Any:  # noqa: ANN401
        """Read ``input`` and ``output``."""
        self.is_global()
        which = ast.IOKeyword[self.texts[self.at]]
        self.at += 1
        return self.ended(ast.IODeclaration(which, self.type(), self.name()))

    def qubits(self, start: int) -> Any:  # noqa: ANN401
        """Read the declaration of qubits."""
        self.is_global()
        self.at += 1
        size = self.designator()
        return self.ended(ast.QubitDeclaration(self.name(), size))

    def old(self, start: int) -> Any:  # noqa: ANN401
        """Read ``qreg`` and ``creg``."""
        quantum = self.texts[self.at] == "qreg"
        self.at += 1
        name, size = self.name(), self.designator()
        if isinstance(size, ast.UnaryExpression) or (isinstance(size, ast.IntegerLiteral) and size.value == 0):
            raise Unsure
        if quantum:
            self.is_global()
            return self.ended(ast.QubitDeclaration(name, size))
        return self.ended(ast.ClassicalDeclaration(self.placed(ast.BitType(size=size), start), name, None))

    def alias(self, start: int) -> Any:  # noqa: ANN401
        """Read ``let``."""
        self.at += 1
        target = self.name()
        self.expect("=")
        first = self.at
        value = self.expression()
        while self.accept("++"):
            value = self.placed(ast.Concatenation(lhs=value, rhs=self.expression()), first)
        return self.ended(ast.AliasStatement(target, value))

    def definition(self, start: int) -> Any:  # noqa: ANN401
        """Read the head of a gate's definition and step over its body: the reader of gate streams reads it."""
        self.is_global()
        self.at += 1
        name = self.name()
        parameters = self.several(self.name, ")") if self.accept("(") else []
        on = [self.name()]
        while self.accept(","):
            on.append(self.name())
        self.expect("{")
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.texts[self.at], 0)
            self.at += 1
        return ast.QuantumGateDefinition(name, parameters, on, [])

    def subroutine(self, start: int) -> Any:  # noqa: ANN401
        """Read ``def``."""
        self.is_global()
        self.at += 1
        name = self.name()
        self.expect("(")
        arguments = self.several(self.argument, ")")
        kind = self.type() if self.accept("->") else None
        outer, self.n_loops, self.in_subroutine = self.n_loops, 0, True
        body = self.block()
        self.n_loops, self.in_subroutine = outer, False
        return ast.SubroutineDefinition(name, arguments, body, kind)

    def argument(self) -> Any:  # noqa: ANN401
        """Read one argument of a subroutine."""
        start = self.at
        if self.accept("qubit"):
            size = self.designator()
            return self.placed(ast.QuantumArgument(self.name(), size), start)
        if self.texts[start] in ("qreg", "creg"):  # the reference parser trips over both
            return self.old_argument(start)
        kind = self.type()
        return self.placed(ast.ClassicalArgument(kind, self.name()), start)

    def old_argument(self, start: int) -> Any:  # noqa: ANN401
        """Read an argument in the words of OpenQASM 2, whose size follows its name."""
        self.at += 1
        name, size = self.name(), self.designator()
        if self.texts[start] == "qreg":
            return self.placed(ast.QuantumArgument(name, size), start)
        return self.placed(ast.ClassicalArgument(self.placed(ast.BitType(size=size), start), name), start)

    def include(self, start: int) -> Any:  # noqa: ANN401
        """Read ``include``."""
        self.is_global()
        self.at += 2
        if self.kinds[self.at - 1] != "STRING":
            raise Unsure
        return self.ended(ast.Include(self.texts[self.at - 1][1:-1]))
