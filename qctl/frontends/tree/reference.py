"""Statements that the quick parser does not know, or finds wrong: read one by one by the reference parser.

It takes some 30 us a word, so it gets no more of a text than the statement, and of a program no more than
``ReadLimits.rare`` words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from itertools import accumulate
from typing import Any

from openqasm3 import ast

from ..limits import ReadLimits
from ..source import Source
from .words import CLOSING, OPENING, Words

_PLACE = re.compile(r"L(\d+):C(\d+): (.*)", re.DOTALL)
_AT_LEAST = 16  # words that the shortest statement takes as long as
_SHORTEST = 3  # characters of a word in rows of gates, which the quick parser takes for one word
_AT_FIRST = 64  # words that it is given of a statement that is too long: something may be wrong with them


class Reference:
    """Reads single statements outside of all blocks.

    Parameters
    ----------
    source, words, limits : the text, its words, and how much of it may be read this way
    """

    def __init__(self, source: Source, words: Words, limits: ReadLimits) -> None:
        self._source, self._words, self._limits = source, words, limits
        self._left = limits.rare

    def statement(self, first: int) -> tuple[Any, int]:
        """Return the tree of the statement that begins at a word, and the number of the word behind it.

        Raises
        ------
        ProgramError
            When it is none, is too long, or when too many words were read this way before.
        """
        starts, last = self._words.starts, len(self._words.starts) - 1
        for n_words in self._lengths(first, last):
            end = first + n_words
            hidden = sum(self._words.runs[k][0] - starts[k] for k in range(first, end) if k in self._words.runs)
            if hidden // _SHORTEST > self._left:
                break
            text = self._source.text[starts[first] : starts[end]]
            try:
                node, behind = parsed(text)
            except _Wrong as reason:
                place = starts[first] + reason.place
                if end < last and place >= starts[end - 1]:
                    continue  # there is more of it
                raise self._source.wrong(reason.what, min(place, len(self._source.text)), "OpenQASM 3") from None
            n_read = next(k for k in range(n_words + 1) if starts[first + k] - starts[first] >= behind)
            if n_read == n_words and self._words.texts[end] == "else":
                continue
            self._left -= n_read + _AT_LEAST
            _move(node, text, starts[first])
            return node, first + n_read
        asked = "or more words in statements of rare kinds, or in one that is wrong"
        raise self._source.too_large(asked, self._limits.rare + 1, self._limits.rare, starts[first])

    def _lengths(self, first: int, last: int) -> Iterator[int]:
        """Yield how many words to read: up to where the statement seems to end, and more where it then does not."""
        n_words = self._end(first, last) - first
        if n_words > self._left:
            n_words = _AT_FIRST
        while n_words < min(last - first, self._left):
            yield n_words
            n_words *= 8
        if last - first <= self._left:
            yield last - first

    def _end(self, first: int, last: int) -> int:
        """Return the number of the word with which the next statement seems to begin."""
        depth, texts = 0, self._words.texts
        for at in range(first, last):
            depth += (texts[at] in OPENING) - (texts[at] in CLOSING)
            if depth <= 0 and texts[at] in (";", "}") and texts[at + 1] != "else":
                return at + 1
        return last


class _Wrong(Exception):  # noqa: N818 - becomes an error that knows the text
    """What the reference parser says, and an offset into what it was given."""

    def __init__(self, what: str, place: int) -> None:
        super().__init__(what)
        self.what, self.place = what, place


def parsed(text: str) -> tuple[Any, int]:
    """Return the tree of the first statement of a text, and the offset behind its last sign."""
    from antlr4 import CommonTokenStream, InputStream
    from antlr4.error.ErrorListener import ErrorListener
    from openqasm3 import parser

    reference: Any = parser

    class Refuse(ErrorListener):  # type: ignore[misc] # the library is not typed
        def syntaxError(  # noqa: N802 - the library's name
            self, recognizer: object, symbol: object, line: int, column: int, message: str, error: object
        ) -> None:
            raise _located(text, f"L{line}:C{column}: {message}")

    lexer = reference.qasm3Lexer(InputStream(text))
    reader = reference.qasm3Parser(CommonTokenStream(lexer))
    for each in (lexer, reader):
        each.removeErrorListeners()
        each.addErrorListener(Refuse())
    visitor = reference.QASMNodeVisitor()
    try:
        found = reader.statementOrScope()
        with visitor._push_context(None):  # as its visitor of whole programs does
            node = visitor.visit(found)
    except parser.QASM3ParsingError as reason:
        raise _located(text, str(reason)) from reason
    _parse_pulses(node)
    return node, found.stop.stop + 1


def _parse_pulses(node: Any) -> None:  # noqa: ANN401 - a node of the tree
    """Let the parser of OpenPulse read what calibrations hold; it prints what it does not like."""
    from openpulse.parser import CalParser, OpenPulseParsingError

    try:
        with redirect_stderr(StringIO()):
            CalParser().visit(ast.Program(statements=[node]))
    except OpenPulseParsingError as reason:
        raise _Wrong(f"in a calibration: {reason}", 0) from reason


def _located(text: str, message: str) -> _Wrong:
    found = _PLACE.match(message)
    if found is None:
        return _Wrong(f"this is no OpenQASM 3 ({message[:200] or 'syntax'})", 0)
    return _Wrong(" ".join(found[3].split())[:200] or "this", _line_starts(text)[int(found[1]) - 1] + int(found[2]))


def _line_starts(text: str) -> list[int]:
    return [0, *accumulate(len(line) + 1 for line in text.split("\n"))]


def _move(node: Any, text: str, start: int) -> None:  # noqa: ANN401
    """Make spans of a tree offsets into the whole text, as those of the quick parser are."""
    lines, todo = _line_starts(text), [node]
    while todo:
        one = todo.pop()
        if isinstance(one, (list, tuple)):
            todo += one
        elif isinstance(one, ast.QASMNode):
            if isinstance(one.span, ast.Span):
                one.span = start + lines[one.span.start_line - 1] + one.span.start_column  # type: ignore[assignment]
            todo += vars(one).values()
