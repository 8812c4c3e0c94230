"""Exact spectra of transmons, alone and in pairs; the tables from which the simulated chip is made."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from qctl.core.errors import ConfigError

CUTOFF = 15  # charges kept on either side of zero; levels up to 3 are exact to 1 Hz at E_J / E_C = 60
_GRID = 257  # fluxes of a table, from 0 to one half


def levels(e_j: NDArray[np.float64] | float, e_c: float, n_levels: int, charge: float = 0.0) -> NDArray[np.float64]:
    """Return the lowest energies over the ground state, by diagonalisation in the charge basis.

    ``H = 4 E_C (n - charge)^2 - E_J / 2 (|n><n+1| + h.c.)`` (Koch et al., Phys. Rev. A 76, 042319, eq. 2.1).

    Parameters
    ----------
    e_j : Josephson energies, any shape, Hz
    e_c : charging energy, Hz

    Returns
    -------
    float64, shape (*e_j.shape, n_levels), Hz
    """
    number = np.arange(-CUTOFF, CUTOFF + 1) - charge
    hop = np.eye(len(number), k=1) + np.eye(len(number), k=-1)
    h = 4 * e_c * np.diag(number**2) - np.asarray(e_j)[..., None, None] / 2 * hop
    energies = np.linalg.eigvalsh(h)[..., :n_levels]
    return np.asarray(energies - energies[..., :1])


@lru_cache(maxsize=1024)
def energies_from(frequency: float, anharmonicity: float) -> tuple[float, float]:
    """Return (E_J, E_C) in Hz whose exact spectrum has this 0-1 frequency and anharmonicity.

    Raises
    ------
    ConfigError
        When no transmon has them.
    """
    e_c = -anharmonicity
    e_j = (frequency + e_c) ** 2 / (8 * e_c) if e_c > 0 else 0.0
    if not 0 < e_c < frequency / 4:
        raise ConfigError(
            f"frequency {frequency:g} Hz with anharmonicity {anharmonicity:g} Hz",
            allowed="a transmon: 0 < -alpha < f / 4",
        )
    wanted = np.array([frequency, anharmonicity])
    for _ in range(20):  # Newton in the logarithms; the first guess is within 15 %
        found = _f_and_alpha(e_j, e_c)
        if np.all(np.abs(found - wanted) < 1e-3):
            break
        step = 1e-6
        slope = np.stack([_f_and_alpha(e_j * (1 + step), e_c), _f_and_alpha(e_j, e_c * (1 + step))], axis=1)
        change = np.linalg.solve((slope - found[:, None]) / step, wanted - found)
        e_j, e_c = float(e_j * np.exp(change[0])), float(e_c * np.exp(change[1]))
    return e_j, e_c


def _f_and_alpha(e_j: float, e_c: float) -> NDArray[np.float64]:
    energies = levels(e_j, e_c, 3)
    return np.array([energies[1], energies[2] - 2 * energies[1]])


@lru_cache(maxsize=1024)
def against_flux(frequency: float, anharmonicity: float, asymmetry: float, n_levels: int) -> CubicSpline:
    """Return a spline: |flux| folded into [0, 1/2] (flux quanta) to energies, shape (..., n_levels), Hz."""
    e_j, e_c = energies_from(frequency, anharmonicity)
    flux = np.linspace(0, 0.5, _GRID)
    loop = np.sqrt(np.cos(np.pi * flux) ** 2 + asymmetry**2 * np.sin(np.pi * flux) ** 2)
    return CubicSpline(flux, levels(e_j * loop, e_c, n_levels), bc_type="clamped")


def fold(flux: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the equivalent flux in [0, 1/2]: the spectrum is even, with the period of one quantum."""
    return np.abs(flux - np.rint(flux))


def static_zz(low: NDArray[np.float64], high: NDArray[np.float64], g: float) -> float:
    """Return E11 - E10 - E01 + E00 of two transmons under ``g (a^dag b + a b^dag)``, Hz, by exact diagonalisation.

    Parameters
    ----------
    low, high : bare energies over the ground state, shape (3,) or more, Hz
    g : Hz
    """
    if g == 0:
        return 0.0
    one = np.array([[high[1], g], [g, low[1]]])
    root = np.sqrt(2) * g
    two = np.array([[high[2], root, 0], [root, high[1] + low[1], root], [0, root, low[2]]])
    energies, vectors = np.linalg.eigh(two)
    both = energies[np.argmax(np.abs(vectors[1]))]
    return float(both - np.linalg.eigvalsh(one).sum())
