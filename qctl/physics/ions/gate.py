"""Blue and red sidebands at once: the Molmer-Sorensen gate of a few ions, with all that disturbs it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.special import jv

from .chain import Chain
from .entangling import Forces, both_turned, forces, slow_angles, turned_by
from .motion import Pair
from .tones import Act

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
STRONG = 0.3  # of the strongest drive; ions below are neighbours that only lend a hand
MOST = 3  # ions whose mode is propagated exactly
HOT = 4  # quanta above which the mode is a classical amplitude
SMALL = 1e-5  # rad; turns below are left out


@dataclass(frozen=True)
class Gate:
    """One pulse with two tones.

    Parameters
    ----------
    act : the pulse
    chain : as it is now
    strong : places in ``act.ions`` of the ions that are propagated exactly
    """

    act: Act
    chain: Chain
    strong: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Return the size in bytes, about."""
        return 2 * self.act.nbytes

    @cached_property
    def forces(self) -> Forces:
        """Return the forces on all ions, as if along fixed axes."""
        act = self.act
        eta = self.chain.eta[list(act.ions)]
        return forces(act.whole, act.start - act.fine / 2, act.fine, eta, self.chain.mode_frequencies)

    @cached_property
    def pair(self) -> Pair:
        """Return what is propagated exactly.

        The carrier, far from resonance, tilts the spins to and fro; on average that leaves ``J_0(x) + J_2(x)`` of the
        sidebands, x being the sum of both Rabi frequencies over the mode's (Roos, New J. Phys. 10, 013002, eq. 16).
        """
        rows, act = list(self.strong), self.act
        eta = self.chain.eta[[act.ions[k] for k in rows], act.mode]
        x = (np.abs(act.fields[rows]) + np.abs(act.red[rows])) / self.chain.mode_frequencies[act.mode]
        left = jv(0, x) + jv(2, x)
        return Pair(left * act.fields[rows], left * act.red[rows], act.shift[rows], eta, act.dt)

    @cached_property
    def beyond(self) -> Floats:
        """Return the turn of each pair by the driven mode that the rotating wave leaves out, rad, shape (k, k).

        Tones near a sideband also push the mode at twice its frequency.
        """
        rows, mode = list(self.strong), self.act.mode
        axes = np.exp(-1j * self.forces.axes[rows])[:, None]
        push = 1j * self.act.fields[rows].conj() * axes + (1j * self.act.red[rows].conj() * axes).conj()
        eta = self.chain.eta[[self.act.ions[k] for k in rows], mode]
        near = slow_angles(eta[:, None] / 4 * push.conj(), self.act.dt)
        return np.asarray(self.forces.angles[np.ix_(rows, rows)][:, :, mode] - near)

    @property
    def ions(self) -> tuple[int, ...]:
        """Return the strongly driven ions."""
        return tuple(self.act.ions[k] for k in self.strong)

    def size(self, quanta: int) -> int:
        """Return how many states of the mode are needed, from so many quanta on."""
        far = float(np.sqrt(quanta) + self.forces.furthest[self.act.mode])
        return ceil(far**2 + 3.5 * far + 6)

    def kraus(self, quanta: list[int], strength: Floats, detunings: Floats, off: Floats) -> Complex:
        """Return operators on the strong ions, shape (n_groups, n_quanta, size, d, d): by quanta before and after.

        Spectator modes' turns and what is left of the carrier are in them.
        """
        size = self.size(max(quanta))
        found = self.pair.propagator(quanta, size, strength, detunings, off)
        return np.asarray(self.after @ found)

    @cached_property
    def after(self) -> Complex:
        """Return what follows the driven mode's propagator, shape (d, d)."""
        k = len(self.strong)
        whole = np.eye(2**k, dtype=np.complex128)
        angles = self.forces.angles[np.ix_(self.strong, self.strong)].copy()
        angles[:, :, self.act.mode] = self.beyond
        for a, b in combinations(range(k), 2):
            whole = lifted(both_turned(self._axes(a, b), float(angles[a, b].sum())), (a, b), k) @ whole
        for a in range(k):
            whole = lifted(turned_by(self.act.whole[self.strong[a]], self.act.fine), (a,), k) @ whole
        return whole

    def closed_form(self, strength: float) -> Complex:
        """Return the same with the driven mode in closed form, for hot modes, shape (d, d)."""
        k = len(self.strong)
        whole = self.after
        for a, b in combinations(range(k), 2):
            near = self.forces.angles[self.strong[a], self.strong[b], self.act.mode] - self.beyond[a, b]
            angle = strength**2 * float(near)
            whole = lifted(both_turned(self._axes(a, b), angle), (a, b), k) @ whole
        return np.asarray(whole)

    def _axes(self, a: int, b: int) -> tuple[float, float]:
        return float(self.forces.axes[self.strong[a]]), float(self.forces.axes[self.strong[b]])

    def neighbours(self) -> list[tuple[tuple[int, int], Complex]]:
        """Return the turns of pairs of which at least one is weakly driven: ions and operator, shape (4, 4)."""
        found, angles = [], self.forces.angles.sum(axis=2)
        for a, b in combinations(range(len(self.act.ions)), 2):
            if (a in self.strong and b in self.strong) or abs(angles[a, b]) < SMALL:
                continue
            axes = float(self.forces.axes[a]), float(self.forces.axes[b])
            found.append(((self.act.ions[a], self.act.ions[b]), both_turned(axes, float(angles[a, b]))))
        return found

    def wobble(self, quanta: Integers, hot: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
        """Return random turns of each ion about its axis, shape (n_shots, n_ions): open loops and heat.

        Modes that are left displaced know what the spins did; forgetting them turns spins at random, as a classical
        amplitude of the same energy, ``n + 1/2``, would.

        Parameters
        ----------
        quanta : shape (n_shots, n_modes)
        hot : shots whose driven mode is not propagated exactly
        """
        n_shots, n_modes = quanta.shape
        ends = np.broadcast_to(self.forces.ends, (n_shots, *self.forces.ends.shape)).copy()
        exact = np.isin(np.arange(len(self.act.ions)), self.strong)
        ends[:, :, self.act.mode] *= hot[:, None] | ~exact
        amplitude = rng.standard_normal((n_shots, n_modes, 2)) @ np.array([1, 1j])
        amplitude *= np.sqrt((quanta + 0.5) / 2)
        turns = 2 * np.einsum("sim,sm->si", ends, amplitude.conj()).imag
        heat = np.einsum("mij,m->ij", self.forces.kicks, self.chain.heating)
        return np.asarray(turns + rng.standard_normal((n_shots, len(heat))) @ root_of(heat).T)


def gate_of(chain: Chain, act: Act) -> Gate:
    """Return a gate: the strongest ions are propagated exactly, the others by forces along fixed axes."""
    size = np.abs(act.fields).max(axis=1) + np.abs(act.red).max(axis=1)
    strong = [k for k in np.argsort(-size) if size[k] >= STRONG * size.max()][:MOST]
    return Gate(act, chain, tuple(sorted(int(k) for k in strong)))


def lifted(gate: Complex, places: tuple[int, ...], k: int) -> Complex:
    """Return a gate on some of ``k`` ions as one on all of them; the first ion is the highest bit."""
    full = np.kron(gate, np.eye(2 ** (k - len(places)))).reshape((2,) * (2 * k))
    rest = [p for p in range(k) if p not in places]
    order = np.argsort([*places, *rest]).tolist()
    return np.ascontiguousarray(full.transpose([*order, *(place + k for place in order)])).reshape(2**k, 2**k)


def root_of(covariance: Floats) -> Floats:
    """Return R with ``R R^T`` = covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))
