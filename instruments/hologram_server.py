"""A hologram server: a liquid-crystal display whose pattern shares light among tweezers, by weights.

Source: qctl's own protocol, docs/hologram-server.md. Such displays come with a screen output or a library, not with a
command set, and holograms are computed on a graphics card beside them: a small program there serves both.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError
from qctl.core.laboratory import InstrumentEntry, LimitEntry, SafeAction, SafeEntry
from qctl.transport import command, grammar

from .scpi import ScpiInstrument

PATIENCE = 60.0  # s that a hologram may take to be computed and displayed
LEAST, MOST = 0.1, 10.0  # weights


class HologramServer(ScpiInstrument):
    """Traps whose places the server knows; their weights come from here."""

    identity = "QCTL,HOLOGRAMSERVER"
    safe_actions: ClassVar[frozenset[SafeAction]] = frozenset({SafeAction.HOLD})

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Do nothing: what is displayed stays."""

    def show(self, weights: NDArray[np.float32]) -> None:
        """Compute the hologram that gives each trap its part of the light, and return when it is displayed.

        Parameters
        ----------
        weights : float32, shape (n_traps,), relative to each other

        Raises
        ------
        InstrumentError
            When the server's pattern has another number of traps, weights are out of range, or others are displayed.
        """
        asked = np.ascontiguousarray(weights, "<f4")
        if not ((asked >= LEAST) & (asked <= MOST)).all():
            found = f"weights of {asked.min():g} to {asked.max():g}"
            raise InstrumentError(found, allowed=f"{LEAST:g} to {MOST:g}", where=self.name)
        there = self.ask(grammar.nr1, "HOLogram:SITes?")
        if asked.shape != (there,):
            raise InstrumentError(
                f"{len(asked)} weights for {there} traps", where=self.name, remedy="load the pattern of this laboratory"
            )
        self.session.write_block(command("HOLogram:WEIGhts"), asked)
        self.check()
        self.write("HOLogram:APPLy")
        self.session.ask(command("*OPC?"), grammar.nr1, timeout=PATIENCE)
        self.check()
        shown = np.empty_like(asked)
        self.session.ask_block(command("HOLogram:WEIGhts?"), shown)
        if not np.array_equal(shown, asked):
            raise InstrumentError("it displays other weights than it was sent", where=self.name)

    def make_safe(self, entry: SafeEntry) -> None:
        """Hold what is displayed: atoms in its traps stay where they are."""
        if entry.action is not SafeAction.HOLD:
            raise InstrumentError(f"{entry.action} of a hologram", allowed="hold", where=self.name)
