"""Words, numbers and signs of OpenQASM 2 and 3, one at a time."""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass, replace
from enum import Enum

from qctl.core.errors import ProgramError

from .limits import ReadLimits
from .source import Source

# OpenQASM 3 allows any letter in a name. Letters that look like others could make a name mean what no reader sees,
# so only the Greek ones that have no Latin twin are taken.
_GREEK = "αβγδεζηθλμξπρστφχψωϕϵΓΔΘΛΞΠΣΦΨΩℇ"
_DIGITS = "[0-9](?:_?[0-9]){0,300}+"  # longer ones are no numbers: nothing scans a million digits


COMMENT = r"//[^\n]*+|/\*[^*]{0,300}+\*++(?:[^*/][^*]{0,300}+\*++){0,30}+/"
"""Comments of OpenQASM 3, except for long ones."""


class Kind(Enum):
    """What a token is."""

    NAME = "name"
    INTEGER = "integer"
    REAL = "real number"
    TIME = "duration"
    IMAGINARY = "imaginary number"
    STRING = "string"
    QUBIT = "physical qubit"
    SIGN = "sign"
    END = "end of the text"


_KINDS = Kind.__members__


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one version of the language is written; ``token`` has a group for each kind but END.

    ``space`` ends before a long comment.
    """

    version: int
    space: re.Pattern[str]
    token: re.Pattern[str]
    strict: bool = False

    def skip(self, text: str, start: int, end: int = sys.maxsize) -> int:
        """Return where space and comments end, or where a comment begins that does not end."""
        while found := self.space.match(text, start, end):
            start = found.end()
            if self.version == 2 or not text.startswith("/*", start, end):
                break
            closing = text.find("*/", start + 2, end)  # hundreds of times as quick as an expression, star by star
            if closing < 0:
                break
            start = closing + 2
        return start


OPENQASM_2 = Dialect(
    2,
    re.compile(r"(?:[ \t\r\n]++|//[^\n]*+)*+"),
    re.compile(
        r"(?P<NAME>(?:[a-z][A-Za-z0-9_]*|U|CX|OPENQASM)(?![A-Za-z0-9_]))"
        r"|(?P<REAL>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?(?![A-Za-z0-9_.]))"
        r"|(?P<INTEGER>(?:0|[1-9][0-9]*)(?![A-Za-z0-9_.]))"
        r"|(?P<STRING>\"[^\"\r\n\t]{0,65535}\"|'[^'\r\n\t]{0,65535}')"
        r"|(?P<SIGN>->|==|[][(){},;+\-*/^])"
    ),
)

OPENQASM_2_STRICT = replace(OPENQASM_2, strict=True)

OPENQASM_3 = Dialect(
    3,
    re.compile(rf"(?:[ \t\r\n]++|{COMMENT})*+"),
    re.compile(
        rf"(?P<NAME>[A-Za-z_{_GREEK}][A-Za-z0-9_{_GREEK}]*)"
        r"|(?P<SIGN>->|\+\+|\*\*=?|<<=?|>>=?|&&|\|\||[<>=!]=|[-+*/%^&|~]=|/(?![/*])|[][(){},;:@<>=!~+\-*%^&|#])"
        rf"|(?P<TIME>(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS}|{_DIGITS})(?:[eE][-+]?{_DIGITS})?"
        r"[ \t]*(?:dt|ns|us|µs|μs|ms|s)(?![A-Za-z0-9_.]))"
        rf"|(?P<IMAGINARY>(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS}|{_DIGITS})(?:[eE][-+]?{_DIGITS})?"
        r"[ \t]*im(?![A-Za-z0-9_.]))"
        rf"|(?P<REAL>(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS}|{_DIGITS}(?=[eE]))(?:[eE][-+]?{_DIGITS})?"
        r"(?![A-Za-z0-9_.]))"
        rf"|(?P<INTEGER>(?:0[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*|0[oO][0-7](?:_?[0-7])*|0[bB][01](?:_?[01])*|{_DIGITS})"
        r"(?![A-Za-z0-9_.]))"
        r"|(?P<STRING>\"[^\"\r\n\t]{0,65535}\"|'[^'\r\n\t]{0,65535}')"
        r"|(?P<QUBIT>\$[0-9]+(?![A-Za-z0-9_.]))"
    ),
)


class Cursor:
    """A place in a text, and the token that begins there.

    Parameters
    ----------
    source, dialect, limits : what is read, how, and how much of it
    start : where to begin

    Attributes
    ----------
    kind, text, start, end : of the current token
    """

    __slots__ = ("dialect", "end", "kind", "limits", "source", "start", "text")

    def __init__(self, source: Source, dialect: Dialect, limits: ReadLimits, start: int = 0) -> None:
        self.source, self.dialect, self.limits = source, dialect, limits
        self.move(start)

    def move(self, start: int) -> None:
        """Read the token at or after ``start``."""
        text = self.source.text
        space = self.dialect.space.match(text, start)
        self.start = space.end() if space else start
        if text.startswith("/*", self.start):
            self.start = self.dialect.skip(text, self.start)
        found = self.dialect.token.match(text, self.start)
        if found is not None and found.lastgroup is not None:
            self.kind, self.text, self.end = _KINDS[found.lastgroup], found.group(), found.end()
            if self.end - self.start > self.limits.digits and self.kind is not Kind.STRING:
                raise self.source.too_large("characters in one word", self.end - self.start, self.limits.digits, start)
        elif self.start == len(text):
            self.kind, self.text, self.end = Kind.END, "", self.start
        else:
            raise self._unreadable()

    def advance(self) -> str:
        """Move to the next token; return the text of the one left behind."""
        left = self.text
        self.move(self.end)
        return left

    def at(self, sign: str) -> bool:
        """Say whether the current token is this word or sign."""
        return self.text == sign and self.kind in (Kind.SIGN, Kind.NAME)

    def accept(self, sign: str) -> bool:
        """Step over a word or sign if it is here; say whether it was."""
        if self.at(sign):
            self.move(self.end)
            return True
        return False

    def expect(self, sign: str, after: str) -> None:
        """Step over a word or sign that must be here."""
        if not self.accept(sign):
            raise self.unexpected(f"{sign!r} {after}")

    def take(self, kind: Kind, what: str) -> str:
        """Step over a token of one kind that must be here; return its text."""
        if self.kind is not kind:
            raise self.unexpected(what)
        return self.advance()

    def unexpected(self, allowed: str) -> ProgramError:
        """Return the error for a token that does not belong here."""
        return self.source.wrong(f"unexpected {self._shown}", self.start, allowed)

    @property
    def _shown(self) -> str:
        return self.kind.value if self.kind is Kind.END else f"{self.kind.value} {self.text[:40]!r}"

    def _unreadable(self) -> ProgramError:
        rest = self.source.text[self.start : self.start + 40]
        first = rest[0]
        if not first.isascii() or (not first.isprintable()):
            asked = f"the character U+{ord(first):04X} ({unicodedata.name(first, 'no name')})"
            return self.source.wrong(asked, self.start, "ASCII, and in OpenQASM 3 the letters " + _GREEK)
        if rest.startswith("/*"):
            return self.source.wrong("a comment '/*' without its end", self.start, "'*/' at the end of the comment")
        if first in "\"'":
            return self.source.wrong("a string that does not end on its line", self.start, "a closing quotation mark")
        word = re.split(r"[ \t\r\n;,()]", rest, maxsplit=1)[0]
        return self.source.wrong(f"{word!r} cannot be read", self.start, "a word, a number or a sign of the language")
