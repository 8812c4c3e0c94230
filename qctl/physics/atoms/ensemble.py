"""The atoms of many shots: who is there, where, how hot, and in which state."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .flight import Flight, bound, swung, thermal
from .register import Register
from .rubidium import speed
from .turns import Turns
from .twin import AtomTwin

Floats = NDArray[np.float64]


@dataclass
class Ensemble:
    """Atoms by number; an atom's number is that of the place at which it was loaded.

    Parameters
    ----------
    present : bool, shape (n_shots, n_atoms)
    place : int64, shape (n_atoms,), where an atom is in those shots in which it is there; -1 for nowhere
    temperature : shape (n_atoms,), K
    register : the qubits; who is not there is in 0
    turns : what was done to single qubits and has not reached the register yet
    groups : shape (n_shots, n_atoms), the draw of slow noise that each takes
    last : shape (n_atoms,), s; until when the phase of each qubit has been followed
    flights : by atom, of those whose trap was off in this shot
    """

    truth: AtomTwin
    present: NDArray[np.bool_]
    place: NDArray[np.int64]
    temperature: Floats
    register: Register
    turns: Turns
    groups: NDArray[np.int64]
    last: Floats
    rng: np.random.Generator
    flights: dict[int, Flight] = field(default_factory=dict)

    @classmethod
    def empty(cls, truth: AtomTwin, n_shots: int, rng: np.random.Generator) -> Ensemble:
        """Return dark traps."""
        n = len(truth.sites)
        return cls(
            truth,
            np.zeros((n_shots, n), bool),
            np.arange(n),
            np.full(n, truth.tweezers.hot),
            Register(n_shots, n, rng),
            Turns(n, truth.noise_groups),
            rng.integers(0, truth.noise_groups, (n_shots, n)),
            np.zeros(n),
            rng,
        )

    @property
    def n_shots(self) -> int:
        """Return how many shots there are."""
        return len(self.present)

    def atoms(self) -> list[int]:
        """Return who is there in any shot."""
        return np.flatnonzero(self.present.any(axis=0) & (self.place >= 0)).tolist()

    def settle(self, atom: int) -> None:
        """Let what was done to an atom reach the register; where it is not there it stays in 0."""
        if not self.turns.waiting[atom]:
            return
        there = self.present[:, atom]
        matrices = self.turns.matrices[atom][self.groups[:, atom]]
        matrices[~there] = np.eye(2)
        self.register.turn(atom, matrices)
        self.register.flip_some(atom, float(self.turns.chance[atom]), there)
        self.turns.clear(atom)

    def put(self, atom: int, bits: NDArray[np.int64]) -> None:
        """Prepare an atom in a bit of each shot, whatever was done to it."""
        self.turns.clear(atom)
        self.register.put(atom, bits)

    def measure(self, atom: int) -> NDArray[np.int64]:
        """Return an atom's bit in each shot."""
        self.settle(atom)
        return self.register.measure(atom)

    def lose(self, atom: int, shots: NDArray[np.bool_]) -> None:
        """Take an atom out of some shots."""
        hit = shots & self.present[:, atom]
        if hit.any():
            self.register.lose(atom, np.flatnonzero(hit))
            self.present[:, atom] &= ~hit

    def lose_some(self, atom: int, chance: float | Floats) -> None:
        """Take an atom out of each shot by chance."""
        self.lose(atom, self.rng.random(self.n_shots) < chance)

    def load(self, seconds: Floats) -> None:
        """Catch atoms from the cloud, at most one in a place: what was there takes part in the collisions.

        Parameters
        ----------
        seconds : of loading light with the trap on, shape (n_places,)
        """
        truth = self.truth.tweezers
        fade = np.exp(-seconds / truth.loading_time)
        kept = self.standing() & (self.rng.random(self.present.shape) < fade)
        caught = self.rng.random(self.present.shape) < truth.loading * (1 - fade)
        fresh = Ensemble.empty(self.truth, self.n_shots, self.rng)
        self.register, self.turns, self.groups, self.place = fresh.register, fresh.turns, fresh.groups, fresh.place
        self.temperature, self.flights = fresh.temperature, {}
        self.present = kept | caught
        for atom in self.atoms():
            self.scramble(atom)

    def standing(self) -> NDArray[np.bool_]:
        """Return in which shots there is an atom at each place, shape (n_shots, n_places)."""
        there = np.zeros_like(self.present)
        for atom in self.atoms():
            there[:, self.place[atom]] |= self.present[:, atom]
        return there

    def scramble(self, atom: int) -> None:
        """Leave a qubit in a random state: light that takes no account of it was on."""
        bits = self.rng.integers(0, 2, self.n_shots) * self.present[:, atom]
        self.put(atom, bits)

    def pump(self, seconds: float) -> None:
        """Pump all atoms towards 0."""
        truth = self.truth.qubits
        wrong = truth.pumping_error + (0.5 - truth.pumping_error) * np.exp(-seconds / truth.pumping_time)
        for atom in self.atoms():
            bits = self.rng.random(self.n_shots) < wrong
            self.put(atom, (bits & self.present[:, atom]).astype(np.int64))

    def push_out(self, seconds: float) -> None:
        """Remove atoms in 1, and a few in 0."""
        truth = self.truth.qubits
        removed = 1 - np.exp(-seconds / truth.push_time), truth.push_error * seconds / 1e-3
        for atom in self.atoms():
            bits = self.measure(atom)
            self.lose_some(atom, np.where(bits == 1, *removed))

    def probe(self, atom: int, seconds: float) -> Floats:
        """Let light act that only 1 scatters; return for how long the atom shines in each shot, s.

        Now and then a scattered photon leaves a bright atom dark, or a dark one bright, from then on.
        """
        return self.scatter(atom, seconds, self.truth.qubits.bright_time, self.truth.qubits.dark_time)

    def scatter(self, atom: int, seconds: float, bright: float, dark: float) -> Floats:
        """Let light as of `probe` act: an atom in 1 goes dark after ``bright`` seconds, one in 0 bright after ``dark``.

        Both are means.
        """
        bits = self.measure(atom)
        mean = np.where(bits == 1, bright, dark)
        change = self.rng.standard_exponential(self.n_shots) * mean
        before = np.minimum(change, seconds)
        after = np.where(change < seconds, 1 - bits, bits) * self.present[:, atom]
        self.put(atom, after)
        return np.where(bits == 1, before, seconds - before)

    def dephase(self, atom: int, chance: float) -> None:
        """Turn the phase of an atom by pi in a fraction ``chance`` of the shots."""
        hit = (self.rng.random(self.n_shots) < chance) & self.present[:, atom]
        if hit.any():
            self.settle(atom)
            self.register.phase(atom, np.where(hit, np.pi, 0.0))

    def ground(self, atom: int, shots: NDArray[np.bool_], error: float) -> None:
        """Bring an atom into 0 in some shots, whatever it was; a fraction ``error`` of them ends in 1."""
        hit = shots & self.present[:, atom]
        if hit.any():
            self.settle(atom)
            self.register.lose(atom, np.flatnonzero(hit))
            self.register.flip(atom, hit & (self.rng.random(self.n_shots) < error))

    def cool(self, seconds: float) -> None:
        """Bring all temperatures towards that of cooling light, which takes no account of the qubits."""
        truth = self.truth.tweezers
        self.temperature = truth.temperature + (self.temperature - truth.temperature) * np.exp(
            -seconds / truth.cooling_time
        )
        for atom in self.atoms():
            self.scramble(atom)

    def release(self, places: list[int], start: float, end: float) -> None:
        """Switch traps off and on again: an atom stays when its energy is negative then (Tuchendler et al., 2008).

        One that was released just before swings in its trap from then on, and is where that brought it.
        """
        truth, seconds = self.truth.tweezers, end - start
        depths = np.array([site.depth for site in self.truth.sites.values()])
        released = [
            atom
            for atom in self.atoms()
            if int(self.place[atom]) in places and seconds * speed(float(self.temperature[atom])) >= 0.02 * truth.waist
        ]
        self._swing([a for a in released if self._swings_on(a, start)], depths, start)
        for atom in released:
            place = int(self.place[atom])
            if self._swings_on(atom, start):
                r, v = self.flights[atom].r, self.flights[atom].v
            else:
                r, v = thermal(self.n_shots, depths[place], float(self.temperature[atom]), truth, self.rng)
            r = r + v * seconds
            self.flights[atom] = Flight(r, v, place, end)
            self.lose(atom, ~bound(r, v, depths[place], truth))

    def _swings_on(self, atom: int, start: float) -> bool:
        return atom in self.flights and self.flights[atom].swings_on(int(self.place[atom]), start)

    def _swing(self, atoms: list[int], depths: Floats, start: float) -> None:
        """Let atoms swing in their traps until ``start``."""
        if not atoms:
            return
        many = [self.flights[atom] for atom in atoms]
        r, v = (np.stack(parts) for parts in zip(*((one.r, one.v) for one in many), strict=True))
        seconds = np.array([start - one.end for one in many])
        r, v = swung(r, v, depths[[one.place for one in many]], seconds, self.truth.tweezers)
        for one, now, fast in zip(many, r, v, strict=True):
            one.r, one.v = now, fast

    def last_shot(self) -> Ensemble:
        """Return the last shot alone, so that another call can go on with it; its qubits are measured."""
        one = Ensemble.empty(self.truth, 1, self.rng)
        one.present, one.place = self.present[-1:].copy(), self.place.copy()
        one.temperature, one.last = self.temperature.copy(), self.last.copy()
        for atom in one.atoms():
            one.put(atom, self.measure(atom)[-1:])
        return one
