"""A thousand shots of a cluster of ten atoms, from waveforms to frames, against bare state vectors of the same size."""

import numpy as np
import pytest
from direct import Direct

from qctl.run.known import known_parameters

SHOTS, ATOMS = 1000, 10
CLUSTER = (
    f"OPENQASM 3; qubit[{ATOMS}] q; bit[{ATOMS}] c; for int k in [0:{ATOMS - 1}] {{ h q[k]; }} "
    f"for int k in [0:{ATOMS - 2}] {{ cz q[k], q[k + 1]; }} for int k in [0:{ATOMS - 1}] {{ h q[k]; }} c = measure q;"
)


@pytest.fixture(scope="module")
def direct():
    lab = Direct("atoms16", seed=2)
    lab.parameters = known_parameters(lab.laboratory)
    return lab


def bare():
    """The same gates on a plain state vector for each shot, in NumPy, without light, motion or images."""
    psi = np.zeros((SHOTS, 1 << ATOMS), np.complex128)
    psi[:, 0] = 1
    turn = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    for layer in range(2):
        for k in range(ATOMS):
            psi = np.einsum("ab,sibj->siaj", turn, psi.reshape(SHOTS, 1 << k, 2, -1)).reshape(SHOTS, -1)
        for k in range(ATOMS - 1) if layer == 0 else ():
            psi.reshape(SHOTS, 1 << k, 4, -1)[:, :, 3] *= -1
    return psi


def test_a_cluster_of_ten_atoms(against, direct):
    """Median seconds for 1,000 shots, and as a multiple of the bare state vectors."""
    sequence = direct.compile(CLUSTER, SHOTS)
    direct.play(sequence, direct.parameters)  # propagators are remembered, as from one run to the next
    median, ratio = against(lambda: direct.play(sequence, direct.parameters), bare)
    print(f"\n{SHOTS} shots of {ATOMS} atoms: {median:.2f} s, {ratio:.1f} times bare state vectors")
