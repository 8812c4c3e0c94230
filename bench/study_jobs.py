"""Replay the two job lists on a simulated heavy-hex chip of 127 qubits, under the packer and under others' policies.

    python bench/study_jobs.py --lists FOLDER/job_lists.py [--windows 6] [--only LIST] [--json FILE]

Time is virtual, a frame lasts 250 us. A window is as long as the station's cycle or 20 times the host's lateness,
whichever is longer (`--window-ms` says what that comes to). The losses are of programs in windows that really occurred,
drawn at random; the distributions are exact (`shared_physics.py`). Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import heavy_hex
import job_programs
import numpy as np
from shared_physics import Station

from qctl.control import limits_of
from qctl.jobs import baselines
from qctl.jobs.candidates import Relocatable, relocatable
from qctl.jobs.claims import capacities
from qctl.jobs.request import JobClass, Request, State, Window
from qctl.jobs.simulate import History, serial, simulate

SPACING = 1e6  # Hz, of tones on a feedline
GOALS = {"small": 10.0, "mixed": 5.5, "small, Poisson 3.15": 1.10, "mixed, Poisson 3.48": 2.0}
LOSS = 0.01


class Study:
    """The chip, and programs that were prepared for it once."""

    def __init__(self, lists: Path, window_s: float, halo: int) -> None:
        self.laboratory, self.known = heavy_hex.laboratory(), heavy_hex.parameters()
        self.limits, self.halo = limits_of(self.laboratory), halo
        self.jobs = job_programs.job_lists(lists)
        self.prepared: dict[str, Relocatable] = {}
        budgets, spans = capacities(self.laboratory, self.limits)
        spacings = dict.fromkeys(self.laboratory.feedlines(), SPACING)
        self.state = State(
            now=0.0,
            window_s=window_s,
            frame_s=heavy_hex.PERIOD,
            capacities=budgets,
            longest_spans=spans,
            spacings=spacings,
        )

    def requests(self, name: str) -> list[Request]:
        """Return the jobs of a list; arrivals are in units of the list's mean service time."""
        kind, load = name.split(",")[0], float(name.split()[-1]) if "Poisson" in name else 0.0
        jobs = getattr(self.jobs, kind)(load)
        mean = np.mean([job["shots"] for job in jobs]) * heavy_hex.PERIOD
        return [self.request(job, float(job["arrival"] * mean), kind) for job in jobs]

    def request(self, job: dict, arrival: float, kind: str) -> Request:
        """Return one job with its candidates."""
        key = f"{kind} {job['id']}"
        if key not in self.prepared:
            program = job_programs.program_of(job)
            self.prepared[key] = relocatable(program, self.known, self.laboratory, self.limits, halo=self.halo)
        return Request(
            job=key,
            user=f"user {job['id'] % 8}",
            job_class=JobClass.BATCH,
            sequence=job["id"],
            submitted=arrival,
            shots_left=job["shots"],
            candidates=self.prepared[key].candidates,
        )

    def policies(self) -> list[baselines.Policy]:
        """Return what the packer is compared with."""
        regions = baselines.FixedRegions(self.laboratory)
        others = baselines.EasyBackfill(), regions, baselines.FirstFit(), baselines.Pairs()
        return [baselines.FirstCome(), baselines.HighestRatio(), *others]

    def losses(self, station: Station, windows: list[Window]) -> list[float]:
        """Return the losses of all programs in some windows."""
        found = list[float]()
        for window in windows:
            chosen = {g.job: self.prepared[g.job] for g in window.grants}
            places = {
                g.job: next(c for c in chosen[g.job].candidates if c.placement == g.placement) for g in window.grants
            }
            sequences = {
                job: chosen[job].sequence(place, self.known, self.laboratory, self.limits)
                for job, place in places.items()
            }
            found += station.losses(sequences).values()
        return found


def drawn(history: History, number: int, seed: int) -> list[Window]:
    """Return so many different sets of programs that ran together, at random."""
    different = {frozenset((g.job, g.placement) for g in window.grants): window for window in history.windows}
    windows = [window for window in different.values() if len(window.grants) > 1]
    order = np.random.default_rng(seed).permutation(len(windows))[:number]
    return [windows[k] for k in sorted(order.tolist())]


def interval(losses: list[float]) -> tuple[float, float, float]:
    """Return the mean loss and its 95 % interval over the drawn programs (bootstrap)."""
    rng, values = np.random.default_rng(0), np.array(losses)
    means = rng.choice(values, (4000, len(values))).mean(axis=1)
    return float(values.mean()), *(float(x) for x in np.quantile(means, (0.025, 0.975)))


def row(name: str, policy: str, history: History, alone: float) -> dict:
    n = len(heavy_hex.SITES)
    shared = np.mean([len(w.grants) for w in history.windows]) if history.windows else 0.0
    return {
        "list": name,
        "policy": policy,
        "shorter": alone / history.makespan,
        "turnaround": history.turnaround,
        "utilisation": history.utilisation(n),
        "together": float(shared),
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lists", type=Path, required=True, help="file that draws the job lists")
    options.add_argument("--window-ms", type=float, default=25.0, help="length of a window")
    options.add_argument("--windows", type=int, default=6, help="windows of each list whose losses are computed")
    options.add_argument("--halo", type=int, default=1, help="couplings that programs keep apart")
    options.add_argument("--only", choices=GOALS, action="append", help="replay this list alone (may be repeated)")
    options.add_argument("--json", type=Path)
    asked = options.parse_args()
    study = Study(asked.lists, asked.window_ms / 1e3, asked.halo)
    station = Station(study.laboratory, heavy_hex.twin(), study.known, study.limits)
    rows, missed = [], False
    print(f"windows of {asked.window_ms:g} ms, halo {asked.halo}")
    for name, goal in ((name, goal) for name, goal in GOALS.items() if name in (asked.only or GOALS)):
        requests = study.requests(name)
        alone = serial(requests)
        history = simulate(requests, study.state)
        found = row(name, "packer", history, alone)
        poisson = "Poisson" in name
        missed |= found["turnaround"] > goal if poisson else found["shorter"] < goal
        losses = study.losses(station, drawn(history, asked.windows, seed=1))
        mean, low, high = interval(losses)
        missed |= mean > LOSS
        found |= {"loss": mean, "loss_low": low, "loss_high": high, "loss_max": max(losses), "programs": len(losses)}
        rows.append(found)
        print(
            f"\n{name}: goal {goal:g}; loss {mean:.4f} ({low:.4f} to {high:.4f}), at most {max(losses):.3f}, ", end=""
        )
        print(f"of {len(losses)} programs in {asked.windows} windows")
        longer = [replace(study.state, window_s=w) for w in (0.05, 0.125, 0.25)]
        rows += [row(name, f"packer, {s.window_s * 1e3:g} ms", simulate(requests, s), alone) for s in longer if poisson]
        rows += [row(name, p.name, baselines.play(requests, p), alone) for p in study.policies()]
        for one in (r for r in rows if r["list"] == name):
            print(
                f"  {one['policy']:32s} {one['shorter']:6.2f} times shorter than serial, turnaround "
                f"{one['turnaround']:6.2f}, qubits used {one['utilisation']:5.1%}, together {one['together']:4.1f}",
                flush=True,
            )
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print("\na goal is missed" if missed else "\nall goals are met")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
