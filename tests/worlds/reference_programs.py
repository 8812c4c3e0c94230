"""Other projects' programs and what they should give: from reference material that is not part of this one."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from qctl.core.errors import CompileError, ProgramError

BOUND = 0.02
MOST_QUBITS = 12
LARGE = ("qasmbench/seca_n11.qasm", "qasmbench/sat_n11.qasm", "mqtbench/hrs_cumulative_multiplier_9.qasm")
"""States of so many levels of so many transmons, for so many gates, take a simulated laboratory ten seconds."""


@dataclass(frozen=True)
class Verdict:
    """What became of a program: ``right``, ``wrong``, ``refused``, or ``read`` where nobody can say what is right."""

    word: str
    said: str


def references(shared):
    """Return what is known of each program, by name."""
    return json.loads((shared / "programs" / "reference.json").read_text())["programs"]


def judged(lab, text, entry, shots, *, each_way=False):
    """Run a program and compare it with its reference; ``each_way`` as of `qctl.Lab.run`."""
    try:
        if entry["qubits"] > MOST_QUBITS:
            lab.compile(text)
            return Verdict("read", f"compiled; {entry['qubits']} qubits are not simulated")
        counts = lab.run(text, shots=shots, each_way=each_way).counts
    except (ProgramError, CompileError) as reason:
        return Verdict("refused", str(reason))
    found, allowed = compared(counts, entry, sum(counts.values()))
    return Verdict("right" if found <= allowed else "wrong", f"{found:.4f}, allowed {allowed:.4f}")


def compared(counts, entry, shots):
    """Return how far counts lie from the reference, and how far they may."""
    if "probs" in entry:
        found = distance({key: n / shots for key, n in counts.items()}, entry["probs"])
        return found, BOUND + sampling_distance(entry["probs"], shots) + sampled_reference(entry)
    # Too many outcomes to list: the reference gives the mean of each bit and the correlation of neighbours.
    bits = np.repeat([[int(c) for c in key] for key in counts], list(counts.values()), axis=0)
    signs = 1 - 2 * bits
    means = np.abs(bits.mean(axis=0) - entry["bit_p1"])
    correlations = np.abs((signs[:, 1:] * signs[:, :-1]).mean(axis=0) - entry["zz_neighbours"]) / 2
    return max(means.max(), correlations.max()), BOUND + 5 / np.sqrt(4 * shots)


def distance(p, q):
    """Return the total-variation distance of two distributions."""
    return sum(abs(p.get(key, 0.0) - q.get(key, 0.0)) for key in p.keys() | q.keys()) / 2


def sampling_distance(exact, shots):
    """Return how far so many draws of a distribution lie from it, at most."""
    rng = np.random.default_rng(seed=5)
    weights = np.array(list(exact.values()))
    weights = weights / weights.sum()
    draws = rng.multinomial(shots, weights, size=50) / shots
    distances = np.abs(draws - weights).sum(axis=1) / 2
    return distances.mean() + 5 * distances.std()


def sampled_reference(entry):
    """Return what a reference that was itself sampled may be off."""
    shots = entry.get("shots", 50_000 if "shots" in entry["method"] else 0)
    return 2.0 * np.sqrt(len(entry["probs"]) / shots) if shots else 0.0
