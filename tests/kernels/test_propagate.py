"""The compiled propagation agrees with the matrix exponential, and keeps what must be kept."""

import numpy as np
import pytest

LEVELS = [1, 2, 3, 4, 5, 9, 16]


def hermitian(rng, *shape):
    half = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return half + half.conj().swapaxes(-1, -2)


def system(n, points, steps, n_controls=2, size=1.0, seed=1):
    """Return drift, controls and drive whose steps of 1 s turn by about ``size`` rad."""
    rng = np.random.default_rng(seed)
    drift = hermitian(rng, points, n, n) * size / n
    controls = (rng.normal(size=(n_controls, n, n)) + 1j * rng.normal(size=(n_controls, n, n))) / n
    drive = (
        (rng.normal(size=(points, steps, n_controls)) + 1j * rng.normal(size=(points, steps, n_controls))) * size / 4
    )
    return drift, controls, drive


def start_of(n, points, m, seed=3):
    rng = np.random.default_rng(seed)
    psi = rng.normal(size=(points, n, m)) + 1j * rng.normal(size=(points, n, m))
    return psi / np.linalg.norm(psi, axis=1, keepdims=True)


def run(twins, name, arguments, state):
    found = [state.copy() for _ in twins]
    for twin, out in zip(twins, found, strict=True):
        getattr(twin, name)(*arguments, out)
    return found


@pytest.mark.parametrize("n", LEVELS)
@pytest.mark.parametrize("points", [0, 1, 7, 8, 9])
@pytest.mark.parametrize("m", [1, 2, 3])
def test_twins_agree(twins, n, points, m):
    found = run(twins, "propagate", (*system(n, points, 5), 1.0), start_of(n, points, m))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [0.0, 1e-6, 0.01, 0.3, 3.0, 30.0, 300.0])
def test_steps_of_any_size_agree_with_the_exponential(twins, size):
    for n in (2, 3, 9):
        found = run(twins, "propagate", (*system(n, 9, 20, size=size), 1.0), start_of(n, 9, 2))
        np.testing.assert_allclose(*found, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("points", "steps", "n_controls", "m"), [(3, 0, 1, 1), (3, 4, 0, 1), (3, 4, 1, 0)])
def test_nothing_to_do_is_done(twins, points, steps, n_controls, m):
    found = run(twins, "propagate", (*system(3, points, steps, n_controls), 0.5), start_of(3, points, m))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-12)


def test_a_sparse_system_and_a_diagonal_one_agree_with_the_exponential(twins):
    drift, controls, drive = system(9, 5, 30)
    for mask in (np.eye(9), np.tri(9, 9, 1) * np.tri(9, 9, 1).T):
        found = run(twins, "propagate", (drift * mask, controls * mask, drive, 1.0), start_of(9, 5, 2))
        np.testing.assert_allclose(*found, rtol=0, atol=1e-11)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("size", [0.1, 3.0, 30.0])
def test_a_ladder_of_levels_agrees_with_the_exponential(twins, n, m, size):
    drift, controls, drive = system(n, 9, 20, size=size)
    near = np.tri(n, n, 1) * np.tri(n, n, 1).T
    for kept in (drift * near, drift * near - 0.01j * np.eye(n)):
        found = run(twins, "propagate", (kept, controls * near, drive, 1.0), start_of(n, 9, m))
        np.testing.assert_allclose(*found, rtol=0, atol=1e-9)


def pair(points, steps, size=1.0, seed=5):
    """Return two ladders of three levels that exchange excitations, each with a drive of its own."""
    rng = np.random.default_rng(seed)
    a, eye = np.diag([1.0, np.sqrt(2)], 1).astype(complex), np.eye(3)
    b, c = np.kron(a, eye), np.kron(eye, a)
    swap = b.conj().T @ c
    drift = np.einsum("pi,ij->pij", rng.normal(size=(points, 9)), np.eye(9)).astype(complex)
    drift += rng.normal(size=(points, 1, 1)) * (swap + swap.conj().T) / 4
    drive = rng.normal(size=(points, steps, 2)) + 1j * rng.normal(size=(points, steps, 2))
    return drift * size / 3, np.stack([b, c]), drive * size / 20


