"""Random submissions, cancellations, holds, crashes and drifts on a virtual clock; every window is checked.

    python tests/jobs/soak.py --events 1000000 --seed 1

The checks know nothing of the packer's bits: they look at claims as sets of names. Exit code 1 at the first violation.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "worlds"))
from queued import FRAME, candidate, request

from qctl.jobs.packer import Packer
from qctl.jobs.request import Isolation, JobClass, Request, State, Window
from qctl.jobs.simulate import advanced, jain
from qctl.jobs.usage import charged

N_QUBITS, USERS, PATIENCE, WINDOW = 48, 6, 20.0, 0.05
KINDS = ("submit", "cancel", "hold", "release", "crash", "drift", "mend")
CHANCES = (0.62, 0.05, 0.08, 0.09, 0.02, 0.07, 0.07)
CAPACITIES = {"peak 0": 1.0, "peak 1": 1.0, "peak 2": 1.0}


class ViolationError(AssertionError):
    """A promise was broken."""


@dataclass
class Soak:
    """A station in virtual time, with everything that happens to it."""

    seed: int
    per_window: float = 6.0
    jobs: dict[str, Request] = field(default_factory=dict)
    usage: dict[str, float] = field(default_factory=dict)
    had: Counter = field(default_factory=Counter)
    counts: Counter = field(default_factory=Counter)
    broken: set[str] = field(default_factory=set)
    now: float = 0.0
    n_events = n_windows = number = 0
    longest: float = 0.0

    def __post_init__(self) -> None:
        self.rng, self.packer = np.random.default_rng(self.seed), Packer()

    def run(self, n_events: int) -> None:
        """Let so many events happen, then let the queue run empty."""
        while self.n_events < n_events:
            for _ in range(min(int(self.rng.poisson(self.per_window)), n_events - self.n_events)):
                self.event()
            self.window()
        self.broken.clear()
        self.jobs = {name: replace(job, blocked="") for name, job in self.jobs.items()}
        for _ in range(100_000):
            if not self.jobs:
                return
            self.window()
        raise ViolationError(f"{len(self.jobs)} jobs never finish")

    def event(self) -> None:
        kind = str(self.rng.choice(KINDS, p=CHANCES))
        self.n_events += 1
        self.counts[kind] += 1
        if kind == "submit":
            self.submit()
        elif kind == "crash":
            self.packer = Packer()  # all that it remembered is gone
        elif kind == "drift":
            self.broken.add(f"qubit {self.rng.integers(N_QUBITS)}")
        elif kind == "mend":
            self.broken -= {min(self.broken, default="")}
        elif self.jobs:
            job = str(self.rng.choice(list(self.jobs)))
            if kind == "cancel":
                del self.jobs[job]
            else:
                said = "held by an operator" if kind == "hold" else ""
                self.jobs[job] = replace(self.jobs[job], blocked=said)

    def submit(self) -> None:
        rng, job = self.rng, str(self.number)
        size = int(rng.choice([1, 2, 3, 5, 8], p=[0.3, 0.3, 0.2, 0.15, 0.05]))
        starts = rng.choice(N_QUBITS - size + 1, 6, replace=False)
        claims = {"budgets": {f"peak {starts[0] % 3}": float(rng.choice([0.1, 0.4]))}}
        claims["equal"] = {"carrier": float(rng.choice([5.0, 5.1], p=[0.9, 0.1]))}
        claims["n_points"] = int(rng.choice([1, 1, 1, 2, 3]))
        self.jobs[job] = Request(
            job=job,
            user=f"user {int(rng.integers(USERS))}",
            job_class=JobClass(int(rng.choice(4, p=[0.02, 0.2, 0.6, 0.18]))),
            priority=int(rng.integers(2)),
            sequence=self.number,
            submitted=self.now,
            shots_left=int(rng.integers(10, 400)),
            isolation=Isolation.SOLO if rng.random() < 0.01 else Isolation.SHARED,
            candidates=tuple(candidate(int(a), size, n=N_QUBITS, **claims) for a in starts),
        )
        self.number += 1

    def window(self) -> None:
        unavailable = dict.fromkeys(self.broken, "it drifted")
        state = State(
            now=self.now,
            window_s=WINDOW,
            frame_s=FRAME,
            capacities=CAPACITIES,
            unavailable=unavailable,
            usage=self.usage,
            patience_s=PATIENCE,
        )
        requests = list(self.jobs.values())
        window = self.packer.pack(requests, state)
        check(window, self.jobs, state)
        self.usage = charged(self.usage, window, requests, WINDOW)
        for grant in window.grants:
            job = self.jobs[grant.job]
            self.longest = max(self.longest, waiting(job, self.now))
            self.had[job.user] += grant.shots * job.candidates[grant.candidate].duration_s
            after = advanced(job, grant.candidate, grant.shots)
            if after.shots_left:
                self.jobs[grant.job] = after
            else:
                del self.jobs[grant.job]
        self.now += window.duration_s or WINDOW
        self.n_windows += 1


def waiting(job: Request, now: float) -> float:
    return now - job.submitted - job.shots_done * job.candidates[0].duration_s


def runnable(job: Request, unavailable: set[str]) -> bool:
    return not job.blocked and any(not c.claims.exclusive & unavailable for c in job.candidates)


def check(window: Window, jobs: dict[str, Request], state: State) -> None:
    """Raise ViolationError where a window breaks a promise."""
    claims = [jobs[g.job].candidates[g.candidate].claims for g in window.grants]
    unavailable = set(state.unavailable)
    held, quiet = Counter(), Counter()
    for one in claims:
        held.update(one.exclusive)
        quiet.update(one.quiet)
    if any(n > 1 for n in held.values()) or held.keys() & unavailable:
        raise ViolationError("an exclusive claim overlaps")
    if held.keys() & quiet.keys():
        raise ViolationError("a halo is not kept")
    if len({value for one in claims for value in one.equal.values()}) > 1:
        raise ViolationError("two values of one carrier")
    for name, capacity in state.capacities.items():
        if sum(one.budgets.get(name, 0.0) for one in claims) > capacity + 1e-9:
            raise ViolationError(f"{name} is overdrawn")
    if math.lcm(*(one.n_points for one in claims)) != max([one.n_points for one in claims], default=1):
        raise ViolationError("sweep points that do not go together")
    granted = [jobs[g.job] for g in window.grants]
    if any(r.isolation is Isolation.SOLO for r in granted) and len(granted) > 1:
        raise ViolationError("a job that runs alone is not alone")
    if any(r.blocked for r in granted):
        raise ViolationError("a held job runs")
    ready = [r for r in jobs.values() if runnable(r, unavailable)]
    if ready and not granted:
        raise ViolationError("deadlock: somebody could run, and nobody does")
    overdue = [r for r in ready if waiting(r, state.now) > state.patience_s and r.job_class > 0]
    if overdue and not any(r.job_class == 0 for r in granted):
        oldest = min(overdue, key=lambda r: (r.submitted, r.sequence))
        if oldest not in granted:
            raise ViolationError(f"job {oldest.job} starves")


def fairness(seed: int, n_windows: int = 1500) -> float:
    """Return Jain's index of machine time over users whose demand is never met: one submits five times as much.

    Jobs of the others are of other lengths, up to six times as long.
    """
    soak, rng, kept = Soak(seed), np.random.default_rng(seed), (50, 10, 10, 10, 10, 10)
    for number in range(n_windows):
        waits = Counter(job.user for job in soak.jobs.values())
        for user, least in enumerate(kept):
            for _ in range(least - waits[f"user {user}"]):
                size, shots = int(rng.integers(1, 4)), int(rng.integers(100, 300)) * (1 + user)
                places = rng.choice(N_QUBITS - size + 1, 6, replace=False)
                job = request(
                    soak.number,
                    *(candidate(int(a), size, n=N_QUBITS) for a in places),
                    user=f"user {user}",
                    shots=shots,
                    submitted=soak.now,
                )
                soak.jobs[job.job] = job
                soak.number += 1
        if number == n_windows // 10:
            soak.had.clear()
        soak.window()
    return jain(list(soak.had.values()))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    soak = Soak(asked.seed)
    try:
        soak.run(asked.events)
    except ViolationError as broken:
        print(f"window {soak.n_windows}, {soak.now:.2f} s: {broken}")
        return 1
    print(f"{soak.n_events} events in {soak.n_windows} windows, {soak.now:.0f} s: no violation")
    print(", ".join(f"{kind} {soak.counts[kind]}" for kind in KINDS))
    print(f"longest wait {soak.longest:.1f} s at a patience of {PATIENCE:g} s; holds and defects count as waiting")
    index = fairness(asked.seed)
    print(f"fairness among six users with unequal demands: {index:.4f}")
    return int(index < 0.95)


if __name__ == "__main__":
    sys.exit(main())
