"""What is surely too large, seen at a glance: refused before anything is read."""

from __future__ import annotations

import re

from .limits import ReadLimits
from .source import Source

DECLARING = frozenset(
    {
        *("qreg", "creg", "qubit", "bit", "bool", "int", "uint", "float", "angle", "complex", "duration"),
        *("stretch", "array", "const", "input", "output", "let", "gate", "opaque", "def", "extern", "cal"),
        *("defcal", "port", "frame", "waveform"),
    }
)
"""Words that begin a declaration."""
_DECLARATION = re.compile(rf"(?:\A|[;{{}}])\s*+(?=((?:{'|'.join(sorted(DECLARING))})\b))")
_HIDDEN = re.compile(
    r"//[^\n]*|/\*[^*]*+(?:\*++[^*/][^*]*+)*+(?:\*++(?:/|\Z)|\Z)|\"[^\"\n]*\"?|'[^'\n]*'?|@\w[^\n]*|#[^\n]*|\bpragma\b[^\n]*"
)
_HIDING = ("//", "/*", '"', "'", "@", "#", "pragma")  # what may hold characters that are no words
_SIGNS = ";,(){}[]"
_UNITS = frozenset({"s", "ms", "us", "µs", "μs", "ns", "dt", "im"})  # may belong to the number before
_PIECE = 256 * 1024  # characters that are looked at together
_MOST_PIECES = 16


def refuse_many_names(source: Source, limits: ReadLimits) -> None:
    """Refuse a text without comments and strings that declares too many names soon."""
    text = source.text
    if text.count(";") + text.count("}") < limits.names or any(sign in text for sign in _HIDING):
        return
    for number, found in enumerate(_DECLARATION.finditer(text, 0, 2 * _PIECE), 1):
        if number > limits.names:
            raise source.too_large("or more declarations", number, limits.names, found.start(1))


def has_more_words(text: str, most: int, runs: re.Pattern[str] | None = None) -> bool:
    """Say whether a text surely has more words and signs, as far as a look at its beginning tells.

    Parameters
    ----------
    runs : what counts as one word
    """
    seen = text[: _MOST_PIECES * _PIECE]
    if any(sign in seen for sign in _HIDING):
        seen = _HIDDEN.sub(" ", seen)
    n_words = 0
    for start in range(0, len(seen), _PIECE):
        piece = seen[start : start + _PIECE]
        n_words += _least(piece if runs is None else runs.sub(" ", piece)) - 1  # one may be cut in two
        if n_words > most:
            return True
    return False


def _least(piece: str) -> int:
    """Return how many words and signs there are at least: some between two spaces, and the signs that end words."""
    n_signs = sum(map(piece.count, _SIGNS))
    for sign in _SIGNS:
        piece = piece.replace(sign, " ")
    words = piece.split()
    n_units = sum(map(words.count, _UNITS.intersection(words)))
    return n_signs + len(words) - n_units
