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
    rf"(?:{OPENQASM_3.space.pattern})((?:[ \t\r\n]*+(?=[A-Za-z_])(?!(?:{_OTHERS})\b)[A-Za-z_][A-Za-z0-9_]*+"
    rf"(?:[ \t]*+\({_SUM}(?:,{_SUM})*+\)[ \t]*+|[ \t]++)"
    rf"{_PLACE}(?:[ \t]*+,[ \t]*+{_PLACE})*+[ \t]*+;){{8,}}+)"
)
"""Eight or more statements that look like gates on single qubits, behind space and short comments."""
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
    kinds, texts, starts = found.kinds, found.texts, found.starts
    at, since, open_brackets, longest = first, 0, list[str](), limits.digits
    size, behind_set, in_set, n_words, enough = len(text) if last is None else last, -1, False, 0, 0
    while True:
        if n_words == since != behind_set and last is None and (run := RUN.match(text, at)):
            start, at = run.span(1)
            found.runs[n_words] = at, text.count(";", start, at)
            kinds.append("FLAT")
            texts.append("")
            starts.append(start)
            n_words = since = n_words + 1
            continue
        match = _WORD.match(text, at, size)
        if match is None:  # behind a long comment, at the end, or something that is no word
            at = OPENQASM_3.skip(text, at, size)
            match = OPENQASM_3.token.match(text, at, size)
            if match is None and at < size:
                Cursor(source, OPENQASM_3, limits, at)  # says what is wrong here
            if match is None:
                break
        kind = match.lastgroup or ""
        start, at = match.span(kind)
        word = match[kind]
        if at - start > longest:
            Cursor(source, OPENQASM_3, limits, start)  # refuses all but a long string
        kinds.append(kind)
        texts.append(word)
        starts.append(start)
        n_words += 1
        if word in _MATTER:
            if word in _LINES and _is_note(text, texts, start):
                at, since = _line(source, limits, found, start, at), n_words
            elif word in _ENDS and n_words > since + 1 and texts[since] in DECLARING:
                _declared(source, limits, found, since)
            since = since if word in _LINES else _weigh(source, found, open_brackets, since, start)
            if word == "{" and texts[-2:-1] == ["in"]:
                in_set = True
            elif word == "}" and in_set:
                behind_set, in_set = n_words, False  # the body of a loop follows
        if n_words >= enough:
            enough = _refuse_many(source, limits, found, since, enough)
    kinds.append("END")
    texts.append("")
    starts.append(size)
    return found


def _is_note(text: str, texts: list[str], start: int) -> bool:
    """Say whether the last word begins an annotation or a pragma, and not what follows a modifier."""
    if texts[-1] == "@":
        return len(texts) < 2 or texts[-2] not in _MODIFIED
    return texts[-1] != "#" or text.startswith("#pragma", start)


def _line(source: Source, limits: ReadLimits, found: Words, start: int, behind: int) -> int:
    """Keep the line of an annotation or a pragma; return where it ends."""
    text = source.text
    if found.texts[-1] == "@" and not text[behind : behind + 1].isidentifier():
        raise source.wrong("'@' without a name", start, "an annotation such as @name")
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    found.lines[len(found.starts) - 1] = text[start:end]
    if len(found.lines) > limits.notes:
        raise source.too_large("or more pragmas and annotations", len(found.lines), limits.notes, start)
    return end


def _refuse_many(source: Source, limits: ReadLimits, found: Words, since: int, enough: int) -> int:
    """Refuse too many words, of one statement and of all; return with how many of them to look again."""
    n_words, at = len(found.texts), found.starts[-1]
    if n_words > limits.words:
        raise _too_many(source, limits, at)
    if n_words - since > LONGEST:
        raise source.too_large("words in one statement", LONGEST + 1, LONGEST, at)
    if n_words < SOON:
        return min(limits.words + 1, since + LONGEST + 1, SOON)
    runs = RUN if found.runs else None
    if enough <= SOON and len(source.text) > limits.words and has_more_words(source.text, limits.words, runs):
        raise _too_many(source, limits, 0)  # seen at a glance, once
    return min(limits.words, since + LONGEST) + 1


def _too_many(source: Source, limits: ReadLimits, start: int) -> ProgramError:
    asked = "or more words in one program with control flow"
    return source.too_large(asked, limits.words + 1, limits.words, start)


_LINES = frozenset({"pragma", "@", "#"})  # what follows them, up to the end of the line, is no word
_MATTER = frozenset({*OPENING, *CLOSING, ";", *_LINES})
_WORD = re.compile(rf"(?:{OPENQASM_3.space.pattern})(?:{OPENQASM_3.token.pattern})")
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
