"""The process that keeps a laboratory calibrated while users run jobs: it plans, the daemon's packer finds it windows.

It writes lines of JSON: ``play`` asks for windows, and the answer is read from standard input; ``standing`` says what
is doubted or given up, and which parameters are new. New values are in the parameter store before anybody hears of
them. It dies with the daemon, and loses nothing but the step under way.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qctl.calibrate.cycle import Cycle
from qctl.calibrate.events import Event, Finished, Quarantined, Started
from qctl.calibrate.loop import opened
from qctl.calibrate.maintain import kept, matters
from qctl.calibrate.planner import LEAST
from qctl.calibrate.report import Standing
from qctl.calibrate.targets import chosen
from qctl.calibrate.workbench import Workbench
from qctl.config import read_laboratory
from qctl.core.laboratory import Laboratory
from qctl.experiments.nodes import nodes_of
from qctl.jobs.pipes import say, taken_over
from qctl.jobs.process import die_with_parent
from qctl.run.known import known_parameters, stored_as
from qctl.store import ParameterStore

from .served_lab import ServedLab

SHARE = 1e3  # of the time, no bound: fillers cost nobody anything, and the packer decides when they run
PART = 8  # a step has at most this part of all qubits: the rest is left to users' jobs
MOST = 2  # targets of a step: what is small finds room among users' jobs, and there is time for one after the other

Say = Callable[[dict[str, Any]], None]


class Service:
    """One calibration that goes on for ever.

    Parameters
    ----------
    ask : hands a question to the daemon and returns the answer
    say : tells the daemon something
    """

    def __init__(self, laboratory: Laboratory, store: ParameterStore, folder: Path, ask: Any, say: Say) -> None:  # noqa: ANN401 (a function)
        self._laboratory, self._store, self._ask, self._say = laboratory, store, ask, say
        self.lab = ServedLab(laboratory, known_parameters(laboratory, store.snapshot()), self._asked, folder)
        self._cycle: Cycle | None = None
        self._step: dict[str, Any] = {}
        self._said: dict[str, Any] = {}
        self._values: dict[str, float] = {}

    def run(self, seconds: float = math.inf) -> None:
        """Probe what is stored, then keep it good."""
        nodes, targets = nodes_of(self._laboratory), chosen(self._laboratory, ())
        together = at_once(self._laboratory)
        bench = Workbench(self.lab, self.lab.parameters)
        self._cycle = opened(bench, self._store, nodes, targets, False, LEAST, self.heard, together, probed=False)
        self._tell()
        kept(self._cycle, seconds, SHARE, probed_at=-math.inf)  # all probes are due; repairs go before them

    def heard(self, event: Event) -> None:
        """Follow what the calibration does."""
        if isinstance(event, Started):
            self._step = {"node": event.node, "targets": list(event.targets), "kind": event.kind}
        if isinstance(event, Finished | Quarantined) and self._cycle is not None:
            self._tell()
            if isinstance(event, Finished):
                del self._cycle.steps[:-1]  # nobody reads a report of a calibration without end

    def _asked(self, said: dict[str, Any]) -> dict[str, Any]:
        """Ask for windows; what is doubted is urgent, for jobs may wait for it."""
        self._tell()
        doubted = {target for target, _ in self._doubts(Standing.SUSPECT)}
        urgent = bool(doubted & set(self._step["targets"])) and self._step["kind"] != "probe"
        answer: dict[str, Any] = self._ask({"play": {**said, **self._step, "urgent": urgent}})
        return answer

    def _doubts(self, standing: Standing) -> list[tuple[str, str]]:
        """Return targets with values that gates depend on, and why these cannot be relied on."""
        cycle = self._cycle
        if cycle is None:
            return []
        return [
            (target, record.state.reason)
            for (name, target), record in cycle.records.items()
            if record.state.standing is standing and self._relied_on(cycle, name, target)
        ]

    @staticmethod
    def _relied_on(cycle: Cycle, name: str, target: str) -> bool:
        """Say whether gates rely on what a step finds; also while a step before it has left a coarser value."""
        node, known = cycle.nodes[name], cycle.bench.known
        owners = {
            known.estimates[f"{target}.{one.name}"].run
            for one in node.finds
            if one.curvature(known, target) > 0 and f"{target}.{one.name}" in known
        }
        before = cycle.dependencies.followers
        return matters(node, target, known) or any((name, target) in before.get((o, target), ()) for o in owners)

    def _tell(self) -> None:
        """Say what is doubted, what was given up, and whose values are new, if any of it is."""
        if self._cycle is None:
            return
        known = self._cycle.bench.known.estimates
        values = {name: one.value for name, one in known.items() if ".checked." not in name}
        before = self._values or values
        changed = {name.partition(".")[0] for name, value in values.items() if before.get(name) != value}
        self._values = values
        said = {
            "suspect": dict(reversed(self._doubts(Standing.SUSPECT))),
            "given_up": dict(reversed(self._doubts(Standing.QUARANTINED))),
            "snapshot": self._cycle.stored.number,
        }
        if changed or said != self._said:
            self._said = said
            self._say({"standing": {**said, "changed": sorted(changed)}})


def at_once(laboratory: Laboratory) -> int:
    """Return how many targets a step has at most."""
    return max(1, min(MOST, len(laboratory.qubits) // PART))


def main(arguments: list[str]) -> int:
    """Serve; ``arguments`` are laboratory, state folder, folder for files, process id of the parent, maybe a twin."""
    lab, state, folder, parent, *twin = arguments
    die_with_parent(int(parent))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    answers, questions = taken_over()
    laboratory = read_laboratory(Path(lab))

    def ask(what: dict[str, Any]) -> Any:  # noqa: ANN401 (plain data)
        say(answers, what)
        line = questions.readline()
        if not line:
            raise SystemExit(0)  # the daemon is gone
        return json.loads(line)

    name = stored_as(laboratory, Path(twin[0]) if twin else None)
    with ParameterStore.open(Path(state), name) as store:
        Service(laboratory, store, Path(folder), ask, lambda what: say(answers, what)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
