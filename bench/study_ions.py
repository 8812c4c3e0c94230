"""Bring random chains of ions up from scratch and let the judge score them: the goals of calibration in one table.

    python bench/study_ions.py --seeds 1-10 [--lab ion8] [--ions 4] [--keep FOLDER] [--json FILE]

Each twin is drawn (``qctl twin draw``), calibrated (``qctl calibrate --from-scratch``) and scored (``qctl twin score``)
by the commands that a user would type, in a state folder of its own. ``--ions N`` cuts the laboratory file to its first
N ions and their pairs: eight ions have 28 pairs. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

SINGLE = 1e-3  # error of a good one-qubit gate
PAIR = 1.5  # factor on the limit that heating and coherence set, of a good gate of two
READOUT = 0.01  # a good threshold loses as little against the best


@dataclass
class Twin:
    """One twin, calibrated and scored."""

    seed: int
    wall: float
    machine: float
    singles: dict[str, float] = field(default_factory=dict)  # errors
    pairs: dict[str, float] = field(default_factory=dict)  # errors over limits
    readouts: dict[str, float] = field(default_factory=dict)  # fidelity lost against the best
    given_up: list[str] = field(default_factory=list)


def qctl(*arguments: str, state: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qctl.cli", "--state", str(state), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def cut(text: str, ions: int) -> str:
    """Return a laboratory file without what belongs to ions from number ``ions`` on, and without measured values."""
    text = re.sub(r"(?m)^parameters: .*\n", "", text)
    rest = f"(?:{'|'.join(str(k) for k in range(ions, 100))})"
    text = re.sub(rf"(?m)^  (?:counter|beam|seen|q){rest}: .*\n", "", text)
    text = re.sub(rf"(?m)^  q\d+-q{rest}: .*\n", "", text)
    return re.sub(rf"(?:, counter{rest})+(?=\])", "", text)


def laboratory(lab: str, ions: int | None, folder: Path) -> str:
    """Return what to give as ``--lab``."""
    path = Path(lab) if Path(lab).is_file() else Path(__file__).parents[1] / "configs" / f"{Path(lab).stem}.yaml"
    if ions is None:
        return str(path)
    smaller = folder / f"{path.stem}-{ions}.yaml"
    smaller.write_text(cut(path.read_text(encoding="utf-8"), ions), encoding="utf-8")
    return str(smaller)


def study(lab: str, seed: int, folder: Path) -> Twin:
    """Draw, calibrate and score one twin."""
    state = folder / f"state-{seed}"
    state.mkdir(parents=True, exist_ok=True)
    twin = folder / f"twin-{seed}.yaml"
    twin.write_text(qctl("twin", "draw", "--lab", lab, "--seed", str(seed), state=state).stdout)
    where = ("--lab", lab, "--twin", str(twin))
    begun = time.perf_counter()
    done = qctl("calibrate", *where, "--seed", str(seed), "--from-scratch", "--json", state=state)
    wall = time.perf_counter() - begun
    if not done.stdout:
        sys.exit(f"seed {seed}: {done.stderr[-2000:]}")
    report = json.loads(done.stdout)
    scored = qctl("twin", "score", *where, "--json", state=state)
    if not scored.stdout:
        sys.exit(f"seed {seed}: {scored.stderr[-2000:]}")
    return judged(Twin(seed, wall, report["machine_seconds"]), report, json.loads(scored.stdout))


def judged(twin: Twin, report: dict, score: dict) -> Twin:
    """Fill in what the judge says."""
    for gate in score["gates"]:
        if gate["kind"] == "rxx":
            twin.pairs[gate["target"]] = gate["error"] / gate["limit"]
        else:
            twin.singles[f"{gate['target']} {gate['kind']}"] = gate["error"]
    twin.readouts = {row["target"]: row["best"] - row["fidelity"] for row in score["readouts"]}
    twin.given_up = [f"{row['node']} of {row['target']}: {row['reason']}" for row in report["given_up"]]
    return twin


def goals(twins: list[Twin]) -> dict[str, tuple[float, str, bool]]:
    """Return by goal what was reached, what was asked, and whether that is kept."""
    found = {
        f"gates of one ion below {SINGLE:g}": ([e <= SINGLE for t in twins for e in t.singles.values()], 0.95),
        f"gates of two within {PAIR} x limit": ([e <= PAIR for t in twins for e in t.pairs.values()], 1.0),
        "thresholds within 1 % of the best": ([lost <= READOUT for t in twins for lost in t.readouts.values()], 1.0),
    }
    shares = {name: (sum(good) / max(len(good), 1), asked) for name, (good, asked) in found.items()}
    return {name: (share, f"{asked:.0%}", share >= asked) for name, (share, asked) in shares.items()}


def row(twin: Twin) -> str:
    worst = [max(places.values(), default=float("nan")) for places in (twin.singles, twin.pairs, twin.readouts)]
    return (
        f"{twin.seed:4d}  {worst[0]:9.2e} {worst[1]:10.2f} {worst[2]:8.4f}  {twin.machine:7.0f} s {twin.wall:6.1f} s  "
        + ("; ".join(twin.given_up) or "-")
    )


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", default="1-10", help="first-last")
    options.add_argument("--lab", default="ion8")
    options.add_argument("--ions", type=int, help="so many of the ions of the file; all by default")
    options.add_argument("--keep", type=Path, help="folder for twins, stores and reports; a temporary one by default")
    options.add_argument("--json", type=Path, help="write everything here")
    given = options.parse_args()
    first, _, last = given.seeds.partition("-")
    twins = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        lab = laboratory(given.lab, given.ions, folder)
        print("seed  one ion  pair/limit  readout lost  machine  clock  given up")
        for seed in range(int(first), int(last or first) + 1):
            twins.append(study(lab, seed, folder))
            print(row(twins[-1]), flush=True)
    reached = goals(twins)
    for name, (value, asked, kept) in reached.items():
        print(f"{value:7.1%}  {name}; asked: {asked}; {'kept' if kept else 'MISSED'}")
    if given.json:
        given.json.write_text(json.dumps([vars(twin) for twin in twins]))
    return 0 if all(kept for _, _, kept in reached.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
