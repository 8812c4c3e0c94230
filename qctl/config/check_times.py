"""Clocks of a laboratory file: the shot is a whole number of periods of everything that repeats."""

from __future__ import annotations

import math

from .draft import Draft


def check_times(draft: Draft) -> None:
    """Check period and reference against each other and against every sample clock."""
    laboratory = draft.laboratory
    for key in ("period", "reference", "longest_run"):
        if getattr(laboratory, key) <= 0:
            draft.wrong((key,), f"{key} {getattr(laboratory, key):g}", "more than zero")
    if not (laboratory.period > 0 and laboratory.reference > 0):
        return
    clocks = {"reference": laboratory.reference}
    clocks |= {
        f"the clock of {name}": entry.sample_rate for name, entry in laboratory.instruments.items() if entry.sample_rate
    }
    slow = [name for name, rate in clocks.items() if not whole(laboratory.period * rate)]
    if slow:
        asked = f"period {laboratory.period:g} s is no multiple of {slow[0]}"
        draft.wrong(
            ("period",), f"{asked} and of {len(slow) - 1} more" if slow[1:] else asked, "whole periods of each clock"
        )


def whole(ratio: float) -> bool:
    """Say whether a ratio of times is a whole number, to the precision that floats leave."""
    return math.isfinite(ratio) and ratio > 0.5 and abs(ratio - round(ratio)) < 1e-6
