"""The demo promises what quantum mechanics does."""

import numpy as np
import pytest

from qctl.cli.programs import CLAIMS, distance
from qctl.core.gates import matrix
from qctl.core.program import Op
from qctl.frontends import read_program


def distribution(program):
    """Return exact probabilities by key, of a program that measures at its end only."""
    state = np.zeros((2,) * program.n_qubits, complex)
    state.flat[0] = 1
    bit_of = {}
    for row in program.events:
        op, qubits = Op(int(row["op"])), [q for q in row["q"].tolist() if q >= 0]
        if op is Op.MEASURE:
            bit_of[qubits[0]] = int(row["bit"])
        elif op is not Op.BARRIER:
            n = len(qubits)
            gate = matrix(op, row["angle"].tolist()).reshape((2,) * (2 * n))
            state = np.moveaxis(np.tensordot(gate, state, (range(n, 2 * n), qubits)), range(n), qubits)
    order = [qubit for qubit, _ in sorted(bit_of.items(), key=lambda pair: pair[1])]
    chances = (np.abs(state) ** 2).transpose(order).ravel()
    return {format(k, f"0{len(order)}b"): p for k, p in enumerate(chances.tolist()) if p > 1e-12}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_what_a_program_of_the_demo_should_give_is_exact(claim):
    assert distribution(read_program(claim.text)) == pytest.approx(dict(claim.exact))


def test_the_distance_of_a_distribution_from_itself_is_0_and_from_its_opposite_1():
    assert distance({"0": 0.5, "1": 0.5}, {"1": 0.5, "0": 0.5}) == 0
    assert distance({"0": 1.0}, {"1": 1.0}) == 1
