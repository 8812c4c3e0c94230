"""Simulated hologram server: weights of traps, displayed when they are applied.

Source: qctl's own protocol, docs/hologram-server.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from .device import Handler, Reply, ScpiDevice
from .message import Parameter
from .values import ScpiError, block, definite

MODEL = "HOLOGRAMSERVER"
IDENTITY = "QCTL,HOLOGRAMSERVER,{serial},1.0"
LEAST, MOST = 0.1, 10.0


class HologramServer(ScpiDevice):
    """One trap with all the light at power-on, until somebody loads a pattern at the server's own screen."""

    def commands(self) -> Iterable[tuple[str, Handler]]:
        """Return what is told and asked of traps."""
        self.load_pattern(1)
        return (
            ("HOLogram:SITes?", lambda: str(len(self._shown))),
            ("HOLogram:WEIGhts", self._take),
            ("HOLogram:WEIGhts?", self._shown_now),
            ("HOLogram:APPLy", self._apply),
        )

    def load_pattern(self, n_traps: int) -> None:
        """Take another pattern of traps, all of one weight."""
        self._told = self._shown = np.ones(n_traps, "<f4")

    def reset(self) -> None:
        """Display the pattern with equal weights."""
        super().reset()
        self.load_pattern(len(self._shown))

    def levels(self) -> Mapping[int, float]:
        """Return the weight of each trap as displayed, by its number."""
        return dict(enumerate(self._shown.tolist(), start=1))

    def _take(self, weights: Parameter) -> None:
        payload = block(weights)
        if len(payload) != 4 * len(self._shown):
            raise ScpiError(-222, f"{len(payload)} bytes for {len(self._shown)} traps")
        told = np.frombuffer(bytes(payload), "<f4")
        if not ((told >= LEAST) & (told <= MOST)).all():
            raise ScpiError(-222, "weights out of range")
        self._told = told

    def _apply(self) -> None:
        if not self.faults.ignores_setting():
            self._shown = self._told

    def _shown_now(self) -> Reply:
        return definite(self._shown.tobytes())


MOCK = HologramServer
