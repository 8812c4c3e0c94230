"""What simulated counters and cameras share: they wait for gates, and keep one reading for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .device import ScpiDevice
from .signals import Gated
from .values import ScpiError


class GatedDevice(ScpiDevice):
    """One that is armed for a number of readings; what it took is readable once all are there.

    Attributes
    ----------
    look : lets the rack play what can be played; called by whoever asks whether it is done
    kept : readings that can be fetched, one row each
    """

    look: Callable[[], None] = staticmethod(lambda: None)
    kind: type[np.generic] = np.float64

    _gated: Gated | None = None

    @property
    def gated(self) -> Gated | None:
        """Return what it waits for."""
        return self._gated

    def empty(self, n_readings: int = 0) -> NDArray[Any]:
        """Return room for readings."""
        return np.zeros((n_readings, *(self._gated.shape or () if self._gated else ())), self.kind)

    def arm(self, gated: Gated) -> None:
        """Wait for gates; what was kept is gone."""
        if self._gated is not None:
            raise ScpiError(-221, "it waits for gates already")
        self._gated = gated
        self.kept = self.empty()

    def prepare(self) -> Callable[[int, NDArray[np.int64], NDArray[Any]], None]:
        """Make room for what is waited for."""
        assert self._gated is not None
        readings = self._filling = self.empty(self._gated.n_readings)

        def store(channel: int, numbers: NDArray[np.int64], taken: NDArray[Any]) -> None:
            readings[numbers] = taken

        return store

    def deliver(self, gated: Gated) -> None:
        """End the measurement: readings become readable, unless it was given up meanwhile."""
        if self._gated is gated:
            self.kept, self._gated = self._filling, None
            self.lock.notify_all()

    def abandon(self) -> None:
        """End the measurement with nothing recorded."""
        self._gated = None
        self.lock.notify_all()

    def complete(self) -> bool:
        """Say whether no measurement is under way."""
        if self._gated is not None:
            self.look()
        return self._gated is None
