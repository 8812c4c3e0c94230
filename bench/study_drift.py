"""A laboratory drifts for a day; four ways to look after it: gate error and machine time in one table.

    python bench/study_drift.py [--hours 24] [--looks 12] [--seeds 1-3] [--targets q0,q1] [--json FILE]

For each seed a twin with drift is drawn and calibrated from scratch once. Then every strategy goes on from a copy of
what was stored, at the same virtual time and in the same weather: the planner, a timer that measures all that gates
depend on every two hours, none, and always fresh. They see signals, nothing else.

The judge looks once in each of ``--looks`` equal parts of the day, at a moment drawn at random, the same for all: it
propagates x90 and x180 of every qubit and the CZ of every coupling, as they would be played then, through the truth of
that moment. **Always fresh** is its reference: at each look everything that gates depend on is measured once more by
the usual steps, judged and weighed as usual, and the look comes right behind; its machine time does not count. The
*avoidable* error is what lies above the coherence limit of the same moment, which no calibration takes away.

Goals: the planner's mean gate errors are at most 1.2 times those of always fresh, with at most 5 % of machine time, and
it leaves less avoidable error than the timer, and than none. Exit code 5 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from qctl.calibrate.loop import calibrate
from qctl.calibrate.maintain import Strategy, maintain
from qctl.cli.judged import gates_of, played_gates
from qctl.config import read
from qctl.control.clock import VirtualClock
from qctl.core.parameters import Parameters
from qctl.experiments.nodes import nodes_of
from qctl.judge import Twin, Upload
from qctl.judge.score import gates_at
from qctl.run import Lab
from qctl.run.known import stored_as
from qctl.store import ParameterStore

FACTOR, SHARE = 1.2, 0.05


@dataclass
class Day:
    """How one strategy fared: mean errors of one-qubit gates and CZs, what of them was avoidable, and its cost.

    ``looks``: virtual time of the rack, s, and what was believed then.
    """

    strategy: Strategy
    seed: int
    one: float = 0.0
    two: float = float("nan")
    one_avoidable: float = 0.0
    two_avoidable: float = float("nan")
    share: float = 0.0
    steps: int = 0
    given_up: int = 0
    cpu: float = 0.0
    looks: list[tuple[float, Parameters]] = field(default_factory=list)


def lived(strategy: Strategy, seed: int, twin: Path, state: Path, born: VirtualClock, asked: argparse.Namespace) -> Day:
    day, rng = Day(strategy, seed), np.random.default_rng(seed)
    moments = [asked.hours * 3600 / asked.looks * (number + rng.uniform()) for number in range(asked.looks)]
    begun = cpu_time()
    with Lab.open(asked.lab, twin=twin, seed=seed, state=state) as lab:
        clock = lab.station.clock
        assert isinstance(clock, VirtualClock)
        clock.started = born.started
        lab.wait(born.passed)
        with ParameterStore.open(state, stored_as(lab.laboratory, twin)) as store:
            report = maintain(
                lab, store, nodes_of(lab.laboratory), names_of(asked), seconds=asked.hours * 3600, strategy=strategy,
                watch=lambda cycle: day.looks.append((clock.passed, cycle.bench.known)), looks=moments,
            )  # fmt: skip
    day.share, day.steps = report.seconds / (report.ended - report.started), len(report.steps)
    day.given_up, day.cpu = len(report.quarantined()), cpu_time() - begun
    return day


def cpu_time() -> float:
    """Return the CPU seconds of this process and of all racks that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def judged(day: Day, twin: Path, asked: argparse.Namespace) -> None:
    """Fill in the mean errors, by propagation under the truth of each moment."""
    laboratory, truth = Lab.open(asked.lab, twin=twin, state=twin.parent).laboratory, read(twin, Twin)
    targets = set(names_of(asked) or laboratory.qubits)
    wanted = targets | {name for name, one in laboratory.couplings.items() if set(one.pair) <= targets}
    gates = [(kind, target) for kind, target in gates_of(laboratory) if target in wanted]
    rows = []
    for at, known in day.looks:
        upload = Upload(*played_gates(laboratory, known, gates))
        found = gates_at(laboratory, truth, known, gates, upload, at=at, seed=day.seed)
        rows.append([(gate.error, gate.error - gate.limit) for gate in found])
    table, is_cz = np.array(rows), np.array([kind == "cz" for kind, _ in gates])
    day.one, day.one_avoidable = table[:, ~is_cz].mean(axis=(0, 1)).tolist()
    if is_cz.any():
        day.two, day.two_avoidable = table[:, is_cz].mean(axis=(0, 1)).tolist()


