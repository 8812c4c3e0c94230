"""Which steps bring up which platform."""

from __future__ import annotations

from qctl.calibrate.node import Node
from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory

from .atom_array import NODES as ATOMS
from .atom_array import ON_REQUEST as ATOMS_ON_REQUEST
from .ions.nodes import NODES as IONS
from .ions.nodes import ON_REQUEST as IONS_ON_REQUEST
from .transmon import NODES as TRANSMON
from .transmon import ON_REQUEST as TRANSMON_ON_REQUEST

_NODES: dict[str, tuple[Node, ...]] = {"superconducting": TRANSMON, "trapped_ion": IONS, "neutral_atom": ATOMS}
_ON_REQUEST: dict[str, tuple[Node, ...]] = {
    "superconducting": TRANSMON_ON_REQUEST,
    "trapped_ion": IONS_ON_REQUEST,
    "neutral_atom": ATOMS_ON_REQUEST,
}


def nodes_of(laboratory: Laboratory, also: tuple[str, ...] = ()) -> tuple[Node, ...]:
    """Return the steps of calibration for a laboratory, and those that are asked for beside them, by name.

    Raises
    ------
    UsageError
        When its platform has none, or there is no such step.
    """
    if laboratory.platform not in _NODES:
        raise UsageError(
            f"calibration of platform {laboratory.platform!r}", allowed=", ".join(_NODES), where=laboratory.name
        )
    always = _NODES[laboratory.platform]
    more = {node.name: node for node in _ON_REQUEST[laboratory.platform]}
    known = {node.name for node in always}
    for name in also:
        if name not in more and name not in known:
            raise UsageError(f"a step {name!r}", allowed=", ".join(more), where=laboratory.name)
    return (*always, *(more[name] for name in dict.fromkeys(also) if name in more))
