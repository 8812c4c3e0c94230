"""Turns of single qubits on their way to the state vectors: one matrix for each atom and draw of noise.

A row of Raman pulses is multiplied up here, for all shots at once, and reaches the state vectors when something else
happens to an atom. A spontaneous event leaves nothing of a qubit's state: where in the row it was does not matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
Numbers = NDArray[np.int64]


class Turns:
    """What was done to each atom since it was last settled.

    Attributes
    ----------
    waiting : bool, shape (n_atoms,)
    matrices : shape (n_atoms, n_groups, 2, 2)
    chance : shape (n_atoms,), of a spontaneous event in them
    """

    def __init__(self, n_atoms: int, n_groups: int) -> None:
        self.waiting = np.zeros(n_atoms, bool)
        self.matrices = np.broadcast_to(np.eye(2, dtype=np.complex128), (n_atoms, n_groups, 2, 2)).copy()
        self.chance = np.zeros(n_atoms)

    def turn(self, atoms: Numbers, matrices: Complex, chances: Floats) -> None:
        """Turn some atoms by matrices (n, n_groups, 2, 2), with a chance (n,) of a spontaneous event each."""
        self.matrices[atoms] = matrices @ self.matrices[atoms]
        self.chance[atoms] = 1 - (1 - self.chance[atoms]) * (1 - chances)
        self.waiting[atoms] = True

    def phase(self, atoms: Numbers, angles: Floats) -> None:
        """Turn the phase of 1 of some atoms by angles that broadcast to (n, n_groups), rad."""
        self.matrices[atoms, :, 1] *= np.exp(1j * angles)[..., None]
        self.waiting[atoms] = True

    def clear(self, atom: int) -> None:
        """Forget what was done to an atom."""
        self.matrices[atom], self.chance[atom], self.waiting[atom] = np.eye(2), 0.0, False
