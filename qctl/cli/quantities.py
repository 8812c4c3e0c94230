"""Times as people write and read them."""

from __future__ import annotations

import re

from qctl.core.errors import UsageError

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(s|min|h|d|w)")


def span(text: str) -> float:
    """Return the seconds in ``7d``, ``12h`` or ``90 s``; raise UsageError when it is none of them."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"no time span: {text!r}", allowed=f"a number and one of {', '.join(SECONDS)}, such as 7d")
    return float(match[1]) * SECONDS[match[2]]


def age(seconds: float) -> str:
    """Return ``5 min`` or ``3 d``: whole numbers of the largest unit that fits."""
    units = [(size, name) for name, size in SECONDS.items() if name != "w" and size <= abs(seconds)]
    size, name = max(units, default=(1, "s"))
    return f"{seconds / size:.0f} {name}"
