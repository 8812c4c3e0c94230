"""Many small and mixed jobs on a heavy-hex chip of 127 qubits, in virtual time: how much sooner they are done together.

The published lists, with compiled programs and losses from the simulated physics: `bench/study_jobs.py`.
"""

from dataclasses import replace

import numpy as np
import pytest
import rustworkx as rx
from queued import FRAME, request, state

from qctl.jobs.request import Candidate, Claims
from qctl.jobs.simulate import serial, simulate

PLACES = 24


def heavy_hex():
    """Return the couplings of 127 qubits: seven rows of up to 15, four qubits between two rows each."""
    sites = [(row, column) for row in range(7) for column in range(row == 6, 15 - (row == 0))]
    between = [(row, column, "below") for row in range(6) for column in range(2 * (row % 2), 15, 4)]
    graph, number = rx.PyGraph(), {site: k for k, site in enumerate([*sites, *between])}
    graph.add_nodes_from(list(number))
    pairs = [((row, column), (row, column + 1)) for row, column in sites if (row, column + 1) in number]
    for row, column, _ in between:
        pairs += [((row + down, column), (row, column, "below")) for down in (0, 1)]
    graph.add_edges_from([(number[a], number[b], None) for a, b in pairs])
    return graph


CHIP = heavy_hex()


def place(rng, size):
    """Return a random connected region with a halo of one coupling around it."""
    mine = {int(rng.integers(CHIP.num_nodes()))}
    near = set(CHIP.neighbors(*mine))
    while len(mine) < size:
        mine.add(int(rng.choice(sorted(near))))
        near = {other for q in mine for other in CHIP.neighbors(q)} - mine
    held, shut = (frozenset(f"qubit {q}" for q in some) for some in (mine, near))
    return Candidate(
        placement=tuple(sorted(mine)), claims=Claims(exclusive=held, quiet=shut), expected_success=0.9, duration_s=FRAME
    )


def jobs(number, largest, load=0.0):
    """Return jobs of 2 to ``largest`` qubits, all at once or at random times, so many per mean service time."""
    rng = np.random.default_rng(number)
    found = [
        request(k, *(place(rng, size) for _ in range(PLACES)), shots=int(rng.integers(1000, 4001)))
        for k, size in enumerate(rng.integers(2, largest + 1, number).tolist())
    ]
    mean = serial(found) / number
    times = np.cumsum(rng.exponential(mean / load, number)) if load else np.zeros(number)
    return [replace(one, submitted=float(at)) for one, at in zip(found, times, strict=True)]


def test_the_chip_is_that_of_the_lists():
    assert (CHIP.num_nodes(), CHIP.num_edges()) == (127, 144)
    assert {CHIP.degree(q) for q in CHIP.node_indices()} == {1, 2, 3}


@pytest.mark.parametrize(("number", "largest", "shorter"), [(145, 5, 10.0), (196, 10, 5.5)], ids=["small", "mixed"])
def test_jobs_that_come_at_once_are_done_many_times_sooner_than_one_after_the_other(number, largest, shorter):
    asked = jobs(number, largest)
    history = simulate(asked, state())
    assert len(history.done) == number
    assert history.makespan * shorter < serial(asked)


@pytest.mark.parametrize(
    ("number", "largest", "load", "most"), [(145, 5, 3.15, 1.10), (196, 10, 3.48, 2.0)], ids=["small", "mixed"]
)
def test_jobs_that_come_at_random_hardly_wait(number, largest, load, most):
    assert simulate(jobs(number, largest, load), state()).turnaround < most
