"""Simulated Novatech 409B: four tones, within the limits of the instrument, told in hexadecimal.

Source: 409B instruction manual, chapter "Serial control".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from qctl.physics.stage import Carrier

from .line_device import LineDevice

MODEL = "409B"
IDENTITY = "Novatech,409B,{serial},21"
N_CHANNELS = 4
MAX_FREQUENCY = 1_711_276_031  # 0.1 Hz
FULL_SCALE_DBM = 4.0
LONGEST = 40  # characters of a line
_SET = re.compile(r"([FPV])([0-3]) ([0-9]+(?:\.[0-9]*)?)")
_PLAIN = {"E d", "E e", "I a", "I m", "I p", "M n", "M a", "S", "C i", "C e", "CLR"}


@dataclass
class Channel:
    """In words of the instrument."""

    frequency: int = 0
    phase: int = 0
    amplitude: int = 0


class Novatech409b(LineDevice):
    """Silent at power-on; echoes what it is told until it is told not to."""

    def power_on(self) -> None:
        """Begin silent, with echo."""
        self.channels = [Channel() for _ in range(N_CHANNELS)]
        self.echo = True

    def answer(self, line: str) -> tuple[str, ...]:
        """Answer one line."""
        before = (line,) if self.echo else ()
        return (*before, *self._answer(line))

    def _answer(self, line: str) -> tuple[str, ...]:
        if len(line) > LONGEST:
            return ("?3",)
        if line == "QUE":
            return (*(self._row(channel) for channel in self.channels), "80 BC0000 0000 0102 21")
        if line in _PLAIN:
            self.echo = {"E d": False, "E e": True}.get(line, self.echo)
            return ("OK",)
        found = _SET.fullmatch(line)
        if found is None:
            return ("?0",)
        error = self._set(found[1], self.channels[int(found[2])], float(found[3]))
        return (error or "OK",)

    def _set(self, what: str, channel: Channel, value: float) -> str:
        if self.faults.ignores_setting():
            return ""
        if what == "F":
            word = round(value * 1e7)
            if word > MAX_FREQUENCY:
                return "?1"
            channel.frequency = word
        elif value != int(value) or value > {"P": 16383, "V": 1023}[what]:
            return {"P": "?4", "V": "?7"}[what]
        elif what == "P":
            channel.phase = int(value)
        else:
            channel.amplitude = int(value)
        return ""

    def _row(self, channel: Channel) -> str:
        words = f"{channel.frequency:08X} {channel.phase:04X} {channel.amplitude:04X}"
        return f"{words} 0000 00000000 00000000 000301"

    def tones(self) -> Mapping[int, Carrier]:
        """Return what each output gives now, by the number of its port."""
        return {
            k: Carrier(c.frequency / 10, _power(c.amplitude), c.amplitude > 0, c.phase / 16384 * 2 * math.pi)
            for k, c in enumerate(self.channels, start=1)
        }


def _power(amplitude: int) -> float:
    return FULL_SCALE_DBM + 20 * math.log10(amplitude / 1023) if amplitude else -200.0


MOCK = Novatech409b
