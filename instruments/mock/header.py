"""SCPI command headers: patterns with short and long forms, optional nodes and numeric suffixes.

Patterns are written as vendors' manuals and libscpi write them: ``OUTPut#[:MODulation#]:FM#?``. Capitals are the short
form, ``[...]`` may be left out, ``#`` is a numeric suffix (SCPI-99, volume 1, chapter 6).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Generic, TypeVar

Handler = TypeVar("Handler")

_NODE = re.compile(r"(?P<short>[*A-Z][A-Z0-9_]*)(?P<rest>[a-z0-9_]*)(?P<number>#?)")
_DIGITS = re.compile(r"\d+")
_CACHED = 4096  # headers remembered by a Tree: a hostile client must not fill the memory with them


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    rooted = pattern if pattern.startswith(("*", "[:")) else f":{pattern.removeprefix(':')}"
    parts, position = [], 0
    while position < len(rooted):
        node = _NODE.match(rooted, position)
        if node is None:
            parts.append({"[": "(?:", "]": ")?"}.get(rooted[position], re.escape(rooted[position])))
            position += 1
            continue
        rest = f"(?:{node['rest'].upper()})?" if node["rest"] else ""
        parts.append(re.escape(node["short"]) + rest + (r"(\d{0,9})" if node["number"] else ""))
        position = node.end()
    return re.compile("".join(parts))


def rooted(header: str) -> str:
    """Return a header in capitals that begins at the root: ``sour:freq?`` becomes ``:SOUR:FREQ?``."""
    header = header.upper()
    return header if header.startswith((":", "*")) else f":{header}"


def match(pattern: str, header: str) -> tuple[int, ...] | None:
    """Return the numeric suffixes (-1 where none was given), or None when the header does not match."""
    found = _expression(pattern).fullmatch(rooted(header))
    return None if found is None else tuple(int(digits) if digits else -1 for digits in found.groups())


def below(previous: str, header: str) -> str:
    """Return ``header`` as it is meant behind ``previous;`` in one message (IEEE 488.2, 7.6.1.5: the tree rules)."""
    if header.startswith((":", "*")) or not previous:
        return rooted(header)
    return f"{previous.rpartition(':')[0]}:{header.upper()}"


@dataclass
class Tree(Generic[Handler]):
    """What to do for each pattern; the first that matches is taken."""

    entries: Sequence[tuple[str, Handler]]
    _known: dict[str, tuple[str, Handler]] = field(default_factory=dict)

    def find(self, header: str) -> tuple[Handler, tuple[int, ...]] | None:
        """Return the entry and the numeric suffixes for a rooted header, or None."""
        alike = _DIGITS.sub("#", header)  # the same command with other suffixes is the same entry
        known = self._known.get(alike)
        for pattern, handler in self.entries if known is None else (known,):
            numbers = match(pattern, header)
            if numbers is not None:
                if len(self._known) < _CACHED:
                    self._known[alike] = pattern, handler
                return handler, numbers
        return None
