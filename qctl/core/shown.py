"""Values as people read them: with their error, and no more digits than it leaves."""

from __future__ import annotations

import math

from .parameters import Estimate
from .units import format_quantity

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


def _quantity(value: float, unit: str) -> str:
    if unit:
        try:
            return format_quantity(value, unit)
        except KeyError:  # a unit that no file writes
            return f"{value!r} {unit}"
    return f"{value:.15g}"
