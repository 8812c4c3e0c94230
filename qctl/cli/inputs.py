"""Values of a program's inputs, as one writes them on a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qctl.core.errors import UsageError
from qctl.frontends import ReadLimits, refuse_many_points

FORMS = "name=1.5, name=true, name=0010, name=pi/2, name=10ns, name=0,0.5,1 or name=first:last:count"
_BITS = re.compile(r"[01]{2,}|0[0-9_]+")  # which the program reads as a number where it wants one


def read_inputs(texts: Sequence[str]) -> dict[str, object]:
    """Return inputs by name; a row of values is the points of a sweep.

    Raises
    ------
    UsageError
        When a text is no input, or a name comes twice.
    """
    found: dict[str, object] = {}
    for text in texts:
        name, sign, values = text.partition("=")
        if not sign or not name.isidentifier() or name in found:
            raise UsageError(f"the input {text!r}", allowed=f"each name once: {FORMS}")
        found[name] = _values(values, text)
    return found


def _values(values: str, text: str) -> object:
    if values.count(":") == 2:
        first, last, count = (_number(each, text) for each in values.split(":"))
        if not isinstance(count, int) or count < 2:
            raise UsageError(f"{count!r} points in {text!r}", allowed="a whole number from 2")
        refuse_many_points(count, text.partition("=")[0], ReadLimits().points)
        return [first + (last - first) * k / (count - 1) for k in range(count)]
    row = [_value(each, text) for each in values.split(",")]
    return row if len(row) > 1 else row[0]


def _value(word: str, text: str) -> float | str:
    """Return a number, or a text that the program reads as its type asks: bits, durations, expressions."""
    if word in ("true", "false"):
        return word == "true"
    if not word.strip():
        raise UsageError(f"{word[:40]!r} in the input {text[:80]!r}", allowed=FORMS)
    try:
        return word if _BITS.fullmatch(word) else _number(word, text)
    except UsageError:
        return word


def _number(word: str, text: str) -> float:
    try:
        return int(word)
    except ValueError:
        pass
    try:
        return float(word)
    except ValueError as reason:
        raise UsageError(f"{word[:40]!r} in the input {text[:80]!r}", allowed=FORMS) from reason
