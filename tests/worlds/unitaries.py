"""What a program of gates does, as a matrix: worked out from the gates' own matrices alone."""

import numpy as np
import pytest

from qctl.core.gates import matrix
from qctl.core.program import Op


@pytest.fixture(scope="session")
def unitary_of():
    """Return the unitary of the gates of a program with one point; qubit 0 is the leftmost factor."""

    def unitary(program, n_qubits=None):
        n = n_qubits or program.n_qubits
        total = np.eye(2**n, dtype=complex).reshape((2,) * n + (2**n,))
        for op, q, _, angle in program.events.tolist():
            if op < Op.MEASURE:
                qubits = [k for k in q if k >= 0]
                gate = matrix(Op(op), angle).reshape((2, 2) * len(qubits))
                total = np.tensordot(gate, total, (range(len(qubits), 2 * len(qubits)), qubits))
                total = np.moveaxis(total, range(len(qubits)), qubits)
        return total.reshape(2**n, 2**n)

    return unitary
