"""All shots of a sweep point: internal states and quanta carried through pulses and light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.physics.memory import Memory

from .chain import Chain
from .crystal import TWO_PI
from .entangling import turned_about
from .fock import coupling, moved_on
from .gate import HOT, SMALL, Gate, gate_of
from .glow import bright_times
from .motion import carried_between
from .register import Register
from .script import Stretch
from .tones import Act

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
HELD = 1e-4  # quanta by which heating may be late


@dataclass(frozen=True)
class Noise:
    """Slow noise of groups of shots.

    Parameters
    ----------
    detunings : rad/s, shape (n_groups, n_ions)
    modes : relative, of all mode frequencies, shape (n_groups,)
    strength : relative, of all Rabi frequencies, shape (n_groups,)
    """

    detunings: Floats
    modes: Floats
    strength: Floats

    @property
    def last(self) -> Noise:
        """Return that of the last group alone."""
        return Noise(self.detunings[-1:], self.modes[-1:], self.strength[-1:])

    @property
    def key(self) -> bytes:
        """Return what tells this noise from another."""
        return self.detunings.tobytes() + self.modes.tobytes() + self.strength.tobytes()


class Shots:
    """Shots side by side; a group of them shares its slow noise.

    Parameters
    ----------
    register : internal states at the beginning; changed
    quanta : of each mode, shape (n_shots, n_modes); changed
    """

    def __init__(
        self, chain: Chain, noise: Noise, register: Register, quanta: NDArray[np.int64], memory: Memory,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.chain, self.noise, self.rng, self.memory = chain, noise, rng, memory
        self.register, self.quanta = register, quanta
        self.n_shots = len(quanta)
        self.groups = np.arange(self.n_shots) * len(noise.strength) // max(1, self.n_shots)
        self._clock = np.zeros(len(chain.names))
        self._heated = 0.0

    def act(self, act: Act) -> None:
        """Let one pulse happen; pulses come in order of time."""
        self.heat(act.start)
        for ion in act.ions:
            self.advance(ion, act.start, act.end)
        if len(act.ions) == 1 and not len(act.red[0]):
            self._sideband(act) if act.side else self._carrier(act)
        else:
            self._gate(act)

    def advance(self, ion: int, start: float, end: float) -> None:
        """Let an ion's phase wander until a pulse begins, and take the white noise of the pulse in advance."""
        slow = self.noise.detunings[self.groups, ion] * (start - self._clock[ion])
        t2 = self.chain.twin.ions[self.chain.names[ion]].t2
        white = np.sqrt(2 * max(end - self._clock[ion], 0.0) / t2) * self.rng.standard_normal(self.n_shots)
        self.register.twist(ion, slow + white)
        self._clock[ion] = end

    def settle_one(self, ion: int, time: float) -> None:
        """Forget the phase of one ion up to a time."""
        self._clock[ion] = time

    def rest(self, time: float) -> None:
        """Let all phases run until a time, which is where they are counted from next.

        Pulses of the next shot count the phase of their light from its own start, ions go on at their frequency.
        """
        for ion, frequency in enumerate(self.chain.frequencies.tolist()):
            self.advance(ion, time, time)
            self.register.twist(ion, np.full(self.n_shots, TWO_PI * ((frequency * time) % 1.0)))
        self._clock[:] = 0.0

    def settle(self, time: float) -> None:
        """Forget phases up to a time: light projects all ions."""
        self._clock[:] = time

    def heat(self, until: float, *, at_once: bool = False) -> None:
        """Heat all modes up to a time; a little may wait for later."""
        time = until - self._heated
        if time * self.chain.heating.max(initial=0.0) < HELD and not at_once:
            return
        self._heated = until
        for mode, rate in enumerate(self.chain.heating):
            self.quanta[:, mode] = moved_on(self.quanta[:, mode], rate, rate, time, self.rng)

    def left(self, ion: int, but: int = -1) -> Floats:
        """Return what motion leaves of an ion's Rabi frequency, all modes but one, shape (n_shots,)."""
        eta = self.chain.eta[ion]
        parts = [coupling(e, self.quanta[:, m]) for m, e in enumerate(eta) if m != but and e]
        return self.noise.strength[self.groups] * (np.prod(parts, axis=0) if parts else 1.0)

    def _carrier(self, act: Act) -> None:
        (ion,) = act.ions
        made = self._carried(act, 1.0, self.left(ion)[:, None])[:, 0]
        self.register.turn(ion, made)

    def _sideband(self, act: Act) -> None:
        """A sideband entangles ion and mode; the number of quanta is projected afterwards."""
        (ion,), mode, side = act.ions, act.mode, act.side
        eta, n = float(self.chain.eta[ion, mode]), self.quanta[:, mode]
        from_dark, from_bright = coupling(eta, n, side), coupling(eta, np.maximum(n - side, 0), side) * (n >= side)
        rest = self.left(ion, mode)[:, None]
        made = self._carried(act, 1j, rest * np.stack([from_dark, from_bright], axis=1), side * mode_offset(self, mode))
        kraus = np.zeros((self.n_shots, 3, 2, 2), np.complex128)
        kraus[:, 0, 0, 0], kraus[:, 0, 1, 1] = made[:, 0, 0, 0], made[:, 1, 1, 1]
        kraus[:, 1, 1, 0], kraus[:, 2, 0, 1] = made[:, 0, 1, 0], made[:, 1, 0, 1]
        found = self.register.branch((ion,), kraus, np.arange(self.n_shots), self.rng)
        self.quanta[:, mode] = n + np.array([0, side, -side])[found]

    def _carried(self, act: Act, turn: complex, factors: Floats, off: Floats | float = 0.0) -> Complex:
        """Return propagators of every shot, shape (n_shots, n_factors, 2, 2)."""
        n_groups, k = len(self.noise.strength), factors.shape[1]
        starts = np.searchsorted(self.groups, np.arange(n_groups + 1))
        most = int(np.diff(starts).max())
        place = np.minimum(starts[:-1, None] + np.arange(most), self.n_shots - 1)
        grid = factors[place].reshape(n_groups, most * k)
        detunings = self.noise.detunings[:, act.ions[0]] + off
        found = carried_between(turn * act.fields[0].conj(), act.shift[0], grid, detunings, act.dt)
        found = found.reshape(n_groups, most, k, 2, 2)
        return np.asarray(found[self.groups, np.arange(self.n_shots) - starts[self.groups]])

    def _gate(self, act: Act) -> None:
        mode = act.mode
        gate: Gate = self.memory.get(("forces", act.digest, self.chain.digest), lambda: gate_of(self.chain, act))
        hot = self.quanta[:, mode] > HOT
        present = sorted({0, 1, *np.unique(self.quanta[~hot, mode]).tolist()})
        left = np.mean([self.left(ion, mode) / self.noise.strength[self.groups] for ion in gate.ions])
        strength = self.noise.strength * round(float(left), 4)  # in steps: what recurs is a look-up
        detunings, off = self.noise.detunings[:, list(gate.ions)], mode_offset(self, mode)
        key = ("gate", act.digest, self.chain.digest, tuple(present), strength.tobytes(), self.noise.key)
        kraus: Complex = self.memory.get(key, lambda: gate.kraus(present, strength, detunings, off))
        n_groups, n_quanta, size, d, _ = kraus.shape
        library = np.zeros((n_groups * (n_quanta + 1), size, d, d), np.complex128)
        library[: n_groups * n_quanta] = kraus.reshape(-1, size, d, d)
        library[n_groups * n_quanta :, 0] = [gate.closed_form(float(s)) for s in strength]
        which = self.groups * n_quanta + np.searchsorted(present, np.where(hot, 0, self.quanta[:, mode]))
        which = np.where(hot, n_groups * n_quanta + self.groups, which)
        found = self.register.branch(gate.ions, library, which, self.rng)
        for ions, turn in gate.neighbours():
            self.register.act(ions, turn)
        wobble = gate.wobble(self.quanta, hot, self.rng)
        for place, ion in enumerate(act.ions):
            if np.abs(wobble[:, place]).max() > SMALL:
                self.register.turn(ion, turned_about(float(gate.forces.axes[place]), wobble[:, place]))
        self.quanta[~hot, mode] = found[~hot]

    def glow(self, stretch: Stretch, gates: Floats) -> Floats:
        """Let light shine on all ions; return the mean number of photons counted, shape (n_gates, n_shots, n_ions).

        Parameters
        ----------
        gates : of counters, s, shape (n_gates, 2)
        """
        start, end, glowing = stretch.start, stretch.end, stretch.glowing
        self.heat(start, at_once=True)
        chain, ions = self.chain, list(self.chain.answering)
        bits = self.register.measure(range(len(chain.names)), self.rng)
        new, bright = bright_times(bits[:, ions], *glowing.flips(), start, end, gates, self.rng)
        for place, ion in enumerate(ions):
            self.register.put(ion, new[:, place])
        self.settle(end)
        self._heated = end
        for mode, heating in enumerate(self.chain.heating):
            up, down = stretch.up[mode] + heating, stretch.down[mode] + heating
            self.quanta[:, mode] = moved_on(self.quanta[:, mode], up, down, end - start, self.rng)
        overlap = np.maximum(np.minimum(end, gates[:, 1]) - np.maximum(start, gates[:, 0]), 0)
        found = np.zeros((len(gates), *bits.shape))
        for ion, name in enumerate(chain.names):
            found[:, :, ion] = glowing.stray(chain.twin.ions[name]) * overlap[:, None]
        for place, ion in enumerate(ions):
            truth = chain.twin.ions[chain.names[ion]]
            dark, full = glowing.photons(truth, chain.cooling_modulation)
            mine = (dark - glowing.stray(truth)) * overlap[:, None] + (full - dark) * bright[:, :, place]
            found += mine[:, :, None] * chain.misplaced[ion] ** 2
        return found


def mode_offset(shots: Shots, mode: int) -> Floats:
    """Return by how much a mode is higher than it should be, rad/s, by group."""
    return np.asarray(shots.noise.modes * TWO_PI * shots.chain.centre_of_mass * shots.chain.crystal.ratios[mode])
