"""One scalar of a file to one value of a field: numbers, text, quantities, words of a list, ports."""

from __future__ import annotations

import math
import re
from enum import Enum

from qctl.core.errors import ConfigError
from qctl.core.port import Port
from qctl.core.units import AnyUnit, Unit, format_quantity, parse_quantity

from .mistakes import shown, similar
from .nodes import Scalar

_GLUED = re.compile(r"([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([^\s0-9.].*)")


def boolean(scalar: Scalar) -> bool:
    """Return true or false; ``on`` and ``yes`` are text in YAML 1.2."""
    value = scalar.value()
    if not isinstance(value, bool):
        raise ConfigError(f"{shown(scalar.text)!r} is neither true nor false", allowed="true or false")
    return value


def integer(scalar: Scalar) -> int:
    """Return a whole number."""
    value = scalar.value()
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{shown(scalar.text)!r} is no whole number", allowed="a whole number, without quotes")
    return value


def number(scalar: Scalar) -> float:
    """Return a plain, finite number."""
    value = scalar.value()
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ConfigError(f"{shown(scalar.text)!r} is no number", allowed="a finite number, without unit or quotes")
    return float(value)


def text(scalar: Scalar) -> str:
    """Return text; what YAML reads as a number or a truth value must be quoted to be text."""
    value = scalar.value()
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ConfigError(f"{shown(scalar.text)!r} is no text", allowed="text; in quotes if it looks like a number")
    return value


def choice(scalar: Scalar, kind: type[Enum]) -> Enum:
    """Return the member of ``kind`` with this value."""
    value = scalar.value()
    for member in kind:
        if member.value == value and type(member.value if not isinstance(member, str) else "") is type(value):
            return member
    names = [str(member.value) for member in kind]
    raise ConfigError(
        f"{shown(scalar.text)!r} is none of the choices", allowed=", ".join(names), remedy=similar(scalar.text, names)
    )


def port(scalar: Scalar) -> Port:
    """Return a connector such as ``awg1.3`` or ``awg1.marker.1``."""
    value = scalar.value()
    if not isinstance(value, str):  # "1.3" reads as a number
        raise ConfigError(f"{shown(scalar.text)!r} is no port", allowed="INSTRUMENT.NUMBER or INSTRUMENT.marker.NUMBER")
    return Port.parse(shown(value))


def quantity(scalar: Scalar, unit: Unit | AnyUnit) -> tuple[float, str]:
    """Return the SI value of text such as ``5.1 GHz``, and the SI unit it was read in."""
    value = scalar.value()
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise _without_unit(scalar.text, float(value), unit)
    names = (unit.name,) if isinstance(unit, Unit) else unit.names
    spelling = scalar.text.partition(" ")[2]
    name = next((name for name in names if spelling in Unit(name).spellings), names[0])
    try:
        return parse_quantity(shown(scalar.text), name), name
    except ConfigError as error:
        allowed = f"a number, a space and one of {', '.join(unit.spellings)}"
        asked = error.asked if len(names) == 1 else f"{shown(scalar.text)!r} is no quantity in {' or '.join(names)}"
        raise ConfigError(asked, allowed=allowed, remedy=_better(scalar.text, unit)) from error


def _without_unit(written: str, value: float, unit: Unit | AnyUnit) -> ConfigError:
    first = unit.spellings[0]
    remedy = f"write '{shown(written)} {first}'"
    if isinstance(unit, Unit) and math.isfinite(value):
        fitting = format_quantity(value, unit.name)
        remedy += f" or '{fitting}'" if not fitting.endswith(f" {first}") else ""
    return ConfigError(
        f"{shown(written)!r} has no unit",
        allowed=f"a number, a space and one of {', '.join(unit.spellings)}",
        remedy=remedy,
    )


def _better(written: str, unit: Unit | AnyUnit) -> str:
    """Return the question "did you mean '5.1 GHz'?" for ``5.1GHz`` and ``5.1 Ghz``."""
    match = _GLUED.fullmatch(written.strip()[:60])
    if match is None:
        return ""
    exact = [spelling for spelling in unit.spellings if spelling == match[2]]
    folded = [spelling for spelling in unit.spellings if spelling.lower() == match[2].lower()]
    meant = exact or (folded if len(folded) == 1 else [])
    return f"did you mean '{match[1]} {meant[0]}'?" if meant else ""
