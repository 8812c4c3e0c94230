"""Texts to syntax trees, by a quick parser where it knows them, else by the reference parser."""

from __future__ import annotations

import re
from contextlib import redirect_stderr, suppress
from io import StringIO
from typing import TYPE_CHECKING, Any

from qctl.core.errors import ProgramError

from ..limits import ReadLimits
from ..source import Source
from .reader import Meaningless, Unsure
from .words import Words, words_of

if TYPE_CHECKING:
    from openqasm3 import ast

_PLACE = re.compile(r"L(\d+):C(\d+): (.*)", re.DOTALL)


def parse(source: Source, limits: ReadLimits) -> ast.Program:
    """Return the syntax tree of an OpenQASM 3 text.

    Raises
    ------
    ProgramError
        When there is none, or when the text is too long or too deep for the parser.
    """
    words = words_of(source, limits)
    if words.plain:
        with suppress(Unsure):
            return _quick(source, words)
    from openqasm3.parser import QASM3ParsingError  # takes 0.1 s: only programs that need it pay

    try:
        tree = _parsed(source)
        if not words.plain:
            _parse_pulses(tree)
    except QASM3ParsingError as reason:
        raise _located(source, str(reason)) from reason
    except RecursionError as reason:
        raise source.unsupported("statements or expressions that are too deep", 0, "write them as several") from reason
    except (ValueError, AttributeError, TypeError, KeyError) as reason:  # what the parser itself trips over
        raise source.unsupported(f"a text that the parser cannot read ({reason})", 0) from reason
    return tree


def _quick(source: Source, words: Words) -> ast.Program:
    from .statements import quick_tree

    try:
        return quick_tree(words)
    except Meaningless as reason:
        raise source.unsupported(reason.what, reason.place, reason.remedy) from reason
    except RecursionError as reason:
        raise source.unsupported("statements or expressions that are too deep", 0, "write them as several") from reason


def _parsed(source: Source) -> ast.Program:
    """Return the tree; the first error ends it, where the parser's own driver would print it and lose its place."""
    from antlr4 import CommonTokenStream, InputStream
    from antlr4.error.ErrorListener import ErrorListener
    from openqasm3 import parser

    reference: Any = parser

    class Refuse(ErrorListener):  # type: ignore[misc] # the library is not typed
        def syntaxError(  # noqa: N802 - the library's name
            self, recognizer: object, symbol: object, line: int, column: int, message: str, error: object
        ) -> None:
            raise _located(source, f"L{line}:C{column}: {message}")

    lexer = reference.qasm3Lexer(InputStream(source.text))
    reader = reference.qasm3Parser(CommonTokenStream(lexer))
    for each in (lexer, reader):
        each.removeErrorListeners()
        each.addErrorListener(Refuse())
    tree: ast.Program = reference.QASMNodeVisitor().visitProgram(reader.program())
    return tree


def _parse_pulses(tree: ast.Program) -> None:
    """Let the parser of OpenPulse read what calibrations hold; it prints what it does not like."""
    from openpulse.parser import CalParser, OpenPulseParsingError

    try:
        with redirect_stderr(StringIO()):
            CalParser().visit(tree)
    except OpenPulseParsingError as reason:
        raise ValueError(f"in a calibration: {reason}") from reason


def _located(source: Source, text: str) -> ProgramError:
    found = _PLACE.match(text)
    if found is None:
        return source.wrong(f"this is no OpenQASM 3 ({text[:200] or 'syntax'})", 0)
    lines = source.text.splitlines(keepends=True)
    start = min(sum(map(len, lines[: int(found[1]) - 1])) + int(found[2]), len(source.text))
    return source.wrong(" ".join(found[3].split())[:200] or "this", start, "OpenQASM 3")
