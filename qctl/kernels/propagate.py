"""Propagate driven systems in steps of constant Hamiltonian, many sweep points at once."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

LONGEST = 1e6  # radians in one step; beyond it the caller has mixed up units

_REFUSED = "drift, controls, drive or dt are not finite, or turn by more than 1e6 rad in one step"

Complex = NDArray[np.complex128]


def propagate(drift: Complex, controls: Complex, drive: Complex, dt: float, psi: Complex) -> None:
    """Carry ``psi`` through all steps ``psi <- expm(-i H dt) psi``.

    ``H = drift + sum_j (u_j C_j + (u_j C_j)^dagger)``. The compiled twin agrees with this one to 1e-9.

    Parameters
    ----------
    drift : shape (n_points, n, n), rad/s; need not be Hermitian (an effective Hamiltonian loses norm)
    controls : C_j, shape (n_controls, n, n)
    drive : u_j of each step, shape (n_points, n_steps, n_controls), rad/s for controls without unit
    dt : length of a step, s
    psi : shape (n_points, n, m), m columns (one state, or the identity for a propagator); changed in place

    Raises
    ------
    ValueError
        When the shapes do not fit each other, or a step is not finite or turns by more than 1e6 rad (the bound is the
        largest row sum of absolute values). ``psi`` is unchanged then.
    """
    n = drift.shape[-1]
    if not drift.shape[1:] == controls.shape[1:] == (n, n) or psi.shape[1] != n:
        raise ValueError("drift, controls and psi do not have the same levels")
    _check_points(drift, controls, drive, psi)
    _check_size(drift, controls, drive, dt)
    for step in range(drive.shape[1]):
        h = _hamiltonian(drift, controls, drive[:, step])
        psi[:] = expm(-1j * dt * h) @ psi


def propagate_lindblad(
    drift: Complex, controls: Complex, drive: Complex, dt: float, collapse: Complex, rho: Complex
) -> None:
    """Carry ``rho`` through all steps of ``d rho/dt = -i (H rho - rho H^dagger) + sum_c D[c] rho``.

    ``D[c] rho = c rho c^dagger - (c^dagger c rho + rho c^dagger c) / 2``, and H as for :func:`propagate`.

    Parameters
    ----------
    drift, controls, drive, dt : as for :func:`propagate`
    collapse : shape (n_collapse, n, n), square root of rad/s
    rho : shape (n_points, n, n); changed in place

    Raises
    ------
    ValueError
        As for :func:`propagate`. The bound is twice that of H, plus the collapse operators' part.
    """
    n = drift.shape[-1]
    if not drift.shape[1:] == controls.shape[1:] == collapse.shape[1:] == rho.shape[1:] == (n, n):
        raise ValueError("drift, controls, collapse and rho do not have the same levels")
    _check_points(drift, controls, drive, rho)
    loss = np.einsum("cji,cjk->ik", collapse.conj(), collapse) / 2
    jump = np.einsum("cij,ckl->ikjl", collapse, collapse.conj()).reshape(n * n, n * n)
    _check_size(2 * (drift - 1j * loss), 2 * controls, drive, dt, float(_row_sum(jump)))
    eye = np.eye(n)
    state = rho.reshape(len(rho), n * n, 1).copy()  # row-major: A rho B is (A kron B^T) vec(rho)
    for step in range(drive.shape[1]):
        g = -1j * _hamiltonian(drift, controls, drive[:, step]) - loss
        state = expm(dt * (np.kron(g, eye) + np.kron(eye, g.conj()) + jump)) @ state
    rho[:] = state.reshape(rho.shape)


def _hamiltonian(drift: Complex, controls: Complex, drive: Complex) -> Complex:
    half = np.einsum("pj,jrc->prc", drive, controls)
    return np.asarray(drift + half + half.conj().swapaxes(1, 2))


def _row_sum(matrices: NDArray[np.complex128] | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.abs(matrices).sum(axis=-1).max(axis=-1, initial=0.0))


def _check_points(drift: Complex, controls: Complex, drive: Complex, state: Complex) -> None:
    if not len(drift) == len(drive) == len(state) or len(controls) != drive.shape[2]:
        raise ValueError("drift, controls, drive and states do not fit each other")


def _check_size(drift: Complex, controls: Complex, drive: Complex, dt: float, more: float = 0.0) -> None:
    """Refuse steps that are not finite or too long; ``more`` is added to the bound on H."""
    if not all(np.isfinite(numbers).all() for numbers in (drift, controls, drive, dt, more)):
        raise ValueError(_REFUSED)
    rows = (np.abs(controls) + np.abs(controls).swapaxes(1, 2)).sum(axis=2)  # (n_controls, n)
    bound = np.abs(drift).sum(axis=2)[:, None] + np.abs(drive) @ rows
    size = (np.max(bound, initial=0.0) + more) * abs(dt)
    if not size <= LONGEST:
        raise ValueError(_REFUSED)
