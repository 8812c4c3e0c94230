"""How long from a submission to its first shot, and until an urgent job has the machine.

    python bench/study_latency.py [--jobs 400] [--wall 40]

First in virtual time on ideal20 (`tests/worlds/virtual_host.py`): the daemon's scheduler runs on a clock that counts
the CPU time of its steps, of workers and of the agent, each beside the others, and the length of windows. With
``--wall`` many jobs of each kind go through `qctl serve` with all its processes, on simulated instruments behind real
links; that time is the wall's, and simulated shots take longer than real ones. Exit code 1 when a goal of virtual time
is missed, a shot is lost, or counts of a job that was interrupted differ from one that was not.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import chi2_contingency

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "worlds"))  # also as a program

from stack_world import BELL, Stack, instruments
from virtual_host import ANN, OLGA, VirtualHost

WINDOW = 0.25  # s, of a host whose lateness nobody measured
FIRST_SHOT, PREEMPTION = 20e-3, 5e-3  # s beyond a window
LOAD = 0.25  # jobs in the length of a window
LONG = 8  # jobs that fill the chip meanwhile
URGENT = 0.5  # of the jobs: one every other second
GHZ = "OPENQASM 3; qubit[{n}] q; bit[{n}] c; h q[0]; {gates} c = measure q;"


def programs() -> list[str]:
    """Return programs of two to five qubits that users run again and again."""
    chains = {n: " ".join(f"cx q[{k}], q[{k + 1}];" for k in range(n - 1)) for n in range(2, 6)}
    return [BELL, *(GHZ.format(n=n, gates=gates) for n, gates in chains.items())]


def body(program: str, shots: int, job_class: str) -> bytes:
    return json.dumps({"program": program, "shots": shots, "class": job_class}).encode()


def arrivals(number: int, window_s: float, period: float, seed: int) -> list[tuple]:
    """Return jobs at random times, beside long ones that fill the chip: of users, and short urgent ones."""
    rng, texts = np.random.default_rng(seed), programs()
    shots = int(2 * window_s / period)
    times = np.cumsum(rng.exponential(window_s / LOAD, number))
    filling = min(500_000, int(0.3 * times[-1] / period))  # shots; two of these jobs fit beside each other
    long = [(0.0, body(texts[-1], filling, "background"), ANN) for _ in range(LONG)]
    found = list(long)
    for at in times.tolist():
        if rng.random() < URGENT:
            found.append((at, body(BELL, shots // 4, "urgent_calibration"), OLGA))
        else:
            found.append((at, body(texts[int(rng.integers(len(texts)))], shots, "interactive"), ANN))
    return found


def virtual(folder: Path, number: int, seed: int = 1) -> VirtualHost:
    """Return a host on which all of this happened, with warm caches."""
    host = VirtualHost(folder, "ideal20")
    host.run([(0.0, body(text, 10, "batch"), ANN) for text in programs()])
    host.lives.clear()
    host.spent.clear()
    gc.freeze()  # as the daemon does: else this one process pays for what all others keep
    host.run(arrivals(number, WINDOW, host.laboratory.period, seed))
    return host


def quantiles(values) -> str:
    ms = 1e3 * np.asarray(values)
    if not len(ms):
        return "none"
    return ", ".join(f"p{q} {np.percentile(ms, q):.2f} ms" for q in (50, 90, 99)) + f" ({len(ms)})"


def judge_virtual(host: VirtualHost) -> bool:
    """Print what virtual time says; return whether every goal is met."""
    lives = list(host.lives.values())[LONG:]  # without those that fill the chip
    asked, urgent = ([one.first_shot - one.submitted for one in lives if one.urgent is kind] for kind in (False, True))
    lost = host.lost()
    interrupted = sum(np.any(np.diff(one.windows) > 1.9 * WINDOW) for one in host.lives.values())
    print(f"windows of {1e3 * host.window_s:g} ms; {len(host.lives)} jobs, {interrupted} of them interrupted")
    print(f"cached program, submission to first shot: {quantiles(asked)}")
    print(f"urgent job, submission to first shot: {quantiles(urgent)}")
    for step, seconds in host.spent.items():
        print(f"  {step:16s} {quantiles(seconds)}")
    print(f"jobs that lost shots: {len(lost)}")
    within = np.median(asked) <= WINDOW + FIRST_SHOT
    prompt = not urgent or np.percentile(urgent, 99) <= WINDOW + PREEMPTION
    return bool(within and prompt and not lost)


def histogram(title: str, seconds: list[float]) -> None:
    edges = np.geomspace(0.01, 20.48, 12)
    numbers, _ = np.histogram(seconds, edges)
    print(f"{title}: {quantiles(seconds)}")
    for low, high, n in zip(edges, edges[1:], numbers, strict=False):
        if n:
            print(f"  {1e3 * low:6.0f} to {1e3 * high:6.0f} ms {n:4d} {'#' * n}")


def began(daemon, job: str) -> tuple[float, dict]:
    """Return how long after its submission a job's first shot began, and its result."""
    result = daemon.result(job)
    submitted = daemon.job(job)["submitted"]
    return min(one["began"] for one in result.document["segments"]) - submitted, dict(result.document)


def wall(number: int) -> bool:
    """Print histograms of the whole stack; return whether interrupted jobs count as others do."""
    shots = 2_000 * number  # of a job that lasts until the last urgent one has come
    with tempfile.TemporaryDirectory(prefix="qctl-latency-") as folder, instruments(Path(folder)) as (lab, _):
        state = Path(folder) / "state"
        state.mkdir()
        stack = Stack(lab, state).start()
        stack.heard("ready")
        try:
            with stack.client() as daemon:
                daemon.run(BELL, 200)
                idle = [began(daemon, daemon.submit(BELL, 200))[0] for _ in range(number)]
                histogram("idle machine, submission to first shot", idle)
                alone = daemon.run(BELL, shots).counts
                long, urgent = daemon.submit(BELL, shots, isolation="solo"), []
                for _ in range(number):
                    if daemon.job(long)["state"] in ("DONE", "FINALIZING"):
                        break
                    time.sleep(0.05)
                    asked = daemon.submit(BELL, 200, job_class="urgent_calibration", isolation="solo")
                    urgent.append(began(daemon, asked)[0])
                histogram("busy machine, submission of an urgent job to its first shot", urgent)
                print(f"length of a window on this rack: {daemon.status()['window_s']:.3f} s")
                shared = daemon.result(long)
        finally:
            stack.stop()
    keys = sorted({*alone, *shared.counts})
    p = chi2_contingency([[one.get(key, 0) for key in keys] for one in (alone, shared.counts)]).pvalue
    fences = len(shared.document["segments"])
    print(f"a job of {fences} segments between {len(urgent)} urgent ones against one that ran through: p = {p:.3f}")
    return bool(sum(shared.counts.values()) == shots and p > 1e-3)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--jobs", type=int, default=400)
    options.add_argument("--wall", type=int, default=0, help="jobs through the whole stack")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="qctl-latency-") as folder:
        host = virtual(Path(folder), asked.jobs)
        good = judge_virtual(host)
        host.close()
    if asked.wall:
        good &= wall(asked.wall)
    print("all goals are met" if good else "a goal is missed")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
