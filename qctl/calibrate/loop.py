"""The loop: plan a step, carry it out, judge it, commit what is accepted; until nothing is worth its time."""

from __future__ import annotations

import time as wall
from collections.abc import Iterable, Sequence

from qctl.compile import default_parameters
from qctl.core.names import Target
from qctl.run import Lab
from qctl.store import ParameterStore

from .cables import exchanged
from .cycle import Cycle
from .events import OnEvent, silent
from .findings import guesses
from .node import Node
from .planner import LEAST, plan
from .probing import probe_stored
from .report import Report
from .targets import chosen
from .workbench import Workbench


def calibrate(
    lab: Lab,
    store: ParameterStore,
    nodes: Sequence[Node],
    targets: Iterable[str] = (),
    *,
    from_scratch: bool = False,
    budget: float = float("inf"),
    least: float = LEAST,
    again: Iterable[str] = (),
    on_event: OnEvent = silent,
) -> Report:
    """Bring targets up and leave what was found in the store.

    Parameters
    ----------
    lab : open; at the end its parameters are what is believed
    store : of the same laboratory; each accepted step is one snapshot
    nodes : the steps of its platform
    targets : qubits, couplings, feedlines; all by default
    from_scratch : forget what is stored and start from the guesses of the laboratory's file
    budget : machine time after which no more steps are begun, s
    least : gate error of a target below which nothing is measured again
    again : names of nodes that are measured once more, however good what they found still is
    on_event : is told what happens

    Raises
    ------
    UsageError
        When there is no such target, or nodes need what is not there.
    InstrumentError
        When the laboratory fails; what was accepted before is committed.
    """
    known = default_parameters(lab.laboratory) if from_scratch else lab.parameters
    bench = Workbench(lab, known)
    cycle = opened(bench, store, nodes, chosen(lab.laboratory, targets), from_scratch, least, on_event)
    cycle.doubt(again)
    try:
        return brought_up(cycle, budget)
    finally:
        lab.parameters = bench.known


def opened(
    bench: Workbench,
    store: ParameterStore,
    nodes: Sequence[Node],
    targets: dict[Target, tuple[str, ...]],
    from_scratch: bool,
    least: float = LEAST,
    on_event: OnEvent = silent,
    together: int | None = None,
    probed: bool = True,
) -> Cycle:
    """Return a calibration that is ready to begin; the first snapshot of the store holds everything believed.

    Parameters
    ----------
    together : targets that a step has at most
    probed : what is stored is probed first, unless it begins from scratch; otherwise no shot is played yet
    """
    if from_scratch and store.newest and len(store.snapshot()):
        store.revert(0, note="from scratch: everything is forgotten", author="qctl calibrate")
    held = store.snapshot()
    missing = [one for one in guesses(bench.known, "the snapshot beside the laboratory file") if one.name not in held]
    if missing:
        store.commit(missing, held.number, "what is believed before calibration", author="qctl calibrate")
    cycle = Cycle(bench, store, nodes, targets, from_scratch, least, on_event, together)
    if probed and not from_scratch:
        probe_stored(cycle)
    return cycle


def brought_up(cycle: Cycle, budget: float = float("inf")) -> Report:
    """Take steps until nothing is worth its time, or the budget of machine time is spent."""
    started, begun = cycle.bench.now(), wall.perf_counter()
    first = cycle.stored.number
    stopped = "nothing more is worth its time"
    while following := plan(cycle.view()):
        if cycle.bench.seconds >= budget:
            stopped = f"the budget of {budget:g} s of machine time is spent"
            break
        cycle.take(following)
    cycle.found_out = exchanged(cycle.bench, cycle.nodes, cycle.records)
    return cycle.report(first, started, wall.perf_counter() - begun, stopped)
