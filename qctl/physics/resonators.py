"""Classical fields of readout resonators on one feedline, and when they look at their qubits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.constants import hbar
from scipy.fft import fft, ifft, next_fast_len

from .chip import TWO_PI
from .operators import Complex
from .recursion import ringing
from .signals import Signal
from .twin import Resonator

IMPEDANCE = 50.0  # ohm
BAND = 128e-9  # s; a tone is looked for in the drive averaged over this long at the resonator's frequency
EDGE = 0.3  # of its largest value in the shot: there a tone begins and ends
OVERHANG = 0.1035 * BAND  # s; so far beyond its ends a flat tone is still seen: x - sin(2 pi x) / 2 pi = EDGE at 0.3965
INFORMATION_FLOOR = 0.1  # kappa times the integral of |alpha_1 - alpha_0|^2; less is no measurement


@dataclass(frozen=True)
class Response:
    """Fields of one resonator for each level of its qubit, from the first tone of a shot on.

    The phasor A (RF = Re[A exp(+i w t)], carrier frame, volts at the chip) obeys
    ``A' = -(kappa / 2 - i d_s) A + kappa / 2 z``, ``d_s = w_s - w_carrier``: the conjugate of the Langevin equation for
    the mean of a (Gardiner and Collett, Phys. Rev. A 31, 3761), scaled so that A = z in resonance.

    Parameters
    ----------
    rates : ``-(kappa / 2 - i d_s)`` of each level, 1/s
    fields : A at the start of each sample of ``drive`` and at its end, shape (levels, n_samples + 1)
    drive : z, padded to the end of what is digitised
    """

    truth: Resonator
    rates: Complex
    fields: Complex
    drive: Signal
    carrier: float  # rad/s

    def at(self, level: int, times: NDArray[np.float64]) -> Complex:
        """Return A at each time with the qubit in ``level`` throughout; exact between samples."""
        place = (times - self.drive.start) / self.drive.dt
        k = np.clip(np.floor(place + 1e-6), 0, len(self.drive.values) - 1).astype(np.int64)
        past = np.maximum(place - k, 0.0) * self.drive.dt
        goal = self._goal(level, self.drive.values[k])
        return np.asarray(goal + (self.fields[level, k] - goal) * np.exp(self.rates[level] * past))

    def photons(self, difference: Complex) -> NDArray[np.float64]:
        """Return |difference|^2 in photons: a wave of |A|^2 / 100 ohm fills the notch with 2 P c / (kappa hbar w)."""
        kappa, power = TWO_PI * self.truth.kappa, np.abs(difference) ** 2 / (2 * IMPEDANCE)
        return np.asarray(2 * self.truth.coupling * power / (kappa * hbar * TWO_PI * self.truth.frequency))

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.fields.nbytes + self.drive.nbytes

    @cached_property
    def windows(self) -> list[tuple[float, float, float]]:
        """Return (start, end, factor on the decay rate) of each tone."""
        found = []
        for start, end in self.tones():
            inside = slice(*(round((t - self.drive.start) / self.drive.dt) for t in (start, end)))
            photons = float(np.mean(self.photons(self.fields[1, inside])))
            found.append((start, end, 1 + photons / self.truth.critical_photons))
        return found

    def tones(self) -> list[tuple[float, float]]:
        """Return start and end of each stretch in which the qubit is measured, s.

        There the drive at the resonator's frequency exceeds ``EDGE`` of its maximum, and what leaks out tells level 1
        from level 0 by more than ``INFORMATION_FLOOR``.
        """
        z, dt = self.drive.values, self.drive.dt
        times = self.drive.start + (np.arange(len(z)) + 0.5) * dt
        turned = z * np.exp(-1j * (TWO_PI * self.truth.frequency - self.carrier) * times)
        # A raised cosine hardly sees other tones of the feedline, which would move the edges of this one.
        width = max(1, round(BAND / dt))
        weights = 1 - np.cos(2 * np.pi * (np.arange(width) + 0.5) / width)
        size = next_fast_len(len(z) + width - 1)
        level = np.abs(ifft(fft(turned, size) * fft(weights, size))[width // 2 :][: len(z)])
        on = level > EDGE * np.max(level, initial=0.0)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8))).reshape(-1, 2)
        edges = edges[np.diff(edges, axis=1)[:, 0] * dt > BAND / 2 + 2 * OVERHANG]  # beats of other tones are shorter
        leaked = TWO_PI * self.truth.kappa * dt * self.photons(self.fields[1] - self.fields[0])
        summed_leak = np.concatenate([[0.0], np.cumsum(leaked)])
        found = []
        for number, (first, last) in enumerate(edges):
            until = edges[number + 1][0] if number + 1 < len(edges) else len(leaked)
            if summed_leak[until] - summed_leak[first] > INFORMATION_FLOOR:
                early = OVERHANG if first else 0.0  # the drive starts with its first tone
                found.append((self.drive.start + first * dt + early, self.drive.start + last * dt - OVERHANG))
        return found

    def _goal(self, level: int, z: Complex) -> Complex:
        return np.asarray(-TWO_PI * self.truth.kappa / 2 / self.rates[level] * z)


def driven_part(z: Signal, until: float) -> Signal | None:
    """Return the feedline's drive from its first tone on, padded to ``until``; None when nothing changes.

    A single step (an offset that is switched on) is no tone; ``rest`` of what is returned is the value before it.
    """
    if not len(z.stretches):
        return None
    first = int(z.stretches[0, 0])
    before = complex(z.values[first - 1]) if first else z.rest
    start = z.start + first * z.dt
    count = max(len(z.values) - first, int(np.ceil((until - start) / z.dt)))
    values = np.full(count, z.rest, np.complex128)
    values[: len(z.values) - first] = z.values[first:]
    return Signal(start, z.dt, values, before)


def respond(truth: Resonator, drive: Signal, carrier: float, n_levels: int) -> Response:
    """Return the fields of one resonator under ``drive``, exact for a staircase, from the steady state before it."""
    kappa = TWO_PI * truth.kappa
    shifts = np.array([0.0, *truth.shifts[: n_levels - 1]])
    rates = np.asarray(-kappa / 2 + 1j * (TWO_PI * (truth.frequency + shifts) - carrier), np.complex128)
    fields = np.empty((n_levels, len(drive.values) + 1), np.complex128)
    for level, rate in enumerate(rates):
        gain, step = -kappa / 2 / rate, np.exp(rate * drive.dt)
        fields[level, 0] = gain * drive.rest
        pushed = (1 - step) * gain * drive.values
        fields[level, 1:] = ringing(pushed, step, fields[level, 0])
    return Response(truth, rates, fields, drive, carrier)
