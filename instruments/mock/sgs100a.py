"""Simulated Rohde & Schwarz SGS100A: settings within their limits, and the carrier that they make.

Source: R&S SGS100A user manual 1173.9105.02, chapter "Remote control commands".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from qctl.physics.stage import Carrier

from .device import ScpiDevice, Setting, toggle
from .message import Parameter
from .values import choice, number

MODEL = "SGS100A"
IDENTITY = "Rohde&Schwarz,SGS100A,1416.0505k02/{serial},3.1.19.15-3.20.390.24"


def _in(unit: str) -> Callable[[Parameter], float]:
    return lambda parameter: number(parameter, unit)


def _words(pattern: str, value: str, *names: str) -> Setting:
    return Setting(pattern, value, choice(names))


def _plain(pattern: str, value: float, low: float, high: float, unit: str = "") -> Setting:
    return Setting(pattern, value, _in(unit), lambda x: f"{x:.12g}", low, high)


class Sgs100a(ScpiDevice):
    """Continuous-wave source, 1 MHz to 12.75 GHz, with I/Q and pulse modulator settings kept but not simulated."""

    def make_settings(self) -> Iterable[Setting]:
        """Return the settings that the manual lists under SOURce, OUTPut and CONNector."""
        pulse = "[:SOURce#]:PULM"
        impair = "[:SOURce#]:IQ:IMPairment"
        numbered = (
            _plain("[:SOURce#]:FREQuency[:CW]", 1e9, 1e6, 12.75e9, "HZ"),
            _plain("[:SOURce#]:POWer[:LEVel][:IMMediate][:AMPLitude]", -30.0, -120.0, 25.0, "DBM"),
            _plain("[:SOURce#]:POWer:LIMit[:AMPLitude]", 25.0, -120.0, 25.0, "DBM"),
            _plain("[:SOURce#]:PHASe", 0.0, -36000.0, 36000.0, "DEG"),
            _words("[:SOURce#]:OPMode", "NORM", "NORMal", "BBBYpass"),
            toggle("[:SOURce#]:IQ:STATe"),
            toggle(f"{impair}[:STATe]"),
            _plain(f"{impair}:LEAKage:I", 0.0, -10.0, 10.0),
            _plain(f"{impair}:LEAKage:Q", 0.0, -10.0, 10.0),
            _plain(f"{impair}:IQRatio[:MAGNitude]", 0.0, -1.0, 1.0, "DB"),
            _plain(f"{impair}:QUADrature[:ANGLe]", 0.0, -8.0, 8.0, "DEG"),
            toggle(f"{pulse}:STATe"),
            _words(f"{pulse}:SOURce", "INT", "INTernal", "EXTernal"),
            _words(f"{pulse}:MODE", "SING", "SINGle", "DOUBle"),
            _words(f"{pulse}:POLarity", "NORM", "NORMal", "INVerted"),
            _plain(f"{pulse}:DELay", 0.0, 0.0, 100.0, "S"),
            _plain(f"{pulse}:WIDTh", 2e-6, 20e-9, 100.0, "S"),
            _plain(f"{pulse}:PERiod", 1e-5, 100e-9, 100.0, "S"),
            _plain(f"{pulse}:DOUBle:DELay", 1e-6, 40e-9, 100.0, "S"),
            _plain(f"{pulse}:DOUBle:WIDTh", 2e-6, 20e-9, 100.0, "S"),
            _words(f"{pulse}:TRIGger:MODE", "AUTO", "AUTO", "EXTernal", "EGATe"),
            _words(f"{pulse}:TRIGger:EXTernal:GATE:POLarity", "NORM", "NORMal", "INVerted"),
            _words(f"{pulse}:TRIGger:EXTernal:IMPedance", "G50", "G50", "G10K"),
            _words(f"{pulse}:TRIGger:EXTernal:SLOPe", "POS", "POSitive", "NEGative"),
            _words("[:SOURce#]:ROSCillator:SOURce", "INT", "INTernal", "EXTernal"),
            _words("[:SOURce#]:ROSCillator:OUTPut:FREQuency", "10MHZ", "10MHZ", "100MHZ", "1000MHZ"),
            _words("[:SOURce#]:ROSCillator:EXTernal:FREQuency", "10MHZ", "10MHZ", "100MHZ", "1000MHZ"),
            _words("[:SOURce#]:LOSCillator:SOURce", "INT", "INTernal", "EXTernal"),
            toggle("OUTPut#[:STATe]"),
        )
        for setting in numbered:
            setting.suffixes = (range(1, 2),)
        return (
            *numbered,
            _words("CONNector:REFLo:OUTPut", "REF", "REF", "LO", "OFF"),
            _words("CONNector:TRIGger:OMODe", "SVAL", "SVALid", "SNVALid", "PVOut", "PETrigger", "PEMSource"),
        )

    def _value(self, pattern: str) -> Any:  # noqa: ANN401 - a setting holds what its reader returns
        return next(setting for setting in self.settings if setting.pattern == pattern).get(1)

    def carrier(self) -> Carrier:
        """Return what leaves the output now."""
        return Carrier(
            float(self._value("[:SOURce#]:FREQuency[:CW]")),
            float(self._value("[:SOURce#]:POWer[:LEVel][:IMMediate][:AMPLitude]")),
            bool(self._value("OUTPut#[:STATe]")),
        )


MOCK = Sgs100a
