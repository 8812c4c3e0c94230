"""How alike traps become by what is measured of them, over hidden truths drawn at random.

    python bench/study_traps.py --seeds 1-10

One line for each truth: by how much depths of traps differ (rms over their mean, as they are true) with equal weights,
behind `trap_depths` and behind `trap_depths_fine`; and by how much qubits' frequencies differ, before and at the end.
Nothing is played to instruments: what is compiled goes straight to the simulated world.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from qctl.calibrate.workbench import Workbench
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.experiments.atoms.presence import Presence
from qctl.experiments.atoms.trap_depths import TrapDepths, TrapDepthsFine
from qctl.judge.draw_atoms import draw_atoms
from qctl.physics.atoms.hologram import weighted

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "worlds"))
from direct import Direct
from true_atoms import true_parameters


def differing(truth, known, qubits):
    """Return rms differences of depths (relative) and of frequencies (Hz)."""
    sites = weighted(truth, {q: known[f"{q}.site.weight"] for q in qubits}).sites
    depths = np.array([sites[q].depth for q in qubits])
    return float(depths.std() / depths.mean()), float(np.std([sites[q].shift for q in qubits]))


def study(name, seed):
    """Return depths before and behind each round, and frequencies before and at the end."""
    truth = draw_atoms(read_laboratory(find_laboratory(name)), seed)
    lab = Direct(name, seed, truth)
    qubits = lab.laboratory.qubit_names
    bench = Workbench(lab, true_parameters(lab.laboratory, truth, lab.parameters))
    bench.believe(bench.ask(Presence(lab.laboratory, qubits)))
    found = [differing(truth, bench.known, qubits)]
    for step in (TrapDepths(lab.laboratory, qubits), TrapDepthsFine(lab.laboratory, qubits, shots=400)):
        bench.believe(bench.ask(step))
        found.append(differing(truth, bench.known, qubits))
    depths = [depth for depth, _ in found]
    return {"depths": depths, "frequencies (Hz)": [found[0][1], found[-1][1]], "machine s": bench.seconds}


def main():
    """Study some truths and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-10", help="first and last, as 1-10")
    parser.add_argument("--lab", default="atoms16")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    ends = []
    for seed in range(int(first), int(last or first) + 1):
        line = study(asked.lab, seed)
        ends.append(line["depths"][-1])
        print(json.dumps({"seed": seed, **line}, default=float), flush=True)
    print(f"traps differ by {100 * float(np.mean(ends)):.2f} % at the end, {100 * max(ends):.2f} % at worst")
    return 0


if __name__ == "__main__":
    sys.exit(main())
