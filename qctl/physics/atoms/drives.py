"""What pulses of light do to atoms at their places: matrices for every draw of noise, remembered by content."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from qctl.kernels.propagate import propagate

from ..memory import Memory
from .optics import Light, coarse
from .rubidium import BOLTZMANN, K_EFFECTIVE, TWO_PI, interaction, speed, spread
from .rydberg import Atoms, Pulse, amplitudes
from .twin import AtomTwin

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

PLANCK = 6.62607015e-34  # J s
NEGLIGIBLE = 5e-4  # rad: what a pulse turns by less does nothing
LINKED = 1e-3  # rad: atoms that an interaction turns by less during a pulse are alone
MOST_RYDBERG = 4  # atoms that one pulse may join
CLOSEST = 0.3e-6  # m: atoms that stand nearer count as that far apart
WEAK = 0.05  # rad: a pulse that turns by less is one step
STEP_ANGLE = 0.03  # rad that a qubit turns in one step of its integration
TRAPPED = BOLTZMANN / PLANCK  # Hz per K by which trap light moves the Rydberg resonance


@dataclass(frozen=True)
class Noise:
    """Draws of noise that shots share, standard normal, evenly spread: shape (n_groups, n).

    Parameters
    ----------
    slow : for a qubit's detuning and its Rabi frequency
    fast : for Rydberg pulses: both lasers' frequency and amplitude, then velocity and position (3) of each atom
    """

    slow: Floats
    fast: Floats

    @classmethod
    def of(cls, n_groups: int, seed: int) -> Noise:
        """Draw them: points of a scrambled Sobol sequence, turned into normal numbers."""

        def drawn(n: int, salt: int) -> Floats:
            rng = np.random.default_rng((seed, salt))
            points = qmc.Sobol(n, rng=rng).random_base2(max(1, int(np.ceil(np.log2(n_groups)))))[:n_groups]
            return np.asarray(norm.ppf(np.clip(points, 1e-6, 1 - 1e-6)))

        return cls(drawn(2, 1), drawn(2 + 4 * MOST_RYDBERG, 2))


class Drives:
    """Matrices of pulses, for one truth (as it is now) and one set of noise."""

    def __init__(self, truth: AtomTwin, noise: Noise, memory: Memory) -> None:
        self.truth, self.noise, self._memory = truth, noise, memory
        self.sites = list(truth.sites.values())
        self._salt = blake2b(repr((truth.qubits, truth.rydberg, truth.sites, truth.tweezers)).encode()).digest()[:16]

    def detunings(self, place: int) -> Floats:
        """Return how far a qubit's frequency lies above the modulators', by draw of noise, rad/s."""
        return np.asarray(TWO_PI * (self.sites[place].shift + self.truth.qubits.noise * self.noise.slow[:, 0]))

    def turn(self, light: Light, place: int, rabi: float, shift: float = 0.0) -> Complex:
        """Return what Raman light does to a qubit, shape (n_groups, 2, 2).

        ``H = (Omega/2) (z* |1><0| + h.c.) + delta |1><1|``, z the field of the light: behind a tone of phase phi stands
        the rotation ``R(theta, -phi)``.

        Parameters
        ----------
        rabi : Hz per V of the field, at the place
        shift : of the qubit's frequency, Hz per Hz of its Rabi frequency
        """
        key = (self._salt, light.digest, place, round(rabi, 3), round(shift, 6))
        return self._memory.get(key, lambda: self._turned(light, place, rabi, shift))

    def _turned(self, light: Light, place: int, rabi: float, shift: float) -> Complex:
        truth, n = self.truth.qubits, len(self.noise.slow)
        if TWO_PI * rabi * float(np.abs(light.field).sum()) * light.dt < WEAK:
            return self._one_step(light, place, rabi, shift)
        light = coarse(light, STEP_ANGLE / (TWO_PI * max(rabi, 1e-3)))
        drift = np.zeros((n, 2, 2), np.complex128)
        drift[:, 1, 1] = self.detunings(place)
        gain = 1 + truth.amplitude_noise * self.noise.slow[:, 1]
        drive = gain[:, None, None] * (TWO_PI * rabi / 2 * light.field.conj())[None, :, None]
        controls = np.array([[[0, 0], [1, 0]]], np.complex128)
        if shift:
            controls = np.concatenate([controls, np.array([[[0, 0], [0, 1]]], np.complex128)])
            drive = np.concatenate([drive, shift * np.abs(drive)], axis=2)
        u = np.broadcast_to(np.eye(2, dtype=np.complex128), (n, 2, 2)).copy()
        propagate(drift, controls, np.ascontiguousarray(drive, np.complex128), light.dt, u)
        return u

    def _one_step(self, light: Light, place: int, rabi: float, shift: float) -> Complex:
        """Return what weak light does, as one step: orders of its pieces hardly matter (Magnus, first term)."""
        seconds = len(light.field) * light.dt
        gain = 1 + self.truth.qubits.amplitude_noise * self.noise.slow[:, 1]
        turned = gain * TWO_PI * rabi * light.dt * complex(light.field.sum().conjugate())
        size = gain * TWO_PI * rabi * light.dt * float(np.abs(light.field).sum())
        lag = self.detunings(place) * seconds + shift * size
        angle = np.sqrt(np.abs(turned) ** 2 + lag**2)
        cos, sin = np.cos(angle / 2), np.where(angle > 0, np.sin(angle / 2) / np.maximum(angle, 1e-300), 0.5)
        u = np.empty((len(gain), 2, 2), np.complex128)
        u[:, 0, 0], u[:, 1, 1] = cos + 1j * sin * lag, cos - 1j * sin * lag
        u[:, 1, 0], u[:, 0, 1] = -1j * sin * turned, -1j * sin * turned.conj()
        return np.asarray(u * np.exp(-0.5j * lag)[:, None, None])

    def lit(self, blue: Light, places: list[int]) -> list[int]:
        """Return which of the places a Rydberg pulse reaches."""
        turned = float(np.abs(self.pulse(blue, True).rabi).sum() * blue.dt)
        return [k for k, place in enumerate(places) if turned * self._profile(place) > NEGLIGIBLE]

    def linked(self, blue: Light, places: list[int]) -> list[list[int]]:
        """Return the clusters among some places, whose atoms blockade each other."""
        duration, found = len(blue.field) * blue.dt, list[list[int]]()
        for k in range(len(places)):
            near = [c for c in found if any(self._interaction(places[k], places[j]) * duration > LINKED for j in c)]
            found = [c for c in found if c not in near] + [[k, *(j for c in near for j in c)]]
        return [sorted(c) for c in found]

    def pulse(self, blue: Light, red: bool) -> Pulse:
        """Return what an atom in the middle of the beams sees; without red light only the shift by the blue one."""
        truth = self.truth.rydberg
        first = TWO_PI * truth.blue * blue.field
        second = TWO_PI * truth.red * red
        middle = TWO_PI * truth.intermediate
        shift = truth.shift * (second**2 - np.abs(first) ** 2) / (4 * middle)
        return Pulse(blue.dt, first * second / (2 * middle), shift * (np.abs(first) > 1e-6 * np.abs(first).max()))

    def excite(self, blue: Light, red: bool, places: list[int], heats: list[float], trapped: list[float]) -> Complex:
        """Return what a Rydberg pulse does to a few atoms, as `amplitudes` does, by draw of noise.

        Parameters
        ----------
        heats : temperature of each atom, K, in whole steps of 1 uK
        trapped : depth of trap light that is on during the pulse, K
        """
        key = (self._salt, blue.digest, red, tuple(places), tuple(heats), tuple(trapped))
        return self._memory.get(key, lambda: self._excited(blue, red, places, heats, trapped))

    def _excited(self, blue: Light, red: bool, places: list[int], heats: list[float], trapped: list[float]) -> Complex:
        truth, fast, k = self.truth.rydberg, self.noise.fast, len(places)
        pulse = self.pulse(blue, red)
        shared = TWO_PI * truth.frequency_noise * fast[:, 0]
        gain = 1 + truth.amplitude_noise * fast[:, 1]
        own = fast[:, 2 : 2 + 4 * k].reshape(len(fast), k, 4)
        doppler = K_EFFECTIVE * np.array([speed(heat) for heat in heats]) * own[:, :, 0]
        xyz = np.stack([self._widths(p, heat) for p, heat in zip(places, heats, strict=True)]) * own[:, :, 1:]
        xyz[:, :, :2] += [[self.sites[p].x, self.sites[p].y] for p in places]
        apart = np.maximum(np.linalg.norm(xyz[:, :, None] - xyz[:, None], axis=3), CLOSEST)
        middle = TWO_PI * truth.intermediate
        second = TWO_PI * truth.red * red
        decay = 1 / truth.lifetime + TWO_PI * truth.linewidth * second**2 / (4 * middle**2)
        off = doppler + shared[:, None] - TWO_PI * TRAPPED * np.array(trapped)
        factors = gain[:, None] * np.array([self._profile(p) for p in places])
        found = amplitudes(pulse, Atoms(factors, off, interaction(1.0) / apart**6, decay))
        first = (TWO_PI * truth.blue * np.abs(blue.field)) ** 2
        scattered = float(TWO_PI * truth.linewidth * first.sum() * blue.dt / (4 * middle**2))
        ones = np.array([n.bit_count() for n in range(1 << k)])
        return np.asarray(found * np.exp(-0.5 * scattered * ones)[None, :, None])

    def _profile(self, place: int) -> float:
        """Return the two-photon Rabi frequency at a place, relative to the centre of both beams."""
        truth = self.truth.rydberg
        return float(np.exp(-2 * ((self.sites[place].y - truth.y) / truth.waist) ** 2))

    def _interaction(self, a: int, b: int) -> float:
        one, two = self.sites[a], self.sites[b]
        return interaction(max(float(np.hypot(one.x - two.x, one.y - two.y)), CLOSEST))

    def _widths(self, place: int, heat: float) -> Floats:
        tweezers = self.truth.tweezers
        across, along = spread(heat, self.sites[place].depth, tweezers.waist, tweezers.wavelength)
        return np.array([across, across, along])
