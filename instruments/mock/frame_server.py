"""Simulated frame server: a camera's region, exposed while its trigger input is high, and frames as blocks.

Source: qctl's own protocol, docs/frame-server.md.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .device import Handler, Reply, Setting
from .gated import GatedDevice
from .message import Parameter
from .signals import Gated
from .values import ScpiError, choice, definite, whole

MODEL = "FRAMESERVER"
IDENTITY = "QCTL,FRAMESERVER,{serial},1.0"

SENSOR = 2048  # rows and columns of the whole sensor
MEMORY = 65_536  # frames
SHORTEST, REARM = 10e-6, 100e-6  # s
THRESHOLD = 1.5  # V, of the trigger input (TTL)


class FrameServer(GatedDevice):
    """A region of 512 by 512 pixels and free-running exposures at power-on: it hears no pulse until it is told to."""

    kind = np.uint16

    def make_settings(self) -> Iterable[Setting]:
        """Return trigger and number of frames."""
        self._trigger = Setting("TRIGger:SOURce", "IMM", choice(("IMMediate", "LEVel")))
        self._count = Setting("ACQuire:COUNt", 1, whole, str, 1, MEMORY)
        return (self._trigger, self._count)

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return region, acquisition and data."""
        self._region = (512, 512)
        self.kept = self.empty()
        return (
            ("SENSor:SIZE?", lambda: f"{SENSOR},{SENSOR}"),
            ("SENSor:REGion", self._choose),
            ("SENSor:REGion?", lambda: f"{self._region[0]},{self._region[1]}"),
            ("ACQuire:STARt", self._start),
            ("ACQuire:ABORt", self.abandon),
            ("ACQuire:TAKen?", lambda: str(len(self.kept) if self.complete() else 0)),
            ("FRAMe:DATA?", self._data),
        )

    def reset(self) -> None:
        """Return to the state at power-on."""
        super().reset()
        self.abandon()
        self._region, self.kept = (512, 512), self.empty()

    def _choose(self, rows: Parameter, columns: Parameter) -> None:
        asked = whole(rows), whole(columns)
        if not all(1 <= n <= SENSOR for n in asked):
            raise ScpiError(-222, f"a region of {asked[0]} by {asked[1]}")
        if self.gated is not None:
            raise ScpiError(-221, "an acquisition is under way")
        self._region = asked

    def _start(self) -> None:
        self.arm(
            Gated(
                inputs=(1,),
                n_readings=int(self._count.get()),
                shortest=SHORTEST,
                rearm=REARM,
                armed=next(self.clock),
                threshold=THRESHOLD if self._trigger.get() == "LEV" else float("inf"),
                shape=self._region,
            )
        )

    def _data(self, first: Parameter, count: Parameter) -> Reply:
        start, n = whole(first) - 1, whole(count)
        if start < 0 or n < 1 or start + n > len(self.kept):
            raise ScpiError(-222, f"frames {start + 1} to {start + n} of {len(self.kept)}")
        return definite(self.kept[start : start + n].astype("<u2", copy=False).tobytes())


MOCK = FrameServer
