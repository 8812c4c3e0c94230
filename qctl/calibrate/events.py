"""What the loop says while it works, for whoever shows or logs it. Times are those of the laboratory, s since 1970."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .acceptance import Verdict
from .outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The next step is decided.

    Parameters
    ----------
    step : counts from 1
    node, targets : what will be asked of whom, all at once
    why : in one line
    seconds : expected machine time
    gain : expected loss of gate error, summed over targets
    then : what would come after it, most useful first, a line each
    """

    step: int
    node: str
    targets: tuple[str, ...]
    why: str
    seconds: float
    gain: float
    then: tuple[str, ...] = ()
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A step is being played. ``kind`` is "measure", "probe" (stored values meet a few shots) or "verify"."""

    step: int
    node: str
    targets: tuple[str, ...]
    kind: str = "measure"
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One target of a step has its verdict."""

    step: int
    node: str
    target: str
    verdict: Verdict
    outcome: Outcome
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A node is given up for a target.

    Parameters
    ----------
    reason : why it failed every time
    skipped : (node, target) that cannot be done without it
    """

    node: str
    target: str
    reason: str
    skipped: tuple[tuple[str, str], ...] = ()
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarmed:
    """A parameter moves faster than its drift model says."""

    name: str
    reason: str
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A step is over.

    Parameters
    ----------
    accepted : targets whose values were taken over
    snapshot : number of the newest snapshot
    seconds : machine time of the step; ``total`` of all so far
    wall : what a clock on the wall says of the step, s
    """

    step: int
    node: str
    targets: tuple[str, ...]
    accepted: tuple[str, ...]
    snapshot: int
    seconds: float
    total: float
    wall: float
    time: float = 0.0


Event = Planned | Started | Judged | Quarantined | Alarmed | Finished
OnEvent = Callable[[Event], None]


def silent(event: Event) -> None:
    """Say nothing."""
