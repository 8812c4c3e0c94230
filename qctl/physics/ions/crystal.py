"""Where the ions of a linear chain stand, and its axial normal modes (James, Appl. Phys. B 66, 181)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from qctl.core.errors import ConfigError

Floats = NDArray[np.float64]
TWO_PI = 2 * np.pi
COULOMB = 2.3070775523e-28  # e^2 / (4 pi epsilon_0), J m
ATOMIC_MASS = 1.66053906660e-27  # kg
YTTERBIUM = 170.936323 * ATOMIC_MASS  # 171Yb (Audi et al., Chinese Physics C 36, 1603)


@dataclass(frozen=True)
class Modes:
    """Axial modes of a chain, rising in frequency; the first is that of the centre of mass.

    Parameters
    ----------
    ratios : frequency of each mode over that of the centre of mass, shape (n,)
    vectors : participation of each ion in each mode, shape (n_ions, n_modes), orthonormal
    positions : equilibrium positions in units of `length_scale`, shape (n_ions,)
    """

    ratios: Floats
    vectors: Floats
    positions: Floats


@cache
def modes(n_ions: int) -> Modes:
    """Return the modes of ``n_ions`` equal ions in a harmonic trap, from the exact Hessian (James, eqs. 5 and 12)."""
    if n_ions < 1:
        raise ConfigError(f"a chain of {n_ions} ions", allowed="1 or more")
    found = root(_force, 1.5 * n_ions**0.44 * np.linspace(-1, 1, n_ions) if n_ions > 1 else np.zeros(1), tol=1e-13)
    positions = np.sort(found.x)
    values, vectors = np.linalg.eigh(_hessian(positions))
    vectors = vectors * np.sign(vectors[-1] + 1e-12)
    return Modes(np.sqrt(values), vectors, positions)


def length_scale(frequency: float) -> float:
    """Return the unit of positions, m, for a centre-of-mass frequency in Hz (James, eq. 4)."""
    return float((COULOMB / (YTTERBIUM * (TWO_PI * frequency) ** 2)) ** (1 / 3))


def _pairs(positions: Floats) -> Floats:
    distance = positions[:, None] - positions
    np.fill_diagonal(distance, np.inf)
    return distance


def _force(positions: Floats) -> Floats:
    distance = _pairs(positions)
    return np.asarray(positions - np.sum(np.sign(distance) / distance**2, axis=1))


def _hessian(positions: Floats) -> Floats:
    cubes = 2 / np.abs(_pairs(positions)) ** 3
    return np.asarray(np.diag(1 + cubes.sum(axis=1)) - cubes)
