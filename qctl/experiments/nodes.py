"""Which steps bring up which platform."""

from __future__ import annotations

from importlib import import_module

from qctl.calibrate.node import Node
from qctl.core.errors import UsageError
from qctl.core.laboratory import Laboratory
from qctl.platforms import platform_of


def nodes_of(laboratory: Laboratory, also: tuple[str, ...] = ()) -> tuple[Node, ...]:
    """Return the steps of calibration for a laboratory, and those that are asked for beside them, by name.

    Raises
    ------
    UsageError
        When there is no such step.
    """
    steps = import_module(platform_of(laboratory).steps)
    always: tuple[Node, ...] = steps.NODES
    more: dict[str, Node] = {node.name: node for node in steps.ON_REQUEST}
    known = {node.name for node in always}
    for name in also:
        if name not in more and name not in known:
            raise UsageError(f"a step {name!r}", allowed=", ".join(more), where=laboratory.name)
    return (*always, *(more[name] for name in dict.fromkeys(also) if name in more))
