"""What a pair of sidebands does to ions beyond the exact propagator of the driven mode: spectators, heat, neighbours.

For a force along a fixed spin axis the evolution is known in closed form: each ion is displaced by ``sigma alpha``,
and pairs turn by ``sigma sigma chi`` (Milburn, Schneider and James, Fortschr. Phys. 48, 801; Roos, New J. Phys. 10,
013002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forces:
    """Spin-dependent forces on ions, each along its own axis in the plane of the equator.

    Parameters
    ----------
    axes : angle of each ion's spin axis, rad
    ends : how far from where it began each ion's part of each mode is left, shape (n_ions, n_modes)
    angles : chi of each pair through each mode, rad, shape (n_ions, n_ions, n_modes), symmetric, 0 on the diagonal
    kicks : covariance of the turns that one quantum per second of heating makes, shape (n_modes, n_ions, n_ions): a
        kick b at a time t turns ion i by ``2 Im(b alpha_i(t)^*)``; one quantum per second is ``<|b|^2> = dt``
    furthest : how far out each mode goes with all spins aligned, shape (n_modes,)
    """

    axes: Floats
    ends: Complex
    angles: Floats
    kicks: Floats
    furthest: Floats


def forces(light: Complex, start: float, dt: float, eta: Floats, modes: Floats) -> Forces:
    """Return the forces of light on ions.

    ``H = i/2 w^* sigma+ eta (a e^{-i nu t} + h.c.) + h.c.``, of which the part along the axis on which most of it lies
    counts.

    Parameters
    ----------
    light : w, in the frame of each qubit, positive frequencies blue, rad/s, shape (n_ions, n_samples)
    eta : shape (n_ions, n_modes)
    modes : rad/s
    """
    drive = 1j * light.conj()
    axes = np.angle(np.sum(drive**2, axis=1)) / 2
    push = (drive * np.exp(-1j * axes[:, None])).real
    times = start + (np.arange(light.shape[1]) + 0.5) * dt
    n_ions, n_modes = eta.shape
    ends, furthest = np.empty((n_ions, n_modes), np.complex128), np.empty(n_modes)
    angles, kicks = np.empty((n_ions, n_ions, n_modes)), np.empty((n_modes, n_ions, n_ions))
    for mode, nu in enumerate(modes.tolist()):
        turning = 0.5 * dt * eta[:, mode, None] * push * np.exp(1j * nu * times)
        path = np.cumsum(turning, axis=1)  # -i times this
        ordered = (turning @ (path - turning / 2).conj().T).imag  # half of a step is yet to come
        ends[:, mode], furthest[mode] = -1j * path[:, -1], np.abs(path).sum(axis=0).max()
        angles[:, :, mode] = _paired(ordered)
        kicks[mode] = 2 * dt * (path @ path.conj().T).real
    return Forces(axes, ends, angles, kicks, furthest)


def _paired(ordered: Floats) -> Floats:
    """Return what both orders of each pair add up to, 0 on the diagonal."""
    both = ordered + ordered.T
    np.fill_diagonal(both, 0)
    return both


def slow_angles(push: Complex, dt: float) -> Floats:
    """Return chi of each pair for forces ``push a + h.c.`` in the frame of the mode, shape (n_ions, n_ions)."""
    moved = push.conj() * dt
    before = np.cumsum(moved, axis=1) - moved / 2
    return _paired((moved @ before.conj().T).imag)


def spin(axis: float) -> Complex:
    """Return ``cos(axis) X + sin(axis) Y``."""
    return np.array([[0, np.exp(-1j * axis)], [np.exp(1j * axis), 0]])


def turned_about(axis: float, angle: Floats) -> Complex:
    """Return ``exp(i angle spin(axis))``, shape (..., 2, 2)."""
    one = np.asarray(angle)[..., None, None]
    return np.asarray(np.cos(one) * np.eye(2) + 1j * np.sin(one) * spin(axis))


def both_turned(axes: tuple[float, float], angle: float) -> Complex:
    """Return ``exp(i angle spin(a) spin(b))``, shape (4, 4)."""
    return np.asarray(np.cos(angle) * np.eye(4) + 1j * np.sin(angle) * np.kron(spin(axes[0]), spin(axes[1])))


def turned_by(light: Complex, dt: float) -> Complex:
    """Return ``exp(-i/2 int (w^* sigma+ + h.c.))``: what a carrier far from resonance leaves, to first order."""
    angle = np.sum(light.conj()) * dt
    return turned_about(float(np.angle(angle)), np.array(-abs(angle) / 2))
