"""JSON that means one thing only: no doubled keys, no numbers that are none, not nested without end."""

from __future__ import annotations

import json
import math
from typing import Any

from qctl.jobs.errors import InvalidJobError

DEEPEST = 64
MOST_DIGITS = 64


def parse(data: bytes) -> Any:  # noqa: ANN401 (plain data)
    """Return what a JSON text says.

    Raises
    ------
    InvalidJobError
        When it is no JSON in UTF-8, or could be read in two ways.
    """
    try:
        text = data.decode("utf-8")
        _refuse_depth(text)
        return json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite, parse_int=_short
        )
    except (ValueError, RecursionError) as reason:
        raise InvalidJobError(
            f"no JSON that can be read in one way only ({reason})", allowed="JSON in UTF-8"
        ) from reason


def _refuse_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth, quoted, skipped = 0, False, False
    for letter in text:
        if skipped:
            skipped = False
        elif quoted:
            skipped, quoted = letter == "\\", letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            depth += 1
            if depth > DEEPEST:
                raise ValueError(f"nested more than {DEEPEST} deep")
        elif letter in "]}":
            depth -= 1


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large")
    return number


def _short(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)
