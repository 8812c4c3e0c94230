"""How often an alarm is false, and how soon it finds a step or a slow drift: the numbers of docs/calibration.md.

    python bench/study_alarm.py [--runs 200] [--interval 1800]

A parameter that walks as usual is measured once an interval and believed as calibration does: weighed with what was
known, its speed learned on the way. Then it steps, or climbs beside its walk; sizes are in standard deviations of what
one measurement may surprise by. Alarms of the week before are false.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import numpy as np

from qctl.calibrate.alarm import WEEK
from qctl.calibrate.decision import MOVED
from qctl.calibrate.drift import posterior, prior
from qctl.calibrate.memory import Memory
from qctl.core.parameters import Estimate

NAME, VALUE = "q0.frequency", 5e9
Added = Callable[[int], float]  # what is added to the truth, n measurements after it began


def alarms(rng: np.random.Generator, interval: float, error: float, before: int, added: Added, after: int) -> list[int]:
    """Return after which measurements alarms came; negative numbers are those before anything was added."""
    speed = prior(NAME, VALUE) * 4.0 ** rng.normal()  # of one device, as priors expect it
    memory, truth, found = Memory(), VALUE, []
    known = Estimate(VALUE + error * rng.normal(), error, "Hz", 0.0)
    for k in range(-before, after):
        truth += math.sqrt(speed * interval) * rng.normal()
        now = (k + before + 1) * interval
        seen = Estimate(truth + added(k) + error * rng.normal(), error, "Hz", now)
        if memory.take({NAME: seen}, {NAME: known}):
            found.append(k)
        away = abs(seen.value - known.value) / math.hypot(math.sqrt(memory.drift.variance(NAME, known, now)), error)
        known = seen if away > MOVED else posterior(NAME, known, seen, memory.drift)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--interval", type=float, default=1800.0, help="s between two measurements")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng, interval, day = np.random.default_rng(asked.seed), asked.interval, round(86_400 / asked.interval)
    step = math.sqrt(prior(NAME, VALUE) * interval)
    error = step  # as well measured as it moves between two measurements
    size = math.hypot(step, math.sqrt(2) * error)
    week = round(WEEK / interval)
    false = sum(len(alarms(rng, interval, error, week, lambda k: 0.0, 0)) for _ in range(asked.runs))
    print(f"false alarms: {false / asked.runs:.2f} a week and parameter (at most 1)")
    print(f"{'what':28} {'found within a day':>18} {'mean time to detect':>20}")
    cases: list[tuple[str, Added]] = [
        *((f"step of {n:g}", lambda k, n=n: n * size if k >= 0 else 0.0) for n in (3, 5, 8)),
        *((f"climb of {n:g} an interval", lambda k, n=n: n * size * max(k + 1, 0)) for n in (0.5, 1, 2)),
    ]
    for what, added in cases:
        times = [[k for k in alarms(rng, interval, error, day, added, day) if k >= 0] for _ in range(asked.runs)]
        delays = [(one[0] + 1) * interval for one in times if one]
        mean = f"{np.mean(delays) / 60:.0f} min" if delays else "-"
        print(f"{what:28} {100 * len(delays) / asked.runs:16.0f} % {mean:>20}")


if __name__ == "__main__":
    main()
