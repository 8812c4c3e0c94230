"""Where beams behind a deflector point: the tones of what is really played, followed through time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..memory import Memory
from ..runs import runs
from ..stage import Playing

Floats = NDArray[np.float64]

WINDOW = 10e-6  # s that the sound takes to cross the beam: what a deflector answers to at once
HOP = 2.5e-6  # s
SILENCE = 30e-6  # s without any tone that end a journey
WEAKEST = 0.03  # of the strongest tone: side lobes of the window and images lie below
JUMP = 1e6  # Hz: a tone that is further away from one hop to the next is another one


@dataclass(frozen=True)
class Tones:
    """Tones of one deflector during one journey.

    Parameters
    ----------
    times : shape (n_hops,), s after the start of the shot
    frequencies, amplitudes : shape (n_hops, n_tones), Hz and V; amplitude 0 where a tone is not there
    """

    times: Floats
    frequencies: Floats
    amplitudes: Floats

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.times.nbytes + self.frequencies.nbytes + self.amplitudes.nbytes

    def at(self, hop: int) -> Tones:
        """Return the tones of one hop alone."""
        there = self.amplitudes[hop] > 0
        return Tones(self.times[hop, None], self.frequencies[hop, None, there], self.amplitudes[hop, None, there])

    def near(self, time: float) -> Tones:
        """Return the tones of the hop nearest to a moment."""
        return self.at(int(np.argmin(np.abs(self.times - time))))


def journeys(playing: Playing, memory: Memory | None = None) -> list[Tones]:
    """Return the tones of each stretch that is not silent; the same stretch elsewhere is looked at once."""
    gap, rate, found = max(1, int(SILENCE * playing.sample_rate)), playing.sample_rate, list[Tones]()
    for first, last in runs(playing.volts != 0, gap).tolist():
        stretch = Playing(playing.volts[first:last], rate, 0.0)
        own = tones(stretch) if memory is None else memory.get(("tones", stretch.digest), partial(tones, stretch))
        found.append(replace(own, times=own.times + playing.start + first / rate))
    return found


def tones(playing: Playing) -> Tones:
    """Follow the tones of one stretch."""
    rate = playing.sample_rate
    n, hop = max(16, round(WINDOW * rate)), max(1, round(HOP * rate))
    padded = np.concatenate([np.zeros(n), playing.volts.astype(float), np.zeros(n)])
    starts = np.arange(0, len(padded) - n + 1, hop)
    window = np.hanning(n + 1)[:n]
    spectra = np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, n)[starts] * window, 4 * n, axis=1))
    spectra *= 2 / window.sum()
    times = playing.start + (starts - n / 2) / rate
    return _followed(np.asarray(times, np.float64), spectra, rate / (4 * n), float(spectra.max()) * WEAKEST)


def _followed(times: Floats, spectra: Floats, step: float, floor: float) -> Tones:
    """Find the peaks of all spectra and give each the track that it continues."""
    hops, values, heights = _peaks(spectra, step, floor)
    borders = np.searchsorted(hops, np.arange(len(times) + 1)).tolist()
    found, numbers = values.tolist(), np.zeros(len(hops), np.int64)
    live: list[tuple[float, int]] = []  # last frequency and number of each track
    n_tracks = 0
    for first, last in pairwise(borders):
        now = []
        for k in range(first, last):
            near = min(live, key=lambda one: abs(one[0] - found[k]), default=None)
            if near is not None and abs(near[0] - found[k]) < JUMP:
                live.remove(near)
                numbers[k] = near[1]
            else:
                numbers[k] = n_tracks
                n_tracks += 1
            now.append((found[k], int(numbers[k])))
        live = now
    frequencies, amplitudes = np.zeros((len(times), n_tracks)), np.zeros((len(times), n_tracks))
    frequencies[hops, numbers], amplitudes[hops, numbers] = values, heights
    return Tones(times, frequencies, amplitudes)


def _peaks(spectra: Floats, step: float, floor: float) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return the row of each peak, rising, its frequency and its height.

    Tones are told from side lobes (0.22 where a tone begins): nothing near one is more than three times higher. They
    stand at the top of the parabola through the logarithms of three points (Hann windows are close).
    """
    inner = spectra[:, 1:-1]
    rows, k = np.nonzero((inner > floor) & (inner >= spectra[:, :-2]) & (inner > spectra[:, 2:]))
    k += 1
    around = np.clip(k[:, None] + np.arange(-24, 25), 0, spectra.shape[1] - 1)
    tall = spectra[rows, k] > 0.3 * spectra[rows[:, None], around].max(axis=1, initial=0.0)
    rows, k = rows[tall], k[tall]
    low, middle, high = (np.log(np.maximum(spectra[rows, k + off], 1e-30)) for off in (-1, 0, 1))
    curve = low - 2 * middle + high
    offset = np.where(curve == 0, 0.0, 0.5 * (low - high) / np.where(curve == 0, 1.0, curve))
    return rows, (k + offset) * step, np.exp(middle - 0.25 * (low - high) * offset)