def names_of(asked: argparse.Namespace) -> tuple[str, ...]:
    return tuple(name for name in asked.targets.split(",") if name)


def drawn(lab: str, seed: int, twin: Path) -> None:
    command = (sys.executable, "-m", "qctl.cli", "twin", "draw", "--lab", lab, "--seed", str(seed), "--drift")
    twin.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout, encoding="utf-8")


def study(place: Path, seed: int, asked: argparse.Namespace) -> list[Day]:
    """Return one day for each strategy, of one twin."""
    twin, first = place / "drifting.yaml", place / "first"
    drawn(asked.lab, seed, twin)
    first.mkdir()
    begun = cpu_time()
    with (
        Lab.open(asked.lab, twin=twin, seed=seed, state=first) as lab,
        ParameterStore.open(first, stored_as(lab.laboratory, twin)) as store,
    ):
        report = calibrate(lab, store, nodes_of(lab.laboratory), names_of(asked), from_scratch=True)
        born = lab.station.clock
    assert isinstance(born, VirtualClock)
    print(f"seed {seed}: calibrated in {report.seconds:.0f} s of machine time, given up {report.quarantined()}", end="")
    print(f"; {cpu_time() - begun:.0f} s of CPU", flush=True)
    days = []
    for strategy in map(Strategy, asked.strategies.split(",")):
        shutil.copytree(first, place / strategy)
        day = lived(strategy, seed, twin, place / strategy, born, asked)
        begun = time.process_time()
        judged(day, twin, asked)
        days.append(day)
        print(f"{row(day)}  (judged in {time.process_time() - begun:.0f} s)", flush=True)
    return days


def row(day: Day) -> str:
    errors = f"{day.one:9.3e} {day.one_avoidable:9.2e} {day.two:9.3e} {day.two_avoidable:9.2e}"
    return f"{day.strategy:8} {errors} {100 * day.share:10.2f} % {day.steps:6} {day.given_up:8} {day.cpu:6.0f} s"


def mean(days: list[Day]) -> Day:
    """Return the mean of some days of one strategy."""
    found = Day(days[0].strategy, days[0].seed)
    for name in ("one", "one_avoidable", "two", "two_avoidable", "share", "cpu"):
        setattr(found, name, float(np.mean([getattr(day, name) for day in days])))
    found.steps, found.given_up = round(np.mean([day.steps for day in days])), max(day.given_up for day in days)
    return found


def verdict(days: dict[Strategy, Day]) -> int:
    if not {Strategy.PLANNER, Strategy.FRESH} <= days.keys():
        return 0
    mine, best = days[Strategy.PLANNER], days[Strategy.FRESH]
    print(f"planner against always fresh: {mine.one / best.one:.3f} and {mine.two / best.two:.3f} (at most {FACTOR})")
    good = mine.one <= FACTOR * best.one and not mine.two > FACTOR * best.two and mine.share <= SHARE
    others = [days[one] for one in (Strategy.TIMER, Strategy.NONE) if one in days]
    good &= all(not mine.two_avoidable > one.two_avoidable for one in others)
    return 0 if good else 5


def numbers(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--looks", type=int, default=12, help="of the judge")
    parser.add_argument("--seeds", type=numbers, default=[1], help="of the twins, and of their racks, as 1-3")
    parser.add_argument("--lab", default="transmon5")
    parser.add_argument("--targets", default="", help="qubits, as q0,q1; all by default")
    parser.add_argument("--strategies", default=",".join(Strategy))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    print(f"{'':8} {'1-qubit':>9} {'avoidable':>9} {'CZ':>9} {'avoidable':>9} {'machine':>12} {'steps':>6}", end="")
    print(f" {'given up':>8} {'CPU':>8}")
    days = list[Day]()
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory() as place:
            days += study(Path(place), seed, asked)
    whole = {one: mean([day for day in days if day.strategy is one]) for one in dict.fromkeys(d.strategy for d in days)}
    if len(asked.seeds) > 1:
        print("mean of all seeds", *map(row, whole.values()), sep="\n")
    if asked.json:
        rows = [{name: value for name, value in asdict(day).items() if name != "looks"} for day in days]
        asked.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return verdict(whole)


if __name__ == "__main__":
    sys.exit(main())
