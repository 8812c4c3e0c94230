"""SI prefixes for code, quantities with units for files, and exact conversion between seconds and ticks."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache

from .errors import ConfigError, LimitError

kHz, MHz, GHz = 1e3, 1e6, 1e9
ns, us, ms = 1e-9, 1e-6, 1e-3
mV, mA = 1e-3, 1e-3

_SCALES: dict[str, dict[str, str]] = {
    "Hz": {"Hz": "1", "kHz": "1e3", "MHz": "1e6", "GHz": "1e9"},
    "s": {"s": "1", "ms": "1e-3", "us": "1e-6", "µs": "1e-6", "ns": "1e-9", "ps": "1e-12"},
    "V": {"V": "1", "mV": "1e-3", "uV": "1e-6", "µV": "1e-6"},
    "A": {"A": "1", "mA": "1e-3", "uA": "1e-6", "µA": "1e-6"},
    "K": {"K": "1", "mK": "1e-3", "uK": "1e-6", "µK": "1e-6"},
    "W": {"W": "1", "mW": "1e-3", "uW": "1e-6"},
    "V/s": {"V/s": "1", "mV/s": "1e-3"},
    "A/s": {"A/s": "1", "mA/s": "1e-3", "uA/s": "1e-6", "µA/s": "1e-6"},
    "dBm/s": {"dBm/s": "1"},
    "rad": {"rad": "1", "mrad": "1e-3", "deg": repr(math.pi / 180)},
    "dBm": {"dBm": "1"},
    "dB": {"dB": "1"},
    "m": {"m": "1", "mm": "1e-3", "um": "1e-6", "µm": "1e-6", "nm": "1e-9"},
}
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_LONGEST_NUMBER = 40  # characters; every float has a shorter spelling
_EXACT = Context(prec=80)  # digits: more than a number and a scale have together


@dataclass(frozen=True, slots=True)
class Unit:
    """Marks a float field as a quantity: ``Annotated[float, Unit("Hz")]``; files write ``5.1 GHz``."""

    name: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return every way to write this unit, plainest first."""
        return tuple(_SCALES[self.name])


@dataclass(frozen=True, slots=True)
class AnyUnit:
    """Marks a float field as a quantity in one of several units.

    The dataclass that holds the field also has a field ``unit`` that no file writes: reading fills it in with the
    unit that its quantities have in common (``A`` when one is in mA and another in A/s).
    """

    names: tuple[str, ...]

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return every way to write one of these units."""
        return tuple(spelling for name in self.names for spelling in _SCALES[name])


def parse_quantity(text: str, unit: str) -> float:
    """Return the SI value of text such as ``5.1 GHz``: the float nearest to what is written.

    Raises
    ------
    ConfigError
        When ``text`` is not a number, one space and a spelling of ``unit``, or its value is no finite float.
    """
    number, _, spelling = text.partition(" ")
    if spelling not in _SCALES[unit] or len(number) > _LONGEST_NUMBER or not _NUMBER.fullmatch(number):
        raise ConfigError(
            f"{text!r} is no quantity in {unit}",
            allowed=f"a number, a space and one of {', '.join(_SCALES[unit])}",
        )
    # Decimals keep "5.1 GHz" equal to 5.1e9 to the last bit.
    exact = _EXACT.multiply(Decimal(number), _scale(unit, spelling))
    value = float(exact)
    if not math.isfinite(value) or (exact and not value):
        raise ConfigError(f"{text!r} is beyond the range of numbers", allowed="what a 64-bit float can hold")
    return value


@cache
def _scale(unit: str, spelling: str) -> Decimal:
    return Decimal(_SCALES[unit][spelling])


def format_quantity(value: float, unit: str) -> str:
    """Return the text of ``value`` (SI) that ``parse_quantity`` reads back exactly, with the fitting prefix."""
    exact = Decimal(repr(float(value)))
    sizes = {text: Decimal(scale) for text, scale in _SCALES[unit].items() if text != "deg"}
    fitting = [text for text, size in sizes.items() if size <= abs(exact)]
    smallest = min(sizes, key=sizes.__getitem__) if exact else next(iter(sizes))
    spelling = max(fitting, key=sizes.__getitem__, default=smallest)
    digits = (exact / sizes[spelling]).normalize()
    return f"{digits:f} {spelling}" if -6 <= digits.adjusted() <= 12 else f"{digits:E} {spelling}"


def spoken(seconds: float) -> str:
    """Return a time as people say it, to three digits: ``1.5 s``, ``13.3 min``, ``5.56 h``."""
    size, name = next(
        (each for each in ((3600.0, "h"), (60.0, "min")) if seconds >= each[0]),
        (1.0, "s"),
    )
    return f"{seconds / size:.3g} {name}"


MOST_TICKS = 2**53  # of one time: floats hold no longer ones


def to_ticks(seconds: float, tick: Fraction, where: str = "", tolerance: float = 1e-6) -> int:
    """Return ``seconds`` in whole ticks of the station clock.

    Parameters
    ----------
    seconds : duration or time, s
    tick : length of one tick, s
    tolerance : accepted distance from the grid, in ticks (floats cannot hold most multiples exactly)

    Raises
    ------
    LimitError
        When ``seconds`` lies off the grid: times are never rounded silently.
    """
    exact = seconds * tick.denominator / tick.numerator
    if math.isfinite(exact) and abs(exact) > MOST_TICKS:
        raise LimitError(f"a time of {seconds:g} s", allowed=f"at most {MOST_TICKS * float(tick):.3g} s", where=where)
    if not math.isfinite(exact) or abs(exact - round(exact)) > tolerance:
        raise LimitError(
            f"time {seconds:g} s is no multiple of {float(tick):g} s",
            allowed="whole ticks of the station clock",
            where=where,
            remedy=_nearest(exact, tick),
        )
    return round(exact)


def _nearest(exact: float, tick: Fraction) -> str:
    """Return which whole numbers of ticks to use instead of ``exact``, shorter and longer; none that lasts nothing."""
    if not math.isfinite(exact):
        return ""
    near = [k for k in (math.floor(exact), math.floor(exact) + 1) if k > 0] or [1]
    return "use " + " or ".join(f"{k * float(tick):.12g} s" for k in near)
