"""Bring random twins up from scratch and let the judge score them: the goals of calibration in one table.

    python bench/study_twins.py --seeds 1-20 [--lab transmon5] [--keep FOLDER] [--json FILE]

Each twin is drawn (``qctl twin draw``), calibrated (``qctl calibrate --from-scratch``) and scored (``qctl twin score``)
by the commands that a user would type, in a state folder of its own. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

GATE = (1.5, 2e-4)  # a good one-qubit gate: factor on the coherence limit, and what is added
CZ = (1.5, 1e-3)
READOUT = 0.01  # a good readout is as close to the judge's best
SIGMA = {1: (0.60, 0.75), 2: (0.90, 0.98)}  # shares of estimates within 1 and 2 standard deviations


@dataclass
class Twin:
    """One twin, calibrated and scored."""

    seed: int
    wall: float
    machine: float
    qubits: dict[str, float] = field(default_factory=dict)  # worst gate error over its bound
    couplings: dict[str, float] = field(default_factory=dict)
    readouts: dict[str, float] = field(default_factory=dict)  # fidelity lost against the best
    sigmas: dict[str, float] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)


def qctl(*arguments: str, state: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qctl.cli", "--state", str(state), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def study(lab: str, seed: int, folder: Path) -> Twin:
    """Draw, calibrate and score one twin."""
    state = folder / f"state-{seed}"
    state.mkdir(parents=True, exist_ok=True)
    twin = folder / f"twin-{seed}.yaml"
    drawn = qctl("twin", "draw", "--lab", lab, "--seed", str(seed), state=state)
    twin.write_text(drawn.stdout)
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
        factor, more = CZ if gate["kind"] == "cz" else GATE
        share = gate["error"] / (factor * gate["limit"] + more)
        places = twin.couplings if gate["kind"] == "cz" else twin.qubits
        places[gate["target"]] = max(share, places.get(gate["target"], 0.0))
    twin.readouts = {row["target"]: row["best"] - row["fidelity"] for row in score["readouts"]}
    twin.sigmas = {row["name"]: row["sigmas"] for row in score["values"] if row["sigmas"] is not None}
    twin.given_up = [f"{row['node']} of {row['target']}: {row['reason']}" for row in report["given_up"]]
    return twin


def goals(twins: list[Twin]) -> dict[str, tuple[float, str, bool]]:
    """Return by goal what was reached, what was asked, and whether that is kept."""
    qubits = [share for twin in twins for share in twin.qubits.values()]
    couplings = [share for twin in twins for share in twin.couplings.values()]
    readouts = [lost for twin in twins for lost in twin.readouts.values()]
    sigmas = [abs(off) for twin in twins for off in twin.sigmas.values()]
    found = {
        "qubits within 1.5 x limit + 2e-4": (part(q <= 1 for q in qubits), "at least 95 %", 0.95, 1.0),
        "couplings within 1.5 x limit + 1e-3": (part(c <= 1 for c in couplings), "at least 90 %", 0.90, 1.0),
        "readouts within 1 % of the best": (part(r <= READOUT for r in readouts), "all", 1.0, 1.0),
    }
    for n, (low, high) in SIGMA.items():
        name = f"of {len(sigmas)} estimates within {n} sigma"
        found[name] = (part(s <= n for s in sigmas), f"{low:.0%} to {high:.0%}", low, high)
    return {name: (value, asked, low <= value <= high) for name, (value, asked, low, high) in found.items()}


def part(truths) -> float:
    known = list(truths)
    return sum(known) / len(known) if known else 0.0


def row(twin: Twin) -> str:
    worst = [max(places.values(), default=float("nan")) for places in (twin.qubits, twin.couplings, twin.readouts)]
    return (
        f"{twin.seed:4d}  {worst[0]:8.2f} {worst[1]:8.2f} {worst[2]:8.4f}  {twin.machine:7.0f} s {twin.wall:6.1f} s  "
        + ("; ".join(twin.given_up) or "-")
    )


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", default="1-20", help="first-last")
    options.add_argument("--lab", default="transmon5")
    options.add_argument("--keep", type=Path, help="folder for twins, stores and reports; a temporary one by default")
    options.add_argument("--json", type=Path, help="write everything here")
    given = options.parse_args()
    first, _, last = given.seeds.partition("-")
    twins = []
    with tempfile.TemporaryDirectory() as temporary:
        print("seed  qubit/bound  CZ/bound  readout lost  machine  clock  given up")
        for seed in range(int(first), int(last or first) + 1):
            twins.append(study(given.lab, seed, given.keep or Path(temporary)))
            print(row(twins[-1]), flush=True)
    reached = goals(twins)
    for name, (value, asked, kept) in reached.items():
        print(f"{value:7.1%}  {name}; asked: {asked}; {'kept' if kept else 'MISSED'}")
    if given.json:
        given.json.write_text(json.dumps([vars(twin) for twin in twins]))
    return 0 if all(kept for _, _, kept in reached.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
