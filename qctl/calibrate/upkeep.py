"""When to look again while parameters drift: waiting costs gate error, looking costs machine time; pure functions.

After a measurement the expected gate error of a quantity grows as ``curvature * speed * t``; what was lost since then
by not measuring is its integral, half of it times t. A step is due when what its targets lost, per second of its
machine time, reaches the price of a second. For steps of ``s`` seconds this gives intervals of ``sqrt(2 price s /
(curvature speed))``: those that lose least for a given share of machine time. Probes are weighed in the same way
against jumps that nobody has noticed yet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .colouring import groups
from .node import Node
from .planner import SECONDS, View, own_gain
from .progress import Key
from .report import Standing

PRICE = 0.005  # gate error times seconds that a second of machine time is worth
JUMPS = 1 / (3 * 86_400.0)  # of a target, 1 / s
LOSS = 0.01  # gate error that a jump costs until it is noticed
SHORTEST, LONGEST = 20.0, 600.0  # s between two looks at what is due
PROBE_SECONDS = 1.0  # of a probe that was never played


@dataclass(frozen=True, slots=True)
class Due:
    """One step of upkeep: measure with a node, or probe with its check.

    Parameters
    ----------
    lost : gate error times seconds that was lost since the last time, summed over targets
    """

    node: str
    targets: tuple[str, ...]
    kind: str
    lost: float
    seconds: float

    @property
    def rate(self) -> float:
        """Return what was lost per second of machine time that the step takes."""
        return self.lost / self.seconds


def due(view: View, probed: Mapping[Key, float]) -> tuple[Due, ...]:
    """Return all steps of upkeep that are possible, most urgent first.

    Parameters
    ----------
    probed : when the check of a node last agreed, by key, s since 1970
    """
    ready = [key for key, record in view.records.items() if _rests(key, view) and not record.failed_often(view.now)]
    lost = {key: _lost(key, view) for key in ready}
    unnoticed = {key: LOSS * JUMPS * max(view.now - probed[key], 0.0) ** 2 / 2 for key in ready if key in probed}
    found = [one for name, node in view.nodes.items() for one in _due_of(node, "measure", _of(name, lost), view)]
    found += [one for name, node in view.nodes.items() for one in _due_of(node, "probe", _of(name, unnoticed), view)]
    return tuple(sorted(found, key=lambda one: (-one.rate, one.node, one.kind)))


def patience(steps: tuple[Due, ...], price: float = PRICE) -> float:
    """Return how long to wait until the most urgent step is worth its price, s; 0 when one is now.

    What is lost grows with the square of the time.
    """
    rate = max((step.rate for step in steps), default=0.0)
    if rate >= price:
        return 0.0
    return min(max(SHORTEST * (math.sqrt(price / max(rate, 1e-12)) - 1), SHORTEST), LONGEST)


def _rests(key: Key, view: View) -> bool:
    return view.records[key].state.standing is Standing.GOOD and not view.dependencies.obstacle(key, view.records)[0]


def _lost(key: Key, view: View) -> float:
    """Return what was lost since a key was measured; a probe that agreed does not make its values better known."""
    return own_gain(key, view) * max(view.now - max(view.records[key].passes, default=view.now), 0.0) / 2


def _of(name: str, values: Mapping[Key, float]) -> dict[str, float]:
    return {target: value for (node, target), value in values.items() if node == name and value > 0}


def _due_of(node: Node, kind: str, lost: Mapping[str, float], view: View) -> list[Due]:
    claims = {target: node.claims(view.laboratory, view.known, target) for target in lost}
    usual = SECONDS if kind == "measure" else PROBE_SECONDS
    seconds = max(view.seconds.get(node.name if kind == "measure" else f"probe {node.name}", usual), 1e-3)
    return [Due(node.name, group, kind, sum(lost[one] for one in group), seconds) for group in groups(claims)]
