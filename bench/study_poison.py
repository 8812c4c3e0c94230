"""Spoiled and healthy runs, counted: ``python bench/study_poison.py [--poisoned 1000] [--healthy 500] [--seed 1]``.

One line for each way to spoil data: rows G-1 to G-6 of the fault matrix. At most 1 of 1,000 poisoned runs may be
accepted with a value that is not the true one within five standard errors, and at most 2 % of healthy ones rejected.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "worlds"))

from poison import SPOILED, healthy, study

ROWS = {
    "noise only": "G-1", "no points": "G-1", "the same at every point": "G-1", "saturated": "G-1", "not numbers": "G-2",
    "wrong peak": "G-3", "alias": "G-3", "outside of the scan": "G-4", "singular": "G-4", "jump while scanning": "G-5",
    "swapped": "G-6",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--poisoned", type=int, default=1000)
    parser.add_argument("--healthy", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reasons", action="store_true", help="show the most frequent reason of each row")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    begun, false, runs = time.perf_counter(), 0, 0
    print(f"{'row':4} {'spoiled':24} {'runs':>5} {'rejected':>9} {'wrongly accepted':>17}")
    for k, (name, spoil) in enumerate(SPOILED.items()):
        n = asked.poisoned // len(SPOILED) + (k < asked.poisoned % len(SPOILED))
        count = study(spoil, n, (asked.seed, k))
        false, runs = false + count.false, runs + count.runs
        print(f"{ROWS[name]:4} {name:24} {count.runs:5} {count.runs - count.accepted:9} {count.false:17}")
        for reason, times in Counter(count.reasons).most_common(3) if asked.reasons else ():
            print(f"       {times} x {reason}")
    count = study(healthy, asked.healthy, asked.seed)
    rejected = count.runs - count.accepted
    print(f"{'G-7':4} {'healthy':24} {count.runs:5} {rejected:9} {count.false:17}")
    print(f"{runs} poisoned runs: {false} wrongly accepted (at most {max(runs // 1000, 1)})")
    print(f"{count.runs} healthy runs: {100 * rejected / count.runs:.1f} % rejected (at most 2 %)")
    print(f"{time.perf_counter() - begun:.0f} s")
    return 0 if false <= max(runs // 1000, 1) and rejected <= 0.02 * count.runs else 5


if __name__ == "__main__":
    sys.exit(main())
