"""Ports of a laboratory file that its instruments do not have, as their drivers declare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qctl.core.connectors import Connectors
from qctl.core.laboratory import Laboratory, Line
from qctl.core.port import Port

from .document import Document, Steps

INPUTS = ("back", "decided_by")  # keys that hold two ports


def check_connectors(document: Document, laboratory: Laboratory, there: Mapping[str, Connectors]) -> None:
    """Note a mistake for each port that does not exist.

    Parameters
    ----------
    laboratory : as it was read, without mistakes
    there : how many connectors each instrument has; one that is absent is not checked
    """
    for name, line in laboratory.lines.items():
        for steps, port in ports_of(line):
            has = there.get(port.instrument)
            most = None if has is None else has.markers if port.marker else has.ports
            if most is not None and port.number > most:
                stem = f"{port.instrument}.marker" if port.marker else port.instrument
                allowed = f"{stem}.1" + (f" to {stem}.{most}" if most > 1 else "") if most else f"no port {stem}.N"
                document.wrong(
                    ("lines", name, *steps), f"line {name}: there is no port {port}", allowed, "wire one that is there"
                )


def ports_of(line: Line) -> Iterator[tuple[Steps, Port]]:
    """Yield where each port of a line stands, and the port."""
    for key, end, _ in line.uses:
        if isinstance(end, Port) and key not in INPUTS:
            yield (key,), end
    for key in INPUTS:
        for k, port in enumerate(getattr(line, key) or ()):
            yield (key, str(k)), port
