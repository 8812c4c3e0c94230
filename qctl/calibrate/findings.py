"""What goes into the store: candidates with their verdicts, guesses, and what probes agreed with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from qctl.core.errors import ParameterError
from qctl.core.parameters import Estimate, Parameters
from qctl.store import Finding, LostRaceError, ParameterStore, Status, unit_named

from .acceptance import Verdict
from .node import Node
from .outcome import Outcome

JUDGE = "qctl calibrate"
TURNS = 50  # races that may be lost, one after another, before giving up
CHECKED = "checked"  # TARGET.checked.NAME: share of wrong answers of a check when its values were accepted


def stamped(outcome: Outcome, run: str, now: float) -> Outcome:
    """Return an outcome whose candidates say when, and in which step, they were measured."""
    found = {name: replace(one, time=now, run=one.run or run) for name, one in outcome.found.items()}
    return replace(outcome, found=found)


def findings_of(node: Node, outcome: Outcome, verdict: Verdict, raw_data: str, now: float) -> tuple[Finding, ...]:
    """Return the rows of one verdict; where nothing was found, a row without a value for each wanted quantity."""
    status = Status.ACCEPTED if verdict.accepted else Status.REJECTED
    found = dict(outcome.found)
    if not verdict.accepted and not found:
        names = (f"{outcome.target}.{one.name}" for one in node.finds if not one.name.endswith("*"))
        found = {name: Estimate(math.nan, math.nan, unit_named(name), now, node.name) for name in names}
    return tuple(
        Finding(
            name,
            _storable(one),
            status,
            reason=verdict.reason,
            judge=JUDGE,
            raw_data=raw_data,
            covariance=_covariance_of(name, outcome),
        )
        for name, one in found.items()
    )


def guesses(known: Parameters, where: str) -> tuple[Finding, ...]:
    """Return rows for all that is believed before anything was measured.

    Parameters
    ----------
    where : what measured values without a row of their own come from
    """
    return tuple(
        Finding(name, one, Status.MANUAL, reason=where, judge=JUDGE)
        if math.isfinite(one.error)
        else Finding(name, one, Status.GUESS, judge=JUDGE)
        for name, one in known.estimates.items()
    )


def committed(store: ParameterStore, changes: Iterable[Finding], parent: int, note: str) -> int:
    """Commit findings behind the newest snapshot, also when others committed meanwhile; return the new number.

    Raises
    ------
    LostRaceError
        When every one of many races is lost.
    """
    added = tuple(changes)
    for _ in range(TURNS):
        try:
            return store.commit(added, parent, note, author=JUDGE)
        except LostRaceError:
            parent = store.newest
    raise LostRaceError(
        "a snapshot that is founded on the newest one", where=store.laboratory,
        allowed=f"at most {TURNS} lost races", remedy="see who else commits so often",
    )  # fmt: skip


def record(store: ParameterStore, rejected: Iterable[Finding]) -> None:
    """Keep rejected findings in the history."""
    added = tuple(rejected)
    if added:
        store.record(added)


def merged(mine: Parameters, stored: Parameters, before: Parameters) -> Parameters:
    """Return what is believed after a commit: what others changed in the store meanwhile goes before.

    Parameters
    ----------
    mine : what this calibration believes, the values just committed among them
    stored : the newest snapshot
    before : the snapshot that this calibration read last
    """
    changed = {name: one for name, one in stored.estimates.items() if before.estimates.get(name) != one}
    return Parameters({**mine.estimates, **changed}, stored.number, stored.note, stored.parent)


def score_of(target: str, check: str, score: tuple[float, float], now: float) -> Finding:
    """Return the row that says how well a check went when its values were accepted."""
    value, error = score
    if not (math.isfinite(value) and math.isfinite(error)):
        raise ParameterError(f"a score of {value} ± {error}", allowed="finite numbers", where=f"{check} of {target}")
    return Finding(f"{target}.{CHECKED}.{check}", Estimate(value, error, "", now, check), judge=JUDGE)


def _storable(one: Estimate) -> Estimate:
    return replace(one, value=float(one.value), error=float(one.error))


def _covariance_of(name: str, outcome: Outcome) -> Mapping[str, float]:
    pairs = {(a, b): c for (a, b), c in outcome.covariances.items() if math.isfinite(c)}
    return {b if a == name else a: c for (a, b), c in pairs.items() if name in (a, b) and a != b}
