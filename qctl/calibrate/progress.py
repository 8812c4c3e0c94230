"""Where each node stands for each target: tries, verdicts, and what is quarantined because of what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from qctl.core.parameters import Estimate, Parameters

from .node import Node
from .report import Standing, State

HOUR = 3600.0
TRIES = 3  # of each kind in an hour: failures, and passes that were accepted
Key = tuple[str, str]  # node and target


@dataclass(frozen=True, slots=True)
class Record:
    """How one node went for one target.

    Parameters
    ----------
    state : where it stands, and why
    passes, failures : when it was accepted and when not, time of the laboratory
    reached : error of each quantity after the newest accepted pass, SI, by full name
    gained : how much smaller that was than the error before it, by full name; 0 where nobody had measured before
    """

    state: State
    passes: tuple[float, ...] = ()
    failures: tuple[float, ...] = ()
    reached: Mapping[str, float] = field(default_factory=dict)
    gained: Mapping[str, float] = field(default_factory=dict)

    def tired(self, now: float) -> bool:
        """Say whether it was tried often enough for this hour."""
        return _recent(self.passes, now) >= TRIES or self.failed_often(now)

    def failed_often(self, now: float) -> bool:
        """Say whether it failed often enough for this hour."""
        return _recent(self.failures, now) >= TRIES

    def tries(self, now: float) -> int:
        """Return how often it was measured within the last hour, whatever came of it."""
        return _recent((*self.passes, *self.failures), now)

    def rested(self, now: float, rest: float) -> bool:
        """Say whether it was last measured ``rest`` seconds ago, or before."""
        return now - max((*self.passes, *self.failures), default=-math.inf) >= rest

    def accepted(self, now: float, before: Mapping[str, float], after: Mapping[str, float]) -> Record:
        """Return the record after a pass whose values were taken over; errors by full name."""
        gained = {name: _ratio(error, before.get(name, math.inf)) for name, error in after.items()}
        good, passes = State(Standing.GOOD), (*self.passes, now)
        return replace(self, state=good, passes=passes, failures=(), reached=dict(after), gained=gained)

    def rejected(self, now: float, reason: str) -> Record:
        """Return the record after a failure; the third in an hour is the last."""
        failures = (*self.failures, now)
        if _recent(failures, now) >= TRIES:
            state = State(Standing.QUARANTINED, f"{reason} ({_recent(failures, now)} tries)")
        else:
            known = self.state.standing is not Standing.UNKNOWN
            state = State(Standing.SUSPECT if known else Standing.UNKNOWN, reason)
        return replace(self, state=state, failures=failures)

    def doubted(self, reason: str) -> Record:
        """Return the record after something contradicted what is stored."""
        return replace(self, state=State(Standing.SUSPECT, reason))

    def given_up(self, reason: str) -> Record:
        """Return the record of what is not measured any more, for a while."""
        return replace(self, state=State(Standing.QUARANTINED, reason))

    def confirmed(self) -> Record:
        """Return the record after a probe agreed with what is stored."""
        return replace(self, state=State(Standing.GOOD))


def first_records(
    nodes: Mapping[str, Node], keys: Iterable[Key], known: Parameters, from_scratch: bool
) -> dict[Key, Record]:
    """Return where everything stands before anything was measured: good where all values that matter are measured ones.

    Those matter that gates depend on; a step that finds none of them is good when it has found anything.
    """
    found = {}
    for key in keys:
        node, target = nodes[key[0]], key[1]
        if from_scratch or not _was_measured(node, target, known):
            found[key] = Record(State(Standing.UNKNOWN))
            continue
        reached = {name: known.estimates[name].error for name in owned(node, target, known)}
        # As well as it was measured once, it will be measured again, not better.
        passes = (min(known.estimates[name].time for name in reached),) if reached else ()
        found[key] = Record(State(Standing.GOOD), passes, (), reached, dict.fromkeys(reached, 1.0))
    return found


def owned(node: Node, target: str, known: Parameters) -> tuple[str, ...]:
    """Return the parameters of a target, by full name, whose present values a step found."""
    names = (f"{target}.{one.name}" for one in node.finds)
    return tuple(name for name in names if name in known and known.estimates[name].run == node.name)


def _was_measured(node: Node, target: str, known: Parameters) -> bool:
    matter = [one for one in node.finds if one.curvature(known, target) > 0]
    if matter:
        return all(measured(target, one.name, known) for one in matter)
    return any(measured(target, one.name, known) for one in node.finds)


def measured(target: str, quantity: str, known: Parameters) -> bool:
    """Say whether somebody measured a quantity of a target."""
    name = f"{target}.{quantity}"
    if name.endswith("*"):
        return any(other.startswith(name[:-1]) and _is_measured(one) for other, one in known.estimates.items())
    estimate = known.estimates.get(name)
    return estimate is not None and _is_measured(estimate)


def _is_measured(estimate: Estimate) -> bool:
    return math.isfinite(estimate.error)


def _ratio(after: float, before: float) -> float:
    return after / before if 0 < before < math.inf else 0.0


def _recent(times: tuple[float, ...], now: float) -> int:
    return sum(now - time < HOUR for time in times)
