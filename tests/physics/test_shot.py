"""State and motion of several qubits with decay against QuTiP's master equation."""

from dataclasses import replace

import numpy as np
import pytest

from qctl.physics.chip import Chip
from qctl.physics.jumps import sample_jumps
from qctl.physics.motion import Felt, Motion
from qctl.physics.operators import lowering, superoperator
from qctl.physics.register import Register
from qctl.physics.shot import Shot
from qctl.physics.signals import Signal
from qctl.physics.timeline import Couplings, Energies, Piece, joined

qutip = pytest.importorskip("qutip")
TWO_PI = 2 * np.pi


def still(alpha, detuning):
    n = np.arange(3)
    return Energies(TWO_PI * (detuning * n + alpha / 2 * n * (n - 1)), 0.0, 1.0, np.zeros((0, 3)), np.zeros((0, 3)))


@pytest.mark.parametrize(("zz", "error"), [(0.0, 5e-5), (TWO_PI * 20e3, 5e-4)])
def test_a_driven_coupled_pair_with_decay_is_qutips(ideal, zz, error):
    """Pulses on both, exchange near 11-20, a wait, pulses again.

    Without static shift what is left is the splitting of decay and exchange; with 20 kHz it is the mean field that
    stands for the shift until the exchange has joined the two.
    """
    truth = {"q0": {"t1": 3e-6, "t_phi": 4e-6, "thermal": 0.05}, "q1": {"t1": 5e-6, "t_phi": 2e-6}}
    qubits = {**ideal.truth.qubits, **{q: replace(ideal.truth.qubits[q], **v) for q, v in truth.items()}}
    chip = Chip(ideal.lab, replace(ideal.truth, qubits=qubits))
    g, dt, alphas, shifts = TWO_PI * 10e6, 0.5e-9, (-0.3e9, -0.25e9), (0.302e9, 0.0)
    levels = [still(a, s) for a, s in zip(alphas, shifts, strict=True)]
    frames = np.array([TWO_PI * 0.302e9, 0.0, *[0.0] * 18])
    height = TWO_PI * 12e6
    both = [(20e-9, 40e-9, height), (100e-9, 130e-9, 0.7j * height)]
    wave = np.zeros(400, complex)
    for start, end, z in both:
        wave[round(start / dt) : round(end / dt)] += z * np.sin(
            np.pi * (np.arange(round((end - start) / dt)) + 0.5) * dt / (end - start)
        )
    felt = [[Felt(1.0, f, Signal(0.0, dt, wave, 0j))] for f in frames[:2]]
    exchange = Couplings(0.0, Signal(50e-9, dt, np.full(60, g, complex), 0j))
    rest = [Energies(np.zeros(3), 0.0, 1.0, np.zeros((0, 3)), np.zeros((0, 3)))] * 18
    idle = Couplings(0.0, Signal(0.0, 1.0, np.zeros(0, complex), 0j))
    motion = Motion(
        chip, frames, felt + [[]] * 18, levels + rest, {c: exchange if c == 0 else idle for c in range(len(chip.pairs))}
    )
    pieces = joined(
        [Piece(s, e, (q,), "drive") for s, e, _ in both for q in (0, 1)], [Piece(50e-9, 80e-9, (0, 1), "couple")]
    )
    initial = np.tile([1.0, 0.0, 0.0], (20, 1))
    shift = np.zeros(len(chip.pairs))
    shift[0] = zz
    shot = Shot(motion, initial, np.zeros((1, 20)), np.zeros(10, int), shift, np.random.default_rng(0))
    shot.play(pieces, [], 160e-9)
    found = shot.register.joint((0, 1))[0].ravel()

    a = qutip.Qobj(lowering(3))
    one, ops = qutip.qeye(3), []
    h0 = 0
    for place, (level, frame) in enumerate(zip(levels, frames[:2], strict=True)):
        put = (lambda x: qutip.tensor(x, one)) if place == 0 else (lambda x: qutip.tensor(one, x))
        ops.append(put(a))
        h0 += put(qutip.Qobj(np.diag(level.rest - np.arange(3) * frame)))

    def staircase(values):
        return lambda t: values[min(int(t / dt), len(values) - 1)]

    def joint(t):
        return g * np.exp(1j * (frames[1] - frames[0]) * t) * (50e-9 <= t < 80e-9)

    h = [h0]
    for op in ops:
        h += [[op, lambda t: staircase(wave)(t) / 2], [op.dag(), lambda t: np.conj(staircase(wave)(t)) / 2]]
    h += [[ops[0] * ops[1].dag(), joint], [ops[0].dag() * ops[1], lambda t: np.conj(joint(t))]]
    h += [[ops[0].dag() * ops[0] * ops[1].dag() * ops[1], lambda t: zz * (not 50e-9 <= t < 80e-9)]]
    loss = [c for q, op in enumerate(ops) for c in _collapse(chip, q, op)]
    state = qutip.ket2dm(qutip.tensor(qutip.basis(3, 0), qutip.basis(3, 0)))
    for start, end in ((0, 20e-9), (20e-9, 40e-9), (40e-9, 50e-9), (50e-9, 80e-9), (80e-9, 130e-9), (130e-9, 160e-9)):
        options = {"atol": 1e-9, "rtol": 1e-8, "nsteps": 10**6, "max_step": 0.5e-9}
        state = qutip.mesolve(h, state, [start, end], loss, options=options).states[-1]
    np.testing.assert_allclose(found, state.diag(), atol=error)


