"""Probes of a calibration that starts from stored values: which of them can be relied on."""

from __future__ import annotations

import time as wall

from qctl.core.parameters import Estimate

from .colouring import groups
from .cycle import Cycle, Standard
from .events import Finished, Started
from .node import Node
from .probe import answers, checks_of, refreshed, rows, widened, works
from .report import Standing, Step

STORED = 1800.0  # s; what probes agree with is stored no more often


def probe_stored(cycle: Cycle) -> None:
    """Probe all stored values that have a check, nodes in order; what disagrees becomes suspect."""
    seen: set[str] = set()
    for node in cycle.nodes.values():
        found = checks_of([node], cycle.records, cycle.bench.laboratory, cycle.bench.known)
        for name, (_, targets) in found.items():
            if name in seen:
                continue
            seen.add(name)
            ready = [t for t in targets if not cycle.dependencies.obstacle((node.name, t), cycle.records)[0]]
            claims = {t: node.claims(cycle.bench.laboratory, cycle.bench.known, t) for t in ready}
            for group in groups(claims, cycle.together):
                probe(cycle, node, group)


def probe(cycle: Cycle, node: Node, targets: tuple[str, ...]) -> tuple[str, ...]:
    """Probe some targets at once; return those whose stored values are contradicted."""
    assert node.check is not None
    bench = cycle.bench
    check = node.check(bench.laboratory, targets, bench.known)
    begun, used = wall.perf_counter(), bench.seconds
    number = cycle.count()
    cycle.tell(Started(step=number, node=check.name, targets=targets, kind="probe", time=bench.now()))
    started = bench.now()
    (scores,) = bench.compare(check, ({},))
    now = bench.now()
    sharing = [one for one in cycle.nodes.values() if _has(one, check.name, cycle)]
    new: dict[str, Estimate] = {}
    doubtful = []
    found = answers(check, scores, bench.known)
    for answer in found:
        new |= refreshed(answer, sharing, check, bench.known, cycle.drift, now)
        keys = [(one.name, answer.target) for one in sharing if (one.name, answer.target) in cycle.records]
        for key in keys if not answer.agrees else ():
            cycle.records[key] = cycle.records[key].doubted(answer.reason)
        if not answer.agrees:
            doubtful.append(answer.target)
            if answer.expected is not None:
                wide = widened(answer, sharing, check, bench.known, cycle.drift, now)
                before = {name: bench.known.estimates[name] for name in wide}
                cycle.standards[check.name, answer.target] = Standard(answer.expected, before, wide)
                bench.known = bench.known.replaced(wide)
    bench.known = bench.known.replaced(new)
    old = {name: one for name, one in new.items() if now - cycle.stored.estimates[name].time > STORED}
    if old:
        cycle.commit(rows(old, check.name), f"{check.name}: a probe of {', '.join(targets)}")
    agreed = tuple(t for t in targets if t not in doubtful)
    why = "; ".join(answer.reason for answer in found if answer.reason)
    seconds, took = bench.seconds - used, wall.perf_counter() - begun
    cycle.steps.append(
        Step(
            number=number, node=check.name, targets=targets, kind="probe", why=why or "stored values are checked first",
            started=started, seconds=seconds, wall=took, snapshot=cycle.stored.number,
        )
    )  # fmt: skip
    cycle.tell(
        Finished(
            step=number, node=check.name, targets=targets, accepted=agreed, snapshot=cycle.stored.number,
            seconds=seconds, total=bench.seconds, wall=took, time=now,
        )
    )  # fmt: skip
    return tuple(doubtful)


def absolve(cycle: Cycle) -> None:
    """Take a probe's doubts back where the newest step's verification works again as well as before they came.

    A probe doubts all that it depends on, one culprit is enough. What hangs together with a target that was repaired
    is probed next.
    """
    step = cycle.steps[-1]
    for verdict in step.verdicts:
        check, target = _check_of(cycle.nodes[step.node], verdict.target, cycle), verdict.target
        standard = cycle.standards.get((check, target))
        if standard is None or not verdict.accepted or verdict.new is None or not works(verdict.new, standard.score):
            continue
        del cycle.standards[check, target]
        innocent = {name: standard.before[name] for name in standard.wide if cycle.doubts(standard, name)}
        cycle.bench.known = cycle.bench.known.replaced(innocent)
        cycle.alarmed.add(target)
        for (name, other), record in cycle.records.items():
            doubted = record.state.standing is Standing.SUSPECT and record.state.reason.startswith(f"a probe ({check})")
            if other == target and doubted and _check_of(cycle.nodes[name], target, cycle) == check:
                cycle.records[name, target] = record.confirmed()


def _check_of(node: Node, target: str, cycle: Cycle) -> str:
    """Return the name of a step's check, empty where it has none."""
    return "" if node.check is None else node.check(cycle.bench.laboratory, (target,), cycle.bench.known).name


def _has(node: Node, name: str, cycle: Cycle) -> bool:
    if node.check is None:
        return False
    some = next((t for (n, t) in cycle.records if n == node.name), None)
    return some is not None and node.check(cycle.bench.laboratory, (some,), cycle.bench.known).name == name
