"""What an ion and a mode do under one tone, and what pairs of ions do under two: exact propagators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, ifft, next_fast_len

from qctl.kernels.propagate import propagate

from .fock import coupling

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]
LOST = 1e-8  # share of the power of a drive that may be cut off when it is sampled less often


def carried(drive: Complex, shift: Floats, factors: Floats, detunings: Floats, dt: float) -> Complex:
    """Return what one tone does between two states, for many strengths and detunings, shape (n, 2, 2).

    ``H = f/2 (u |1><0| + h.c.) + (shift + d) |1><1|``, exact for every step.

    Parameters
    ----------
    drive, shift : u and shift of the upper state at each step, rad/s, shape (n_steps,)
    factors, detunings : f and d, shape (n,)
    """
    n = len(factors)
    drift = np.zeros((n, 2, 2), np.complex128)
    drift[:, 1, 1] = detunings
    lift = np.zeros((2, 2, 2), np.complex128)
    lift[0, 1, 0], lift[1, 1, 1] = 0.5, 0.5
    both = np.empty((n, len(drive), 2), np.complex128)
    both[:, :, 0], both[:, :, 1] = factors[:, None] * drive, shift
    psi = np.tile(np.eye(2, dtype=np.complex128), (n, 1, 1))
    propagate(drift, lift, both, dt, psi)
    return psi


def carried_between(drive: Complex, shift: Floats, factors: Floats, detunings: Floats, dt: float) -> Complex:
    """Return the same, for many factors at few detunings: by Chebyshev interpolation over the factors.

    Parameters
    ----------
    factors : shape (n_detunings, n)
    detunings : shape (n_detunings,)

    Returns
    -------
    shape (n_detunings, n, 2, 2)
    """
    low, high = float(factors.min()), float(factors.max())
    area = float(np.sum(np.abs(drive)) * dt)
    n = 6 + int(
        np.ceil(area * (high - low))
    )  # beyond half the phase that changes, errors fall faster than exponentially
    shape = factors.shape
    if n >= factors.size // len(detunings):
        found = carried(drive, shift, factors.ravel(), np.repeat(detunings, shape[1]), dt)
        return found.reshape(*shape, 2, 2)
    nodes = np.cos(np.pi * (np.arange(n) + 0.5) / n)
    at = (low + high) / 2 + (high - low) / 2 * nodes
    values = carried(drive, shift, np.tile(at, len(detunings)), np.repeat(detunings, n), dt)
    span = (high - low) / 2 or 1.0
    basis = np.polynomial.chebyshev.chebvander((factors - (low + high) / 2) / span, n - 1)
    fit = 2 / n * np.polynomial.chebyshev.chebvander(nodes, n - 1).T
    fit[0] /= 2
    weights = basis @ fit  # (n_detunings, n_factors, nodes)
    found = np.einsum("dfk,dkij->dfij", weights, values.reshape(len(detunings), n, 2, 2))
    return np.asarray(found)


def finer(signals: Complex, factor: int) -> Complex:
    """Return signals sampled ``factor`` times as often, by their spectrum: (..., n) becomes (..., factor * n)."""
    n = signals.shape[-1]
    spectrum, half = fft(signals, axis=-1), n // 2
    wide = np.zeros((*signals.shape[:-1], factor * n), np.complex128)
    wide[..., : n - half] = spectrum[..., : n - half]
    wide[..., factor * n - half :] = spectrum[..., n - half :]
    if n % 2 == 0 and factor > 1:  # what is sampled twice a period belongs to either side
        wide[..., half] = wide[..., factor * n - half] = spectrum[..., half] / 2
    return np.asarray(ifft(wide, axis=-1) * factor)


def thinned(signals: Complex, dt: float, least: float, leading: int) -> tuple[Complex, float]:
    """Return signals sampled as seldom as the first ones' spectra allow, but at ``least`` Hz or more; and the step.

    What is left out holds less than `LOST` of the power of any of those; of the other signals, all that is faster is
    averaged: light shifts beat at twice a mode's frequency, which turns an ion by 1e-4 to and fro.

    Parameters
    ----------
    signals : shape (n_signals, n_samples), near 0 at both ends
    leading : so many of them say how fast
    """
    length = signals.shape[1]
    n = next_fast_len(length + 8)
    spectrum = fft(signals, n)
    order = np.minimum(np.arange(n), n - np.arange(n))
    needed = 0
    for power in np.abs(spectrum[:leading]) ** 2:
        outside = np.bincount(order, power)[::-1].cumsum()[::-1]  # held at this order or beyond
        needed = max(needed, int(np.searchsorted(-outside, -LOST * outside[0])) if outside[0] else 0)
    k = next_fast_len(max(2 * needed + 2, int(np.ceil(least * n * dt)), 8))
    if k >= n:
        return signals, dt
    kept = np.concatenate([spectrum[:, : (k + 1) // 2], spectrum[:, n - k // 2 :]], axis=1)
    step = n * dt / k
    return np.asarray((ifft(kept) * (k / n))[:, : int(np.ceil(length * dt / step)) + 1]), step


@dataclass(frozen=True)
class Pair:
    """Ions under a blue and a red sideband tone of one mode at a time.

    Parameters
    ----------
    blue, red : their slow amplitudes, rad/s, shape (n_ions, n_steps), in ``blue exp(i nu t) + red exp(-i nu t)``
    shift : of the qubits' frequencies, rad/s, shape (n_ions, n_steps)
    eta : Lamb-Dicke parameter of each ion
    dt : length of a step, s
    """

    blue: Complex
    red: Complex
    shift: Floats
    eta: Floats
    dt: float

    @property
    def beat(self) -> float:
        """Return by how much the tones are further apart than the sidebands, on average, rad/s.

        In the frame that turns by it tones are steady, and steps may be long.
        """
        steps = [np.sum(x[:, 1:] * x[:, :-1].conj()) for x in (self.blue, self.red.conj())]
        return float(np.angle(sum(steps)) / self.dt)

    def propagator(self, quanta: list[int], size: int, strength: Floats, detunings: Floats, off: Floats) -> Complex:
        """Return where every internal state with some numbers of quanta goes.

        ``H = sum_j i/2 sigma+_j (b_j^* A_j^dag + r_j^* A_j) + h.c. + (shift_j + d_j) |1><1|_j + off n``, A with
        matrix elements of all orders in the Lamb-Dicke parameter.

        Parameters
        ----------
        quanta : at the beginning
        size : states of the mode that are kept
        strength, off : relative, of the fields; rad/s, of the mode; of each of n_groups, shape (n_groups,)
        detunings : rad/s, shape (n_groups, n_ions)

        Returns
        -------
        complex128, shape (n_groups, n_quanta, size, d, d): Kraus operators that leave that many quanta; the first ion
        is the highest bit
        """
        beat = self.beat
        k, d, groups = len(self.eta), 2 ** len(self.eta), len(strength)
        bits = (np.arange(d)[:, None] >> np.arange(k - 1, -1, -1)) & 1
        drift = np.zeros((groups, d, size, d, size), np.complex128)
        diagonal = (detunings @ bits.T)[:, :, None] + (off[:, None, None] - beat) * np.arange(size)
        spins, levels = np.meshgrid(np.arange(d), np.arange(size), indexing="ij")
        drift[:, spins, levels, spins, levels] = diagonal
        controls = np.zeros((3 * k, d, size, d, size), np.complex128)
        for j in range(k):
            rise = coupling(float(self.eta[j]), np.arange(size - 1), 1)
            up = np.diag(rise, -1)
            lift = np.zeros((d, d))
            low = np.flatnonzero(bits[:, j] == 0)
            lift[low + 2 ** (k - 1 - j), low] = 1
            controls[j] = 0.5j * np.einsum("ab,nm->anbm", lift, up)
            controls[k + j] = 0.5j * np.einsum("ab,nm->anbm", lift, up.T)
            controls[2 * k + j] = 0.5 * np.einsum("ab,nm->anbm", np.diag(bits[:, j]), np.eye(size))
        turn = np.exp(-1j * beat * self.dt * (np.arange(self.blue.shape[1]) + 0.5))
        fields = np.concatenate([(self.blue * turn).conj(), (self.red * turn.conj()).conj()]).T
        drive = np.empty((groups, fields.shape[0], 3 * k), np.complex128)
        drive[:, :, : 2 * k] = strength[:, None, None] * fields
        drive[:, :, 2 * k :] = self.shift.T
        psi = np.zeros((groups, d, size, d, len(quanta)), np.complex128)
        for place, n in enumerate(quanta):
            psi[:, np.arange(d), n, np.arange(d), place] = 1
        flat = psi.reshape(groups, d * size, d * len(quanta))
        propagate(drift.reshape(groups, d * size, d * size), controls.reshape(3 * k, d * size, d * size), drive,
                  self.dt, flat)  # fmt: skip
        return np.ascontiguousarray(flat.reshape(groups, d, size, d, len(quanta)).transpose(0, 4, 2, 1, 3))
