"""Parameters of SCPI commands: numbers with units, booleans, strings, words; and how replies write them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from .message import Parameter

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:\s*[eE]\s*[+-]?\d{1,3})?)\s*([A-Za-z%]*)")
_PREFIXES = {"": 1.0, "P": 1e-12, "N": 1e-9, "U": 1e-6, "M": 1e-3, "K": 1e3, "MA": 1e6, "G": 1e9}


class ScpiError(Exception):
    """An error for the queue; SCPI-99, volume 2, chapter 21.8 lists the numbers."""

    TEXTS: ClassVar[Mapping[int, str]] = {
        -100: "Command error",
        -101: "Invalid character",
        -103: "Invalid separator",
        -104: "Data type error",
        -108: "Parameter not allowed",
        -109: "Missing parameter",
        -113: "Undefined header",
        -114: "Header suffix out of range",
        -120: "Numeric data error",
        -131: "Invalid suffix",
        -141: "Invalid character data",
        -151: "Invalid string data",
        -161: "Invalid block data",
        -200: "Execution error",
        -211: "Trigger ignored",
        -221: "Settings conflict",
        -222: "Data out of range",
        -223: "Too much data",
        -224: "Illegal parameter value",
        -225: "Out of memory",
        -230: "Data corrupt or stale",
        -256: "File name not found",
        -257: "File name error",
        -350: "Queue overflow",
        -410: "Query INTERRUPTED",
    }

    def __init__(self, number: int, detail: str = "") -> None:
        self.number = number
        self.text = f"{self.TEXTS[number]}; {detail}" if detail else self.TEXTS[number]
        super().__init__(f"{number} {self.text}")


def words(parameter: Parameter) -> str:
    """Return plain text; blocks are refused."""
    if not isinstance(parameter, str):
        raise ScpiError(-104)
    return parameter


def string(parameter: Parameter) -> str:
    """Return the content of a quoted string."""
    text = words(parameter)
    if len(text) < 2 or text[0] not in "\"'" or text[-1] != text[0]:
        raise ScpiError(-151, text[:40])
    return text[1:-1].replace(text[0] * 2, text[0])


def quoted(text: str) -> str:
    """Return a string as a reply writes it."""
    return '"' + text.replace('"', '""') + '"'


def block(parameter: Parameter) -> memoryview:
    """Return the payload of a definite block."""
    if isinstance(parameter, str):
        raise ScpiError(-161)
    return parameter


def number(parameter: Parameter, unit: str = "") -> float:
    """Return a number in SI units; ``5.1 GHZ`` is taken where ``unit`` is ``HZ`` (SCPI-99, volume 1, 7.1)."""
    text = words(parameter).strip()
    found = _NUMBER.fullmatch(text)
    if found is None:
        named = {"INF": math.inf, "INFINITY": math.inf, "NINF": -math.inf}.get(text.upper())
        if named is None:
            raise ScpiError(-120, text[:40])
        return named
    suffix = found[2].upper()
    if not suffix:
        return float(found[1].replace(" ", ""))
    if not unit or not suffix.endswith(unit):
        raise ScpiError(-131, text[:40])
    # MHz means megahertz, mV millivolt: SCPI-99 7.1.1 makes the exception for hertz and ohm.
    prefix = suffix.removesuffix(unit)
    prefix = "MA" if prefix == "M" and unit in ("HZ", "OHM") else prefix
    if prefix not in _PREFIXES:
        raise ScpiError(-131, text[:40])
    return float(found[1].replace(" ", "")) * _PREFIXES[prefix]


def whole(parameter: Parameter) -> int:
    """Return a whole number; 3.0 is one, 3.5 is refused."""
    value = number(parameter)
    if not math.isfinite(value) or value != round(value):
        raise ScpiError(-224, str(parameter)[:40])
    return round(value)


def switch(parameter: Parameter) -> bool:
    """Return a boolean: ON, OFF or a number."""
    named = {"ON": True, "OFF": False}.get(words(parameter).upper())
    return bool(round(number(parameter))) if named is None else named


def choice(names: Sequence[str]) -> Callable[[Parameter], str]:
    """Return a reader of one of ``names`` (written ``INTernal``); it gives back the short form, as replies do."""
    shorts = ["".join(letter for letter in name if not letter.islower()) for name in names]
    forms = {form.upper(): short for name, short in zip(names, shorts, strict=True) for form in (name, short)}

    def read(parameter: Parameter) -> str:
        try:
            return forms[words(parameter).strip().upper()]
        except KeyError:
            raise ScpiError(-224, str(parameter)[:40]) from None

    return read


def definite(payload: bytes | memoryview) -> bytes:
    """Return an IEEE 488.2 definite length block."""
    length = str(len(payload)).encode()
    return b"#" + str(len(length)).encode() + length + bytes(payload)
