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
    paths : displacement of each ion's part of each mode in time, shape (n_ions, n_modes, n_samples)
    angles : chi of each pair through each mode, rad, shape (n_ions, n_ions, n_modes), symmetric, 0 on the diagonal
    dt : s
    """

    axes: Floats
    paths: Complex
    angles: Floats
    dt: float

    @property
    def ends(self) -> Complex:
        """Return how far from where it began each mode is left, shape (n_ions, n_modes)."""
        return np.asarray(self.paths[:, :, -1])

    def kicks(self) -> Floats:
        """Return the covariance of the turns that one quantum per second of heating makes, shape (n_modes, ions, ions).

        A kick b at a time t turns ion i by ``2 Im(b alpha_i(t)^*)``; heating by one quantum per second is kicks of
        ``<|b|^2> = dt``.
        """
        return np.asarray(2 * self.dt * np.einsum("imt,jmt->mij", self.paths, self.paths.conj()).real)

    @property
    def furthest(self) -> Floats:
        """Return how far out each mode goes with all spins aligned, shape (n_modes,)."""
        return np.asarray(np.abs(self.paths).sum(axis=0).max(axis=1))


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
    force = 0.5 * eta[:, :, None] * (drive * np.exp(-1j * axes[:, None])).real[:, None, :]
    times = start + (np.arange(light.shape[1]) + 0.5) * dt
    turning = force * np.exp(1j * modes[:, None] * times) * dt
    paths = -1j * np.cumsum(turning, axis=2)
    before = paths - (-1j) * turning / 2  # half of a step is yet to come
    ordered = np.einsum("imt,jmt->ijm", turning, (1j * before).conj()).imag
    angles = ordered + ordered.swapaxes(0, 1)
    angles[np.arange(len(light)), np.arange(len(light))] = 0
    return Forces(axes, paths, angles, dt)


def slow_angles(push: Complex, dt: float) -> Floats:
    """Return chi of each pair for forces ``push a + h.c.`` in the frame of the mode, shape (n_ions, n_ions)."""
    moved = push.conj() * dt
    before = np.cumsum(moved, axis=1) - moved / 2
    ordered = (moved @ before.conj().T).imag
    angles = ordered + ordered.T
    np.fill_diagonal(angles, 0)
    return np.asarray(angles)


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
