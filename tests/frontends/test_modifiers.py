"""Modifiers mean what they say of matrices: control is a block, inverse the adjoint, power the principal one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag, fractional_matrix_power

from qctl.core.errors import ProgramError
from qctl.frontends import ReadLimits, read_openqasm

ONE = ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "id", "rx(0.3)", "ry(-1.1)", "rz(2.5)", "p(0.7)", "u1(4.0)"]
ONE += ["u2(0.4, -0.9)", "u3(1.1, 0.2, -0.6)", "U(0.8, 1.9, -2.2)", "phase(-0.4)", "own(0.6)"]
TWO = [
    "cx",
    "cy",
    "cz",
    "ch",
    "swap",
    "cp(0.3)",
    "crx(0.9)",
    "cry(-0.4)",
    "crz(1.7)",
    "cu(0.1, 0.2, 0.3, 0.4)",
    "pair(0.5)",
]
OWN = """
include "stdgates.inc";
gate own(a) q { h q; gphase(a); rz(2 * a) q; t q; }
gate pair(a) q, r { own(a) q; cx q, r; gphase(-a / 3); inv @ own(a) r; swap q, r; }
"""


@pytest.fixture(scope="module")
def exact(unitary_of):
    """Return the matrix of a gate with its own phase: that of its controlled form, which cannot hide it."""

    def matrix(gate, n):
        names = ", ".join(f"q[{k}]" for k in range(n + 1))
        whole = unitary_of(read_openqasm(f"{OWN} qubit[{n + 1}] q; ctrl @ {gate} {names};", version=3))
        half = 2**n
        np.testing.assert_allclose(whole, block_diag(whole[:half, :half], whole[half:, half:]), atol=1e-12)
        np.testing.assert_allclose(whole[:half, :half], whole[0, 0] * np.eye(half), atol=1e-9)
        return whole[half:, half:] / whole[0, 0]

    return matrix


def n_of(gate):
    return 2 if gate in TWO else 1


@pytest.mark.parametrize("gate", ONE + TWO)
def test_a_gate_under_control_is_the_gate_itself_up_to_the_phase_that_only_control_shows(
    gate, exact, unitary_of, same_up_to_phase
):
    n = n_of(gate)
    names = ", ".join(f"q[{k}]" for k in range(n))
    plain = unitary_of(read_openqasm(f"{OWN} qubit[{n}] q; {gate} {names};", version=3))
    same_up_to_phase(exact(gate, n), plain)


@pytest.mark.parametrize("gate", ONE + TWO)
def test_inv_is_the_adjoint_with_its_phase(gate, exact):
    np.testing.assert_allclose(exact(f"inv @ {gate}", n_of(gate)), exact(gate, n_of(gate)).conj().T, atol=1e-9)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -2, 5])
@pytest.mark.parametrize("gate", ONE + TWO)
def test_whole_powers_are_repetitions(gate, exponent, exact):
    expected = np.linalg.matrix_power(exact(gate, n_of(gate)), exponent)
    np.testing.assert_allclose(exact(f"pow({exponent}) @ {gate}", n_of(gate)), expected, atol=1e-8)


@pytest.mark.parametrize("exponent", [0.5, -0.25, 1.7])
@pytest.mark.parametrize("gate", [*ONE, "cx", "cy", "cz", "ch", "cp(0.3)", "crx(0.9)"])
def test_fractional_powers_are_principal(gate, exponent, exact):
    expected = fractional_matrix_power(exact(gate, n_of(gate)), exponent)
    np.testing.assert_allclose(exact(f"pow({exponent}) @ {gate}", n_of(gate)), expected, atol=1e-7)


@pytest.mark.parametrize(("root", "gate"), [("s", "z"), ("t", "s"), ("sx", "x")])
def test_standard_gates_are_the_roots_that_the_library_says(root, gate, exact):
    np.testing.assert_allclose(exact(f"pow(0.5) @ {gate}", 1), exact(root, 1), atol=1e-9)


@pytest.mark.parametrize("n_controls", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "gate", ["x", "p(0.3)", "h", "U(0.8, 1.9, -2.2)", "sx", "gphase(0.4)", "swap", "rx(1.2)", "own(0.6)"]
)
def test_any_number_of_controls_is_one_block(gate, n_controls, unitary_of, exact, same_up_to_phase):
    n = {"swap": 2, "gphase(0.4)": 0}.get(gate, 1)
    names = ", ".join(f"q[{k}]" for k in range(n + n_controls))
    text = f"{OWN} qubit[{n + n_controls}] q; ctrl({n_controls}) @ {gate} {names};"
    block = np.exp(0.4j) * np.eye(1) if n == 0 else exact(gate, n)
    expected = block_diag(np.eye(2 ** (n + n_controls) - len(block)), block)
    same_up_to_phase(unitary_of(read_openqasm(text, version=3)), expected)


@pytest.mark.parametrize("n_controls", [7])
def test_many_controls_flip_their_target_only_where_all_are_one(n_controls, unitary_of, same_up_to_phase):
    text = f"OPENQASM 3; qubit[{n_controls + 1}] q; ctrl({n_controls}) @ x " + ", ".join(
        f"q[{k}]" for k in range(n_controls + 1)
    )
    expected = np.eye(2 ** (n_controls + 1))
    expected[-2:] = expected[[-1, -2]]
    same_up_to_phase(unitary_of(read_openqasm(text + ";")), expected)


MODIFIER = st.sampled_from(["ctrl @ ", "negctrl @ ", "inv @ ", "pow(2) @ ", "pow(-1) @ ", "pow(3) @ ", "ctrl(2) @ "])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(MODIFIER, max_size=4), st.sampled_from(ONE + TWO))
def test_modifiers_in_any_order_do_what_each_of_them_does(unitary_of, exact, same_up_to_phase, modifiers, gate):
    expected = exact(gate, n_of(gate))
    for modifier in reversed(modifiers):
        expected = modified(expected, modifier)
    n = int(np.log2(len(expected)))
    if n > 6:
        return
    names = ", ".join(f"q[{k}]" for k in range(n))
    text = f"{OWN} qubit[{n}] q; {''.join(modifiers)}{gate} {names};"
    same_up_to_phase(unitary_of(read_openqasm(text, version=3)), expected)


def modified(matrix, modifier):
    size = len(matrix)
    if modifier.startswith("ctrl"):
        n = 2 if "2" in modifier else 1
        return block_diag(np.eye(size * (2**n - 1)), matrix)
    if modifier.startswith("negctrl"):
        return block_diag(matrix, np.eye(size))
    exponent = -1 if modifier.startswith("inv") else int(modifier[4:-4])
    return np.linalg.matrix_power(matrix, exponent)


def test_a_modified_gate_within_a_gate_keeps_its_phase(unitary_of, same_up_to_phase):
    inner = "gate g(a) p, q { ctrl @ gphase(a) p; negctrl @ rx(a) p, q; }"
    text = f"{OWN} {inner} qubit[3] q; ctrl @ inv @ g(0.7) q[0], q[1], q[2];"
    p, x = np.diag([1, np.exp(0.7j)]), np.array([[0, 1], [1, 0]])
    rx = np.cos(0.35) * np.eye(2) - 1j * np.sin(0.35) * x
    gate = block_diag(rx, np.eye(2)) @ np.kron(p, np.eye(2))
    same_up_to_phase(unitary_of(read_openqasm(text, version=3)), block_diag(np.eye(4), gate.conj().T))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pow(0.5) @ pair(1) q[0], q[1];", "fractional power.*not supported"),
        ("gate f a, b { pow(0.5) @ pair(1) a, b; }", "fractional power.*not supported"),
        ("ctrl(0) @ x q[0];", "0 controls; allowed: whole numbers from 1"),
        ("ctrl(1.5) @ x q[0], q[1];", "a number of controls of type float"),
        ("ctrl(1000000000) @ x q[0], q[1];", "control qubits of one gate; allowed: at most 16"),
        ("ctrl @ x q[0];", "a gate with 1 qubits; allowed: 2"),
        ("ctrl @ x q[0], q[0];", "one qubit twice"),
        ("pow(true) @ x q[0];", "angle must be a number"),
        ("pow(q) @ x q[0];", "is qubits"),
    ],
)
def test_a_modifier_without_meaning_is_refused(text, message):
    with pytest.raises(ProgramError, match=message):
        read_openqasm(f"{OWN} qubit[2] q; {text}", version=3)


def test_controls_within_gates_count_against_the_limit():
    text = "gate a p, q { ctrl @ x p, q; } qubit[4] q; ctrl @ a q[0], q[1], q[2];"
    assert len(read_openqasm(text, limits=ReadLimits(controls=2)).events)
    with pytest.raises(ProgramError, match="2 control qubits"):
        read_openqasm(text, limits=ReadLimits(controls=1))
