"""Simulated Keysight 53230A: totalises while its external gate is high, keeps readings, gives them back as a block.

Source: Keysight 53220A/53230A Programmer's Reference.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .device import Handler, Reply, Setting, nr3, toggle
from .gated import GatedDevice
from .message import Parameter
from .signals import Gated
from .values import ScpiError, choice, definite, number, quoted, string, whole, words

MODEL = "53230A"
IDENTITY = "Keysight Technologies,53230A,MY{serial},02.05-1519.666-1.19-4.15-127-157-35"

MEMORY = 1_000_000
SHORTEST, REARM = 1e-6, 10e-6  # s
THRESHOLD = 1.5  # V, of the gate input (TTL)
_CHANNELS = (range(1, 3),)


def _word(pattern: str, value: str, *names: str, suffixes: tuple[range, ...] = ()) -> Setting:
    return Setting(pattern, value, choice(names), suffixes=suffixes)


class Counter53230a(GatedDevice):
    """Channel 1 totalises at power-on, gated by time: it hears no pulse until it is told to listen to its gate."""

    def make_settings(self) -> Iterable[Setting]:
        """Return the settings of inputs, gate, samples and format."""
        self._source = _word(
            "[:SENSe]:TOTalize:GATE:SOURce", "TIME", "TIME", "EXTernal", "INPut1", "INPut2", "ADVanced"
        )
        self._polarity = _word("[:SENSe]:TOTalize:GATE:POLarity", "NEG", "POSitive", "NEGative")
        self._gate_out = toggle("OUTPut[:STATe]")
        self._samples = Setting("SAMPle:COUNt", 1, whole, lambda n: f"{n:+d}", 1, MEMORY)
        self._border = _word("FORMat:BORDer", "NORM", "NORMal", "SWAPped")
        return (
            self._source,
            self._polarity,
            self._gate_out,
            self._samples,
            self._border,
            Setting("TRIGger:COUNt", 1, whole, lambda n: f"{n:+d}", 1, MEMORY),
            _word("TRIGger:SOURce", "IMM", "IMMediate", "EXTernal", "BUS"),
            _word("INPut#:COUPling", "AC", "AC", "DC", suffixes=_CHANNELS),
            Setting("INPut#:IMPedance", 1e6, number, nr3, 50.0, 1.1e6, _CHANNELS),
            toggle("INPut#:LEVel:AUTO", True, suffixes=_CHANNELS),
            Setting("INPut#:LEVel[:ABSolute]", 0.0, lambda p: number(p, "V"), nr3, -5.125, 5.125, _CHANNELS),
            _word("INPut#:SLOPe", "POS", "POSitive", "NEGative", suffixes=_CHANNELS),
        )

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return what measures."""
        self._channel = 1
        self._real = False
        self.kept = self.empty()
        return (
            ("[:SENSe]:FUNCtion[:ON]", self._function),
            ("[:SENSe]:FUNCtion[:ON]?", lambda: quoted(f"TOT {self._channel}")),
            ("FORMat[:DATA]", self._format),
            ("FORMat[:DATA]?", lambda: "REAL,64" if self._real else "ASC,15"),
            ("INITiate[:IMMediate]", self._initiate),
            ("ABORt", self.abandon),
            ("DATA:POINts?", self._points),
            ("DATA:REMove?", self._remove),
            ("R?", self._read),
        )

    def reset(self) -> None:
        """Return to the state at power-on."""
        super().reset()
        self.abandon()
        self.kept, self._channel, self._real = self.empty(), 1, False

    def _function(self, value: Parameter) -> None:
        name, _, channel = string(value).upper().partition(" ")
        if name not in ("TOT", "TOTALIZE") or channel not in ("", "1", "2", "(@1)", "(@2)"):
            raise ScpiError(-224, string(value)[:40])
        self._channel = int(channel.strip("(@)") or 1)

    def _format(self, kind: Parameter, length: Parameter = "64") -> None:
        self._real = choice(("ASCii", "REAL"))(kind) == "REAL"
        if self._real and whole(length) != 64:
            raise ScpiError(-224, words(length))

    def _initiate(self) -> None:
        listens = self._source.get() == "EXT" and self._polarity.get() == "POS" and not self._gate_out.get()
        self.arm(
            Gated(
                inputs=(self._channel,),
                n_readings=int(self._samples.get()),
                shortest=SHORTEST,
                rearm=REARM,
                armed=next(self.clock),
                threshold=THRESHOLD if listens else float("inf"),
            )
        )

    def _points(self) -> str:
        self.complete()
        return f"{len(self.kept):+d}"

    def _remove(self, count: Parameter, wait: Parameter = "") -> Reply:
        n = whole(count)
        if not 1 <= n <= MEMORY:
            raise ScpiError(-222, f"{n} readings")
        if words(wait).upper() == "WAIT" and not self.wait_until(lambda: self.complete() and len(self.kept) >= n):
            return None
        if n > len(self.kept):
            raise ScpiError(-222, f"{n} of {len(self.kept)} readings")
        found, self.kept = self.kept[:n], self.kept[n:]
        return self._written(found)

    def _read(self, count: Parameter = "1000000") -> Reply:
        n = min(whole(count), len(self.kept))
        found, self.kept = self.kept[:n], self.kept[n:]
        return self._written(found)

    def _written(self, readings: NDArray[np.float64]) -> Reply:
        if not self._real:
            return ",".join(f"{value:+.14E}" for value in readings.tolist())
        return definite(readings.astype("<f8" if self._border.get() == "SWAP" else ">f8").tobytes())


MOCK = Counter53230a
