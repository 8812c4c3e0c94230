"""Bring random chains of ions up from scratch and let the judge score them: the goals of calibration in one table.

    python bench/study_ions.py --seeds 1-10 [--lab ion8] [--ions 4] [--keep FOLDER] [--json FILE]

Each twin is drawn (``qctl twin draw``), calibrated (``qctl calibrate --from-scratch``) and scored (``qctl twin score``)
by the commands that a user would type, in a state folder of its own. ``--ions N`` cuts the laboratory file to its first
N ions and their pairs: eight ions have 28 pairs. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bring_up import brought_up, given_up, lost, options, verdict, worst

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
    wall, report, score = brought_up(lab, seed, folder)
    twin = Twin(seed, wall, report["machine_seconds"], readouts=lost(score), given_up=given_up(report))
    for gate in score["gates"]:
        if gate["kind"] == "rxx":
            twin.pairs[gate["target"]] = gate["error"] / gate["limit"]
        else:
            twin.singles[f"{gate['target']} {gate['kind']}"] = gate["error"]
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
    return (
        f"{twin.seed:4d}  {worst(twin.singles):9.2e} {worst(twin.pairs):10.2f} {worst(twin.readouts):8.4f}  "
        f"{twin.machine:7.0f} s {twin.wall:6.1f} s  {'; '.join(twin.given_up) or '-'}"
    )


def main() -> int:
    asked = options(__doc__, "1-10", "ion8")
    asked.add_argument("--ions", type=int, help="so many of the ions of the file; all by default")
    given, twins = asked.parse_args(), []
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        lab = laboratory(given.lab, given.ions, folder)
        print("seed  one ion  pair/limit  readout lost  machine  clock  given up")
        for seed in given.seeds:
            twins.append(study(lab, seed, folder))
            print(row(twins[-1]), flush=True)
    return verdict(twins, goals(twins), given.json)


if __name__ == "__main__":
    sys.exit(main())
