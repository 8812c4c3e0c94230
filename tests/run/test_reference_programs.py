"""Other projects' programs on the ideal laboratory: the right distribution or a clear refusal, never a wrong answer.

Bound: total-variation distance at most 0.02, plus what 20,000 shots of the reference distribution itself differ from it
(mean of 50 drawn samples and five of their standard deviations).
"""

import json

import numpy as np
import pytest

from qctl import Lab
from qctl.core.errors import CompileError, ProgramError

SHOTS = 20_000
MOST_QUBITS = 12
BOUND = 0.02


@pytest.fixture(scope="module")
def ideal20():
    with Lab.open("ideal20", seed=20) as lab:
        yield lab


@pytest.fixture(scope="module")
def programs(shared):
    found = json.loads((shared / "programs/reference.json").read_text())["programs"]
    return {name: entry for name, entry in found.items() if entry["qubits"] <= MOST_QUBITS}


def distance(p, q):
    return sum(abs(p.get(key, 0.0) - q.get(key, 0.0)) for key in p.keys() | q.keys()) / 2


def sampling_distance(exact):
    """Return how far ``SHOTS`` draws of a distribution lie from it, at most."""
    rng = np.random.default_rng(seed=5)
    weights = np.array(list(exact.values()))
    weights = weights / weights.sum()
    draws = rng.multinomial(SHOTS, weights, size=50) / SHOTS
    distances = np.abs(draws - weights).sum(axis=1) / 2
    return distances.mean() + 5 * distances.std()


def test_every_program_gives_its_distribution_or_is_refused_by_name(ideal20, programs, shared, record_property):
    wrong, refused, right = {}, {}, {}
    for name, entry in programs.items():
        text = (shared / "programs" / name).read_text()
        try:
            counts = ideal20.run(text, shots=SHOTS).counts
        except (ProgramError, CompileError) as reason:
            refused[name] = str(reason)
            continue
        found, allowed = compared(counts, entry)
        (right if found <= allowed else wrong)[name] = f"{found:.4f}, allowed {allowed:.4f}"
    record_property("right", right)
    record_property("refused", refused)
    assert not wrong
    assert len(right) >= 32
    static = {name for name in refused if programs[name].get("dynamic") is False}
    assert not static, "programs without feedback are in scope"
    assert all("supported" in text or "feedback" in text for text in refused.values()), refused


def compared(counts, entry):
    """Return how far counts lie from the reference, and how far they may."""
    if "probs" in entry:
        found = distance({key: n / SHOTS for key, n in counts.items()}, entry["probs"])
        return found, BOUND + sampling_distance(entry["probs"]) + sampled_reference(entry)
    # Too many outcomes to list: the reference gives the mean of each bit and the correlation of neighbours.
    bits = np.repeat([[int(c) for c in key] for key in counts], list(counts.values()), axis=0)
    signs = 1 - 2 * bits
    means = np.abs(bits.mean(axis=0) - entry["bit_p1"])
    correlations = np.abs((signs[:, 1:] * signs[:, :-1]).mean(axis=0) - entry["zz_neighbours"]) / 2
    return max(means.max(), correlations.max()), BOUND + 5 / np.sqrt(4 * SHOTS)


def sampled_reference(entry):
    """Return what a reference that was itself sampled may be off."""
    shots = entry.get("shots", 50_000 if "shots" in entry["method"] else 0)
    return 2.0 * np.sqrt(len(entry["probs"]) / shots) if shots else 0.0
