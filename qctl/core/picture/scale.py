"""Axes: round ticks, numbers with SI prefixes, and the map from data to the drawing."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PREFIXES = {9: "G", 6: "M", 3: "k", 0: "", -3: "m", -6: "µ", -9: "n", -12: "p"}
_SCALED = re.compile(r"^(.*)\((Hz|s|V|A|W|K|rad)\)$")  # a label whose unit takes a prefix


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a drawing.

    Parameters
    ----------
    low, high : data at both ends
    start, end : places of both ends in the drawing, pixels
    label : with the unit, prefix included
    scale : data is divided by it before it is written
    """

    low: float
    high: float
    start: float
    end: float
    label: str
    scale: float = 1.0

    def at(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where values lie, pixels."""
        return self.start + (np.asarray(values) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """Return places in the drawing and numbers of at most ``most`` round values."""
        low, high = self.low / self.scale, self.high / self.scale
        step = _round_step((high - low) / most)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        digits = next(d for d in range(20) if abs(step * 10**d - round(step * 10**d)) < 1e-6 * step * 10**d)
        values = [step * k for k in range(first, last + 1)]
        return [(float(self.at(np.array(v * self.scale))), f"{v + 0.0:.{digits}f}") for v in values]


def axis(values: NDArray[np.float64], start: float, end: float, label: str, margin: float = 0.04) -> Axis:
    """Return an axis that holds all finite values, with some room at both ends."""
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        room = abs(low) * 0.05 or 1.0
        low, high = low - room, high + room
    room = margin * (high - low)
    scale, label = _prefixed(label, max(abs(low), abs(high)))
    return Axis(low - room, high + room, start, end, label, scale)


def _prefixed(label: str, largest: float) -> tuple[float, str]:
    found = _SCALED.match(label)
    if found is None or not largest > 0:
        return 1.0, label
    power = min(9, max(-12, 3 * math.floor(math.log10(largest) / 3 + 1e-9)))
    return 10.0**power, f"{found[1]}({_PREFIXES[power]}{found[2]})"


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
