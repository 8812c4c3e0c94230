"""Long rows of plain gates in a program with control flow: read by the quick way of gate streams, not word by word."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openqasm3 import ast

from qctl.core.errors import ProgramError

from ..builder import Qubits
from ..flat import FlatReader
from ..values import CONSTANTS
from .context import Context

PRICE = 8  # gates that count as one statement: they are so much cheaper
_REMEMBERED = 1000  # other statements whose trees are kept for the next round of a loop
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")


@dataclass
class FlatRun(ast.Statement):
    """Statements that look like gates on single qubits, from one place of the text to another."""

    begin: int
    end: int
    n_statements: int


class FlatRuns:
    """Runs rows of gates; what only looked like a plain gate is parsed and run like any statement.

    Parameters
    ----------
    context : of the lowering
    parse : returns the trees of the statements between two places of the text
    """

    def __init__(self, context: Context, parse: Callable[[int, int], list[Any]]) -> None:
        self._context, self._parse = context, parse
        self._flat = FlatReader(context.builder, self._angles_at, self._find)
        self._others: dict[int, list[Any]] = {}

    def run(self, node: FlatRun) -> None:
        """Run a row of gates."""
        text, at = self._context.source.text, node.begin
        self._context.pay(node.n_statements // PRICE, node)
        self._flat.forget()  # names may stand for something else here
        while True:
            at = self._flat.read(at, node.end)
            if at >= node.end:
                return
            behind = text.index(";", at) + 1
            nodes = self._others.get(at) or self._parse(at, behind)
            if len(self._others) < _REMEMBERED:
                self._others[at] = nodes
            self._context.run(nodes)
            at = behind

    def _find(self, name: str) -> object:
        found = self._context.names.find(name)
        return found if isinstance(found, Qubits) else None

    def _angles_at(self, start: int) -> tuple[float, ...] | None:
        """Return angles of numbers and constants; None where variables are among them, or errors."""
        text = self._context.source.text
        names = set(_NAME.findall(text, start, text.index(")", start)))
        if not names <= CONSTANTS.keys() or any(self._context.names.find(name) is not None for name in names):
            return None
        try:
            return self._context.reader.angles_at(start)
        except ProgramError:
            return None
