"""One step from question to verdict: ask, judge, ask again where a jump must be confirmed, try the candidates out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from qctl.core.parameters import Parameters

from . import findings
from .acceptance import Verdict, confirmed, judge
from .drift import Drift
from .innovation import difference, innovation
from .node import Node
from .outcome import Outcome
from .verification import verified
from .workbench import Carried, Workbench

MOVED = 3.0  # standard errors by which a value has moved when what was known is forgotten
Keep = Callable[[Carried], str]
Say = Callable[[tuple[str, ...], str], None]


@dataclass(frozen=True)
class Answer:
    """What is known of one target at the end of a step.

    Parameters
    ----------
    outcome : what is believed when it is accepted, see `weighed`
    seen : what was measured, not weighed with anything
    raw_data : SHA-256 of the data in which its candidates were found, hex; empty where nothing is kept
    """

    outcome: Outcome
    verdict: Verdict
    seen: Outcome
    raw_data: str = ""


def decided(
    bench: Workbench, node: Node, targets: tuple[str, ...], drift: Drift, keep: Keep, say: Say,
    undoubted: Parameters | None = None,
) -> dict[str, Answer]:  # fmt: skip
    """Return by target what a step found, and whether it may replace what is believed.

    Parameters
    ----------
    keep : stores raw data and returns their SHA-256
    say : is told which targets are asked or tried out next, and the kind of step: "measure" or "verify"
    undoubted : what was believed before a probe doubted it: a jump is one from there; by default what is believed now
    """
    undoubted = bench.known if undoubted is None else undoubted
    say(targets, "measure")
    first = _asked(bench, node, targets, drift, keep, undoubted)
    found = dict(first)
    jumped = tuple(target for target, one in first.items() if one.verdict.jump)
    if jumped:
        say(jumped, "measure")
        for target, again in _asked(bench, node, jumped, drift, keep, undoubted).items():
            one = first[target]
            verdict = confirmed(one.outcome, again.outcome, one.verdict, again.verdict)
            found[target] = replace(again, verdict=verdict)
    passed = tuple(target for target, one in found.items() if one.verdict.accepted)
    for target in passed:
        outcome = weighed(found[target].seen, node, bench.known, drift, bench.now())
        found[target] = replace(found[target], outcome=outcome)
    if node.check is not None and passed:
        say(passed, "verify")
    outcomes = {target: one.outcome for target, one in found.items()}
    verdicts = verified(bench, node, outcomes, {target: one.verdict for target, one in found.items()})
    return {target: replace(one, verdict=verdicts[target]) for target, one in found.items()}


def _asked(
    bench: Workbench, node: Node, targets: tuple[str, ...], drift: Drift, keep: Keep, undoubted: Parameters
) -> dict[str, Answer]:
    carried = bench.carry_out(node.make(bench.laboratory, targets, bench.known))
    now, digest = bench.now(), keep(carried)
    outcomes = [findings.stamped(outcome, node.name, now) for outcome in carried.outcomes]
    verdicts = [judge(outcome, node, undoubted, drift, now) for outcome in outcomes]
    return {o.target: Answer(o, v, o, digest) for o, v in zip(outcomes, verdicts, strict=True)}


def weighed(seen: Outcome, node: Node, known: Parameters, drift: Drift, now: float) -> Outcome:
    """Return an outcome whose values lie between what was known and what was seen, by how well both are known.

    Only where the same step found all of them before, gates depend on some, and none has moved by more than the errors
    explain. All values move by one share, the largest that any asks for, since they were found together.
    """
    old = {name: known.estimates.get(name) for name in seen.found}
    matter = [
        name for name in seen.found if (q := node.quantity(seen.target, name)) and q.curvature(known, seen.target) > 0
    ]
    before, slopes = dict[str, float](), node.slopes(seen.target, known)
    for name, new in seen.found.items():
        one = old[name]
        if one is None or one.run != new.run or not math.isfinite(one.error) or not matter:
            return seen
        before[name] = drift.variance(name, one, now)
        moved = innovation(name, seen.found, known.estimates, slopes.get(name, {}))
        if abs(moved) > MOVED * math.hypot(math.sqrt(before[name]), drift.error(name, new.error)):
            return seen
    errors = {name: drift.error(name, new.error) for name, new in seen.found.items()}
    share = max(before[name] / (before[name] + errors[name] ** 2) for name in matter)
    found = {}
    for name, new in seen.found.items():
        error = math.hypot((1 - share) * math.sqrt(before[name]), share * errors[name])
        value = new.value - (1 - share) * difference(known.estimates[name], new)
        found[name] = replace(new, value=value, error=error)
    return replace(seen, found=found)
