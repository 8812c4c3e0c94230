"""A text as rows of words, in one go; what would exhaust a parser is refused on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from qctl.core.errors import ProgramError

from ..glance import DECLARING, has_more_words
from ..limits import ReadLimits
from ..source import Source
from ..tokens import OPENQASM_3, Cursor

KEYWORDS = frozenset(
    {
        *("OPENQASM", "include", "defcalgrammar", "def", "cal", "defcal", "gate", "extern", "box", "let", "break"),
        *("continue", "if", "else", "end", "return", "for", "while", "in", "switch", "case", "default", "pragma"),
        *("input", "output", "const", "readonly", "mutable", "qreg", "qubit", "creg", "bool", "bit", "int", "uint"),
        *("float", "angle", "complex", "array", "void", "duration", "stretch", "gphase", "inv", "pow", "ctrl"),
        *("negctrl", "durationof", "delay", "reset", "measure", "barrier", "true", "false", "nop"),
    }
)
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![A-Za-z0-9_.])"
_TERM = rf"-?+[ \t]*+(?:{_NUMBER}|[A-Za-z_π][A-Za-z0-9_]*+)"
_SUM = rf"[ \t]*+{_TERM}(?:[ \t]*+[-+*/][ \t]*+{_TERM})*+[ \t]*+"
_PLACE = r"(?:[A-Za-z_][A-Za-z0-9_]*+(?:\[[0-9]{1,9}\])?+|\$[0-9]{1,9})"
_OTHERS = "|".join(sorted({*DECLARING, *KEYWORDS}))
RUN = re.compile(
    rf"(?:[ \t\r\n]*+(?!(?:{_OTHERS})\b)[A-Za-z_][A-Za-z0-9_]*+(?:[ \t]*+\({_SUM}(?:,{_SUM})*+\)[ \t]*+|[ \t]++)"
    rf"{_PLACE}(?:[ \t]*+,[ \t]*+{_PLACE})*+[ \t]*+;){{8,}}+"
)
"""Eight or more statements that look like gates on single qubits."""
OPENING, CLOSING = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
LONGEST = 4000  # words of one statement: parsers go deeper with each operator
DEEPEST = 64  # brackets within each other
SOON = 10_000  # words after which the rest is looked at: what fails before costs nothing


@dataclass
class Words:
    """The words of a text, by kind (a name of `Kind`), text and place; the last is the end of the text.

    Parameters
    ----------
    lines : pragmas and annotations as they stand in the text, up to the end of their line, by the number of the word
        that they begin with
    n_names, n_stretches : declared so far
    runs : where rows of plain gates end, and how many they are, by the number of the one word (of the kind FLAT) that
        stands for each
    """

    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    lines: dict[int, str] = field(default_factory=dict)
    runs: dict[int, tuple[int, int]] = field(default_factory=dict)
    n_names: int = 0
    n_stretches: int = 0


def words_of(source: Source, limits: ReadLimits, first: int = 0, last: int | None = None) -> Words:
    """Return the words of a text, or of a part of it; of the whole text, rows of plain gates are one word each.

    Raises
    ------
    ProgramError
        For unknown characters, too many words, and brackets too deep within each other or not in pairs.
    """
    found, text = Words(), source.text
    space, token = OPENQASM_3.space.match, OPENQASM_3.token.match
    kinds, texts, starts = found.kinds, found.texts, found.starts
    at, since, open_brackets, longest = first, 0, list[str](), limits.digits
    size, behind_set, in_set = len(text) if last is None else last, -1, False
    while True:
        gap = space(text, at, size)
        at = gap.end() if gap else at
        if len(texts) == since != behind_set and last is None and (run := RUN.match(text, at)):
            found.runs[len(texts)] = run.end(), text.count(";", at, run.end())
            kinds.append("FLAT")
            texts.append("")
            starts.append(at)
            at, since = run.end(), len(texts)
            continue
        match = token(text, at, size)
        if match is None or match.end() - at > longest:
            if at < size:
                Cursor(source, OPENQASM_3, limits, at)  # says what is wrong here
            if at >= size:
                break
            assert match is not None  # a long string
        word = match.group()
        kinds.append(match.lastgroup or "")
        texts.append(word)
        starts.append(at)
        if word in _MATTER:
            if word in _ENDS and len(texts) > since + 1 and texts[since] in DECLARING:
                _declared(source, limits, found, since)
            since = _weigh(source, found, open_brackets, since, at)
            if word == "{" and texts[-2:-1] == ["in"]:
                in_set = True
            elif word == "}" and in_set:
                behind_set, in_set = len(texts), False  # the body of a loop follows
        if len(texts) == SOON:
            _refuse_many(source, limits, RUN if found.runs else None)
        if len(texts) > limits.words:
            raise _too_many(source, limits, at)
        if len(texts) - since > LONGEST:
            raise source.too_large("words in one statement", LONGEST + 1, LONGEST, at)
        at = match.end()
        if word in _LINES and _is_note(text, texts, starts[-1]):
            if word == "@" and not text[at : at + 1].isidentifier():
                raise source.wrong("'@' without a name", starts[-1], "an annotation such as @name")
            end = text.find("\n", starts[-1])
            at = len(text) if end < 0 else end
            found.lines[len(starts) - 1] = text[starts[-1] : at]
            since = len(texts)
    kinds.append("END")
    texts.append("")
    starts.append(size)
    return found


def _is_note(text: str, texts: list[str], start: int) -> bool:
    """Say whether the last word begins an annotation or a pragma, and not what follows a modifier."""
    if texts[-1] == "@":
        return len(texts) < 2 or texts[-2] not in _MODIFIED
    return texts[-1] != "#" or text.startswith("#pragma", start)


def _refuse_many(source: Source, limits: ReadLimits, runs: re.Pattern[str] | None) -> None:
    """Refuse at a glance what surely has too many words: at least as many begin as are counted here."""
    if len(source.text) > limits.words and has_more_words(source.text, limits.words, runs):
        raise _too_many(source, limits, 0)


def _too_many(source: Source, limits: ReadLimits, start: int) -> ProgramError:
    asked = "or more words in one program with control flow"
    return source.too_large(asked, limits.words + 1, limits.words, start)


_MATTER = frozenset({*OPENING, *CLOSING, ";"})
_LINES = frozenset({"pragma", "@", "#"})  # what follows them, up to the end of the line, is no word
_MODIFIED = frozenset({")", "inv", "pow", "ctrl", "negctrl"})  # behind these, @ is a part of a modifier


_ENDS = frozenset({";", "{"})


def _declared(source: Source, limits: ReadLimits, found: Words, since: int) -> None:
    """Count a declaration, which begins at a word."""
    word, at = found.texts[since], found.starts[since]
    found.n_names += 1
    found.n_stretches += word == "stretch"
    for what, number, most in (
        ("declarations", found.n_names, limits.names),
        ("stretches", found.n_stretches, limits.stretches),
    ):
        if number > most:
            raise source.too_large(f"or more {what}", number, most, at)


def _weigh(source: Source, found: Words, open_brackets: list[str], since: int, at: int) -> int:
    """Look at a bracket, or at the end of a statement; return where the present statement begins."""
    word = found.texts[-1]
    if word in OPENING:
        open_brackets.append(OPENING[word])
        if len(open_brackets) > DEEPEST:
            raise source.too_large("brackets within each other", len(open_brackets), DEEPEST, at)
    elif word in CLOSING and (not open_brackets or open_brackets.pop() != word):
        raise source.wrong(f"unexpected sign {word!r}", at, "brackets in pairs")
    return len(found.texts) if word in (";", "{", "}") else since
