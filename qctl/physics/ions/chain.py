"""A chain at one moment: what is true of it, as arrays that the physics can use at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.special import jv

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.port import Port

from .crystal import TWO_PI, Modes, modes
from .twin import IonTwin, Mishap

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Chain:
    """The truth of one moment.

    Parameters
    ----------
    laboratory : wiring
    twin : with the numbers of this moment
    biases : voltages of electrodes, by ``instrument.channel`` or instrument
    dark, lost : ions that do not answer, by index
    """

    laboratory: Laboratory
    twin: IonTwin
    biases: Mapping[str, float]
    dark: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for kind, wired, told in (
            ("ions", self.laboratory.qubits, self.twin.ions),
            ("beams", {q.drive for q in self.laboratory.qubits.values()}, self.twin.beams),
        ):
            missing = sorted(set(wired) - set(told))
            if missing:
                raise ConfigError(f"nothing is said of {kind} {', '.join(missing)}", where=f"twin: {kind}")

    @cached_property
    def digest(self) -> bytes:
        """Return what tells this chain from all others in the same laboratory."""
        content = repr((self.twin, sorted(self.biases.items()), sorted(self.dark), sorted(self.lost)))
        return blake2b(content.encode(), digest_size=16).digest()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the ions, as they stand."""
        return self.laboratory.qubit_names

    @cached_property
    def answering(self) -> tuple[int, ...]:
        """Return the ions that light can act on."""
        return tuple(k for k in range(len(self.names)) if k not in self.dark and k not in self.lost)

    @cached_property
    def standing(self) -> tuple[int, ...]:
        """Return the ions that are there, dark ones too."""
        return tuple(k for k in range(len(self.names)) if k not in self.lost)

    @cached_property
    def crystal(self) -> Modes:
        """Return the modes of the ions that are there."""
        return modes(max(len(self.standing), 1))

    @cached_property
    def centre_of_mass(self) -> float:
        """Return the frequency of the centre-of-mass mode, Hz."""
        trap = self.twin.trap
        moved = trap.spring * self._bias(trap.confinement) if trap.confinement else 0.0
        return trap.frequency + moved

    @cached_property
    def radial(self) -> tuple[float, float]:
        """Return the frequencies of both centre-of-mass modes across the axis, Hz; 0 where nobody says.

        What squeezes the chain along its axis pulls it apart across, by half of the square on either side (Leibfried
        et al., Rev. Mod. Phys. 75, 281, sec. II.A: a static quadrupole).
        """
        tickle = self.twin.tickle
        if tickle is None:
            return 0.0, 0.0
        squeezed = (self.centre_of_mass**2 - self.twin.trap.frequency**2) / 2
        first, second = (max(f**2 - squeezed, 0.0) ** 0.5 for f in (tickle.radial_1, tickle.radial_2))
        return first, second

    @cached_property
    def mode_frequencies(self) -> Floats:
        """Return the angular frequency of each mode, rad/s."""
        return np.asarray(TWO_PI * self.centre_of_mass * self.crystal.ratios)

    @cached_property
    def eta(self) -> Floats:
        """Return the Lamb-Dicke parameter of each ion in each mode, shape (n_ions, n_modes); 0 for lost ions.

        That of a single ion scales as the inverse root of the frequency, participation and signs follow the modes.
        """
        scale = self.twin.trap.lamb_dicke * np.sqrt(self.twin.trap.frequency / self.centre_of_mass)
        found = np.zeros((len(self.names), len(self.crystal.ratios)))
        found[list(self.standing)] = scale * self.crystal.vectors / np.sqrt(self.crystal.ratios)
        return found

    @cached_property
    def frequencies(self) -> Floats:
        """Return the radio frequency at which each ion's carrier is in resonance, Hz."""
        return np.array([self.twin.ions[name].frequency for name in self.names])

    @cached_property
    def heating(self) -> Floats:
        """Return the quanta per second that each mode gains."""
        found = np.full(len(self.crystal.ratios), self.twin.trap.heating_others)
        found[0] = self.twin.trap.heating
        return found

    @cached_property
    def beams(self) -> dict[str, Port]:
        """Return the output that feeds each beam."""
        return {
            name: self.laboratory.lines[name].outputs[0] for name in self.twin.beams if name in self.laboratory.lines
        }

    @cached_property
    def misplaced(self) -> Floats:
        """Return how much of the light that is meant for place p reaches ion q, as an amplitude, shape (ions, places).

        1 on the diagonal while no ion is lost; then the others move, and ions may even take each other's places.
        """
        n = len(self.names)
        if not self.lost:
            return np.eye(n)
        places, found = modes(n).positions, np.zeros((n, n))
        if self.standing:
            off = (self.crystal.positions[:, None] - places) / self.twin.waist
            found[list(self.standing)] = np.exp(-(off**2))
        return found

    def reach(self, beams: tuple[str, ...]) -> tuple[Complex, Floats]:
        """Return what 1 V of each beam does to each ion: Rabi frequency (rad/s) and light shift (rad/s per V^2).

        Returns
        -------
        shape (n_ions, n_beams) each
        """
        places = {q.drive: k for k, q in enumerate(self.laboratory.qubits.values())}
        share = np.zeros((len(self.names), len(beams)), np.complex128)
        for b, beam in enumerate(beams):
            if beam in places:
                share[:, b] = self.misplaced[:, places[beam]]
        for one in self.twin.crosstalk:
            if one.beam in beams:
                share[self.names.index(one.ion), beams.index(one.beam)] += one.magnitude * np.exp(1j * one.phase)
        share[[k for k in range(len(self.names)) if k not in self.answering]] = 0
        rabi = np.array([TWO_PI * self.twin.beams[b].rabi_frequency for b in beams])
        shift = np.array([TWO_PI * self.twin.beams[b].light_shift for b in beams])
        return share * rabi * self.carrier_left, np.asarray(np.abs(share) ** 2 * shift)

    @cached_property
    def modulation(self) -> float:
        """Return the index of micromotion that the beams see."""
        return self._index("beams")

    @cached_property
    def cooling_modulation(self) -> float:
        """Return the index of micromotion that the cooling light sees."""
        return self._index("cooling")

    @cached_property
    def carrier_left(self) -> float:
        """Return what micromotion leaves of the carrier, J_0 (Berkeland et al., J. Appl. Phys. 83, 5025, eq. 29)."""
        return float(jv(0, self.modulation))

    @cached_property
    def micromotion_sideband(self) -> float:
        """Return how strong the first sideband of the trap's radio frequency is, over what is left of the carrier."""
        return float(jv(1, self.modulation) / self.carrier_left)

    def _index(self, seen_by: str) -> float:
        parts = [
            e.modulation * (self._bias(name) - e.compensation)
            for name, e in self.twin.electrodes.items()
            if e.seen_by == seen_by
        ]
        return float(np.hypot.reduce(parts)) if parts else 0.0

    def _bias(self, line: str) -> float:
        wired = self.laboratory.lines.get(line)
        end = None if wired is None else wired.supply or wired.bias
        return 0.0 if end is None else self.biases.get(str(end), 0.0)


def mishaps(twin: IonTwin, time: float, kind: Mishap) -> frozenset[str]:
    """Return the targets of one kind of fault at a moment; the empty name where it has none."""
    return frozenset(f.target for f in twin.faults if f.kind is kind and f.at <= time < f.until)
