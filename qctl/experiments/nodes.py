"""Which steps bring up which platform."""

from __future__ import annotations

from qctl.calibrate.node import Node
from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory

from .transmon import NODES as TRANSMON

_NODES: dict[str, tuple[Node, ...]] = {"superconducting": TRANSMON}


def nodes_of(laboratory: Laboratory) -> tuple[Node, ...]:
    """Return all steps of calibration for a laboratory; raise UsageError where its platform has none."""
    if laboratory.platform not in _NODES:
        raise UsageError(
            f"calibration of platform {laboratory.platform!r}", allowed=", ".join(_NODES), where=laboratory.name
        )
    return _NODES[laboratory.platform]
