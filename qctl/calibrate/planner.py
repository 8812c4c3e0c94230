"""What to measure next: what takes most expected gate error away per second of machine time. Pure functions.

The gate error that a quantity causes is its curvature times the variance of what is believed of it (`drift`), at most
``WORST``. A measurement takes away what lies above the variance that it can reach. What nobody measured yet blocks all
that needs it: the benefit of measuring it includes theirs, so that a first calibration needs no list of steps in order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters

from .colouring import groups
from .dependencies import LOST, Dependencies
from .drift import Drift
from .node import Node
from .progress import Key, Record
from .report import Standing

WORST = 0.5  # gate error that an unknown quantity may cause
CURIOSITY = 1e-3  # worth of a first look where gates do not care
LEAST = 4e-5  # gate error of a target below which nothing is measured again
DULL = 0.7  # a pass that leaves more than this of an error has reached what it can
SECONDS = 2.0  # of a step that was never played


@dataclass(frozen=True, kw_only=True)
class View:
    """Everything that a plan depends on.

    Parameters
    ----------
    nodes : by name
    known : what is believed
    records : where everything stands
    drift : how fast parameters move
    now : time of the laboratory, s since 1970
    seconds : machine time of a step, by node, where it was played before
    least : gate error of a target below which nothing is measured again
    together : targets that a step has at most; None for as many as do not disturb each other
    """

    laboratory: Laboratory
    nodes: Mapping[str, Node]
    dependencies: Dependencies
    known: Parameters
    records: Mapping[Key, Record]
    drift: Drift
    now: float
    seconds: Mapping[str, float] = field(default_factory=dict)
    least: float = LEAST
    together: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One possible step: a node, and targets that do not disturb each other.

    Parameters
    ----------
    own : gate error that it is expected to take away, summed over targets
    unlocks : gate error of what waits for it
    waiting : how many steps of single targets wait for it
    seconds : machine time
    """

    node: str
    targets: tuple[str, ...]
    own: float
    unlocks: float
    waiting: int
    seconds: float
    remark: str = ""

    @property
    def rate(self) -> float:
        """Return the benefit per second of machine time."""
        return (self.own + self.unlocks) / self.seconds


def choices(view: View) -> tuple[Choice, ...]:
    """Return all steps that are possible and worth their time, best first."""
    gains: dict[str, dict[str, tuple[float, float, int]]] = {}
    own = {key: own_gain(key, view) for key in view.records}
    for key, record in view.records.items():
        doubted = record.state.standing is Standing.SUSPECT
        tired = record.failed_often(view.now) if doubted else record.tired(view.now)
        if record.state.standing in LOST or own[key] < view.least or tired:
            continue
        if not view.dependencies.obstacle(key, view.records)[0]:
            gains.setdefault(key[0], {})[key[1]] = (own[key], *_unlocked(key, view, own))
    found = [choice for name, targets in gains.items() for choice in _choices_of(view.nodes[name], targets, view)]
    return tuple(sorted(found, key=lambda one: (-one.rate, one.node, one.targets)))


def plan(view: View) -> tuple[Choice, ...]:
    """Return the next step and what would come after it; empty when nothing is worth its time.

    The step with the best rate comes first, unless others can catch up with it: targets for which it is still
    blocked by a step that can run now. Together, they need its machine time once.
    """
    found = choices(view)
    if not found:
        return ()
    best, moved = found[0], True
    while moved:
        others = _others(best, view)
        behind = [one for one in found if one.node != best.node and _leads(one, best.node, others, view)]
        moved = bool(behind)
        if behind:
            first = behind[0]
            ahead = f"{', '.join(best.targets[:3])}{' and others' if len(best.targets) > 3 else ''}"
            remark = f"it can then run {best.node} together with {ahead}"
            best = replace(first, remark=remark)
    return best, *(one for one in found if (one.node, one.targets) != (best.node, best.targets))


