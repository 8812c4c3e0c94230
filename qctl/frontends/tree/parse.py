"""Texts to syntax trees, by the reference parser; what would exhaust it is refused before."""

from __future__ import annotations

import re
from contextlib import redirect_stderr
from io import StringIO
from typing import TYPE_CHECKING, Any

from qctl.core.errors import ProgramError

from ..limits import ReadLimits
from ..source import Source
from ..tokens import OPENQASM_3, Cursor, Kind

if TYPE_CHECKING:
    from openqasm3 import ast

_PLACE = re.compile(r"L(\d+):C(\d+): (.*)", re.DOTALL)
_OPENING, _CLOSING = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
_LONGEST = 4000  # words of one statement: the parser goes deeper with each operator


def parse(source: Source, limits: ReadLimits) -> ast.Program:
    """Return the syntax tree of an OpenQASM 3 text.

    Raises
    ------
    ProgramError
        When there is none, or when the text is too long or too deep for the parser.
    """
    with_pulses = _check(source, limits)
    from openqasm3.parser import QASM3ParsingError  # takes 0.1 s: only programs that need it pay

    try:
        tree = _parsed(source)
        if with_pulses:
            _parse_pulses(tree)
    except QASM3ParsingError as reason:
        raise _located(source, str(reason)) from reason
    except RecursionError as reason:
        raise source.unsupported("statements or expressions that are too deep", 0, "write them as several") from reason
    except (ValueError, AttributeError, TypeError, KeyError) as reason:  # what the parser itself trips over
        raise source.unsupported(f"a text that the parser cannot read ({reason})", 0) from reason
    return tree


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


def _check(source: Source, limits: ReadLimits) -> bool:
    """Refuse unknown characters, too many words, and brackets too deep within each other.

    Returns
    -------
    whether there are calibrations
    """
    cursor = Cursor(source, OPENQASM_3, limits)
    open_brackets: list[str] = []
    n_words, n_here, calibrations = 0, 0, False
    while cursor.kind is not Kind.END:
        n_words, n_here = n_words + 1, 0 if cursor.text in (";", "{", "}") else n_here + 1
        if n_words > limits.words or n_here > _LONGEST:
            what = "or more words in one program with control flow" if n_here <= _LONGEST else "words in one statement"
            most = limits.words if n_here <= _LONGEST else _LONGEST
            raise source.too_large(what, most + 1, most, cursor.start)
        if cursor.text in _OPENING:
            open_brackets.append(_OPENING[cursor.text])
            if len(open_brackets) > min(limits.nesting, 64):
                raise source.too_large("brackets within each other", len(open_brackets), 64, cursor.start)
        elif cursor.text in _CLOSING and (not open_brackets or open_brackets.pop() != cursor.text):
            raise cursor.unexpected("brackets in pairs")
        calibrations = calibrations or cursor.text in ("cal", "defcal")
        _next(cursor)
    return calibrations


def _next(cursor: Cursor) -> None:
    """Move to the next word; the rest of a line after ``pragma`` or ``@`` holds none."""
    text, start = cursor.source.text, cursor.start
    if cursor.text in ("pragma", "@") or (cursor.text == "#" and text.startswith("#pragma", start)):
        end = text.find("\n", start)
        cursor.move(len(text) if end < 0 else end)
    else:
        cursor.advance()