CHANGES = {
    "as it is": lambda drift, controls, drive: (drift, controls, drive),
    "in phase": lambda drift, controls, drive: (drift, controls, drive * [1, 0] + drive[:, :, :1] * [0, -0.7]),
    "one drive": lambda drift, controls, drive: (drift, controls, drive * [0, 1]),
    "now and then": lambda drift, controls, drive: (
        drift,
        controls,
        drive * (np.arange(drive.shape[1]) % 3 > 0)[:, None],
    ),
    "no drive": lambda drift, controls, drive: (drift, controls[:0], drive[:, :, :0]),
    "one control for both": lambda drift, controls, drive: (drift, controls[:1] - 0.3j * controls[1:], drive[:, :, :1]),
    "raising": lambda drift, controls, drive: (drift, controls.conj().swapaxes(1, 2) * 1j, drive),
    "turned exchange": lambda drift, controls, drive: (drift * np.exp(0.3j * SIGN), controls, drive),
    "energies": lambda drift, controls, drive: (drift, controls + np.diag(np.arange(9.0)) / 9, drive),
    "exchange": lambda drift, controls, drive: (drift, controls + drift[:1] * (SIGN != 0), drive),
    "no first coupling": lambda drift, controls, drive: (drift, controls * (np.arange(9) != 3), drive),
    "uneven": lambda drift, controls, drive: (drift, controls * np.arange(1, 10), drive),
    "far": lambda drift, controls, drive: (drift + np.fliplr(np.eye(9)), controls, drive),
    "loss": lambda drift, controls, drive: (drift - 0.01j * np.eye(9), controls, drive),
}
SIGN = np.sign(np.subtract.outer(np.arange(9), np.arange(9)))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("m", [1, 2, 9])
@pytest.mark.parametrize("size", [0.1, 3.0, 30.0])
def test_a_pair_of_ladders_agrees_with_the_exponential(twins, change, m, size):
    drift, controls, drive = (np.ascontiguousarray(x, complex) for x in CHANGES[change](*pair(9, 20, size)))
    found = run(twins, "propagate", (drift, controls, drive, 1.0), start_of(9, 9, m))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-10)


def test_a_pair_keeps_its_norm_over_a_thousand_steps(twins):
    psi = start_of(9, 8, 1)
    twins[0].propagate(*pair(8, 1000), 1.0, psi)
    np.testing.assert_allclose(np.linalg.norm(psi, axis=1), 1, rtol=0, atol=1e-9)


@pytest.mark.parametrize("n", [2, 3, 4, 9, 16])
@pytest.mark.parametrize("size", [0.1, 4.0])
def test_the_norm_is_kept_over_a_thousand_steps(twins, n, size):
    psi = start_of(n, 8, 1)
    twins[0].propagate(*system(n, 8, 1000, size=size), 1.0, psi)
    np.testing.assert_allclose(np.linalg.norm(psi, axis=1), 1, rtol=0, atol=1e-9)


def test_an_effective_hamiltonian_loses_norm_as_the_exponential_says(twins):
    drift, controls, drive = system(4, 9, 20)
    found = run(twins, "propagate", (drift - 0.05j * np.diag(range(4)), controls, drive, 1.0), start_of(4, 9, 1))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-11)
    assert (np.linalg.norm(found[0], axis=1) < 1).all()


def test_a_point_does_not_feel_its_neighbours(twins):
    drift, controls, drive = system(3, 9, 50)
    psi, alone = start_of(3, 9, 1), start_of(3, 9, 1)
    twins[0].propagate(drift, controls, drive, 1.0, psi)
    for p in range(9):
        twins[0].propagate(drift[p : p + 1].copy(), controls, drive[p : p + 1].copy(), 1.0, alone[p : p + 1])
    np.testing.assert_allclose(psi, alone, rtol=0, atol=1e-10)


def test_nan_in_a_state_stays_in_its_column(twins):
    psi = start_of(3, 9, 2)
    psi[4, 1, 0] = np.nan
    for out in run(twins, "propagate", (*system(3, 9, 5), 1.0), psi):
        bad = np.isnan(out).any(axis=1)
        assert bad[4, 0]
        assert bad.sum() == 1


@pytest.mark.parametrize("where", [0, 1, 2])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_steps_that_are_not_finite_or_too_long_are_refused(twins, where, value):
    arguments = system(3, 9, 5)
    arguments[where][-1, -1, -1] = value
    for twin in twins:
        psi = start_of(3, 9, 1)
        with pytest.raises(ValueError, match="not finite"):
            twin.propagate(*arguments, 1.0, psi)
        np.testing.assert_array_equal(psi, start_of(3, 9, 1))
        with pytest.raises(ValueError, match="not finite"):
            twin.propagate(*system(3, 9, 5), np.nan, psi)


def test_what_does_not_fit_is_refused(twins):
    drift, controls, drive = system(3, 4, 5)
    for twin in twins:
        for name, more, state in (("propagate", (), start_of(3, 4, 1)), ("propagate_lindblad", (controls,), drift)):
            call = getattr(twin, name)
            with pytest.raises(ValueError, match="fit"):
                call(drift, controls, drive[:3].copy(), 1.0, *more, state.copy())
            with pytest.raises(ValueError, match="fit"):
                call(drift, controls[:1].copy(), drive, 1.0, *more, state.copy())
            with pytest.raises(ValueError, match="levels"):
                call(drift, np.zeros((2, 4, 4), complex), drive, 1.0, *more, state.copy())


