"""Values as people read them: with their error, and no more digits than it leaves."""

from __future__ import annotations

import math
import re

from qctl.core.errors import UsageError
from qctl.core.parameters import Estimate
from qctl.core.units import format_quantity

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(s|min|h|d|w)")
DIGITS = 6  # of a value without an error


def shown(known: Estimate | None) -> str:
    """Return ``31.2 us ± 400 ns``; the error with two digits, the value down to the last of them."""
    if known is None:
        return "unknown"
    if not math.isfinite(known.value):
        return str(known.value)
    if not 0 < known.error < math.inf:
        return _quantity(float(f"{known.value:.{DIGITS}g}"), known.unit)
    error = float(f"{known.error:.2g}")
    last = math.floor(math.log10(error)) - 1
    return f"{_quantity(round(known.value, -last), known.unit)} ± {_quantity(error, known.unit)}"


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


def _quantity(value: float, unit: str) -> str:
    if unit:
        try:
            return format_quantity(value, unit)
        except KeyError:  # a unit that no file writes
            return f"{value!r} {unit}"
    return f"{value:.16g}"
