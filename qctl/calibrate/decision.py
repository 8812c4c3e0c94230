"""One step from question to verdict: ask, judge, ask again where a jump must be confirmed, try the candidates out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from . import findings
from .acceptance import Verdict, confirmed, judge
from .drift import Drift
from .node import Node
from .outcome import Outcome
from .verification import verified
from .workbench import Carried, Workbench

Keep = Callable[[Carried], str]
Say = Callable[[tuple[str, ...], str], None]


@dataclass(frozen=True)
class Answer:
    """What is known of one target at the end of a step.

    Parameters
    ----------
    raw_data : SHA-256 of the data in which its candidates were found, hex; empty where nothing is kept
    """

    outcome: Outcome
    verdict: Verdict
    raw_data: str = ""


def decided(
    bench: Workbench, node: Node, targets: tuple[str, ...], drift: Drift, keep: Keep, say: Say
) -> dict[str, Answer]:
    """Return by target what a step found, and whether it may replace what is believed.

    Parameters
    ----------
    keep : stores raw data and returns their SHA-256
    say : is told which targets are asked or tried out next, and the kind of step: "measure" or "verify"
    """
    say(targets, "measure")
    first = _asked(bench, node, targets, drift, keep)
    found = dict(first)
    jumped = tuple(target for target, one in first.items() if one.verdict.jump)
    if jumped:
        say(jumped, "measure")
        for target, again in _asked(bench, node, jumped, drift, keep).items():
            one = first[target]
            verdict = confirmed(one.outcome, again.outcome, one.verdict, again.verdict)
            found[target] = replace(again, verdict=verdict)
    passed = tuple(target for target, one in found.items() if one.verdict.accepted)
    if node.check is not None and passed:
        say(passed, "verify")
    outcomes = {target: one.outcome for target, one in found.items()}
    verdicts = verified(bench, node, outcomes, {target: one.verdict for target, one in found.items()})
    return {target: replace(one, verdict=verdicts[target]) for target, one in found.items()}


def _asked(bench: Workbench, node: Node, targets: tuple[str, ...], drift: Drift, keep: Keep) -> dict[str, Answer]:
    carried = bench.carry_out(node.make(bench.laboratory, targets, bench.known))
    now, digest = bench.now(), keep(carried)
    outcomes = [findings.stamped(outcome, node.name, now) for outcome in carried.outcomes]
    verdicts = [judge(outcome, node, bench.known, drift, now) for outcome in outcomes]
    return {o.target: Answer(o, v, digest) for o, v in zip(outcomes, verdicts, strict=True)}
