"""What studies of bring-ups share: draw a twin, calibrate it, score it, by the commands that a user would type."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path


def options(about: str, seeds: str, lab: str) -> argparse.ArgumentParser:
    """Return the options of such a study."""
    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--seeds", default=seeds, type=seeds_of, help="first-last")
    found.add_argument("--lab", default=lab)
    found.add_argument("--keep", type=Path, help="folder for twins, stores and reports; a temporary one by default")
    found.add_argument("--json", type=Path, help="write everything here")
    return found


def seeds_of(text: str) -> range:
    """Return the seeds of ``first-last``, or of one number."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def brought_up(lab: str, seed: int, folder: Path) -> tuple[float, dict, dict]:
    """Draw one twin, bring it up from scratch and score it; return seconds by the clock, report and score."""
    state = folder / f"state-{seed}"
    state.mkdir(parents=True, exist_ok=True)
    twin = folder / f"twin-{seed}.yaml"
    twin.write_text(qctl("twin", "draw", "--lab", lab, "--seed", str(seed), state=state))
    where = ("--lab", lab, "--twin", str(twin), "--json")
    begun = time.perf_counter()
    report = qctl("calibrate", *where, "--seed", str(seed), "--from-scratch", state=state)
    wall = time.perf_counter() - begun
    return wall, json.loads(report), json.loads(qctl("twin", "score", *where, state=state))


def qctl(*arguments: str, state: Path) -> str:
    """Return what a command says; what a command that says nothing complains of ends the study."""
    command = [sys.executable, "-m", "qctl.cli", "--state", str(state), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        sys.exit(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


def given_up(report: dict) -> list[str]:
    """Return what a bring-up gave up, and why."""
    return [f"{row['node']} of {row['target']}: {row['reason']}" for row in report["given_up"]]


def lost(score: dict) -> dict[str, float]:
    """Return by target what fidelity of readout is lost against the best."""
    return {row["target"]: row["best"] - row["fidelity"] for row in score["readouts"]}


def worst(places: dict[str, float]) -> float:
    """Return the largest value, NaN when there is none."""
    return max(places.values(), default=float("nan"))


def verdict(twins: list, reached: dict[str, tuple[float, str, bool]], file: Path | None) -> int:
    """Print by goal what was reached, what was asked and whether that is kept; return the exit code."""
    for name, (value, asked, kept) in reached.items():
        print(f"{value:7.1%}  {name}; asked: {asked}; {'kept' if kept else 'MISSED'}")
    if file:
        file.write_text(json.dumps([vars(twin) for twin in twins]))
    return 0 if all(kept for _, _, kept in reached.values()) else 1
