"""Candidates are tried out: a quick check with the old values and with the new ones, in one upload."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Estimate, Parameters

from .acceptance import Verdict, worse
from .experiment import Check
from .node import Node
from .outcome import Outcome

Score = tuple[float, float]
BETTER = 4.0  # standard errors by which new values must then be better
CHANCE = 0.35  # share of wrong answers above which new values must be better than old ones, not only as good


class Bench(Protocol):
    """What verification needs of a workbench."""

    known: Parameters

    @property
    def laboratory(self) -> Laboratory:
        """Return what the laboratory's file says."""

    def compare(self, check: Check, settings: tuple[Mapping[str, Estimate], ...]) -> tuple[dict[str, Score], ...]:
        """Play a check under several settings; return each one's scores by target."""


def verified(
    bench: Bench, node: Node, outcomes: Mapping[str, Outcome], verdicts: Mapping[str, Verdict]
) -> dict[str, Verdict]:
    """Return the verdicts after the candidates of all accepted outcomes were tried out together.

    New values that look worse by more than two standard errors are tried a second time, and judged by both
    uploads together: by chance alone, equally good ones look so once in 44 times. Where the old ones do not work
    at all, new ones that are as good do not work either.
    """
    found = dict(verdicts)
    trial = [t for t, v in verdicts.items() if v.accepted and _comparable(outcomes[t], bench.known)]
    if node.check is None or not trial:
        return found
    first = _scores(bench, node, trial, outcomes)
    again = [target for target, scores in first.items() if scores is not None and worse(*scores)]
    second = _scores(bench, node, again, outcomes) if again else {}
    for target in trial:
        one, other = first[target], second.get(target)
        found[target] = _verdict(found[target], one if target not in again else _pooled(one, other))
    return found


def _scores(
    bench: Bench, node: Node, targets: list[str], outcomes: Mapping[str, Outcome]
) -> dict[str, tuple[Score, Score] | None]:
    """Return by target the scores with old and new values; None where it could not be played."""
    assert node.check is not None
    check = node.check(bench.laboratory, tuple(targets), bench.known)
    names = [name for target in targets for name in outcomes[target].found]
    old = {name: bench.known.estimates[name] for name in names}
    new = {name: outcomes[target].found[name] for target in targets for name in outcomes[target].found}
    before, after = bench.compare(check, (old, new))
    return {t: (before[t], after[t]) if t in before and t in after else None for t in targets}


def _verdict(verdict: Verdict, scores: tuple[Score, Score] | None) -> Verdict:
    if scores is None:
        return replace(verdict, accepted=False, reason="the verification run cannot be played with these values")
    old, new = scores
    shares = f"{_percent(new)} of the answers are wrong, {_percent(old)} with the old values"
    if worse(old, new):
        reason = f"it works worse than before: {shares}"
    elif new[0] > CHANCE and not worse(new, old, BETTER):
        reason = f"it works as badly as before: {shares}; another peak, or another qubit"
    else:
        return replace(verdict, old=old, new=new)
    return replace(verdict, accepted=False, reason=reason, old=old, new=new)


def _pooled(one: tuple[Score, Score] | None, other: tuple[Score, Score] | None) -> tuple[Score, Score] | None:
    if one is None or other is None:
        return None
    old, new = ((_mean(a, b)) for a, b in zip(one, other, strict=True))
    return old, new


def _mean(a: Score, b: Score) -> Score:
    return (a[0] + b[0]) / 2, math.hypot(a[1], b[1]) / 2


def _percent(score: Score) -> str:
    return f"{100 * score[0]:.2g} ± {100 * score[1]:.1g} %"


def _comparable(outcome: Outcome, known: Parameters) -> bool:
    """Say whether there are old values to compare with."""
    return all(name in known for name in outcome.found)
