"""Rows of gates with random Paulis between them end where they should, and tell how much a gate errs."""

import numpy as np
import pytest

from qctl.conformance.density import Density
from qctl.core.gates import matrix
from qctl.core.program import Op
from qctl.experiments.twirled import falling, twirled

PAIR = (3, 1)


def ended(rows, error=0.0):
    """Return the probability of each pair of bits behind rows whose gates are depolarised."""
    state = Density(PAIR)
    for op, qubits, _, angles in rows:
        if op != Op.BARRIER:
            on = tuple(q for q in qubits if q >= 0)
            state.apply(matrix(Op(op), angles), on)
            if len(on) == 2:
                state.depolarise(error * 4 / 3, on)
    return state.populations(PAIR)


@pytest.mark.parametrize("op", [Op.RXX, Op.CZ])
def test_a_row_ends_in_one_state_and_not_always_in_the_same(op):
    rng, ends = np.random.default_rng(1), set()
    for n in (2, 4, 6, 8) * 3:
        rows, end = twirled(PAIR, op, n, rng)
        assert ended(rows)[end] == pytest.approx(1)
        ends.add(end)
    assert len(ends) > 2


@pytest.mark.parametrize("op", [Op.RXX, Op.CZ])
def test_the_error_of_a_gate_is_found_from_how_rows_end(op):
    rng, numbers = np.random.default_rng(2), np.array([2.0, 6.0, 12.0])
    made = [twirled(PAIR, op, int(n), rng) for n in numbers]
    share = np.array([ended(rows, error=0.012)[end] for rows, end in made])
    found = falling("rows", "test", numbers, share, np.full(3, 1e-3))
    assert found.error.value == pytest.approx(0.012, rel=1e-6)
    assert found.left == pytest.approx(1)


def test_rows_that_do_not_fall_say_how_much_may_be_unseen():
    numbers = np.repeat([2.0, 6.0, 12.0], 3)
    found = falling("rows", "test", numbers, np.ones(9), np.full(9, 5e-3)).error
    assert 0 < found.value == found.error < 1e-3
