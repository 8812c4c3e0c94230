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
Numbers = NDArray[np.int64]

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


@dataclass(frozen=True)
class Turned:
    """What one Raman pulse does to the qubits at all places that it reaches.

    Parameters
    ----------
    rows : int64, shape (n_places,), which matrix belongs to a place; -1 where the light does nothing
    matrices : shape (n_rows, n_groups, 2, 2)
    angles : shape (n_rows,), rad that the pulse would turn a qubit in resonance if its phase stood still
    """

    rows: Numbers
    matrices: Complex
    angles: Floats

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.rows.nbytes + self.matrices.nbytes + self.angles.nbytes


class Drives:
    """Matrices of pulses, for one truth (as it is now) and one set of noise.

    Attributes
    ----------
    sites : of all places
    detunings : shape (n_places, n_groups), how far qubits' frequencies lie above the modulators', rad/s
    """

    def __init__(self, truth: AtomTwin, noise: Noise, memory: Memory) -> None:
        self.truth, self.noise, self._memory = truth, noise, memory
        self.sites = list(truth.sites.values())
        shifts = np.array([site.shift for site in self.sites])
        self.detunings = TWO_PI * (shifts[:, None] + truth.qubits.noise * noise.slow[:, 0])
        self._salt = blake2b(repr((truth.qubits, truth.rydberg, truth.sites, truth.tweezers)).encode()).digest()[:16]

    def everywhere(self, light: Light) -> Turned:
        """Return what a pulse of the global Raman beam does."""
        rabi = self.truth.qubits.rabi * np.array([site.rabi for site in self.sites])
        return self._memory.get((self._salt, light.digest, "raman"), lambda: self._all(light, rabi, 0.0))

    def around(self, light: Light, at: tuple[float, float, float]) -> Turned:
        """Return what a pulse of the local Raman beam does that points somewhere (x, y, share of its amplitude)."""
        key = (self._salt, light.digest, "local", round(at[0] * 1e9), round(at[1] * 1e9), round(at[2], 6))
        return self._memory.get(key, lambda: self._around(light, at))

    def _around(self, light: Light, at: tuple[float, float, float]) -> Turned:
        truth, (x, y, share) = self.truth.qubits, at
        apart = np.array([(site.x - x) ** 2 + (site.y - y) ** 2 for site in self.sites]) / truth.local_waist**2
        seen = np.exp(-2 * apart) + truth.local_floor * np.exp(-apart / 50)
        return self._all(light, truth.local_rabi * share * seen, truth.local_shift)

    def _all(self, light: Light, rabi: Floats, shift: float) -> Turned:
        angles = TWO_PI * rabi * float(np.abs(light.field).sum()) * light.dt
        found, rows = np.flatnonzero(angles >= NEGLIGIBLE), np.full(len(rabi), -1)
        rows[found] = np.arange(len(found))
        return Turned(rows, self.turn(light, found, rabi[found], shift), angles[found])

    def turn(self, light: Light, places: Numbers, rabi: Floats, shift: float = 0.0) -> Complex:
        """Return what Raman light does to qubits, shape (n_places, n_groups, 2, 2).

        ``H = (Omega/2) (z* |1><0| + h.c.) + delta |1><1|``, z the field of the light: behind a tone of phase phi stands
        the rotation ``R(theta, -phi)``.

        Parameters
        ----------
        rabi : Hz per V of the field, at each place
        shift : of the qubit's frequency, Hz per Hz of its Rabi frequency
        """
        found = np.empty((len(places), len(self.noise.slow), 2, 2), np.complex128)
        weak = TWO_PI * rabi * float(np.abs(light.field).sum()) * light.dt < WEAK
        for few, method in ((weak, self._one_step), (~weak, self._many_steps)):
            if few.any():
                found[few] = method(light, places[few], rabi[few], shift)
        return found

    def _many_steps(self, light: Light, places: Numbers, rabi: Floats, shift: float) -> Complex:
        n, groups = len(places), len(self.noise.slow)
        light = coarse(light, STEP_ANGLE / (TWO_PI * max(float(rabi.max()), 1e-3)))
        drift = np.zeros((n, groups, 2, 2), np.complex128)
        drift[:, :, 1, 1] = self.detunings[places]
        gain = TWO_PI * rabi[:, None] * (1 + self.truth.qubits.amplitude_noise * self.noise.slow[:, 1])
        drive = (gain.ravel()[:, None] / 2 * light.field.conj())[:, :, None]
        controls = np.array([[[0, 0], [1, 0]]], np.complex128)
        if shift:
            controls = np.concatenate([controls, np.array([[[0, 0], [0, 1]]], np.complex128)])
            drive = np.concatenate([drive, shift * np.abs(drive)], axis=2)
        u = np.broadcast_to(np.eye(2, dtype=np.complex128), (n * groups, 2, 2)).copy()
        propagate(drift.reshape(-1, 2, 2), controls, np.ascontiguousarray(drive, np.complex128), light.dt, u)
        return u.reshape(n, groups, 2, 2)

    def _one_step(self, light: Light, places: Numbers, rabi: Floats, shift: float) -> Complex:
        """Return what weak light does, as one step: orders of its pieces hardly matter (Magnus, first term)."""
        seconds = len(light.field) * light.dt
        gain = TWO_PI * rabi[:, None] * (1 + self.truth.qubits.amplitude_noise * self.noise.slow[:, 1])
        turned = gain * light.dt * complex(light.field.sum().conjugate())
        size = gain * light.dt * float(np.abs(light.field).sum())
        lag = self.detunings[places] * seconds + shift * size
        angle = np.sqrt(np.abs(turned) ** 2 + lag**2)
        cos, sin = np.cos(angle / 2), np.where(angle > 0, np.sin(angle / 2) / np.maximum(angle, 1e-300), 0.5)
        u = np.empty((*angle.shape, 2, 2), np.complex128)
        u[..., 0, 0], u[..., 1, 1] = cos + 1j * sin * lag, cos - 1j * sin * lag
        u[..., 1, 0], u[..., 0, 1] = -1j * sin * turned, -1j * sin * turned.conj()
        return np.asarray(u * np.exp(-0.5j * lag)[..., None, None])

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
