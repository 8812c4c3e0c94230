"""One calibration at work: what is believed, where everything stands, and how one step changes both."""

from __future__ import annotations

import math
import time as wall
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from qctl.core.errors import UsageError
from qctl.core.names import Target
from qctl.core.parameters import Estimate, Parameters
from qctl.store import Finding, ParameterStore, Status
from qctl.store.finding import CODE

from . import findings, planner, raw_data
from .decision import Answer, decided
from .dependencies import Dependencies
from .drift import Drift, Walk
from .events import Alarmed, Finished, Judged, OnEvent, Planned, Quarantined, Started
from .hints import hints
from .memory import Memory
from .node import Node
from .planner import Choice, View
from .progress import Key, Record, first_records
from .report import Report, Standing, State, Step
from .workbench import Carried, Workbench


@dataclass(frozen=True)
class Standard:
    """What was believed before a probe contradicted.

    Parameters
    ----------
    score : of the check, when the values were accepted
    before, wide : values as they were, and with the errors that they have been given since, by full name
    """

    score: tuple[float, float]
    before: Mapping[str, Estimate]
    wide: Mapping[str, Estimate]


class Cycle:
    """A calibration in progress.

    Attributes
    ----------
    bench : the laboratory, and what is believed now
    stored : the snapshot of the store that was read or committed last
    records : where every node stands for every target
    memory : what was measured so far
    together : targets that a step has at most, None for as many as do not disturb each other
    standards : what should hold again, by name of the check and target, where a probe contradicted
    alarmed : targets of which a parameter moves faster than it did, until a probe has looked at them
    steps : what was done
    """

    def __init__(
        self,
        bench: Workbench,
        store: ParameterStore,
        nodes: Sequence[Node],
        targets: dict[Target, tuple[str, ...]],
        from_scratch: bool,
        least: float,
        on_event: OnEvent,
        together: int | None = None,
    ) -> None:
        self.bench, self.store, self.targets, self.least, self.tell = bench, store, targets, least, on_event
        self.nodes = {node.name: node for node in nodes}
        self.together = together
        self.standards: dict[Key, Standard] = {}
        if len(self.nodes) != len(nodes):
            raise UsageError("two steps of one name", allowed="a name of its own for each")
        self.dependencies = Dependencies.of(nodes, bench.laboratory, targets)
        self.records: dict[Key, Record] = first_records(self.nodes, self.dependencies.needs, bench.known, from_scratch)
        self.stored = store.snapshot()
        self.memory = Memory(Drift(usual=self._walks()))
        if not from_scratch:
            self.memory.recall(store, self._drifting(), self._slopes(self.dependencies.needs))
        self.alarmed: set[str] = set()
        self.steps: list[Step] = []
        self.seconds: dict[str, float] = {}
        self.found_out: dict[str, str] = {}  # by target, what a look along the wiring explains
        self._number = 0

    @property
    def drift(self) -> Drift:
        """Return how fast parameters move, as far as learned."""
        return self.memory.drift

    def _walks(self) -> dict[str, Walk]:
        """Return how what does not move as its name says goes from day to day."""
        return {
            name: one.walk
            for node, target in self.dependencies.needs
            for one in self.nodes[node].finds
            if one.walk is not None
            for name in one.names(target, self.bench.known)
        }

    def _drifting(self) -> list[str]:
        """Return the names of all parameters that gates depend on."""
        known = self.bench.known
        return [
            f"{target}.{one.name}"
            for name, target in self.dependencies.needs
            for one in self.nodes[name].finds
            if one.curvature(known, target) > 0
        ]

    def _slopes(self, keys: Iterable[Key]) -> dict[str, dict[str, float]]:
        """Return what values of some nodes and targets were read at."""
        known = self.bench.known
        return {one: at for name, target in keys for one, at in self.nodes[name].slopes(target, known).items()}

    def undoubted(self) -> Parameters:
        """Return what is believed, with the errors from before a probe doubted some of it."""
        return self.bench.known.replaced(
            {n: one.before[n] for one in self.standards.values() for n in one.wide if self.doubts(one, n)}
        )

    def doubts(self, standard: Standard, name: str) -> bool:
        """Say whether a value still has the error that a probe gave it."""
        return self.bench.known.estimates.get(name) is standard.wide[name]

    def doubt(self, nodes: Iterable[str]) -> None:
        """Doubt what some nodes found, so that it is measured once more."""
        asked = set(nodes)
        if strange := asked - set(self.nodes):
            raise UsageError(f"steps {', '.join(sorted(strange))} once more", allowed=", ".join(self.nodes))
        self.records |= {key: one.doubted("asked for again") for key, one in self.records.items() if key[0] in asked}

    def count(self) -> int:
        """Return the number of the next step."""
        self._number += 1
        return self._number

    def view(self) -> View:
        """Return everything that the next plan depends on."""
        return View(
            laboratory=self.bench.laboratory, nodes=self.nodes, dependencies=self.dependencies, known=self.bench.known,
            records=self.records, drift=self.drift, now=self.bench.now(), seconds=self.seconds, least=self.least,
            together=self.together,
        )  # fmt: skip

    def take(self, following: Sequence[Choice]) -> None:
        """Carry out the first of some steps."""
        choice, number, bench = following[0], self.count(), self.bench
        why, started = planner.explain(choice), bench.now()
        begun, used = wall.perf_counter(), bench.seconds
        then = tuple(map(planner.explain, following[1:4]))
        self.tell(
            Planned(
                step=number, node=choice.node, targets=choice.targets, why=why, seconds=choice.seconds,
                gain=choice.own, then=then, time=started,
            )
        )  # fmt: skip
        node = self.nodes[choice.node]
        say = partial(self._say, node, number)
        answers = decided(bench, node, choice.targets, self.drift, self._raw_data, say, self.undoubted())
        names = [name for one in answers.values() for name in one.outcome.found]
        before = {name: bench.known.estimates[name] for name in names if name in bench.known}
        self._keep(node, answers)
        self._settle(node, answers, before, number)
        spent, took = bench.seconds - used, wall.perf_counter() - begun
        self.seconds[node.name] = spent
        self.steps.append(
            Step(
                number=number, node=node.name, targets=choice.targets, kind="measure", why=why,
                outcomes=tuple(one.outcome for one in answers.values()),
                verdicts=tuple(one.verdict for one in answers.values()), started=started,
                before={name: one.value for name, one in before.items()},
                seconds=spent, wall=took, raw_data=next((one.raw_data for one in answers.values()), ""),
                snapshot=self.stored.number,
            )
        )  # fmt: skip
        accepted = tuple(target for target, one in answers.items() if one.verdict.accepted)
        self.tell(
            Finished(
                step=number, node=node.name, targets=choice.targets, accepted=accepted, snapshot=self.stored.number,
                seconds=spent, total=bench.seconds, wall=took, time=bench.now(),
            )
        )  # fmt: skip

    def _say(self, node: Node, number: int, targets: tuple[str, ...], kind: str) -> None:
        self.tell(Started(step=number, node=node.name, targets=targets, kind=kind, time=self.bench.now()))

    def _raw_data(self, carried: Carried) -> str:
        if carried.scan is None or carried.result is None:
            return ""
        return raw_data.keep(self.store.path.parent, raw_data.arrays_of(carried.scan, carried.result))

    def _keep(self, node: Node, answers: dict[str, Answer]) -> None:
        """Put a step into the store: one snapshot with all that is accepted; the rest into the history."""
        now = self.bench.now()
        rows: list[Finding] = []
        for one in answers.values():
            rows += findings.findings_of(node, one.outcome, one.verdict, one.raw_data, now)
            if one.verdict.accepted and one.verdict.new is not None and node.check is not None:
                check = node.check(self.bench.laboratory, (one.outcome.target,), self.bench.known).name
                rows.append(findings.score_of(one.outcome.target, check, one.verdict.new, now))
        accepted = [target for target, one in answers.items() if one.verdict.accepted]
        if accepted:
            self.commit(rows, f"{node.name} of {', '.join(accepted)}")
        else:
            findings.record(self.store, rows)

    def commit(self, rows: Iterable[Finding], note: str) -> None:
        """Commit findings and believe them, and what others committed meanwhile."""
        added = tuple(rows)
        findings.committed(self.store, added, self.stored.number, note)
        before, self.stored = self.stored, self.store.snapshot()
        mine = {one.name: one.estimate for one in added if one.status is not Status.REJECTED}
        self.bench.known = findings.merged(self.bench.known.replaced(mine), self.stored, before)

    def _settle(self, node: Node, answers: dict[str, Answer], before: Mapping[str, Estimate], number: int) -> None:
        """Take the verdicts of a step into the records."""
        now = self.bench.now()
        for target, one in answers.items():
            key, verdict = (node.name, target), one.verdict
            self.tell(
                Judged(step=number, node=node.name, target=target, verdict=verdict, outcome=one.outcome, time=now)
            )
            if verdict.accepted:
                old = {name: math.sqrt(self.drift.variance(name, known, now)) for name, known in before.items()}
                new = {name: self.drift.error(name, found.error) for name, found in one.seen.found.items()}
                self.records[key] = self.records[key].accepted(now, old, new)
            else:
                self.records[key] = self.records[key].rejected(now, verdict.reason)
                self._go_back(key, verdict.reason, now)
        accepted = {target: one.seen.found for target, one in answers.items() if one.verdict.accepted}
        self._remember(node, accepted, before, now)
        self.quarantine([(node.name, target) for target in answers], now)

    def _go_back(self, key: Key, reason: str, now: float) -> None:
        """Doubt the coarser step behind one that cannot mend any more what it found before: that one can."""
        if self.records[key].state.standing is not Standing.SUSPECT:
            return
        before = self.dependencies.coarser(key, self.nodes)
        record = None if before is None else self.records[before]
        if before is not None and record and record.state.standing is Standing.GOOD and not record.tired(now):
            self.records[before] = record.doubted(f"{key[0]} of {key[1]} cannot mend it: {reason}")

    def _remember(
        self, node: Node, accepted: Mapping[str, Mapping[str, Estimate]], before: Mapping[str, Estimate], now: float
    ) -> None:  # fmt: skip
        """Take accepted values into the memory; what surprises there waits for a probe."""
        owner = {name: target for target, found in accepted.items() for name in found}
        found = {name: new for each in accepted.values() for name, new in each.items()}
        slopes = self._slopes((node.name, target) for target in accepted)
        for name in self.memory.take(found, before, slopes):
            self.alarmed.add(owner[name])
            self.tell(Alarmed(name=name, reason=f"{name} moves faster than it did so far", time=now))

    def quarantine(self, keys: Sequence[Key], now: float) -> None:
        """Spread what was given up among some keys to all that needs it, and tell."""
        lost = [key for key in keys if self.records[key].state.standing is Standing.QUARANTINED]
        if not lost:
            return
        before = {key for key, one in self.records.items() if one.state.standing is Standing.SKIPPED}
        self.records = self.dependencies.spread(self.records)
        after = {key for key, one in self.records.items() if one.state.standing is Standing.SKIPPED} - before
        for key in lost:
            skipped = tuple(sorted(after & self.dependencies.followers[key]))
            reason = self.records[key].state.reason
            self.tell(Quarantined(node=key[0], target=key[1], reason=reason, skipped=skipped, time=now))

    def report(self, first: int, started: float, took: float, stopped: str) -> Report:
        """Return what was done so far."""
        states: dict[str, dict[str, State]] = {name: {} for name in self.nodes}
        for (name, target), record in self.records.items():
            states[name][target] = record.state
        return Report(
            laboratory=self.store.laboratory, known=self.bench.known, first=first, last=self.stored.number,
            steps=tuple(self.steps), states=states, started=started, ended=self.bench.now(),
            seconds=self.bench.seconds, wall=took, code=CODE, stopped=stopped,
            hints=hints(self.records, self.bench.laboratory, self.nodes, self.bench.known, self.found_out),
        )  # fmt: skip
