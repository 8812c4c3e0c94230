"""Simulated QDevil QDAC-II: 24 voltages, in two ranges, quantised to 25 bits.

Source: QDAC-II user manual, chapter "SCPI commands".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .device import Handler, ScpiDevice, Setting, nr3
from .message import Parameter
from .values import ScpiError, choice, number

MODEL = "QDAC-II"
IDENTITY = "QDevil, QDAC-II, A{serial}, 13-1.57"
N_CHANNELS = 24
RANGES = {"LOW": 2.0, "HIGH": 10.0}
_BITS = 25
_CHANNELS = (range(1, N_CHANNELS + 1),)


class Qdac2(ScpiDevice):
    """All channels at 0 V in the large range at power-on; outputs cannot be switched off."""

    def make_settings(self) -> Iterable[Setting]:
        """Return ranges, modes, filters and slew rates."""
        self._ranges = Setting("SOURce#:RANGe", "HIGH", choice(("LOW", "HIGH")), suffixes=_CHANNELS)
        slew = Setting("SOURce#[:DC]:VOLTage:SLEW", 2e7, number, nr3, 20.0, 2e7, _CHANNELS)
        modes = ("FIXed", "LIST", "SWEep")
        mode = Setting("SOURce#[:DC]:VOLTage:MODE", "FIX", choice(modes), suffixes=_CHANNELS)
        filters = Setting("SOURce#:FILTer", "HIGH", choice(("DC", "MEDium", "HIGH")), suffixes=_CHANNELS)
        return self._ranges, slew, mode, filters

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return the levels, which depend on ranges."""
        self._volts: dict[int, float] = {}
        pattern = "SOURce#[:DC]:VOLTage[:LEVel][:IMMediate][:AMPLitude]"
        return (pattern, self._put_level), (f"{pattern}?", lambda channel: nr3(self._level(channel)))

    def reset(self) -> None:
        """Return to the state at power-on."""
        super().reset()
        self._volts.clear()

    def levels(self) -> Mapping[int, float]:
        """Return what each output holds now, V."""
        return {channel: self._volts.get(channel, 0.0) for channel in range(1, N_CHANNELS + 1)}

    def _level(self, channel: int) -> float:
        self._ranges.key((channel,))
        return self._volts.get(max(channel, 1), 0.0)

    def _put_level(self, channel: int, value: Parameter) -> None:
        self._ranges.key((channel,))
        asked, full = number(value, "V"), RANGES[self._ranges.get(max(channel, 1))]
        if not abs(asked) <= full:
            raise ScpiError(-222, f"level {asked:g}")
        if not self.faults.ignores_setting():
            step = 2 * full / (1 << _BITS)
            self._volts[max(channel, 1)] = round(asked / step) * step


MOCK = Qdac2
