"""Rydberg pulses on a few atoms at once: from what was played to amplitudes, exact within the rotating wave.

Per atom ``H = (Omega/2) (e^{i phi} |1><r| + h.c.) - Delta |r><r|``, and ``V = C6 / r^6`` for each pair in r (Levine et
al., Phys. Rev. Lett. 123, 170503, eq. 1). |0> takes no part, so an atom in it is as good as absent: each subset of
atoms in |1> moves in its own ``2^n`` levels. What r loses by decay leaves the norm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.kernels.propagate import propagate

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Pulse:
    """What the atoms at the centre of the beams see, step by step.

    Parameters
    ----------
    dt : length of a step, s
    rabi : complex128, shape (n_steps,), ``Omega e^{i phi}``, rad/s
    detuning : float64, shape (n_steps,), Delta that all atoms share, rad/s
    """

    dt: float
    rabi: Complex
    detuning: Floats


@dataclass(frozen=True)
class Atoms:
    """The atoms of one cluster, in ``n_groups`` draws of noise.

    Parameters
    ----------
    factors : shape (n_groups, n_atoms), Rabi frequency relative to that of the pulse
    detunings : shape (n_groups, n_atoms), added to Delta, rad/s
    interactions : shape (n_groups, n_atoms, n_atoms), V, rad/s; only what is above the diagonal counts
    decay : rate at which r is lost, 1/s
    """

    factors: Floats
    detunings: Floats
    interactions: Floats
    decay: float = 0.0

    def some(self, members: list[int]) -> Atoms:
        """Return a few of the atoms, as if they were alone."""
        pairs = self.interactions[:, members][:, :, members]
        return Atoms(self.factors[:, members], self.detunings[:, members], pairs, self.decay)


def from_ones(pulse: Pulse, atoms: Atoms) -> Complex:
    """Return the amplitudes after a pulse that finds every atom in |1>.

    Returns
    -------
    complex128, shape (n_groups, 2^n_atoms); in the index, atom 0 is the highest bit, and a bit is set for an atom in r
    """
    n_groups, n_atoms = atoms.factors.shape
    size = 1 << n_atoms
    psi = np.zeros((n_groups, size, 1), np.complex128)
    psi[:, 0] = 1.0
    if n_atoms:
        controls, excited = operators(n_atoms)
        diagonal = -1j * atoms.decay / 2 * excited.sum(axis=0) - atoms.detunings @ excited
        for a in range(n_atoms):
            for b in range(a + 1, n_atoms):
                diagonal = diagonal + atoms.interactions[:, a, b, None] * (excited[a] * excited[b])
        drift = diagonal[:, :, None] * np.eye(size)
        drive = pulse.rabi[None, :, None] / 2 * atoms.factors[:, None, :] + 0j
        if pulse.detuning.any():
            controls = np.concatenate([controls, np.diag(excited.sum(axis=0))[None] + 0j])
            shared = np.broadcast_to(-pulse.detuning[None, :, None] / 2, (n_groups, len(pulse.rabi), 1))
            drive = np.concatenate([drive, shared + 0j], axis=2)
        propagate(drift + 0j, controls, np.ascontiguousarray(drive), pulse.dt, psi)
    return psi[:, :, 0]


def amplitudes(pulse: Pulse, atoms: Atoms) -> Complex:
    """Return what becomes of every basis state of ``{0, 1}^n``.

    Returns
    -------
    complex128, shape (n_groups, 2^n, 2^n), ``[group, before, excited]``: before is the set of atoms in |1>, excited the
    set of those that end in r (a subset of before; other entries are 0); atom 0 is the highest bit
    """
    n_groups, n_atoms = atoms.factors.shape
    found = np.zeros((n_groups, 1 << n_atoms, 1 << n_atoms), np.complex128)
    for before in range(1 << n_atoms):
        members = [a for a in range(n_atoms) if before >> (n_atoms - 1 - a) & 1]
        places = [n_atoms - 1 - a for a in members]
        inside = np.arange(1 << len(members))
        spread = sum(
            ((inside >> (len(members) - 1 - k) & 1) << place for k, place in enumerate(places)),
            np.zeros_like(inside),
        )
        found[:, before, spread] = from_ones(pulse, atoms.some(members))
    return found


def operators(n_atoms: int) -> tuple[Complex, Floats]:
    """Return |1><r| of each atom, shape (n, 2^n, 2^n), and whether it is in r, shape (n, 2^n)."""
    size = 1 << n_atoms
    index = np.arange(size)
    excited = np.array([index >> (n_atoms - 1 - a) & 1 for a in range(n_atoms)], float).reshape(n_atoms, size)
    lowering = np.zeros((n_atoms, size, size), np.complex128)
    for a in range(n_atoms):
        up = index[excited[a] > 0]
        lowering[a, up ^ (1 << (n_atoms - 1 - a)), up] = 1.0
    return lowering, excited
