"""Texts to syntax trees, by a quick parser; statements that it does not know are read by the reference parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..limits import ReadLimits
from ..source import Source
from .words import words_of

if TYPE_CHECKING:
    from openqasm3 import ast


def parse(source: Source, limits: ReadLimits, first: int = 0, last: int | None = None) -> ast.Program:
    """Return the syntax tree of an OpenQASM 3 text, or of the statements between two places of it.

    Raises
    ------
    ProgramError
        When there is none, or when the text is too long or too deep for the parser.
    """
    words = words_of(source, limits, first, last)
    from .reader import Meaningless  # takes 0.1 s: only texts that may be programs pay
    from .reference import Reference
    from .statements import quick_tree

    try:
        return quick_tree(words, Reference(source, words, limits).statement)
    except Meaningless as reason:
        raise source.unsupported(reason.what, reason.place, reason.remedy) from reason
    except RecursionError as reason:
        raise source.unsupported("statements or expressions that are too deep", 0, "write them as several") from reason
    except (ValueError, AttributeError, TypeError, KeyError) as reason:  # what the reference parser trips over
        raise source.unsupported(f"a text that the parser cannot read ({reason})", 0) from reason
