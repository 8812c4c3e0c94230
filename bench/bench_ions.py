"""A thousand shots of a GHZ state of five ions, from waveforms to photons, against bare state vectors of that size."""

from pathlib import Path

import numpy as np
import pytest
from direct_ions import DirectIons

from qctl.config import read, read_laboratory
from qctl.physics.ions.twin import IonTwin
from qctl.run.known import known_parameters

SHOTS, IONS = 1000, 5
CONFIGS = Path(__file__).parents[1] / "configs"
GHZ = f"OPENQASM 3; qubit[{IONS}] q; bit[{IONS}] c; h q[0]; " + (
    f"for int k in [0:{IONS - 2}] {{ cx q[k], q[k + 1]; }} c = measure q;"
)


@pytest.fixture(scope="module")
def direct():
    laboratory = read_laboratory(CONFIGS / "ion8.yaml")
    chain = DirectIons(laboratory, read(CONFIGS / "twins" / "ion8.yaml", IonTwin), seed=2)
    chain.parameters = known_parameters(laboratory)
    return chain


def bare():
    """The same gates on a plain state vector for each shot, in NumPy, without light, motion or photons."""
    psi = np.zeros((SHOTS, 1 << IONS), np.complex128)
    psi[:, 0] = 1
    turn = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    psi = np.einsum("ab,sbj->saj", turn, psi.reshape(SHOTS, 2, -1)).reshape(SHOTS, -1)
    for k in range(IONS - 1):
        pair = psi.reshape(SHOTS, 1 << k, 4, -1)
        pair[:, :, [2, 3]] = pair[:, :, [3, 2]]
    return psi


def test_a_ghz_state_of_five_ions(against, direct):
    """Median seconds for 1,000 shots, and as a multiple of the bare state vectors."""
    sequence = direct.compile(GHZ, SHOTS)
    direct.play(sequence, direct.parameters)  # what is looked up by content is remembered from one run to the next
    median, ratio = against(lambda: direct.play(sequence, direct.parameters), bare)
    print(f"\n{SHOTS} shots of {IONS} ions: {median:.2f} s, {ratio:.0f} times bare state vectors")
