"""Teleportation, repeat until success and phase estimation, steered by the host: counts against what noise predicts.

    python bench/study_feedback.py --lab ion8|atoms16 [--twin FILE] [--state FOLDER] [--shots 1000] [--only PROGRAM]

The laboratory should have been calibrated (``qctl calibrate``). Exit code 1 when a program is farther from its
prediction than 0.03 and chance.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from qctl.conformance.statistics import distance, sampling_noise
from qctl.conformance.steered import predict_steered
from qctl.frontends import read_program
from qctl.run import Lab

PROGRAMS = Path(__file__).parents[1] / "tests" / "run" / "programs"
CLOSE = 0.03


def main() -> int:
    """Print a line for each program."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name in ("--lab", "--twin", "--state"):
        asked.add_argument(name, default="ion8" if name == "--lab" else None)
    asked.add_argument("--shots", type=int, default=1000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", help="one of tests/run/programs, by its name")
    given, far = asked.parse_args(), 0
    with Lab.open(given.lab, twin=given.twin, state=given.state, seed=given.seed) as lab:
        for file in sorted(PROGRAMS.glob(f"{given.only or '*'}.qasm")):
            program = read_program(file.read_text(encoding="utf-8"), name=file.name)
            result = lab.run(program, shots=given.shots)
            n = sum(result.counts.values())
            expected = predict_steered(program, lab.parameters, lab.laboratory)
            off = distance({key: count / n for key, count in result.counts.items()}, expected)
            allowed = CLOSE + sampling_noise(expected, n)
            far += off > allowed
            print(
                f"{file.stem}: {n} shots, {off:.3f} from the prediction, {allowed:.3f} allowed; ways {len(result.ways)}"
            )
            print("  " + ", ".join(f"{key}: {result.counts.get(key, 0)} ({n * p:.1f})" for key, p in expected.items()))
            timing = result.timing
            print(f"  {timing.deadlines} decisions, {timing.misses} late; {dict(timing.flags)}; {dict(result.dropped)}")
            reactions = {name: s for name, s in timing.seconds.items() if name.startswith("reaction")}
            print("  " + ", ".join(f"{name} {s * 1e3:.3g} ms" for name, s in reactions.items()))
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())
