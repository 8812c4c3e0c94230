"""Waits of a program, in ticks of the station clock."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import LimitError
from qctl.core.units import to_ticks


def waits(seconds: NDArray[np.float64], tick: Fraction) -> NDArray[np.int64]:
    """Return waits in ticks; raise LimitError for one that is negative or lies off the grid."""
    exact = seconds / float(tick)
    whole = np.rint(exact)
    wrong = ~((np.abs(exact - whole) <= 1e-6) & (whole >= 0) & (whole < 2**53))
    if np.any(wrong):
        first = float(seconds[wrong][0])
        to_ticks(first, tick, "delay")
        raise LimitError(f"a wait of {first:g} s", allowed="0 s or more", where="delay")
    return whole.astype(np.int64)
