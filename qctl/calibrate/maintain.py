"""Keep a laboratory calibrated while it drifts: probe and measure when it is worth the machine time, wait otherwise."""

from __future__ import annotations

import math
import time as wall
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from qctl.core.parameters import Parameters
from qctl.run import Lab
from qctl.store import ParameterStore

from .colouring import groups
from .cycle import Cycle
from .events import OnEvent, silent
from .loop import opened
from .node import Node
from .planner import LEAST, Choice, plan
from .probing import absolve, probe
from .progress import TRIES, Key, Record, owned
from .report import Report, Standing
from .targets import chosen, touching
from .upkeep import LONGEST, PRICE, Due, due, patience
from .workbench import Workbench

SHARE = 0.05  # of machine time that upkeep may take
TIMER = 7200.0  # s, of the strategy that looks at a clock
REST = 7200.0  # s after which what was given up gets another chance
Watch = Callable[[Cycle], None]


class Strategy(StrEnum):
    """How to decide when to measure."""

    PLANNER = "planner"  # by benefit against the price of machine time
    TIMER = "timer"  # everything every two hours
    NONE = "none"  # never
    FRESH = "fresh"  # everything before anybody looks: what is possible, whatever it costs


def maintain(
    lab: Lab,
    store: ParameterStore,
    nodes: Sequence[Node],
    targets: Iterable[str] = (),
    *,
    seconds: float,
    share: float = SHARE,
    price: float = PRICE,
    strategy: Strategy = Strategy.PLANNER,
    on_event: OnEvent = silent,
    watch: Watch | None = None,
    looks: Sequence[float] = (),
) -> Report:
    """Keep what is calibrated good for some time of the laboratory, virtual where it is simulated.

    Parameters
    ----------
    seconds : how long
    share : of this time that calibrating may take at most
    price : gate error times seconds that a second of machine time is worth
    watch : is called with what is believed at each of ``looks``, s after the beginning, in order, below ``seconds``
    """
    bench = Workbench(lab, lab.parameters)
    cycle = opened(bench, store, nodes, chosen(lab.laboratory, targets), False, LEAST, on_event)
    try:
        return kept(cycle, seconds, share, price, strategy, watch, looks)
    finally:
        lab.parameters = bench.known


def kept(
    cycle: Cycle, seconds: float, share: float = SHARE, price: float = PRICE, strategy: Strategy = Strategy.PLANNER,
    watch: Watch | None = None, looks: Sequence[float] = (), probed_at: float | None = None,
) -> Report:  # fmt: skip
    """Keep a calibration that is open; see `maintain`.

    Parameters
    ----------
    probed_at : when stored values were probed last, s since 1970; by default right now
    """
    bench, begun = cycle.bench, wall.perf_counter()
    started, first, used = bench.now(), cycle.stored.number, bench.seconds
    end, waiting = started + seconds, [started + one for one in looks]
    probed = dict.fromkeys(_with_checks(cycle), started if probed_at is None else probed_at)
    timer = started
    while (now := bench.now()) < end:
        if watch and waiting and now >= waiting[0]:
            del waiting[0]
            if strategy is Strategy.FRESH:
                measure_all(cycle)
            watch(cycle)
            continue
        if strategy is Strategy.TIMER and now - timer >= TIMER:
            timer = now
            measure_all(cycle)
            continue
        pause = LONGEST
        if strategy is Strategy.PLANNER:
            allowed = share * (now - started) - (bench.seconds - used)
            pause = _one_step(cycle, probed, allowed, share, price)
        if pause > 0:
            bench.wait(max(min(pause, end - now, *(one - now for one in waiting[:1])), 0.1))
    if watch and waiting:  # the last step took longer than there was time
        watch(cycle)
    return cycle.report(first, started, wall.perf_counter() - begun, f"{seconds / 3600:g} h are over")


def measure_all(cycle: Cycle) -> None:
    """Measure everything that gates depend on once, needs before what needs them; nothing a fourth time in an hour."""
    cycle.records, now = {key: _rested(cycle, key) for key in cycle.records}, cycle.bench.now()
    for name in dict.fromkeys(key[0] for key in cycle.dependencies.needs):
        node, known = cycle.nodes[name], cycle.bench.known
        ready = [t for (n, t) in cycle.records if n == name and matters(node, t, known)]
        ready = [t for t in ready if cycle.records[name, t].tries(now) < TRIES]
        ready = [t for t in ready if not cycle.dependencies.obstacle((name, t), cycle.records)[0]]
        claims = {t: node.claims(cycle.bench.laboratory, known, t) for t in ready}
        for group in groups(claims):
            seconds = cycle.seconds.get(name, 1.0)
            cycle.take([Choice(node=name, targets=group, own=0, unlocks=0, waiting=0, seconds=seconds)])


