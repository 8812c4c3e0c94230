"""What an oscilloscope measures of one trace: levels and times, by the mnemonic of the command.

Source: Infiniium Programmer's Guide, chapter ":MEASure Commands"; top and base are the 95th and 5th percentile here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

UNKNOWN = 9.99999e37  # what the instrument answers when it cannot measure
Volts = NDArray[np.floating]


def _base(volts: Volts) -> float:
    return float(np.percentile(volts, 5))


def _amplitude(volts: Volts) -> float:
    return float(np.percentile(volts, 95)) - _base(volts)


def _level(fraction: float) -> Callable[[Volts, float], float]:
    return lambda volts, _: _base(volts) + fraction * _amplitude(volts)


def _crossings(volts: Volts, interval: float) -> NDArray[np.floating]:
    above = volts > _base(volts) + _amplitude(volts) / 2
    return np.flatnonzero(~above[:-1] & above[1:]) * interval


def _period(volts: Volts, interval: float) -> float:
    rising = _crossings(volts, interval)
    return float(np.diff(rising).mean()) if len(rising) > 1 else UNKNOWN


def _edge_time(volts: Volts, interval: float) -> float:
    low, high = (_level(fraction)(volts, interval) for fraction in (0.1, 0.9))
    start = int(np.argmax(volts > low))
    length = int(np.argmax(volts[start:] > high))
    return length * interval if length else UNKNOWN


def _duty(volts: Volts, interval: float) -> float:
    return float(np.mean(volts > _level(0.5)(volts, interval))) * 100


measure: Mapping[str, Callable[[Volts, float], float]] = {
    "VAMPlitude": lambda volts, _: _amplitude(volts),
    "VAVerage": lambda volts, _: float(volts.mean()),
    "VBASe": lambda volts, _: _base(volts),
    "VTOP": lambda volts, _: _base(volts) + _amplitude(volts),
    "VLOWer": _level(0.1),
    "VMIDdle": _level(0.5),
    "VUPPer": _level(0.9),
    "VMIN": lambda volts, _: float(volts.min()),
    "VMAX": lambda volts, _: float(volts.max()),
    "VOVershoot": lambda volts, _: float(volts.max()) - _base(volts) - _amplitude(volts),
    "VPP": lambda volts, _: float(np.ptp(volts)),
    "VRMS": lambda volts, _: float(np.sqrt(np.mean(np.square(volts, dtype=np.float64)))),
    "RISetime": _edge_time,
    "FALLtime": lambda volts, interval: _edge_time(volts[::-1], interval),
    "DUTYcycle": _duty,
    "PERiod": _period,
    "FREQuency": lambda volts, interval: 1 / period if (period := _period(volts, interval)) < UNKNOWN else UNKNOWN,
    "SLEWrate": lambda volts, interval: (
        0.8 * _amplitude(volts) / rise if (rise := _edge_time(volts, interval)) < UNKNOWN else UNKNOWN
    ),
}
