"""The two-qubit Clifford group is complete, closed, and played as it is written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctl.core.gates import matrix
from qctl.core.program import Op
from qctl.experiments.cliffords2 import CZ, GROUP, inverse_of, singles, steps, unitary
from qctl.experiments.pairs import Pair
from qctl.experiments.rb2 import rows_of, sequence

PAULIS = [np.kron(matrix(a), matrix(b)) for a in (Op.ID, Op.X, Op.Y, Op.Z) for b in (Op.ID, Op.X, Op.Y, Op.Z)]
NUMBERS = st.integers(0, GROUP - 1)


def same(a, b):
    return abs(abs(np.trace(a.conj().T @ b)) - len(a)) < 1e-9


def test_there_are_24_different_single_qubit_cliffords_with_at_most_one_pulse():
    matrices = [one.matrix for one in singles()]
    assert len(matrices) == 24
    assert not any(same(a, b) for k, a in enumerate(matrices) for b in matrices[:k])


@given(NUMBERS)
@settings(max_examples=60, deadline=None)
def test_every_element_takes_paulis_to_paulis(number):
    u = unitary(steps(number))
    for pauli in PAULIS[1:]:
        moved = u @ pauli @ u.conj().T
        assert sum(same(moved, other) for other in PAULIS) == 1


@given(NUMBERS, NUMBERS)
@settings(max_examples=60, deadline=None)
def test_products_are_undone_by_an_element(one, other):
    u = unitary(steps(one)) @ unitary(steps(other))
    assert same(unitary(steps(inverse_of(u))) @ u, np.eye(4))


def test_elements_are_told_apart_and_take_one_and_a_half_cz_on_average():
    some = range(0, GROUP, 7)
    assert len({inverse_of(unitary(steps(number))) for number in some}) == len(some)
    assert np.mean([len(steps(number)) - 1 for number in range(GROUP)]) == pytest.approx(1.5)


@pytest.mark.parametrize("interleaved", [False, True])
def test_the_rows_that_are_played_return_to_where_they_began(interleaved):
    chosen = np.random.default_rng(3).integers(GROUP, size=7)
    pair = Pair("a-b", 0, 1, "a", "b", "b.flux", "a-b.flux")
    whole, n_cz = np.eye(4), 0
    for op, (first, _), _, angles in rows_of((pair,), sequence(chosen, interleaved)):
        if op == Op.BARRIER:
            continue
        if op == Op.CZ:
            whole, n_cz = CZ @ whole, n_cz + 1
            continue
        own = matrix(Op(op), angles)
        whole = (np.kron(own, np.eye(2)) if first == 0 else np.kron(np.eye(2), own)) @ whole
    assert same(whole, np.eye(4))
    assert n_cz >= 7 * interleaved
