"""Shapes: what was placed once, with symbols for angles, means the same as what is placed with numbers."""

import numpy as np
import pytest

from qctl.compile import default_parameters
from qctl.compile.lower import lower
from qctl.compile.shape import shape_of
from qctl.core.errors import CompileError
from qctl.core.gates import N_ANGLES
from qctl.core.program import EVENT, Op, Program, event

ONE = [Op.H, Op.S, Op.RX, Op.RY, Op.RZ, Op.P, Op.U, Op.R]
TWO = [Op.CX, Op.CZ, Op.SWAP, Op.ISWAP, Op.CP, Op.CRX, Op.CRY, Op.CRZ, Op.RXX, Op.RYY, Op.RZZ]


def random_program(seed, pairs, n_qubits, two=TWO):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(8):
        a, b = pairs[rng.integers(len(pairs))]
        one, several = ONE[rng.integers(len(ONE))], two[rng.integers(len(two))]
        rows.append(event(one, (int(rng.integers(n_qubits)),), rng.uniform(-3, 3, N_ANGLES.get(one, 0)).tolist()))
        rows.append(event(several, (a, b), rng.uniform(-3, 3, N_ANGLES.get(several, 0)).tolist()))
    rows += [event(Op.MEASURE, (k,), bit=k) for k in range(n_qubits)]
    events = np.array(rows, EVENT)
    n_angles = np.array([N_ANGLES.get(Op(op), 0) for op in events["op"]])
    free = (np.arange(3) < n_angles[:, None]) & (rng.random((len(events), 3)) < 0.7)
    return Program(events, n_qubits, n_qubits), free


def with_angles(program, free, values):
    events = program.events.copy()
    events["angle"][free] = values
    return Program(events, program.n_qubits, program.n_bits, physical=program.physical)


def probabilities(program, unitary_of, n_bits):
    """Return by bits what measurements at the end of a program say."""
    weights = np.abs(unitary_of(program)[:, 0]) ** 2
    where = [q[0] for bit in range(n_bits) for op, q, b, _ in program.events.tolist() if op == Op.MEASURE and b == bit]
    rest = tuple(k for k in range(program.n_qubits) if k not in where)
    kept = weights.reshape((2,) * program.n_qubits).sum(axis=rest)  # its axes are the measured qubits, rising
    return kept.transpose(np.argsort(np.argsort(where))).ravel()


@pytest.fixture(scope="module")
def chain4(build_laboratory):
    laboratory = build_laboratory(4)
    return laboratory, default_parameters(laboratory)


@pytest.mark.parametrize("optimise", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_a_routed_shape_bound_to_numbers_means_the_program_with_these_numbers(seed, optimise, chain4, unitary_of):
    laboratory, known = chain4
    everyone = [(a, b) for a in range(4) for b in range(4) if a != b]
    source, free = random_program(seed, everyone, 4)
    shape = shape_of(source, free, known, laboratory, optimise=optimise)
    values = np.random.default_rng(seed).uniform(-7, 7, (3, np.count_nonzero(free)))
    bound = shape.bind(values)
    assert bound.physical
    for k in range(3):
        point = Program(bound.events[bound.starts[k] : bound.starts[k + 1]], bound.n_qubits, 4, physical=True)
        want = probabilities(with_angles(source, free, values[k]), unitary_of, 4)
        np.testing.assert_allclose(probabilities(point, unitary_of, 4), want, atol=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_a_program_that_fits_keeps_its_qubits_and_needs_no_router(seed, chain4, unitary_of):
    laboratory, known = chain4
    source, free = random_program(seed, [(0, 1), (2, 1), (2, 3)], 4, two=[Op.CX, Op.CZ])
    values = np.random.default_rng(seed).uniform(-7, 7, (1, np.count_nonzero(free)))
    bound = shape_of(source, free, known, laboratory).bind(values)
    turn = unitary_of(bound) @ unitary_of(with_angles(source, free, values[0])).conj().T
    np.testing.assert_allclose(turn * turn[0, 0].conj() / abs(turn[0, 0]), np.eye(16), atol=1e-7)


def test_binding_leaves_no_more_pulses_than_compiling_with_numbers(chain4):
    laboratory, known = chain4
    source = Program(np.array([event(Op.RX, (0,), (0.3,)), event(Op.RY, (0,), (0.4,)), event(Op.H, (0,))], EVENT), 1, 0)
    free = source.events["angle"] != 0
    bound = shape_of(source, free, known, laboratory).bind(np.array([[0.3, 0.4], [0.0, 0.0]]))
    numbers = lower(Program(source.events, 1, 0, physical=True), merge=True)
    assert np.count_nonzero(bound.events["op"][: bound.starts[1]] == Op.R) == np.count_nonzero(
        numbers.events["op"] == Op.R
    )


def test_waits_may_be_free_too(chain4):
    laboratory, known = chain4
    rows = [event(Op.SWAP, (0, 3)), event(Op.DELAY, (0,), (0.0,)), event(Op.MEASURE, (0,), bit=0)]
    source = Program(np.array(rows, EVENT), 4, 1)
    free = np.zeros((3, 3), bool)
    free[1, 0] = True
    bound = shape_of(source, free, known, laboratory).bind(np.array([[100e-9], [2e-6]]))
    assert bound.events["angle"][bound.events["op"] == Op.DELAY, 0].tolist() == [100e-9, 2e-6]


def test_values_of_another_shape_and_programs_that_are_too_large_are_refused(chain4):
    laboratory, known = chain4
    source, free = random_program(0, [(0, 1)], 4)
    with pytest.raises(CompileError, match="values of shape"):
        shape_of(source, free, known, laboratory).bind(np.zeros((1, 1)))
    large = Program(np.array([event(Op.H, (k,)) for k in range(5)], EVENT), 5, 0)
    with pytest.raises(CompileError, match="5 qubits"):
        shape_of(large, np.zeros((5, 3), bool), known, laboratory)
