"""A camera behind a frame server: frames over a socket as IEEE 488.2 blocks, one for each exposure pulse.

Source: qctl's own protocol, docs/frame-server.md. Scientific cameras come with libraries, not with command sets; a
small program beside the library, on the camera's PC, serves their frames by these few commands.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeEntry
from qctl.core.protocols import CameraLimits
from qctl.transport import Session, command, grammar

from .pace import WALL, Clock, wait_until
from .scpi import Choice, ScpiInstrument

_BLOCK_RATE = 10e6  # bytes per second that even a slow link manages


class FrameServer(ScpiInstrument):
    """16-bit frames of a region of the sensor, exposed while the trigger input is high."""

    identity = "QCTL,FRAMESERVER"
    limits: ClassVar[CameraLimits] = CameraLimits(rows=64, columns=64, memory=65_536, min_exposure=10e-6, rearm=100e-6)

    trigger = Choice("TRIGger:SOURce", "LEVel", "IMMediate")

    def __init__(self, session: Session, name: str = "", clock: Clock = WALL) -> None:
        super().__init__(session, name)
        self._clock = clock
        self._n_frames = 0
        self._armed = -1  # generation of the session when it was armed
        self.shape = (0, 0)

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Choose the region, and expose while the trigger input is high; it has no output to limit."""
        wanted = self.limits.rows, self.limits.columns
        self.write("ACQuire:ABORt")
        self.write("SENSor:REGion", *wanted)
        self.trigger = "LEVel"
        self.shape = self.ask(_size, "SENSor:REGion?")
        if self.shape != wanted:
            raise InstrumentError(f"frames of {self.shape}", allowed=f"{wanted}", where=self.name)

    def arm(self, n_frames: int) -> None:
        """Wait for ``n_frames`` exposures; what was taken before is forgotten."""
        if not 1 <= n_frames <= self.limits.memory:
            raise InstrumentError(f"{n_frames} frames", allowed=f"1 to {self.limits.memory}", where=self.name)
        if 0 in self.shape:
            raise InstrumentError("not configured", where=self.name, remedy="configure it first")
        self.session.write(command("ACQuire:ABORt"), command("ACQuire:COUNt", n_frames), command("ACQuire:STARt"))
        self.check()
        self._n_frames, self._armed = n_frames, self.session.generation

    def wait(self, timeout: float) -> None:
        """Return when all frames are there; at the deadline say how many are missing."""
        wait_until(lambda: self._taken() == self._n_frames, timeout, self._clock, self._missing, self.name)

    def fetch(self, out: NDArray[np.uint16]) -> None:
        """Fill ``out`` (n_frames, rows, columns), straight from the link."""
        wanted = (self._n_frames, *self.shape)
        if out.shape != wanted or out.dtype != np.dtype("<u2") or not out.flags.c_contiguous:
            raise InstrumentError(f"room of shape {out.shape}, {out.dtype}", allowed=f"{wanted}", where=self.name)
        if self._armed != self.session.generation:
            raise InstrumentError(
                "a fault since it was armed: its frames are uncertain", where=self.name, remedy="expose again"
            )
        query = command("FRAMe:DATA?", 1, self._n_frames)
        self.session.ask_block(query, out, timeout=self.session.timeout + out.nbytes / _BLOCK_RATE)

    def make_safe(self, entry: SafeEntry) -> None:
        """Stop waiting; it has no output."""
        self.write("ACQuire:ABORt")
        self.check()

    def _taken(self) -> int:
        return self.ask(grammar.nr1, "ACQuire:TAKen?")

    def _missing(self) -> str:
        self.check()  # the server may know why
        return f"{self._n_frames - self._taken()} of {self._n_frames} exposures did not come"


def _size(reply: str) -> tuple[int, int]:
    rows, _, columns = reply.partition(",")
    size = grammar.nr1(rows), grammar.nr1(columns)
    if not all(1 <= n <= 1 << 14 for n in size):
        raise ValueError("expected rows and columns")
    return size
