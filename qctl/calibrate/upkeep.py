"""When to look again while parameters drift: waiting costs gate error, looking costs machine time; pure functions.

After a measurement the expected gate error of a quantity grows as ``curvature * speed * t``; what was lost since then
by not measuring is its integral, half of it times t. A step is due when what its targets lost, per second of its
machine time, reaches the price of a second. For steps of ``s`` seconds this gives intervals of ``sqrt(2 price s /
(curvature speed))``: those that lose least for a given share of machine time. Probes are weighed in the same way
against jumps that nobody has noticed yet.

Nothing is measured more than ``TRIES`` times an hour. Upkeep spreads all of them but one, which is left for repairs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .colouring import groups
from .node import Node
from .planner import SECONDS, View, own_gain
from .progress import HOUR, TRIES, Key
from .report import Standing

PRICE = 0.005  # gate error times seconds that a second of machine time is worth
JUMPS = 1 / (7 * 86_400.0)  # of a target, 1 / s
LOSS = 0.002  # gate error that a jump costs which a probe can see, until it is noticed
SHORTEST, LONGEST = 20.0, 600.0  # s between two looks at what is due
SPACING = HOUR / (TRIES - 1)  # s between two passes of upkeep
PROBE_SECONDS = 1.0  # of a probe that was never played


@dataclass(frozen=True, slots=True)
class Due:
    """One step of upkeep: measure with a node, or probe with its check.

    Parameters
    ----------
    lost : gate error times seconds that was lost since the last time, summed over targets
    since : s since the last time, of the target where that is shortest
    """

    node: str
    targets: tuple[str, ...]
    kind: str
    lost: float
    seconds: float
    since: float = 0.0

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
    ready = [key for key in view.records if _rests(key, view)]
    measured = {key: max(view.records[key].passes, default=view.now) for key in ready}
    rested = [key for key in ready if view.records[key].rested(view.now, SPACING)]
    lost = {key: _lost(key, view, measured[key]) for key in rested}
    unnoticed = {key: LOSS * JUMPS * max(view.now - probed[key], 0.0) ** 2 / 2 for key in ready if key in probed}
    found = list[Due]()
    for name, node in view.nodes.items():
        found += _due_of(node, "measure", _of(name, lost), measured, view)
        found += _due_of(node, "probe", _of(name, unnoticed), probed, view)
    return tuple(sorted(found, key=lambda one: -one.rate))  # of equals, what others need first: nodes stand in order


def patience(steps: tuple[Due, ...], price: float = PRICE) -> float:
    """Return how long to wait until the first step is worth its price, s; 0 when one is now.

    What is lost grows with the square of the time; faster where another pass always helps a little, hence the bounds.
    """
    if any(step.rate >= price for step in steps):
        return 0.0
    waits = [step.since * (math.sqrt(price / max(step.rate, 1e-12)) - 1) for step in steps]
    return min(max(min(waits, default=LONGEST), SHORTEST), LONGEST)


def _rests(key: Key, view: View) -> bool:
    return view.records[key].state.standing is Standing.GOOD and not view.dependencies.obstacle(key, view.records)[0]


def _lost(key: Key, view: View, measured: float) -> float:
    """Return what was lost since a key was measured; a probe that agreed does not make its values better known."""
    return own_gain(key, view) * max(view.now - measured, 0.0) / 2


def _of(name: str, values: Mapping[Key, float]) -> dict[str, float]:
    return {target: value for (node, target), value in values.items() if node == name and value > 0}


def _due_of(node: Node, kind: str, lost: Mapping[str, float], last: Mapping[Key, float], view: View) -> list[Due]:
    claims = {target: node.claims(view.laboratory, view.known, target) for target in lost}
    usual = SECONDS if kind == "measure" else PROBE_SECONDS
    seconds = max(view.seconds.get(node.name if kind == "measure" else f"probe {node.name}", usual), 1e-3)
    return [
        Due(
            node.name, group, kind, sum(lost[one] for one in group), seconds,
            view.now - max(last[node.name, one] for one in group),
        )
        for group in groups(claims, view.together)
    ]  # fmt: skip
