"""A connector of an instrument, as laboratory files name it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import ConfigError

_PORT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\.(marker\.)?([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """One connector: ``awg1.3`` is output 3 of instrument awg1; ``awg1.marker.1`` its first marker."""

    instrument: str
    number: int
    marker: bool = False

    def __str__(self) -> str:
        return f"{self.instrument}.marker.{self.number}" if self.marker else f"{self.instrument}.{self.number}"

    @classmethod
    def parse(cls, text: str) -> Port:
        """Return the port that ``str`` writes as ``text``; raise ConfigError when there is none."""
        match = _PORT.fullmatch(text)
        if match is None:
            raise ConfigError(f"{text!r} is no port", allowed="INSTRUMENT.NUMBER or INSTRUMENT.marker.NUMBER, from 1")
        return cls(match[1], int(match[3]), marker=match[2] is not None)
