"""Kill daemon, agent and worker at random and at named places, again and again; then judge by the histories alone.

    python tests/crash/harness.py --rounds N --seed S [--points [NAME ...]]

Exits with 1 when anything that was acknowledged is lost, changed or counted twice, when outputs stay on for longer than
a second after a kill, or when the daemon is not ready again in time. ``--points`` visits every named crash point, or
those that are named.
"""

import argparse
import os
import pwd
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "worlds")]  # also as a program

from checker import Acknowledged, violations
from stack_world import BELL, Stack, instruments, seconds_until_safe

from qctl.client import RefusedError, UnreachableError
from qctl.jobs.crash_points import POINTS

SAFE_SECONDS, READY_SECONDS = 1.0, 2.0
ENOUGH = threading.Event()  # told to end: what was done until then is judged
ME = pwd.getpwuid(os.geteuid()).pw_name


@dataclass
class History:
    """What clients and bystanders saw."""

    acknowledged: list = field(default_factory=list)
    unsafe: list = field(default_factory=list)
    safe: list = field(default_factory=list)
    ready: list = field(default_factory=list)
    kills: Counter = field(default_factory=Counter)


def submit(stack, history, rng, count):
    """Submit jobs; what is not answered is asked again under the same key, as a careful client does."""
    for _ in range(count):
        key, shots = f"{rng.getrandbits(64):016x}", rng.choice([200, 1500, 4000])
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with stack.client() as daemon:
                    for _ in range(rng.choice([1, 1, 1, 2])):  # sometimes an answer gets lost on the way
                        job = daemon.submit(BELL, shots, key=key)
                        history.acknowledged.append(Acknowledged(ME, key, int(job[1:]), BELL, shots))
                break
            except (UnreachableError, RefusedError):
                time.sleep(0.05)


def victims(stack):
    """Return process ids of what can be killed; workers are children of the daemon."""
    found = {"daemon": stack.pid("daemon"), "agent": stack.pid("agent")}
    children = Path(f"/proc/{found['daemon']}/task/{found['daemon']}/children")
    with suppress(OSError):
        pids = [int(pid) for pid in children.read_text().split()]
        found |= {f"worker{k}": pid for k, pid in enumerate(pids)}
    return found


def kill_round(stack, history, addresses, rng):
    """Kill one process at a random moment while jobs run; wait until all is as it should be again."""
    submit(stack, history, rng, rng.randint(1, 3))
    time.sleep(rng.uniform(0.0, 0.6))
    who, pid = rng.choice(sorted(victims(stack).items()))
    since = time.monotonic()
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    history.kills[who.rstrip("0123456789")] += 1
    if who == "agent":
        _, said = stack.heard("guardian", since)
        judge_safety(history, said["guardian"], seconds_until_safe(addresses), since)
        stack.heard("started=agent", since)
    elif who == "daemon":
        judge_safety(history, {}, seconds_until_safe(addresses), since)
        when, _ = stack.heard("ready", since)
        history.ready.append(when - since)


def judge_safety(history, report, seconds, since):
    passed = time.monotonic() - since
    history.safe.append(min(passed, report.get("safe", passed)) if seconds == 0.0 else passed)
    if report.get("failures"):
        history.unsafe.append(report["failures"])


def random_kills(lab, addresses, state, rounds, rng, history):
    stack = Stack(lab, state).start()
    stack.heard("ready")
    try:
        for number in range(1, rounds + 1):
            if ENOUGH.is_set():
                break
            kill_round(stack, history, addresses, rng)
            if number % 100 == 0:
                sys.stderr.write(f"{number} kills\n")
        wait_for_all(stack)
    finally:
        code = stack.stop()
    return [] if code == 0 else [f"serve ended with {code}"]


def named_point(lab, state, point, rng, history):
    """Run until a process passes one named place, where it dies; then everything must come to its end."""
    stack = Stack(lab, state).start(QCTL_CRASH_AT=f"{point}:{rng.randint(1, 2)}")
    try:
        submit(stack, history, rng, 3)
        with suppress(TimeoutError):
            stack.heard("ended", timeout=10.0)
        wait_for_all(stack)
    finally:
        code = stack.stop()
    return [] if code == 0 else [f"serve ended with {code} at {point}"]


def wait_for_all(stack, limit=900.0):
    """Wait until no job is left that could still move."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with suppress(UnreachableError, RefusedError), stack.client() as daemon:
            if not daemon.status()["jobs"]:
                return
        time.sleep(0.1)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--busy", action="store_true", help="the machine does other things: judge no times")
    parser.add_argument("--points", nargs="*", choices=POINTS, metavar="NAME", help="visit named crash points")
    said = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: ENOUGH.set())
    with tempfile.TemporaryDirectory(prefix="qctl-crash-") as folder:
        found, history = run(Path(folder), said.rounds, said.seed, () if said.points is None else said.points or POINTS)
    report(history)
    found += [] if said.busy else late(history)
    for sentence in found:
        sys.stdout.write(f"VIOLATION {sentence}\n")
    return 1 if found else 0


def run(folder, rounds, seed, points=()):
    """Return violations and the history of some rounds."""
    rng, history, found = random.Random(seed), History(), []
    with instruments(folder) as (lab, addresses):
        if rounds:
            state = folder / "random"
            state.mkdir()
            found += random_kills(lab, addresses, state, rounds, rng, history)
            found += violations(history.acknowledged, state)
        for point in points:
            state, visited = folder / point, History()
            state.mkdir()
            found += named_point(lab, state, point, rng, visited)
            found += [f"{point}: {sentence}" for sentence in violations(visited.acknowledged, state)]
            history.acknowledged += visited.acknowledged
            history.kills[point] += 1
    found += [f"outputs could not be made safe: {one}" for one in history.unsafe]
    return found, history


def late(history):
    """Return what took too long, by the 99th percentile: judged on a quiet machine, never in the test suite."""
    limits = (("outputs safe", history.safe, SAFE_SECONDS), ("ready again", history.ready, READY_SECONDS))
    for what, values, most in limits:
        if values and percentile(values, 99) > most:
            yield f"{what} after more than {most:g} s"


def percentile(values, percent):
    return sorted(values)[round(percent / 100 * (len(values) - 1))]


def report(history):
    def spread(values):
        median, p99 = (percentile(values, percent) if values else 0.0 for percent in (50, 99))
        return f"median {median:.2f} s, p99 {p99:.2f} s, most {max(values):.2f} s" if values else "none"

    sys.stdout.write(f"kills: {dict(history.kills)}; jobs acknowledged: {len(history.acknowledged)}\n")
    sys.stdout.write(f"outputs safe after: {spread(history.safe)}; ready again after: {spread(history.ready)}\n")


if __name__ == "__main__":
    sys.exit(main())
