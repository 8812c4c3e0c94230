"""Bring random twins up from scratch and let the judge score them: the goals of calibration in one table.

    python bench/study_twins.py --seeds 1-20 [--lab transmon5] [--keep FOLDER] [--json FILE]

Each twin is drawn (``qctl twin draw``), calibrated (``qctl calibrate --from-scratch``) and scored (``qctl twin score``)
by the commands that a user would type, in a state folder of its own. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bring_up import brought_up, given_up, lost, options, verdict, worst

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


def study(lab: str, seed: int, folder: Path) -> Twin:
    """Draw, calibrate and score one twin."""
    wall, report, score = brought_up(lab, seed, folder)
    twin = Twin(seed, wall, report["machine_seconds"], readouts=lost(score), given_up=given_up(report))
    for gate in score["gates"]:
        factor, more = CZ if gate["kind"] == "cz" else GATE
        share = gate["error"] / (factor * gate["limit"] + more)
        places = twin.couplings if gate["kind"] == "cz" else twin.qubits
        places[gate["target"]] = max(share, places.get(gate["target"], 0.0))
    twin.sigmas = {row["name"]: row["sigmas"] for row in score["values"] if row["sigmas"] is not None}
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
    return (
        f"{twin.seed:4d}  {worst(twin.qubits):8.2f} {worst(twin.couplings):8.2f} {worst(twin.readouts):8.4f}  "
        f"{twin.machine:7.0f} s {twin.wall:6.1f} s  {'; '.join(twin.given_up) or '-'}"
    )


def main() -> int:
    given, twins = options(__doc__, "1-20", "transmon5").parse_args(), []
    with tempfile.TemporaryDirectory() as temporary:
        print("seed  qubit/bound  CZ/bound  readout lost  machine  clock  given up")
        for seed in given.seeds:
            twins.append(study(given.lab, seed, given.keep or Path(temporary)))
            print(row(twins[-1]), flush=True)
    return verdict(twins, goals(twins), given.json)


if __name__ == "__main__":
    sys.exit(main())
