"""Laboratories that stay open for all tests of plugins, and what gate streams mean as matrices."""

import numpy as np
import pytest

from qctl.core.gates import matrix
from qctl.core.program import Op
from qctl.run import Lab


@pytest.fixture(scope="session")
def ideal():
    """Return ideal20, open: errors there are errors of logic."""
    with Lab.open("ideal20", seed=11) as lab:
        yield lab


@pytest.fixture(scope="session")
def transmon5():
    """Return transmon5, open: with the imperfections of real machines."""
    with Lab.open("transmon5", seed=11) as lab:
        yield lab


@pytest.fixture(scope="session")
def unitary_of():
    """Return the unitary of the gates of a program with one point; qubit 0 is the leftmost factor."""

    def unitary(program):
        n = program.n_qubits
        total = np.eye(2**n, dtype=complex).reshape((2,) * n + (2**n,))
        for op, q, _, angle in program.events.tolist():
            if op < Op.MEASURE:
                qubits = [k for k in q if k >= 0]
                gate = matrix(Op(op), angle).reshape((2, 2) * len(qubits))
                total = np.tensordot(gate, total, (range(len(qubits), 2 * len(qubits)), qubits))
                total = np.moveaxis(total, range(len(qubits)), qubits)
        return total.reshape(2**n, 2**n)

    return unitary


@pytest.fixture(scope="session")
def equal_up_to_phase():
    """Return a check that two matrices differ by a phase alone."""

    def check(found, want):
        overlap = np.vdot(want, found) / len(want)
        assert abs(abs(overlap) - 1) < 1e-9
        np.testing.assert_allclose(found, want * overlap, atol=1e-7)

    return check
