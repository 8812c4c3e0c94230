"""Words to syntax trees: expressions. What this reader does not know, the reference parser reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from openqasm3 import ast

from .words import KEYWORDS, Words

Node = TypeVar("Node", bound=ast.QASMNode)
STRENGTH = {
    **dict.fromkeys(("||",), 1), **dict.fromkeys(("&&",), 2), **dict.fromkeys(("|",), 3), **dict.fromkeys(("^",), 4),
    **dict.fromkeys(("&",), 5), **dict.fromkeys(("==", "!="), 6), **dict.fromkeys(("<", ">", "<=", ">="), 7),
    **dict.fromkeys(("<<", ">>"), 8), **dict.fromkeys(("+", "-"), 9), **dict.fromkeys(("*", "/", "%"), 10),
    "**": 12,
}  # fmt: skip
"""How strongly operators bind; signs in front of an operand bind more strongly than products, less than powers."""
UNARY = 11
OPERATORS = {sign: ast.BinaryOperator[sign] for sign in STRENGTH}
SIGNS = {sign: ast.UnaryOperator[sign] for sign in ("-", "~", "!")}
UNITS = {"ns": "ns", "us": "us", "µs": "us", "ms": "ms", "s": "s", "dt": "dt"}
SCALARS = {"bit": ast.BitType, "int": ast.IntType, "uint": ast.UintType, "float": ast.FloatType, "angle": ast.AngleType}
BARE = {"bool": ast.BoolType, "duration": ast.DurationType, "stretch": ast.StretchType}


class Unsure(Exception):  # noqa: N818 - no error: another parser reads the text
    """Something that only the reference parser reads, or refuses."""


class Meaningless(Exception):  # noqa: N818 - becomes an error that knows the text
    """Something that the reference parser would read as something else; its place is an offset into the text."""

    def __init__(self, what: str, place: int, remedy: str) -> None:
        super().__init__(what)
        self.what, self.place, self.remedy = what, place, remedy


class Reader:
    """Reads expressions, operands and types; ``at`` is the number of the next word.

    A node's span is the place where it begins, an offset into the text.
    """

    def __init__(self, words: Words) -> None:
        self.kinds, self.texts, self.starts, self.lines = words.kinds, words.texts, words.starts, words.lines
        self.runs, self.at = words.runs, 0

    def accept(self, word: str) -> bool:
        """Step over a word if it is the next; say whether it was."""
        if self.texts[self.at] == word and self.kinds[self.at] != "STRING":
            self.at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        """Step over a word that must be the next."""
        if not self.accept(word):
            raise Unsure

    def placed(self, node: Node, start: int) -> Node:
        """Return a node that begins at a word."""
        node.span = self.starts[start]  # type: ignore[assignment]  # a place, where the reference parser has a span
        return node

    def name(self) -> ast.Identifier:
        """Read a name that is no word of the language."""
        at, text = self.at, self.texts[self.at]
        if self.kinds[at] != "NAME" or text in KEYWORDS:
            raise Unsure
        self.at += 1
        return self.placed(ast.Identifier(text), at)

    def several(self, read: Callable[[], Any], end: str) -> list[Any]:
        """Read items between commas, up to and with a closing sign; a comma may follow the last."""
        found = []
        while not self.accept(end):
            found.append(read())
            if not self.accept(","):
                self.expect(end)
                break
        return found

    def expression(self, least: int = 1) -> Any:  # noqa: ANN401 - any expression
        """Read an expression of operators that bind at least so strongly."""
        start = self.at
        left = self.operand()
        while True:
            sign = self.texts[self.at]
            strength = STRENGTH.get(sign, 0)
            if strength < least:
                return left
            self.at += 1
            right = self.expression(strength if sign == "**" else strength + 1)
            left = self.placed(ast.BinaryExpression(op=OPERATORS[sign], lhs=left, rhs=right), start)

    def operand(self) -> Any:  # noqa: ANN401
        """Read an operand with the signs before it and the indices behind it."""
        start, text = self.at, self.texts[self.at]
        if text in SIGNS:
            self.at += 1
            return self.placed(ast.UnaryExpression(op=SIGNS[text], expression=self.expression(UNARY)), start)
        if self.accept("("):
            node = self.expression()
            self.expect(")")
        elif self.kinds[start] == "NAME":
            node = self.named()
        else:
            node = self.literal()
        while self.texts[self.at] == "[":
            node = self.placed(ast.IndexExpression(collection=node, index=self.index()), start)
        return node

    def named(self) -> Any:  # noqa: ANN401
        """Read what begins with a word: a value, a call, or a cast."""
        start, text = self.at, self.texts[self.at]
        if text in ("true", "false"):
            self.at += 1
            return self.placed(ast.BooleanLiteral(text == "true"), start)
        if text in SCALARS or text in BARE:
            kind = self.type()
            self.expect("(")
            argument = self.expression()
            self.expect(")")
            return self.placed(ast.Cast(type=kind, argument=argument), start)
        name = self.function() if text == "pow" else self.name()
        if not self.accept("("):
            return name
        return self.call(name, self.several(self.expression, ")"), start)

    def function(self) -> ast.Identifier:
        """Read the name of the one function that is a modifier, too, and no expression to the reference parser."""
        at = self.at
        self.at += 1
        if self.texts[self.at] != "(":
            raise Unsure
        return self.placed(ast.Identifier(self.texts[at]), at)

    def call(self, name: ast.Identifier, arguments: list[Any], start: int) -> Any:  # noqa: ANN401
        """Return a call; ``sizeof`` is one by its looks alone."""
        if name.name != "sizeof":
            return self.placed(ast.FunctionCall(name=name, arguments=arguments), start)
        if len(arguments) not in (1, 2):
            raise Unsure
        return self.placed(ast.SizeOf(*arguments), start)

    def literal(self) -> Any:  # noqa: ANN401
        """Read a number, a duration, a bit string or a physical qubit."""
        start, kind, text = self.at, self.kinds[self.at], self.texts[self.at]
        self.at += 1
        if kind == "INTEGER":
            base = {"0x": 16, "0o": 8, "0b": 2}.get(text[:2].lower(), 10)
            if len(text) > 300:
                raise Unsure
            return self.placed(ast.IntegerLiteral(int(text, base)), start)
        if kind == "REAL":
            return self.placed(ast.FloatLiteral(float(text)), start)
        if kind == "IMAGINARY":
            return self.placed(ast.ImaginaryLiteral(float(text[:-2])), start)
        if kind == "QUBIT":
            return self.placed(ast.Identifier(text), start)
        if kind == "TIME":
            unit = text[-2:] if text[-2:] in UNITS else text[-1:]
            if unit not in UNITS:
                raise Unsure
            return self.placed(ast.DurationLiteral(float(text[: -len(unit)]), ast.TimeUnit[UNITS[unit]]), start)
        digits = text[1:-1].replace("_", "")
        if kind != "STRING" or not digits or digits.strip("01") or text[0] != '"':
            raise Unsure
        return self.placed(ast.BitstringLiteral(int(digits, 2), len(digits)), start)

    def index(self) -> Any:  # noqa: ANN401
        """Read an index in brackets: a set, or expressions and ranges."""
        self.expect("[")
        if self.texts[self.at] == "{":
            found = self.set()
            self.expect("]")
            return found
        return self.several(self.range, "]")

    def range(self) -> Any:  # noqa: ANN401
        """Read an expression, or a range ``a:b`` or ``a:step:b`` whose ends may be left out."""
        start = self.at
        parts = [None if self.texts[self.at] == ":" else self.expression()]
        while self.accept(":"):
            parts.append(None if self.texts[self.at] in (":", "]", ",") else self.expression())
        if len(parts) == 1:
            return parts[0]
        if len(parts) > 3 or (len(parts) == 3 and parts[1] is None):
            raise Unsure
        step = parts[1] if len(parts) == 3 else None
        return self.placed(ast.RangeDefinition(start=parts[0], end=parts[-1], step=step), start)

    def set(self) -> ast.DiscreteSet:
        """Read a set in braces."""
        start = self.at
        self.expect("{")
        found = self.several(self.expression, "}")
        if not found:
            raise Unsure
        return self.placed(ast.DiscreteSet(values=found), start)

    def place(self) -> Any:  # noqa: ANN401
        """Read a name with or without indices, or a physical qubit."""
        start = self.at
        if self.kinds[start] == "QUBIT":
            return self.literal()
        name = self.name()
        if self.texts[self.at] != "[":
            return name
        indices = []
        while self.texts[self.at] == "[":
            indices.append(self.index())
        return self.placed(ast.IndexedIdentifier(name=name, indices=indices), start)

    def designator(self) -> Any:  # noqa: ANN401
        """Read an expression in brackets, or None where there is none."""
        if not self.accept("["):
            return None
        found = self.expression()
        self.expect("]")
        return found

    def type(self) -> Any:  # noqa: ANN401
        """Read a type of single values."""
        start, text = self.at, self.texts[self.at]
        self.at += 1
        if text in BARE:
            return self.placed(BARE[text](), start)
        if text not in SCALARS:
            raise Unsure
        size = self.designator()
        odd = isinstance(size, ast.UnaryExpression) or (isinstance(size, ast.IntegerLiteral) and size.value == 0)
        if odd and text not in ("bit", "float"):
            raise Unsure
        return self.placed(SCALARS[text](size=size), start)
