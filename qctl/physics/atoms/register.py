"""The qubits of many shots at once: clusters of atoms that gates joined, each a state vector for every shot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

MOST = 14  # atoms of one cluster


@dataclass
class Cluster:
    """Atoms, and a state for every shot: complex128, shape (n_shots, 2^n); atom 0 is the highest bit."""

    atoms: list[int]
    psi: Complex


@dataclass(frozen=True)
class Fall:
    """One atom of one shot that left the qubit's levels in a pulse: still in r behind it, or decayed during it."""

    shot: int
    atom: int
    decayed: bool


class Register:
    """Atoms of ``n_shots`` shots. Every atom is somewhere in a cluster; an atom that is lost is in 0.

    Parameters
    ----------
    rng : of all quantum chance
    """

    def __init__(self, n_shots: int, n_atoms: int, rng: np.random.Generator) -> None:
        self.n_shots, self.rng = n_shots, rng
        self._of: list[Cluster] = []
        for atom in range(n_atoms):
            self._of.append(self._single(atom, np.zeros(n_shots, np.int64)))

    def _single(self, atom: int, bits: NDArray[np.int64]) -> Cluster:
        psi = np.zeros((self.n_shots, 2), np.complex128)
        psi[np.arange(self.n_shots), bits] = 1.0
        return Cluster([atom], psi)

    def cluster(self, atom: int) -> Cluster:
        """Return the cluster that holds an atom."""
        return self._of[atom]

    def joined(self, atoms: list[int]) -> Cluster:
        """Make the clusters of these atoms one."""
        first, *others = {id(self._of[a]): self._of[a] for a in atoms}.values()
        for other in others:
            if len(first.atoms) + len(other.atoms) > MOST:
                raise InstrumentError(
                    f"{len(first.atoms) + len(other.atoms)} atoms become entangled", allowed=f"at most {MOST} at once"
                )
            first.psi = (first.psi[:, :, None] * other.psi[:, None, :]).reshape(self.n_shots, -1)
            first.atoms = first.atoms + other.atoms
            for atom in other.atoms:
                self._of[atom] = first
        return first

    def turn(self, atom: int, matrices: Complex) -> None:
        """Apply to an atom a matrix of each shot, shape (n_shots, 2, 2)."""
        cluster, parts = self._parts(atom)
        zero = matrices[:, 0, 0, None, None] * parts[:, :, 0] + matrices[:, 0, 1, None, None] * parts[:, :, 1]
        parts[:, :, 1] = matrices[:, 1, 0, None, None] * parts[:, :, 0] + matrices[:, 1, 1, None, None] * parts[:, :, 1]
        parts[:, :, 0] = zero
        cluster.psi = parts.reshape(self.n_shots, -1)

    def _parts(self, atom: int) -> tuple[Cluster, Complex]:
        """Return the cluster, and its states as (n_shots, atoms before, 2, atoms behind)."""
        cluster = self._of[atom]
        before = 1 << cluster.atoms.index(atom)
        return cluster, cluster.psi.reshape(self.n_shots, before, 2, -1)

    def excited(self, atom: int) -> Floats:
        """Return the probability of 1 in each shot."""
        _, parts = self._parts(atom)
        return np.asarray((np.abs(parts[:, :, 1]) ** 2).sum(axis=(1, 2)))

    def measure(self, atom: int) -> NDArray[np.int64]:
        """Return an atom's bit in each shot; it is alone afterwards."""
        cluster, parts = self._parts(atom)
        bits = (self.rng.random(self.n_shots) < self.excited(atom)).astype(np.int64)
        if len(cluster.atoms) > 1:
            kept = parts[np.arange(self.n_shots), :, bits].reshape(self.n_shots, -1)
            cluster.psi = kept / np.linalg.norm(kept, axis=1, keepdims=True)
            cluster.atoms.remove(atom)
        self._of[atom] = self._single(atom, bits)
        return bits

    def put(self, atom: int, bits: NDArray[np.int64]) -> None:
        """Prepare an atom in a bit of each shot, whatever it was."""
        if len(self._of[atom].atoms) > 1:
            self.measure(atom)
        self._of[atom] = self._single(atom, bits)

    def lose(self, atom: int, shots: NDArray[np.int64]) -> None:
        """Take an atom out of some shots: what it was entangled with falls where it says, and it counts as 0."""
        if not len(shots):
            return
        cluster, parts = self._parts(atom)
        some = parts[shots]
        weight = (np.abs(some[:, :, 1]) ** 2).sum(axis=(1, 2))
        ones = self.rng.random(len(shots)) < weight
        some[:, :, 0] = np.where(ones[:, None, None], some[:, :, 1], some[:, :, 0])
        some[:, :, 1] = 0.0
        norm = np.sqrt((np.abs(some[:, :, 0]) ** 2).sum(axis=(1, 2)))
        parts[shots] = some / norm[:, None, None, None]
        cluster.psi = parts.reshape(self.n_shots, -1)

    def phase(self, atom: int, angles: Floats) -> None:
        """Turn the phase of 1 by an angle of each shot, rad."""
        cluster, parts = self._parts(atom)
        parts[:, :, 1] *= np.exp(1j * angles)[:, None, None]
        cluster.psi = parts.reshape(self.n_shots, -1)

    def coherent(self, atom: int) -> bool:
        """Return whether a phase of this atom can matter: it is in a superposition, or entangled, in some shot."""
        cluster, parts = self._parts(atom)
        return len(cluster.atoms) > 1 or bool(((parts[:, 0, 0] != 0) & (parts[:, 0, 1] != 0)).any())

    def flip(self, atom: int, shots: NDArray[np.bool_]) -> None:
        """Exchange 0 and 1 in some shots."""
        matrices = np.where(shots[:, None, None], PAULI[1], PAULI[0])
        self.turn(atom, matrices)

    def flip_some(self, atom: int, chance: float, present: NDArray[np.bool_]) -> None:
        """Let a random Pauli matrix act in a fraction ``chance`` of the shots with that atom (a spontaneous event)."""
        hit = np.flatnonzero((self.rng.random(self.n_shots) < chance) & present)
        if len(hit):
            matrices = np.broadcast_to(np.eye(2, dtype=np.complex128), (self.n_shots, 2, 2)).copy()
            matrices[hit] = PAULI[self.rng.integers(0, 4, len(hit))]
            self.turn(atom, matrices)

    def excite(self, atoms: list[int], tables: Complex, groups: NDArray[np.int64]) -> list[Fall]:
        """Let a Rydberg pulse act, then look which atoms are left in r, or decayed on the way.

        Parameters
        ----------
        tables : shape (n_groups, 2^k, 2^k), as of `rydberg.amplitudes` for these k atoms
        groups : which of them each shot takes

        Returns
        -------
        what is no qubit any more: such atoms count as 0
        """
        k = len(atoms)
        cluster = self.joined(atoms)
        order = [cluster.atoms.index(a) for a in atoms]
        rest = [j for j in range(len(cluster.atoms)) if j not in order]
        shaped = cluster.psi.reshape(self.n_shots, *(2,) * len(cluster.atoms))
        psi = shaped.transpose(0, *(j + 1 for j in order), *(j + 1 for j in rest)).reshape(self.n_shots, 1 << k, -1)
        weights = (np.abs(psi) ** 2).sum(axis=2)
        stay = np.abs(tables[:, :, 0]) ** 2
        kept = (weights * stay[groups]).sum(axis=1)
        fallen = np.flatnonzero(self.rng.random(self.n_shots) >= kept)
        after = psi * tables[groups, :, 0][:, :, None]
        gone: list[Fall] = []
        for shot in fallen.tolist():
            after[shot], who, decayed = self._fall(psi[shot], tables[groups[shot]], weights[shot])
            gone += [Fall(shot, atoms[place], decayed) for place in who]
        after /= np.linalg.norm(after, axis=(1, 2), keepdims=True)
        cluster.atoms = [cluster.atoms[j] for j in (*order, *rest)]
        cluster.psi = after.reshape(self.n_shots, -1)
        return gone

    def _fall(self, psi: Complex, table: Complex, weights: Floats) -> tuple[Complex, list[int], bool]:
        """Return one shot in which atoms are in r after the pulse, or one decayed during it, which, and whether so.

        The partner of an atom that decayed keeps the phase it had before: decays are rare, and what becomes of the
        partner in the rest of the pulse is left out.
        """
        n = len(weights)
        k = n.bit_length() - 1
        leaps = [(excited, table[:, excited]) for excited in range(1, n)]
        missing = np.sqrt(np.maximum(1 - (np.abs(table) ** 2).sum(axis=1), 0.0))
        for place in range(k):
            bit = 1 << (k - 1 - place)
            members = np.array([before.bit_count() if before & bit else 0 for before in range(n)])
            share = np.where(members > 0, 1 / np.sqrt(np.maximum(members, 1)), 0.0)
            leaps.append((bit, missing * share + 0j))
        chances = np.array([(weights * np.abs(amplitude) ** 2).sum() for _, amplitude in leaps])
        number = int(self.rng.choice(len(leaps), p=chances / chances.sum()))
        excited, amplitude = leaps[number]
        found = np.zeros_like(psi)
        for before in range(n):
            if before & excited == excited:
                found[before ^ excited] = psi[before] * amplitude[before]
        return found, [place for place in range(k) if excited >> (k - 1 - place) & 1], number >= n - 1


PAULI = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], np.complex128)
