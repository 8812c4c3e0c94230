"""Stored values meet a few shots before anybody relies on them: do they still work as when they were accepted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters
from qctl.store import Finding

from .drift import Drift
from .experiment import Check
from .findings import CHECKED, JUDGE
from .node import Node
from .progress import Key, Record
from .report import Standing

LIKELY = 3.0  # standard errors within which a probe agrees with what was seen when the values were accepted
SPARE = 0.01  # share of wrong answers by which a check may differ from day to day for reasons that are not the values
Score = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe says of one target."""

    target: str
    agrees: bool
    reason: str
    seen: Score
    expected: Score | None


def checks_of(
    nodes: Iterable[Node], records: Mapping[Key, Record], laboratory: Laboratory, known: Parameters
) -> dict[str, tuple[Node, tuple[str, ...]]]:
    """Return by name of a check the first node that has it, and the targets whose stored values it can probe."""
    found: dict[str, tuple[Node, tuple[str, ...]]] = {}
    for node in nodes:
        good = [t for (name, t), one in records.items() if name == node.name and one.state.standing is Standing.GOOD]
        if node.check is None or not good:
            continue
        check = node.check(laboratory, tuple(good), known)
        ready = tuple(t for t in good if f"{t}.{CHECKED}.{check.name}" in known)
        if ready and check.name not in found:
            found[check.name] = node, ready
    return found


def answers(check: Check, scores: Mapping[str, Score], known: Parameters) -> tuple[Answer, ...]:
    """Return what the scores of a probe say, one answer for each target that was seen."""
    found = []
    for target in (t for t in check.targets if t in scores):
        seen, stored = scores[target], known.estimates.get(f"{target}.{CHECKED}.{check.name}")
        if stored is None:
            found.append(Answer(target, True, "nothing to compare with", seen, None))
            continue
        agrees = works(seen, (stored.value, stored.error))
        reason = "" if agrees else (
            f"a probe ({check.name}) sees {100 * seen[0]:.2g} % of wrong answers, {100 * stored.value:.2g} % when the "
            "values were accepted"
        )  # fmt: skip
        found.append(Answer(target, agrees, reason, seen, (stored.value, stored.error)))
    return tuple(found)


def works(seen: Score, standard: Score) -> bool:
    """Say whether a check works as well as it did, within what differs from day to day and by chance."""
    return seen[0] <= standard[0] + SPARE + LIKELY * math.hypot(seen[1], standard[1])


def refreshed(
    answer: Answer, nodes: Iterable[Node], check: Check, known: Parameters, drift: Drift, now: float
) -> dict[str, Estimate]:
    """Return the values of a target that a probe agreed with: of its time, and as well known as it can tell.

    An error of a quantity that spoils gates by more than the probe can see would have been seen: the variance is no
    larger than that of the measurement plus what the probe may have overlooked.
    """
    if not answer.agrees or answer.expected is None:
        return {}
    overlooked = (2 * math.hypot(answer.seen[1], answer.expected[1]) + SPARE) / max(getattr(check, "gates", 1), 1)
    new = {}
    for node in nodes:
        for quantity in node.finds:
            name = f"{answer.target}.{quantity.name}"
            old, curvature = known.estimates.get(name), quantity.curvature(known, answer.target)
            if old is None or not math.isfinite(old.error) or curvature <= 0:
                continue
            variance = min(drift.variance(name, old, now), old.error**2 + overlooked / curvature)
            new[name] = replace(old, error=math.sqrt(variance), time=now)
    return new


def widened(
    answer: Answer, nodes: Iterable[Node], check: Check, known: Parameters, drift: Drift, now: float
) -> dict[str, Estimate]:
    """Return the values of a target that a probe contradicted, each with an error that explains alone what was seen.

    Which of them is off nobody knows yet. With such errors experiments look as widely as they must, and are worth it.
    """
    if answer.agrees or answer.expected is None:
        return {}
    each = max(answer.seen[0] - answer.expected[0], 0.0) / max(getattr(check, "gates", getattr(check, "length", 1)), 1)
    new = {}
    for node in nodes:
        for quantity in node.finds:
            name = f"{answer.target}.{quantity.name}"
            old, curvature = known.estimates.get(name), quantity.curvature(known, answer.target)
            if old is not None and math.isfinite(old.error) and curvature > 0:
                variance = max(drift.variance(name, old, now), each / curvature)
                new[name] = replace(old, error=math.sqrt(variance), time=now)
    return new


def rows(new: Mapping[str, Estimate], check: str) -> tuple[Finding, ...]:
    """Return the rows of the store that say so."""
    return tuple(Finding(name, one, reason=f"a probe ({check}) agrees", judge=JUDGE) for name, one in new.items())
