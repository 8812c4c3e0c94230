"""The conformance kit on simulated atoms with one in every site, many shots at once: where few shots see nothing.

    python bench/study_atom_kit.py --shots 3000 [--only ripple_adder,ghz5] [--seed 2]

What is compiled goes straight to the simulated world of ``configs/twins/atoms16.yaml``; predictions are those of
``qctl conformance`` from the snapshot that comes with the laboratory. Exit code 1 when a program does not conform.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from qctl.config import read
from qctl.config.find import find_laboratory, twin_of
from qctl.conformance import programs
from qctl.conformance.check import CHANCE, CLOSE, predicted
from qctl.conformance.statistics import distance, g_test, sampling_noise
from qctl.physics.atoms.twin import AtomTwin
from qctl.run.known import known_parameters

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "worlds"))


def full_array(name: str, seed: int):
    """Return an array that is loaded whole, so that nothing has to be sorted."""
    from direct import Direct

    truth = read(twin_of(find_laboratory(name)), AtomTwin)
    tweezers = replace(truth.tweezers, loading=1.0, loading_time=5e-3)
    lab = Direct(name, seed=seed, truth=replace(truth, tweezers=tweezers))
    lab.parameters = known_parameters(lab.laboratory)
    return lab


def main() -> int:
    """Print a line for each program."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--lab", default="atoms16")
    asked.add_argument("--shots", type=int, default=3000)
    asked.add_argument("--seed", type=int, default=2)
    asked.add_argument("--only", default="")
    given = asked.parse_args()
    names = [name for name in given.only.split(",") if name]
    lab, chances, far = full_array(given.lab, given.seed), [], 0
    entries = [one for one in programs() if not names or one.name in names]
    for entry in entries:
        counts = lab.run(entry.program, given.shots).counts
        expected, n = predicted(lab, entry), sum(counts.values())
        off = distance({key: count / n for key, count in counts.items()}, expected)
        allowed = CLOSE + sampling_noise(expected, n)
        chances.append(g_test(counts, expected))
        far += off > allowed
        print(
            f"{entry.name:18} {n} of {given.shots} shots, off {off:.3f}, allowed {allowed:.3f}, p {chances[-1]:.2g}",
            flush=True,
        )
    ordered = np.sort(chances)
    holm = float(np.min(ordered * np.arange(len(ordered), 0, -1)))
    print(f"{far} of {len(entries)} too far from their prediction; least p with Holm's correction {min(holm, 1.0):.2g}")
    return 1 if far or holm < CHANCE else 0


if __name__ == "__main__":
    sys.exit(main())
