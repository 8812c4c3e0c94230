"""A laboratory drifts for a day; four ways to look after it: gate error and machine time in one table.

    python bench/study_drift.py [--hours 24] [--seed 1] [--lab transmon5] [--targets q0,q1] [--json FILE]

A twin with drift is drawn and calibrated from scratch once. Then every strategy starts from a copy of what was stored,
with the same weather: the planner, a fixed 2-hour timer, none, and everything measured anew before each look (its
machine time does not count). The judge looks every half hour. Goals: the planner's mean gate error is at most 1.2 times
that of always fresh, with at most 5 % of machine time. Exit code 5 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from qctl.calibrate.loop import calibrate
from qctl.calibrate.maintain import Strategy, maintain
from qctl.cli.judged import played_gates
from qctl.config import read
from qctl.core.parameters import Parameters
from qctl.experiments.nodes import nodes_of
from qctl.judge import Twin, Upload
from qctl.judge.score import Gate, bench_at, judged_gates
from qctl.run import Lab, stored_as
from qctl.store import ParameterStore

FACTOR, SHARE = 1.2, 0.05


@dataclass
class Day:
    """How one strategy fared: virtual seconds and what was believed then, machine time, steps."""

    strategy: Strategy
    looks: list[tuple[float, Parameters]] = field(default_factory=list)
    seconds: float = 0.0
    steps: int = 0
    wall: float = 0.0
    one: float = 0.0
    two: float = 0.0


def lived(strategy: Strategy, lab: str, twin: Path, state: Path, asked: argparse.Namespace) -> Day:
    day, targets = Day(strategy), names_of(asked)
    with Lab.open(lab, twin=twin, seed=asked.seed, state=state) as opened:
        begun = opened.now()
        with ParameterStore.open(state, stored_as(opened.laboratory, twin)) as store:
            report = maintain(
                opened, store, nodes_of(opened.laboratory), targets, seconds=asked.hours * 3600, strategy=strategy,
                watch=lambda cycle: day.looks.append((opened.now() - begun, cycle.bench.known)), every=asked.every,
            )  # fmt: skip
    day.seconds, day.steps, day.wall = report.seconds, len(report.steps), report.wall
    return day


def judged(day: Day, lab: str, twin: Path, asked: argparse.Namespace) -> None:
    """Fill in the mean errors of one-qubit gates and of CZs, by propagation under the truth of each moment."""
    laboratory, truth = Lab.open(lab, twin=twin, state=twin.parent).laboratory, read(twin, Twin)
    targets = set(names_of(asked) or laboratory.qubits)
    gates = [(kind, qubit) for qubit in laboratory.qubits if qubit in targets for kind in ("x90", "x180")]
    gates += [("cz", name) for name, one in laboratory.couplings.items() if set(one.pair) <= targets]
    errors = []
    for at, known in day.looks:
        upload = Upload(*played_gates(laboratory, known, gates))
        bench = bench_at(laboratory, truth, known, at, asked.seed)
        rows = judged_gates(bench, upload, [Gate(kind, target, point) for point, (kind, target) in enumerate(gates)])
        errors.append([row.error for row in rows])
    table = np.array(errors)
    is_cz = np.array([kind == "cz" for kind, _ in gates])
    day.one = float(table[:, ~is_cz].mean())
    day.two = float(table[:, is_cz].mean()) if is_cz.any() else float("nan")


def names_of(asked: argparse.Namespace) -> tuple[str, ...]:
    return tuple(name for name in asked.targets.split(",") if name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--every", type=float, default=1800.0, help="seconds between two looks of the judge")
    parser.add_argument("--seed", type=int, default=1, help="of the twin, and of the rack")
    parser.add_argument("--lab", default="transmon5")
    parser.add_argument("--targets", default="", help="qubits, as q0,q1; all by default")
    parser.add_argument("--strategies", default=",".join(Strategy))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        days = study(Path(place), asked)
    print(f"{'strategy':9} {'1-qubit error':>14} {'CZ error':>10} {'machine time':>13} {'steps':>6} {'wall':>7}")
    for day in days:
        share = f"{100 * day.seconds / (3600 * asked.hours):.2f} %"
        print(f"{day.strategy:9} {day.one:14.2e} {day.two:10.2e} {share:>13} {day.steps:6} {day.wall:5.0f} s")
    if asked.json:
        rows = [{"strategy": d.strategy, "one": d.one, "two": d.two, "seconds": d.seconds} for d in days]
        asked.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return verdict({day.strategy: day for day in days}, asked.hours)


def study(place: Path, asked: argparse.Namespace) -> list[Day]:
    command = [
        sys.executable,
        "-m",
        "qctl.cli",
        "twin",
        "draw",
        "--lab",
        asked.lab,
        "--seed",
        str(asked.seed),
        "--drift",
    ]
    twin, first = place / "drifting.yaml", place / "first"
    twin.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout, encoding="utf-8")
    first.mkdir()
    with (
        Lab.open(asked.lab, twin=twin, seed=asked.seed, state=first) as lab,
        ParameterStore.open(first, stored_as(lab.laboratory, twin)) as store,
    ):
        report = calibrate(lab, store, nodes_of(lab.laboratory), names_of(asked), from_scratch=True)
    print(f"calibrated: {report.seconds:.0f} s of machine time, {report.wall:.0f} s, given up {report.quarantined()}")
    days = []
    for strategy in map(Strategy, asked.strategies.split(",")):
        state = place / strategy
        shutil.copytree(first, state)
        days.append(lived(strategy, asked.lab, twin, state, asked))
        begun = time.perf_counter()
        judged(days[-1], asked.lab, twin, asked)
        print(f"{strategy}: lived {days[-1].wall:.0f} s, judged {time.perf_counter() - begun:.0f} s", flush=True)
    return days


def verdict(days: dict[Strategy, Day], hours: float) -> int:
    if not {Strategy.PLANNER, Strategy.FRESH} <= days.keys():
        return 0
    mine, best = days[Strategy.PLANNER], days[Strategy.FRESH]
    share = mine.seconds / (3600 * hours)
    print(f"planner against always fresh: {mine.one / best.one:.2f} and {mine.two / best.two:.2f} (at most {FACTOR})")
    good = mine.one <= FACTOR * best.one and not mine.two > FACTOR * best.two and share <= SHARE
    return 0 if good else 5


if __name__ == "__main__":
    sys.exit(main())
