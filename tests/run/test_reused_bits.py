"""Several measurements into one bit: the last one of the program counts, wherever and whenever its qubit is read."""

import numpy as np
import pytest

from qctl.run import Lab

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
QUBITS, BITS = 4, 3


@pytest.fixture(scope="module")
def ideal20():
    with Lab.open("ideal20", seed=3) as lab:
        yield lab


def drawn(rng):
    """Return a program of X, CX, SWAP and measurements, and the one key that it gives."""
    state, bits = [0] * QUBITS, [0] * BITS
    text = HEAD + f"qubit[{QUBITS}] q; bit[{BITS}] c; "

    def gate():
        a, b = rng.permutation(QUBITS)[:2]
        kind = rng.choice(["x", "cx", "swap"])
        if kind == "swap":
            state[a], state[b] = state[b], state[a]
        else:
            state[a] ^= 1 if kind == "x" else state[b]
        return f"x q[{a}]; " if kind == "x" else f"{kind} q[{b}], q[{a}]; "

    def measure():
        qubit, bit = rng.integers(QUBITS), rng.integers(BITS)
        bits[bit] = state[qubit]
        return f"c[{bit}] = measure q[{qubit}]; "

    text += "".join(gate() for _ in range(6))
    return text + "".join(measure() for _ in range(6)), "".join(map(str, bits))


@pytest.mark.parametrize("seed", range(5))
def test_the_last_measurement_of_the_program_counts(ideal20, seed):
    text, key = drawn(np.random.default_rng(seed))
    assert ideal20.run(text, 8).counts == {key: 8}


def test_each_way_the_last_measurement_counts(ideal20):
    text = HEAD + (
        "qubit[3] q; bit[2] c; x q[1]; c[0] = measure q[1]; c[0] = measure q[0]; if (c[0]) { x q[2]; }"
        " c[1] = measure q[2]; c[1] = measure q[1];"
    )
    assert ideal20.run(text, 8, each_way=True).counts == {"01": 8}


def test_readout_errors_are_undone_of_the_qubit_that_a_bit_tells_of(ideal20):
    """And where its errors are the same as before, a sweep may overwrite a bit in one way here, in another there."""
    text = HEAD + "input int n; qubit[2] q; bit c; x q[0]; c = measure q[n]; c = measure q[1 - n];"
    errors = {"q0.readout.p01": 0.0, "q0.readout.p10": 0.0, "q1.readout.p01": 0.2, "q1.readout.p10": 0.0}
    known = ideal20.parameters.replaced(errors)
    result = ideal20.run(text, 8, inputs={"n": [0, 1]}, mitigate=True, parameters=known)
    assert [result.counts_of(k) for k in (0, 1)] == [{"0": 8}, {"1": 8}]
    assert result.quasi[0]["0"] == pytest.approx(1.25)
    assert result.quasi[1]["1"] == pytest.approx(1)


def test_a_swept_output_of_a_laboratory_is_that_of_its_point(ideal20):
    text = "OPENQASM 3; input float a; output float b; qubit q; bit c; c = measure q; b = 2 * a;"
    found = ideal20.run(text, 5, inputs={"a": [0.5, 1.5]}).outputs["b"]
    assert found.tolist() == [[1.0] * 5, [3.0] * 5]
