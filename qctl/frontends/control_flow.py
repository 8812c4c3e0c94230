"""Where control flow joins the readers: refused by name today, lowered from the same place one day."""

from __future__ import annotations

from qctl.core.errors import ProgramError

from .tokens import Cursor

WORDS = frozenset(
    ["if", "else", "for", "while", "switch", "case", "default", "break", "continue", "return", "end", "def", "extern"]
)
"""Words that begin a statement about the flow of control, in either version."""


def refused(cursor: Cursor) -> ProgramError:
    """Return the error for a statement of control flow at the cursor."""
    return cursor.source.unsupported(f"control flow: the statement {cursor.text!r}", cursor.start)
