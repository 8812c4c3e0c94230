"""Nodes of a file: scalars, lists and tables with their places, read by the core schema of YAML 1.2."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .mistakes import Place

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS = dict.fromkeys(("", "~", "null", "Null", "NULL")) | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}
_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word, number or text; ``plain`` when it stood without quotes."""

    place: Place
    text: str
    plain: bool

    def value(self) -> str | int | float | bool | None:
        """Return what YAML 1.2 reads here: ``010`` is ten, ``on`` and ``12:30`` are text, ``.inf`` is infinite."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if len(self.text) <= _LONGEST_NUMBER and not self.text[0].isalpha():
            if _INTEGER.fullmatch(self.text):
                return int(self.text)
            if _FLOAT.fullmatch(self.text):
                return float(self.text)
            if _NOT_FINITE.fullmatch(self.text):
                return float(self.text.replace(".", ""))
            if _OTHER_BASE.fullmatch(self.text):
                return int(self.text, 0)
        return self.text


@dataclass(frozen=True, slots=True)
class Listing:
    """Nodes in a row."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """Nodes by key; every key is text and stands once."""

    place: Place
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)


Node = Scalar | Listing | Table
