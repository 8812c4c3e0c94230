"""What cooling, pumping and detection light do: rates of internal states, of quanta, and of photons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, fftfreq, next_fast_len

from qctl.physics.stage import Carrier

from .crystal import TWO_PI
from .twin import Glow, Ion, Light

Floats = NDArray[np.float64]
SCATTERED = 5e6  # 1/s at which cooling light mixes the internal states, in resonance
BRIGHT_SHARE = 0.75  # of ions in cooling light: three of the four levels of the ground state belong to F = 1
MANY = 300.0  # flips
RECOIL = 0.02  # quanta left by sideband cooling: each cycle's pumping kicks a little


@dataclass(frozen=True)
class Shining:
    """One light that is on now.

    Parameters
    ----------
    detuning : of the light from resonance, Hz; negative is red
    saturation : intensity over that which saturates
    """

    truth: Light
    detuning: float
    saturation: float

    def shape(self, beyond: float = 0.0) -> float:
        """Return how much is scattered, over full saturation, ``beyond`` hertz from where the light is."""
        offset = 2 * (self.detuning + beyond) / self.truth.linewidth
        return self.saturation / (1 + self.saturation + offset**2)

    @property
    def relative(self) -> float:
        """Return how much is scattered, over what is in resonance at the nominal power."""
        nominal = self.truth.saturation / (1 + self.truth.saturation)
        return self.shape() / nominal


def shining(truth: Light, carrier: Carrier | None) -> Shining | None:
    """Return a light whose shutter is open; None when its synthesiser gives nothing. Without one it is in resonance."""
    if carrier is None:
        return Shining(truth, 0.0, truth.saturation)
    if not carrier.on:
        return None
    power = 10 ** ((carrier.power_dbm - truth.power) / 10)
    return Shining(truth, carrier.frequency - truth.resonance, truth.saturation * power)


@dataclass(frozen=True)
class Glowing:
    """All lights that are on at a time, by what they do.

    Parameters
    ----------
    shaken : what is left of cooling light that ions scatter, as they are shaken; 1 where they are not
    """

    lights: Mapping[Glow, Shining]
    shaken: float = 1.0

    def flips(self) -> tuple[float, float]:
        """Return the rates of 1 to 0 and of 0 to 1, 1/s."""
        down = up = 0.0
        if (cooling := self.lights.get(Glow.COOLING)) is not None:
            rate = SCATTERED * cooling.relative
            down, up = down + rate * (1 - BRIGHT_SHARE), up + rate * BRIGHT_SHARE
        if (pumping := self.lights.get(Glow.PUMPING)) is not None:
            rate = pumping.truth.rate * pumping.relative
            down, up = down + rate * (1 - pumping.truth.error), up + rate * pumping.truth.error
        if (detection := self.lights.get(Glow.DETECTION)) is not None:
            down += detection.truth.leak_bright * detection.relative
            up += detection.truth.leak_dark * detection.relative
        return down, up

    def photons(self, ion: Ion, modulation: float) -> tuple[float, float]:
        """Return the rates of counts from an ion in state 0 and in state 1, 1/s, stray light included.

        Parameters
        ----------
        modulation : index of micromotion that the cooling light sees; it takes the light out of resonance
        """
        found = np.zeros(2)
        if (detection := self.lights.get(Glow.DETECTION)) is not None:
            found += ion.dark + np.array([0.0, (ion.bright - ion.dark) * detection.relative])
        if (cooling := self.lights.get(Glow.COOLING)) is not None:
            seen = cooling.relative * np.exp(-(modulation**2) / 2) if cooling.detuning < 0 else 0.1 * cooling.relative
            found += ion.dark + (ion.bright - ion.dark) * seen * self.shaken
        return float(found[0]), float(found[1])

    def stray(self, ion: Ion) -> float:
        """Return the rate of counts where no ion scatters, 1/s."""
        return ion.dark if {Glow.DETECTION, Glow.COOLING} & set(self.lights) else 0.0

    def quanta(self, mode: Floats) -> tuple[Floats, Floats]:
        """Return the rates at which Doppler cooling adds quanta to modes and takes them, 1/s.

        ``A(-+) = rate [L(d +- f) + L(d)]``, L being the resonance, d the detuning and f the mode (Stenholm, Rev. Mod.
        Phys. 58, 699, with emission as likely along the axis as absorption); its limit is linewidth / 2 f.

        Parameters
        ----------
        mode : frequencies, Hz, shape (n_modes,)
        """
        cooling = self.lights.get(Glow.COOLING)
        if cooling is None:
            return np.zeros(len(mode)), np.zeros(len(mode))
        still = cooling.shape()
        less = np.array([cooling.shape(f) + still for f in mode])
        more = np.array([cooling.shape(-f) + still for f in mode])
        return cooling.truth.rate * more, cooling.truth.rate * less

    def sideband_width(self) -> float:
        """Return the rate at which pumping light empties state 1, 1/s: the width of sidebands meanwhile."""
        pumping = self.lights.get(Glow.PUMPING)
        return 0.0 if pumping is None else pumping.truth.rate * pumping.relative


def sideband_cooling(fields: NDArray[np.complex128], dt: float, eta: Floats, width: float) -> float:
    """Return the mean rate at which a tone near a sideband moves quanta while pumping light is on, 1/s.

    ``sum_i (eta_i Omega_i)^2 / width``, a Lorentzian of that width around the sideband (Stenholm, eq. 4.30).

    Parameters
    ----------
    fields : slow amplitude at each ion, rad/s, shape (n_ions, n_steps)
    """
    length = fields.shape[1]
    n = next_fast_len(length)
    spectrum = np.abs(fft(fields, n, axis=1)) ** 2 / (n * length)
    offset = TWO_PI * fftfreq(n, dt)
    weight = width / (width**2 + 4 * offset**2)
    return float(np.sum(eta[:, None] ** 2 * spectrum * weight))


def bright_times(
    bits: NDArray[np.int8], down: float, up: float, start: float, end: float, gates: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.int8], Floats]:
    """Return the states at the end of a stretch of light, and how long each was bright while each gate was open.

    Parameters
    ----------
    bits : at its start, any shape
    down, up : rates of 1 to 0 and of 0 to 1, 1/s
    gates : opening and closing of each, s, shape (n_gates, 2)

    Returns
    -------
    states, and s, shape (n_gates, ...)
    """
    if (down + up) * (end - start) > MANY:  # flips follow each other so fast that only their mean is seen
        share = up / (down + up)
        overlaps = np.maximum(np.minimum(end, gates[:, 1]) - np.maximum(start, gates[:, 0]), 0)
        shape = (len(gates), *(1,) * bits.ndim)
        return (rng.random(bits.shape) < share).astype(np.int8), np.broadcast_to(
            share * overlaps.reshape(shape), (len(gates), *bits.shape)
        )
    state, times = bits.ravel().copy(), np.full(bits.size, start)
    found, open_ = np.zeros((len(gates), bits.size)), np.ones(bits.size, bool)
    while open_.any():
        rate = np.where(state[open_] == 1, down, up)
        with np.errstate(divide="ignore"):
            wait = np.where(rate > 0, rng.standard_exponential(open_.sum()) / rate, np.inf)
        until = np.minimum(times[open_] + wait, end)
        for k, (first, last) in enumerate(gates):
            overlap = np.minimum(until, last) - np.maximum(times[open_], first)
            found[k, open_] += np.where(state[open_] == 1, np.maximum(overlap, 0), 0)
        flipped = until < end
        state[open_] ^= flipped.astype(np.int8)
        times[open_] = until
        open_[open_] = flipped
    return state.reshape(bits.shape), found.reshape(len(gates), *bits.shape)
