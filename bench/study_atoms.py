"""How well arrays of atoms are brought up from scratch, over hidden truths drawn at random.

    python bench/study_atoms.py --seeds 1-10              # through mock instruments
    python bench/study_atoms.py --seeds 1-10 --straight   # what is compiled goes straight to the simulated world

One line for each truth: the worst quarter turn, the gate against the limit that decay, Doppler shifts and laser noise
set, and what thresholds (of presence, and of states) tell wrongly beyond the best ones; then which share meets the
figures that are asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from qctl.calibrate.loop import calibrate
from qctl.compile import flatten
from qctl.config import read_laboratory
from qctl.config.find import find_laboratory
from qctl.core.port import Port
from qctl.experiments.nodes import nodes_of
from qctl.experiments.rows import cz, half
from qctl.experiments.rows import program as row_program
from qctl.judge.atoms import score_atoms
from qctl.judge.draw_atoms import draw_atoms
from qctl.judge.text import twin_text
from qctl.physics.stage import Playing
from qctl.run import Lab
from qctl.store import ParameterStore

TURN, CZ, THRESHOLD = 2e-3, 1.5, 0.01  # infidelity; times the limit; share of looks told wrongly beyond the best


def played(lab, known, rows, qubits):
    """Return what is played for a few rows, by port."""
    sequence = lab.compile(row_program(lab.laboratory, [rows], qubits, 1), parameters=known)
    found = {}
    for name, playlist in flatten(sequence, lab.laboratory, lab.limits).items():
        entry = lab.laboratory.instruments[name]
        for channel, place in enumerate(playlist.steps[0].tolist(), start=1):
            if place >= 0:
                volts = playlist.waveforms[place].codes.astype(np.float32) * (entry.full_scale / 32767)
                found[Port(name, channel)] = Playing(volts, entry.sample_rate, 0.0)
    return found


def score(lab, truth, known):
    """Return the score of a snapshot."""
    laboratory = lab.laboratory
    turns = {q: played(lab, known, [half(k)], [k]) for k, q in enumerate(laboratory.qubit_names)}
    return score_atoms(laboratory, truth, known, turns, played(lab, known, [cz(0, 1)], [0, 1]), 0.1)


def study(name, seed, folder, straight=False):
    """Bring one truth up; return what the judge says of it."""
    laboratory = read_laboratory(find_laboratory(name))
    truth = draw_atoms(laboratory, seed)
    if straight:
        return study_straight(name, seed, truth, folder)
    file = folder / f"twin{seed}.yaml"
    file.write_text(twin_text(truth, f"seed {seed}"), encoding="utf-8")
    started = time.perf_counter()
    with Lab.open(name, twin=file, seed=seed, state=folder) as lab:
        with ParameterStore.open(folder, f"{laboratory.name}@{file.stem}") as store:
            report = calibrate(lab, store, nodes_of(lab.laboratory), from_scratch=True)
        found = score(lab, truth, lab.parameters)
    return found, report, time.perf_counter() - started


def study_straight(name, seed, truth, folder):
    """Bring one truth up without instruments: the same plans, experiments and verdicts."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "worlds"))
    from direct import Direct

    lab, started = Direct(name, seed, truth), time.perf_counter()
    with ParameterStore.open(folder, f"{lab.laboratory.name}@straight{seed}") as store:
        report = calibrate(lab, store, nodes_of(lab.laboratory), from_scratch=True)
    return score(lab, truth, lab.parameters), report, time.perf_counter() - started


def main():
    """Study some truths and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-10", help="first and last, as 1-10")
    parser.add_argument("--straight", action="store_true", help="without instruments")
    parser.add_argument("--lab", default="atoms16")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(int(first), int(last or first) + 1):
            found, report, wall = study(asked.lab, seed, Path(folder), asked.straight)
            turns, off = list(found.turns.values()), [*found.thresholds.values(), *found.states.values()]
            rows.append((turns, found.cz / found.cz_limit, off))
            line = {
                "seed": seed, "x90 worst": max(turns), "x90 median": float(np.median(turns)), "cz": found.cz,
                "cz limit": found.cz_limit, "times": found.cz / found.cz_limit, "arrive": found.arrive,
                "present worst": max(found.thresholds.values()), "states worst": max(found.states.values()),
                "machine s": report.seconds, "wall s": wall,
            }  # fmt: skip
            print(json.dumps({k: float(f"{v:.3g}") for k, v in line.items()}), flush=True)
    turns = [error < TURN for errors, _, _ in rows for error in errors]
    gates = [times < CZ for _, times, _ in rows]
    thresholds = [off < THRESHOLD for _, _, each in rows for off in each]
    print(f"quarter turns below {TURN:g}: {np.mean(turns):.1%} of {len(turns)}")
    print(f"gates within {CZ:g} times their limit: {sum(gates)} of {len(gates)}")
    print(f"thresholds within {THRESHOLD:.0%}: {np.mean(thresholds):.1%}")
    return 0 if all((*turns, *gates, *thresholds)) else 1


if __name__ == "__main__":
    sys.exit(main())
