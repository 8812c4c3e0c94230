"""From volts at a modulator to the light behind it: pulses, in the frame of the light that would be in resonance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from ..runs import runs
from ..stage import Playing
from .rubidium import TWO_PI

GAP = 1e-6  # s of silence that end a pulse
TAIL = 4.5  # standard deviations of the response that are kept


@dataclass(frozen=True)
class Light:
    """One pulse of modulated light.

    Parameters
    ----------
    start : s after the start of the shot
    dt : s
    field : complex128, shape (n_steps,), as the volts of a steady tone at the modulator
    """

    start: float
    dt: float
    field: NDArray[np.complex128]

    @property
    def end(self) -> float:
        """Return when it is over, s."""
        return self.start + len(self.field) * self.dt

    @cached_property
    def digest(self) -> bytes:
        """Return what tells this light from all other, wherever in the shot it stands."""
        return blake2b(self.field.tobytes(), key=np.array([self.dt]).tobytes(), digest_size=16).digest()

    def at(self, times: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return the field at some times, 0 outside."""
        index = np.floor((times - self.start) / self.dt + 1e-6).astype(np.int64)
        inside = (index >= 0) & (index < len(self.field))
        return np.where(inside, self.field.take(index, mode="clip"), 0)


def pulses(playing: Playing | None, frequency: float, bandwidth: float) -> list[Light]:
    """Return what a modulator lets through of a single-output waveform.

    Its first order is shifted by the tone's frequency: only that sideband is light. ``z(t) = 2 x(t) exp(-2 pi i f t)``,
    f the frequency at which the light is in resonance, through a Gaussian response of standard deviation ``bandwidth``
    (the sound takes its time to cross the beam), which also removes the other sideband.
    """
    if playing is None:
        return []
    rate = playing.sample_rate
    width = rate / (TWO_PI * bandwidth)  # samples, standard deviation of the answer to an impulse
    reach = int(np.ceil(TAIL * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    kernel /= kernel.sum()
    found = []
    for first, last in runs(playing.volts != 0, max(int(GAP * rate), 2 * reach + 1)).tolist():
        times = playing.start + (np.arange(first, last) + 0.5) / rate
        shifted = 2 * playing.volts[first:last] * np.exp(-2j * np.pi * frequency * times)
        found.append(Light(playing.start + (first - reach) / rate, 1 / rate, np.convolve(shifted, kernel)))
    return found


def coarse(light: Light, most: float) -> Light:
    """Return the same light in longer steps, each with ``|field| dt`` of at most ``most`` (V s), or of one sample."""
    peak = float(np.abs(light.field).max(initial=0.0))
    n = int(most / (peak * light.dt)) if peak else len(light.field)
    n = min(max(n, 1), max(1, len(light.field) // 40))
    if n == 1:
        return light
    padded = np.concatenate([light.field, np.zeros(-len(light.field) % n)])
    return Light(light.start, light.dt * n, padded.reshape(-1, n).mean(axis=1))
