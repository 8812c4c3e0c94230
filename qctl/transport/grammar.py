"""What a reply may look like: each reader takes the whole reply and returns its value or raises ValueError.

Number formats follow IEEE 488.2-1992, chapter 8.7 (NR1, NR3); 9.91E+37 and 9.9E+37 are SCPI's not-a-number and
infinity (SCPI-1999, volume 1, chapter 7.2.1.4) and are refused like NaN and Inf.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

T = TypeVar("T")
Reader = Callable[[str], T]

_NR1 = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NR3 = re.compile(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_QUOTED = re.compile(r'"((?:[ !#-~]|"")*)"')
_PLAIN = re.compile(r"[ !#-:<-~]*")
_IDENTITY = re.compile(r"[ !#-+\--:<-~]+(?:,[ !#-+\--:<-~]*){3}")
_ERROR = re.compile(r'([+-]?\d{1,6})(?:\s?,\s?(?:"((?:[ !#-~]|"")*)"|([ !#-~]*)))?', re.ASCII)
_ONE_OF_MANY = re.compile(r'((?:"(?:[ !#-~]|"")*"|[ !#-:<-~])+)(?:;|\Z)')
_SCPI_INFINITY = 9.9e37


class ErrorEntry(NamedTuple):
    """One line of the instrument's error queue."""

    code: int
    message: str


def nr1(reply: str) -> int:
    """Read an integer."""
    if _NR1.fullmatch(reply) is None:
        raise ValueError("expected an integer")
    return int(reply)


def nr3(reply: str) -> float:
    """Read a finite decimal number."""
    if _NR3.fullmatch(reply) is None:
        raise ValueError("expected a number")
    value = float(reply)
    if not abs(value) < _SCPI_INFINITY:
        raise ValueError(f"{reply} stands for infinity or not-a-number")
    return value


def boolean(reply: str) -> bool:
    """Read 0 or 1."""
    if reply not in ("0", "1"):
        raise ValueError("expected 0 or 1")
    return reply == "1"


def quoted(reply: str) -> str:
    """Read a string in double quotes; a doubled quote inside stands for one."""
    return _matched(_QUOTED, reply, "a quoted string").group(1).replace('""', '"')


def plain(reply: str) -> str:
    """Read printable text without quotes or semicolons."""
    return _matched(_PLAIN, reply, "plain text").group()


def identity(reply: str) -> str:
    """Read the four comma-separated fields of ``*IDN?``."""
    return _matched(_IDENTITY, reply, "maker,model,serial,firmware").group()


def error_entry(reply: str) -> ErrorEntry:
    """Read ``code,"message"``; the message may miss its quotes or be absent."""
    found = _matched(_ERROR, reply, 'code,"message"')
    return ErrorEntry(int(found.group(1)), found.group(2) or found.group(3) or "")


def matching(pattern: str) -> Reader[str]:
    """Return a reader of text that matches the whole of ``pattern``."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda reply: _matched(compiled, reply, pattern).group()


def within(low: float, high: float) -> Reader[float]:
    """Return a reader of numbers from ``low`` to ``high``."""

    def read(reply: str) -> float:
        value = nr3(reply)
        if not low <= value <= high:
            raise ValueError(f"expected {low:g} to {high:g}")
        return value

    return read


def listed(read: Reader[T], length: int) -> Reader[list[T]]:
    """Return a reader of exactly ``length`` comma-separated items."""

    def read_list(reply: str) -> list[T]:
        items = reply.split(",")
        if len(items) != length:
            raise ValueError(f"expected {length} items")
        return [read(item) for item in items]

    return read_list


def several(read: Reader[T], count: int) -> Reader[list[T]]:
    """Return a reader of the answers to ``count`` queries in one message, joined by semicolons."""

    def read_answers(reply: str) -> list[T]:
        answers = _ONE_OF_MANY.findall(reply)
        if len(answers) != count or sum(map(len, answers)) + count - 1 != len(reply):
            raise ValueError(f"expected {count} answers")
        return [read(answer) for answer in answers]

    return read_answers


def _matched(pattern: re.Pattern[str], reply: str, wanted: str) -> re.Match[str]:
    found = pattern.fullmatch(reply)
    if found is None:
        raise ValueError(f"expected {wanted}")
    return found
