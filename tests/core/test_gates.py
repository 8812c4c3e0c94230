"""The matrices are those of other people's libraries, and of the equations in their names."""

import numpy as np
import pytest
from qiskit.circuit import library as lib

from qctl.core.errors import ProgramError
from qctl.core.gates import N_ANGLES, matrix, n_qubits
from qctl.core.program import Op

THEIRS = {
    Op.ID: lib.IGate, Op.X: lib.XGate, Op.Y: lib.YGate, Op.Z: lib.ZGate, Op.H: lib.HGate, Op.S: lib.SGate,
    Op.SDG: lib.SdgGate, Op.T: lib.TGate, Op.TDG: lib.TdgGate, Op.SX: lib.SXGate, Op.SXDG: lib.SXdgGate,
    Op.RX: lib.RXGate, Op.RY: lib.RYGate, Op.RZ: lib.RZGate, Op.P: lib.PhaseGate, Op.R: lib.RGate, Op.CX: lib.CXGate,
    Op.CY: lib.CYGate, Op.CZ: lib.CZGate, Op.CH: lib.CHGate, Op.CP: lib.CPhaseGate, Op.CRX: lib.CRXGate,
    Op.CRY: lib.CRYGate, Op.CRZ: lib.CRZGate, Op.SWAP: lib.SwapGate, Op.ISWAP: lib.iSwapGate, Op.RXX: lib.RXXGate,
    Op.RYY: lib.RYYGate, Op.RZZ: lib.RZZGate,
}  # fmt: skip
GATES = [op for op in Op if op < Op.MEASURE]
LITTLE_ENDIAN = [0, 2, 1, 3]  # Qiskit counts the first qubit as the lowest bit


@pytest.mark.parametrize("op", sorted(THEIRS))
def test_a_matrix_is_that_of_qiskit(op):
    angles = np.random.default_rng(seed=op).uniform(-7, 7, N_ANGLES.get(op, 0))
    theirs = THEIRS[op](*angles).to_matrix()
    if n_qubits(op) == 2:
        theirs = theirs[np.ix_(LITTLE_ENDIAN, LITTLE_ENDIAN)]
    np.testing.assert_allclose(matrix(op, angles), theirs, atol=1e-14)


def test_u_has_the_phase_of_the_openqasm_3_specification():
    theta, phi, lam = 0.3, -1.1, 2.5
    turn = np.exp(1j * theta)
    expected = 0.5 * np.array(
        [[1 + turn, -1j * np.exp(1j * lam) * (1 - turn)],
         [1j * np.exp(1j * phi) * (1 - turn), np.exp(1j * (phi + lam)) * (1 + turn)]]
    )  # fmt: skip
    np.testing.assert_allclose(matrix(Op.U, (theta, phi, lam)), expected, atol=1e-15)


@pytest.mark.parametrize("op", GATES)
def test_every_gate_is_unitary(op):
    found = matrix(op, (0.4, 1.9, -2.2))
    np.testing.assert_allclose(found @ found.conj().T, np.eye(2 ** n_qubits(op)), atol=1e-14)


def test_the_matrix_of_a_caller_is_its_own():
    matrix(Op.X)[0, 0] = 5
    assert matrix(Op.X)[0, 0] == 0


@pytest.mark.parametrize("op", [op for op in Op if op >= Op.MEASURE])
def test_an_event_that_is_no_gate_has_no_matrix(op):
    with pytest.raises(ProgramError, match="no gate"):
        matrix(op)


def test_a_missing_angle_is_named():
    with pytest.raises(ProgramError, match="RX with 0 angles; allowed: 1"):
        matrix(Op.RX)
