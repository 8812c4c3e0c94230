"""Simulated Yokogawa GS200 (GS210) direct-current and voltage source.

Source: GS200 user's manual IM GS210-01EN, chapter "Remote commands"; its ranges from the specifications chapter.
"""

from __future__ import annotations

from collections.abc import Iterable

from .device import Handler, ScpiDevice, Setting, nr3, toggle
from .message import Parameter
from .values import ScpiError, choice, number

MODEL = "GS210"
IDENTITY = "YOKOGAWA,GS210,{serial},1.05"

RANGES = {"VOLT": (10e-3, 100e-3, 1.0, 10.0, 30.0), "CURR": (1e-3, 10e-3, 100e-3, 200e-3)}
_OVER = 1.2  # a range gives up to 120 % of its name, but never more than the largest below
_LARGEST = {"VOLT": 32.0, "CURR": 0.2}
_FUNCTION = choice(("VOLTage", "CURRent"))


class Gs200(ScpiDevice):
    """One output, a voltage or a current, off at power-on."""

    def make_settings(self) -> Iterable[Setting]:
        """Return what has no side effect: protection limits, slope and trigger of the program mode, the display."""
        self._remote = toggle("SYSTem:REMote")
        return (
            Setting("[:SOURce]:PROTection:VOLTage", 30.0, low=1.0, high=30.0, write=nr3),
            Setting("[:SOURce]:PROTection:CURRent", 0.2, low=1e-3, high=0.2, write=nr3),
            Setting("PROGram:SLOPe", 0.0, low=0.0, high=3600.0, write=nr3),
            Setting("PROGram:INTerval", 1.0, low=0.1, high=3600.0, write=nr3),
            toggle("SENSe:REMote"),
            toggle("SENSe:GUARd"),
            toggle("SYSTem:DISPlay[:NORMal]", True),
        )

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return the output and its function, range and level, which depend on each other."""
        self.reset_output()
        return (
            ("OUTPut[:STATe]", self._switch),
            ("OUTPut[:STATe]?", lambda: str(int(self.on))),
            ("[:SOURce]:FUNCtion", self._choose),
            ("[:SOURce]:FUNCtion?", lambda: self.function),
            ("[:SOURce]:RANGe", self._range),
            ("[:SOURce]:RANGe?", lambda: nr3(self.range)),
            ("[:SOURce]:LEVel[:FIXed]", self._level),
            ("[:SOURce]:LEVel[:FIXed]?", lambda: nr3(self.level)),
            ("[:SOURce]:LEVel:AUTO", self._level_auto),
            ("SYSTem:LOCal", lambda: None),
            ("STATus:CONDition?", lambda: str(int(self.on) << 4)),
        )

    def reset(self) -> None:
        """Output off, 10 mV range, level zero."""
        super().reset()
        self.reset_output()

    def reset_output(self) -> None:
        """Bring the output to its state at power-on."""
        self.on, self.function, self.range, self.level = False, "VOLT", 10e-3, 0.0

    def output(self) -> float:
        """Return what leaves the terminals now, in volts or amperes."""
        return self.level if self.on else 0.0

    def _switch(self, value: Parameter) -> None:
        self.on = {"ON": True, "OFF": False, "1": True, "0": False}[choice(("ON", "OFF", "1", "0"))(value)]

    def _choose(self, value: Parameter) -> None:
        function = _FUNCTION(value)
        if function != self.function:
            if self.on:
                raise ScpiError(-221, "the function cannot change while the output is on")
            self.function, self.range, self.level = function, RANGES[function][0], 0.0

    def _number(self, value: Parameter) -> float:
        return number(value, {"VOLT": "V", "CURR": "A"}[self.function])

    def _largest(self) -> float:
        return min(_OVER * self.range, _LARGEST[self.function])

    def _range(self, value: Parameter) -> None:
        asked = self._number(value)
        fitting = [size for size in RANGES[self.function] if size >= asked * (1 - 1e-9)]
        if not fitting or asked < 0:
            raise ScpiError(-222, f"range {asked:g}")
        self.range = fitting[0]
        if abs(self.level) > self._largest():
            raise ScpiError(-221, f"level {self.level:g} does not fit into the range {self.range:g}")

    def _level(self, value: Parameter) -> None:
        asked = self._number(value)
        if not abs(asked) <= self._largest() * (1 + 1e-9):
            raise ScpiError(-222, f"level {asked:g}")
        self.level = self._quantised(asked)

    def _level_auto(self, value: Parameter) -> None:
        asked = self._number(value)
        fitting = [size for size in RANGES[self.function] if abs(asked) <= size]
        if not fitting:
            raise ScpiError(-222, f"level {asked:g}")
        self.range = fitting[0]
        self.level = self._quantised(asked)

    def _quantised(self, asked: float) -> float:
        """Round to the source's resolution: 5 1/2 digits, that is 1e-5 of the range (1e-6 in no range)."""
        step = self.range * 1e-5
        return round(asked / step) * step


MOCK = Gs200
