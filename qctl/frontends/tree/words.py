"""A text as rows of words, in one go; what would exhaust a parser is refused on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from qctl.core.errors import ProgramError

from ..limits import ReadLimits
from ..source import Source
from ..tokens import OPENQASM_3, Cursor

OPENING, CLOSING = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
LONGEST = 4000  # words of one statement: parsers go deeper with each operator
DEEPEST = 64  # brackets within each other
SOON = 1000  # words after which the rest is looked at: what fails before costs nothing


@dataclass
class Words:
    """The words of a text, by kind (a name of `Kind`), text and place; the last is the end of the text.

    Parameters
    ----------
    plain : there are no calibrations, pragmas or annotations among them
    """

    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    plain: bool = True


def words_of(source: Source, limits: ReadLimits) -> Words:
    """Return the words of a text.

    Raises
    ------
    ProgramError
        For unknown characters, too many words, and brackets too deep within each other or not in pairs.
    """
    found, text = Words(), source.text
    space, token = OPENQASM_3.space.match, OPENQASM_3.token.match
    kinds, texts, starts = found.kinds, found.texts, found.starts
    at, since, open_brackets, longest = 0, 0, list[str](), limits.digits
    while True:
        gap = space(text, at)
        at = gap.end() if gap else at
        match = token(text, at)
        if match is None or match.end() - at > longest:
            if at < len(text):
                Cursor(source, OPENQASM_3, limits, at)  # says what is wrong here
            if at >= len(text):
                break
            assert match is not None  # a long string
        word = match.group()
        kinds.append(match.lastgroup or "")
        texts.append(word)
        starts.append(at)
        if word in _MATTER:
            since = _weigh(source, found, open_brackets, since, at)
        if len(texts) == SOON:
            _refuse_many(source, limits)
        if len(texts) > limits.words:
            raise _too_many(source, limits, at)
        if len(texts) - since > LONGEST:
            raise source.too_large("words in one statement", LONGEST + 1, LONGEST, at)
        at = match.end()
        if word in _LINES and (word != "@" or len(texts) < 2 or texts[-2] not in _MODIFIED):
            if word != "#" or text.startswith("#pragma", starts[-1]):
                end = text.find("\n", starts[-1])
                at = len(text) if end < 0 else end
            found.plain = False
    kinds.append("END")
    texts.append("")
    starts.append(len(text))
    return found


def _refuse_many(source: Source, limits: ReadLimits) -> None:
    """Refuse at a glance what surely has too many words: at least as many begin as are counted here."""
    text = source.text
    if len(text) <= limits.words or any(sign in text for sign in _BESIDE):
        return
    if len(_BEGINNING.findall(text)) > limits.words:
        raise _too_many(source, limits, 0)


def _too_many(source: Source, limits: ReadLimits, start: int) -> ProgramError:
    asked = "or more words in one program with control flow"
    return source.too_large(asked, limits.words + 1, limits.words, start)


_MATTER = frozenset({*OPENING, *CLOSING, ";", "cal", "defcal"})
_LINES = frozenset({"pragma", "@", "#"})  # what follows them, up to the end of the line, is no word
_MODIFIED = frozenset({")", "inv", "pow", "ctrl", "negctrl"})  # behind these, @ is a part of a modifier
_BEGINNING = re.compile(r"(?<![\w.])(?<![eE][-+])(?<![0-9][ \t])\w|[;,]")
_BESIDE = ("//", "/*", '"', "'", "@", "#")  # what may hold characters that are no words


def _weigh(source: Source, found: Words, open_brackets: list[str], since: int, at: int) -> int:
    """Look at a bracket, or at the end of a statement; return where the present statement begins."""
    word = found.texts[-1]
    if word in OPENING:
        open_brackets.append(OPENING[word])
        if len(open_brackets) > DEEPEST:
            raise source.too_large("brackets within each other", len(open_brackets), DEEPEST, at)
    elif word in CLOSING and (not open_brackets or open_brackets.pop() != word):
        raise source.wrong(f"unexpected sign {word!r}", at, "brackets in pairs")
    elif word in ("cal", "defcal"):
        found.plain = False
    return len(found.texts) if word in (";", "{", "}") else since