def _collapse(chip, qubit, op):
    down, up, dephasing = chip.rates(qubit)
    return [np.sqrt(down) * op, np.sqrt(up) * op.dag(), np.sqrt(2 * dephasing) * op.dag() * op]


def test_one_superoperator_of_a_pair_is_the_pair_of_superoperators():
    rng = np.random.default_rng(1)
    a, b = (np.linalg.qr(rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3)))[0] for _ in range(2))
    joint = superoperator(np.kron(a, b), 3, 2)
    np.testing.assert_allclose(joint, np.kron(superoperator(a, 3, 1), superoperator(b, 3, 1)), atol=1e-12)


@pytest.mark.parametrize("density", [False, True])
def test_a_register_is_the_plain_tensor_product(density):
    """Random gates on random pairs, kept back or not, against one big vector."""
    rng, n = np.random.default_rng(2), 4
    register = Register(np.tile([1.0, 0, 0], (n, 1)), 2, density=density)
    psi = np.zeros(3**n, complex)
    psi[0] = 1
    psi = psi.reshape((3,) * n)
    for _ in range(25):
        k = int(rng.integers(1, 3))
        qubits = tuple(int(q) for q in rng.permutation(n)[:k])
        u = np.linalg.qr(rng.normal(size=(3**k, 3**k)) + 1j * rng.normal(size=(3**k, 3**k)))[0]
        op = (superoperator(u, 3, k) if density else u)[None]
        register.apply(qubits[0], op) if k == 1 else register.apply_joint(qubits, op)
        moved = np.moveaxis(psi, qubits, range(k)).reshape(3**k, -1)
        psi = np.moveaxis((u @ moved).reshape((3,) * n), range(k), qubits)
    for q in range(n):
        expected = np.sum(np.abs(np.moveaxis(psi, q, 0).reshape(3, -1)) ** 2, axis=1)
        np.testing.assert_allclose(register.populations(q), [expected, expected], atol=1e-12)
    if register.together(0, 1):
        expected = np.sum(np.abs(psi.reshape(3, 3, -1)) ** 2, axis=2)
        np.testing.assert_allclose(register.joint((0, 1))[1], expected, atol=1e-12)


@pytest.mark.parametrize("density", [False, True])
def test_a_branch_keeps_what_fits_what_was_found(density):
    register = Register(np.tile([1.0, 0, 0], (2, 1)), 1, density=density)
    pair = np.eye(9, dtype=complex)
    pair[np.ix_([0, 4], [0, 4])] = np.array([[0.6, -0.8], [0.8, 0.6]])
    register.apply_joint((0, 1), (superoperator(pair, 3, 2) if density else pair)[None])
    np.testing.assert_allclose(register.populations(0), [[0.36, 0.64, 0]], atol=1e-12)
    register.branch(0, np.array([0, 0]), np.array([0, 1]), np.array([0, 0]))
    np.testing.assert_allclose(register.populations(1), [[1, 0, 0], [0, 1, 0]], atol=1e-12)
    np.testing.assert_allclose(register.populations(0), [[1, 0, 0], [1, 0, 0]], atol=1e-12)


def test_jumps_follow_the_rates():
    start, n = np.full(20000, 2), 20000
    final = sample_jumps(start, 1.0, 0.4, 0.1, 3, np.random.default_rng(3)).final(start.astype(np.int8))
    rates = np.array([[-0.1, 0.4, 0], [0.1, -0.6, 0.8], [0, 0.2, -0.8]])
    values, vectors = np.linalg.eig(rates)
    expected = (vectors @ np.diag(np.exp(values)) @ np.linalg.inv(vectors))[:, 2]
    np.testing.assert_allclose(np.bincount(final, minlength=3) / n, expected, atol=0.012)