def matters(node: Node, target: str, known: Parameters) -> bool:
    """Say whether a step found values that gates depend on, which no finer step has replaced since."""
    mine = set(owned(node, target, known))
    return any(one.curvature(known, target) > 0 and f"{target}.{one.name}" in mine for one in node.finds)


def _one_step(cycle: Cycle, probed: dict[Key, float], allowed: float, share: float, price: float) -> float:
    """Do the most urgent thing that is worth its price; return how long to wait before there is another, s.

    Parameters
    ----------
    probed : when checks last agreed; changed by probes and measurements
    allowed : machine time that may be used now, s
    """
    cycle.records = {key: _rested(cycle, key) for key in cycle.records}
    _end_loops(cycle)
    _heed_alarms(cycle, probed)
    if urgent := _urgent(cycle):
        if urgent[0].seconds > allowed:
            return min((urgent[0].seconds - allowed) / share, LONGEST)
        cycle.take(urgent)
        absolve(cycle)
        return 0.0
    steps = due(cycle.view(), probed)
    pause = patience(steps, price)
    if pause > 0 or steps[0].seconds > allowed:
        return max(pause, min((steps[0].seconds - allowed) / share, LONGEST)) if steps else LONGEST
    _carry_out(cycle, steps[0], probed)
    return 0.0


def _end_loops(cycle: Cycle) -> None:
    """Give up what is contradicted although it was measured as often as an hour allows."""
    now = cycle.bench.now()
    doubted = [key for key, one in cycle.records.items() if one.state.standing is Standing.SUSPECT]
    lost = [key for key in doubted if cycle.records[key].tries(now) >= TRIES]
    for key in lost:
        record = cycle.records[key]
        reason = f"{record.state.reason}; it was measured {record.tries(now)} times within an hour"
        cycle.records[key] = record.given_up(reason)
    cycle.quarantine(lost, now)


def _heed_alarms(cycle: Cycle, probed: dict[Key, float]) -> None:
    """Make probes due at once of all targets with an alarm, and of those that they are part of, or made of."""
    near = {one for target in cycle.alarmed for one in touching(cycle.bench.laboratory, target)}
    probed.update({key: -math.inf for key in probed if key[1] in near})
    cycle.alarmed.clear()


def _urgent(cycle: Cycle) -> tuple[Choice, ...]:
    """Return the steps that are planned for what a probe contradicted."""
    suspect = {key for key, one in cycle.records.items() if one.state.standing is Standing.SUSPECT}
    if not suspect:
        return ()
    return tuple(one for one in plan(cycle.view()) if any((one.node, target) in suspect for target in one.targets))


def _carry_out(cycle: Cycle, step: Due, probed: dict[Key, float]) -> None:
    before = cycle.bench.seconds
    if step.kind == "probe":
        probe(cycle, cycle.nodes[step.node], step.targets)
        cycle.seconds[f"probe {step.node}"] = cycle.bench.seconds - before
    else:
        remark = f"{step.lost:.1e} of gate error times seconds was lost since the last time"
        choice = Choice(node=step.node, targets=step.targets, own=0, unlocks=0, waiting=0, seconds=step.seconds)
        cycle.take([replace(choice, remark=remark)])
    now = cycle.bench.now()
    probed.update({(step.node, target): now for target in step.targets if (step.node, target) in probed})


def _with_checks(cycle: Cycle) -> tuple[Key, ...]:
    """Return one key for each check and target: that of the first node that has the check."""
    found: dict[Key, Key] = {}
    for name, target in cycle.records:
        node = cycle.nodes[name]
        if node.check is not None:
            check = node.check(cycle.bench.laboratory, (target,), cycle.bench.known).name
            found.setdefault((check, target), (name, target))
    return tuple(found.values())


def _rested(cycle: Cycle, key: Key) -> Record:
    """Return a record; what was given up long ago may be tried again, and what was skipped because of it."""
    record, now = cycle.records[key], cycle.bench.now()
    if record.state.standing is Standing.QUARANTINED and record.rested(now, REST):
        return record.doubted(f"another try after {REST / 3600:g} h: {record.state.reason}")
    if record.state.standing is Standing.SKIPPED and not cycle.dependencies.obstacle(key, cycle.records)[1]:
        return record.doubted(record.state.reason)
    return record