def decaying(n, points, steps, seed=7):
    rng = np.random.default_rng(seed)
    collapse = (rng.normal(size=(2, n, n)) + 1j * rng.normal(size=(2, n, n))) * 0.2 / n
    return (*system(n, points, steps), 1.0, collapse)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("points", [0, 1, 8, 9])
def test_twins_agree_on_decay(twins, n, points):
    half = start_of(n, points, n)
    for rho in (half @ half.conj().swapaxes(1, 2) / n, half):
        found = run(twins, "propagate_lindblad", decaying(n, points, 6), rho)
        np.testing.assert_allclose(*found, rtol=0, atol=1e-10)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
@pytest.mark.parametrize("more", [0, 0.1, 0.1j])
def test_decay_down_a_ladder_agrees_with_the_exponential(twins, n, more):
    drift, controls, drive = system(n, 9, 20)
    near, a = np.tri(n, n, 1) * np.tri(n, n, 1).T, np.diag(np.sqrt(np.arange(1.0, n)), 1).astype(complex)
    collapse = np.stack([0.3 * a, 0.1 * a.T, 0.2 * a.T @ a + more * a])
    half = start_of(n, 9, n)
    arguments = (drift * near, controls * near, drive, 1.0, collapse)
    found = run(twins, "propagate_lindblad", arguments, half @ half.conj().swapaxes(1, 2) / n)
    np.testing.assert_allclose(*found, rtol=0, atol=1e-9)


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("kept", ["couplings", "no couplings in the drift", "one driven ladder", "now and then"])
def test_decay_of_a_driven_ladder_agrees_with_the_exponential(twins, n, kept):
    drift, controls, drive = system(n, 9, 20)
    near, a = np.tri(n, n, 1) * np.tri(n, n, 1).T, np.diag(np.sqrt(np.arange(1.0, n)), 1).astype(complex)
    if kept != "couplings":
        drift = drift * np.eye(n)
    if kept in ("one driven ladder", "now and then"):
        controls = np.stack([a, 0.3j * a.T])
    if kept == "now and then":
        drive = drive * (np.arange(20) % 3 > 0)[:, None]
    half = start_of(n, 9, n)
    arguments = (drift * near, controls * near, drive, 1.0, np.stack([0.3 * a, 0.2 * a.T @ a]))
    found = run(twins, "propagate_lindblad", arguments, half @ half.conj().swapaxes(1, 2) / n)
    np.testing.assert_allclose(*found, rtol=0, atol=1e-10)


def test_without_collapse_rho_follows_the_state(twins):
    psi, arguments = start_of(3, 9, 1), (*system(3, 9, 100, size=0.3), 1.0)
    rho = psi @ psi.conj().swapaxes(1, 2)
    twins[0].propagate(*arguments, psi)
    twins[0].propagate_lindblad(*arguments, np.zeros((0, 3, 3), complex), rho)
    np.testing.assert_allclose(rho, psi @ psi.conj().swapaxes(1, 2), rtol=0, atol=1e-9)


def test_decay_is_exponential_and_keeps_the_trace(twins):
    t1, dt, steps = 20e-6, 1e-9, 1000
    lower = np.diag(np.sqrt(np.arange(1.0, 3.0)), 1).astype(complex)[None] / np.sqrt(t1)
    rho = np.zeros((2, 3, 3), complex)
    rho[:, 1, 1] = 1
    none = np.zeros((2, 3, 3), complex), np.zeros((0, 3, 3), complex), np.zeros((2, steps, 0), complex)
    twins[0].propagate_lindblad(*none, dt, lower, rho)
    np.testing.assert_allclose(rho[:, 1, 1], np.exp(-steps * dt / t1), rtol=1e-9)
    np.testing.assert_allclose(np.trace(rho, axis1=1, axis2=2), 1, rtol=1e-12)


def test_nan_in_rho_stays_in_its_point(twins):
    half = start_of(3, 9, 3)
    rho = half @ half.conj().swapaxes(1, 2)
    rho[4, 0, 0] = np.nan
    for out in run(twins, "propagate_lindblad", decaying(3, 9, 5), rho):
        assert np.isnan(out).any(axis=(1, 2)).tolist() == [p == 4 for p in range(9)]


@pytest.mark.parametrize("where", [0, 1, 2, 4])
def test_decay_that_is_not_finite_is_refused(twins, where):
    arguments = decaying(3, 9, 5)
    arguments[where][-1, -1, -1] = np.nan
    for twin in twins:
        rho = start_of(3, 9, 3)
        with pytest.raises(ValueError, match="not finite"):
            twin.propagate_lindblad(*arguments, rho)
        np.testing.assert_array_equal(rho, start_of(3, 9, 3))
