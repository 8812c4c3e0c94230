"""What a calibration did, step by step, and where it left every target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qctl.core.parameters import Parameters

from .acceptance import Verdict
from .outcome import Outcome


class Standing(StrEnum):
    """How a node stands for one target."""

    UNKNOWN = "unknown"  # never measured
    GOOD = "good"  # measured and verified, or a probe agreed with what is stored
    SUSPECT = "suspect"  # a probe or the newest measurement contradicts what is stored
    QUARANTINED = "quarantined"  # failed too often
    SKIPPED = "skipped"  # needs something that is quarantined


@dataclass(frozen=True, slots=True)
class State:
    """Where one node stands for one target, and why."""

    standing: Standing
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: what was asked, what came, what was decided.

    Parameters
    ----------
    number : counts from 1
    node, targets, kind, why : as in the events ``Planned`` and ``Started``
    outcomes, verdicts : one for each target, in order; probes have no outcomes
    before : what was believed of what was found, by parameter name
    started : time of the laboratory, s since 1970
    seconds : machine time
    wall : what a clock on the wall says, s
    raw_data : SHA-256 under which the data are kept, hex; empty where none came
    snapshot : newest snapshot after the step
    """

    number: int
    node: str
    targets: tuple[str, ...]
    kind: str
    why: str
    outcomes: tuple[Outcome, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    before: Mapping[str, float] = field(default_factory=dict)
    started: float = 0.0
    seconds: float = 0.0
    wall: float = 0.0
    raw_data: str = ""
    snapshot: int = 0


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything a calibration did.

    Parameters
    ----------
    laboratory : name under which its parameters are stored
    known : what is believed at the end
    first, last : snapshots before and after; the same when nothing was accepted
    steps : in order
    states : by node, then by target
    started, ended : time of the laboratory, s since 1970
    seconds : machine time
    wall : what a clock on the wall says, s
    code : version that calibrated
    stopped : why it ended
    hints : what all failures together look like, in words
    """

    laboratory: str
    known: Parameters
    first: int
    last: int
    steps: tuple[Step, ...]
    states: Mapping[str, Mapping[str, State]]
    started: float
    ended: float
    seconds: float
    wall: float
    code: str
    stopped: str = ""
    hints: tuple[str, ...] = ()

    @property
    def took(self) -> str:
        """Return how many steps there were, and how long they took, for people."""
        steps = "1 step" if len(self.steps) == 1 else f"{len(self.steps)} steps"
        return f"{steps}, {self.seconds:.0f} s of machine time, {self.wall:.1f} s on the clock"

    def quarantined(self) -> tuple[tuple[str, str, str], ...]:
        """Return (node, target, reason) of everything that was given up."""
        return tuple(
            (node, target, state.reason)
            for node, by_target in self.states.items()
            for target, state in by_target.items()
            if state.standing is Standing.QUARANTINED
        )