def explain(choice: Choice) -> str:
    """Return in one line what is next and why."""
    whom = ", ".join(choice.targets[:6]) + (f" and {len(choice.targets) - 6} more" if len(choice.targets) > 6 else "")
    reasons = [f"takes {choice.own:.1e} of gate error away in {choice.seconds:.1f} s"]
    if choice.waiting:
        reasons.append(f"{choice.waiting} {'step waits' if choice.waiting == 1 else 'steps wait'} for it")
    if choice.remark:
        reasons.append(choice.remark)
    return f"{choice.node} of {whom}: {'; '.join(reasons)}"


def own_gain(key: Key, view: View) -> float:
    """Return the gate error that measuring now is expected to take away from one target."""
    node, record = view.nodes[key[0]], view.records[key]
    standing = record.state.standing
    if standing in LOST:
        return 0.0
    gain = sum(_gain_of(key, one.name, one.curvature(view.known, key[1]), record, view) for one in node.finds)
    if standing is Standing.GOOD:
        return gain
    return max(gain, CURIOSITY)


def _gain_of(key: Key, quantity: str, curvature: float, record: Record, view: View) -> float:
    name = f"{key[1]}.{quantity}"
    if curvature <= 0:
        return 0.0
    estimate = view.known.estimates.get(name)
    before = math.inf if estimate is None else view.drift.variance(name, estimate, view.now)
    after = expected_error(name, record) ** 2
    if record.state.standing is Standing.GOOD and math.isfinite(before) and math.isfinite(after):
        after *= before / max(before + after, 1e-300)  # both are weighed, see `decision.weighed`
    return max(_loss(curvature, before) - _loss(curvature, after), 0.0)


def expected_error(name: str, record: Record) -> float:
    """Return the error that another pass should reach: smaller as by the last one, unless that hardly helped."""
    if name not in record.reached:  # what another step found better is left to it
        return math.inf if record.state.standing is Standing.GOOD else 0.0
    gained = record.gained.get(name, 0.0) or 0.3  # nobody had measured before the first pass
    return record.reached[name] * (1.0 if gained > DULL else max(gained, 0.1))


def _loss(curvature: float, variance: float) -> float:
    return min(WORST, curvature * variance) if math.isfinite(variance) else WORST


def _unlocked(key: Key, view: View, own: Mapping[Key, float]) -> tuple[float, int]:
    """Return the gate error, and the number, of all that waits for a key."""
    if view.records[key].state.standing is Standing.GOOD:
        return 0.0, 0
    waiting = [
        own[one]
        for one in view.dependencies.followers[key]
        if view.records[one].state.standing in (Standing.UNKNOWN, Standing.SUSPECT)
    ]
    return sum(waiting), len(waiting)


def _choices_of(node: Node, targets: Mapping[str, tuple[float, float, int]], view: View) -> list[Choice]:
    claims = {target: node.claims(view.laboratory, view.known, target) for target in targets}
    seconds = max(view.seconds.get(node.name, SECONDS), 1e-3)
    return [
        Choice(
            node=node.name,
            targets=group,
            own=sum(targets[one][0] for one in group),
            unlocks=sum(targets[one][1] for one in group),
            waiting=sum(targets[one][2] for one in group),
            seconds=seconds,
        )
        for group in groups(claims, view.together)
    ]


def _leads(behind: Choice, node: str, others: tuple[str, ...], view: View) -> bool:
    """Say whether a step is what keeps some of ``others`` from running ``node``."""
    keys = {(node, other) for other in others}
    return any(
        keys & view.dependencies.followers[behind.node, target]
        for target in behind.targets
        if view.records[behind.node, target].state.standing is not Standing.GOOD
    )


def _others(choice: Choice, view: View) -> tuple[str, ...]:
    """Return the targets that the node of a step has still to do, and that could run at the same time."""
    node = view.nodes[choice.node]
    claimed = frozenset().union(*(node.claims(view.laboratory, view.known, target) for target in choice.targets))
    return tuple(
        target
        for (name, target), record in view.records.items()
        if name == choice.node
        and record.state.standing in (Standing.UNKNOWN, Standing.SUSPECT)
        and not claimed & node.claims(view.laboratory, view.known, target)
    )
