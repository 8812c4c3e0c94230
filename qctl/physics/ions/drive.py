"""From the volts at the outputs to the light at each ion: its amplitude in time, whatever tones were meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from math import pi

import numpy as np
from numpy.typing import NDArray
from scipy.fft import ifft, next_fast_len, rfft

from qctl.core.errors import InstrumentError
from qctl.physics.memory import Memory
from qctl.physics.runs import runs
from qctl.physics.stage import Playing

from .twin import Beam

Complex = NDArray[np.complex128]
BLOCK = 0.25e-6  # s; silence is looked for in steps of that
GAP = 5e-6  # s of silence on all beams, after which what follows is looked at by itself
PAD = 2e-6  # s added on both sides: the modulator rings


@dataclass(frozen=True)
class _Field:
    """What one output gives within a band: its field, and its power there, V^2."""

    field: Complex
    inside: float

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.field.nbytes


@dataclass(frozen=True)
class Light:
    """The field of some beams during one window, shape (n_beams, n_samples), V at the middle of the modulator's band.

    The radio wave is ``Re[field exp(i 2 pi reference t)]``, t from the start of the shot; sample k is at
    ``start + k dt``. ``unseen`` is the share of the outputs' power that lies outside the band that is looked at.
    """

    start: float
    dt: float
    reference: float
    field: Complex
    unseen: float

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.field.nbytes

    @property
    def times(self) -> NDArray[np.float64]:
        """Return the times of all samples, s after the start of the shot."""
        return np.asarray(self.start + np.arange(self.field.shape[1]) * self.dt)


def windows(playing: Sequence[Playing], gap: float = GAP) -> list[tuple[float, float]]:
    """Return when anything is played at all: stretches with silence of at least ``gap`` between them, s."""
    edges = [edge for one in playing for edge in _stretches(one, gap)]
    found: list[tuple[float, float]] = []
    for start, end in sorted(edges):
        if found and start - found[-1][1] < gap:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _stretches(one: Playing, gap: float) -> list[tuple[float, float]]:
    """Return when one output plays, to within a block, with silence of at least ``gap`` between."""
    block = max(1, round(BLOCK * one.sample_rate))
    if not len(one.volts):
        return []
    busy = np.logical_or.reduceat(one.volts != 0, np.arange(0, len(one.volts), block))
    edges = np.minimum(runs(busy, int(gap * one.sample_rate / block)) * block, len(one.volts))
    return [(float(a), float(b)) for a, b in one.start + edges / one.sample_rate]


@dataclass(frozen=True)
class Excerpt:
    """What beams play in one window.

    Parameters
    ----------
    beams : those that play at all
    volts : of each, ``PAD`` before and after the window
    late : of each, when its first sample is played, s after the window begins with its ``PAD``
    keys : of each, what tells its samples from others
    rate, n : samples per second, and samples that are looked at
    """

    window: tuple[float, float]
    beams: tuple[str, ...]
    volts: tuple[NDArray[np.float32], ...]
    late: tuple[float, ...]
    keys: tuple[bytes, ...]
    rate: float
    n: int

    @property
    def digest(self) -> bytes:
        """Return what tells it from others."""
        content = repr((self.window, self.beams, self.late, self.keys, self.rate, self.n))
        return blake2b(content.encode(), digest_size=16).digest()


def excerpt(playing: Mapping[str, Playing], window: tuple[float, float]) -> Excerpt:
    """Return what beams play in a window.

    Raises
    ------
    InstrumentError
        When outputs of beams run at different sample rates.
    """
    cut = {name: _cut(one, window) for name, one in playing.items()}
    busy = tuple(name for name, volts in cut.items() if (volts != 0).any())
    rates = {playing[name].sample_rate for name in busy}
    if len(rates) > 1:
        raise InstrumentError(
            f"beams at sample rates {', '.join(f'{r:g} Hz' for r in sorted(rates))}", allowed="one rate"
        )
    rate, samples = rates.pop(), max(len(cut[name]) for name in busy)
    late = (playing[name].start + _first(playing[name], window) / rate - (window[0] - PAD) for name in busy)
    keys = (blake2b(np.ascontiguousarray(cut[name]).data, digest_size=16).digest() for name in busy)
    n = next_fast_len(samples + 2 * round(PAD * rate))
    return Excerpt(window, busy, tuple(cut[name] for name in busy), tuple(late), tuple(keys), rate, n)


def light_of(played: Excerpt, truths: Mapping[str, Beam], reference: float, half_width: float, memory: Memory) -> Light:
    """Return the fields of all beams of an excerpt.

    Parameters
    ----------
    truths : by beam
    reference : radio frequency around which the field is wanted, Hz
    half_width : of the band that is wanted, Hz
    """
    rate, n, begin = played.rate, played.n, played.window[0] - PAD
    fields = []
    for name, volts, late, content in zip(played.beams, played.volts, played.late, played.keys, strict=True):
        make = partial(_demodulated, volts, truths[name], rate, n, reference, half_width, late)
        fields.append(memory.get(("field", truths[name], rate, n, reference, half_width, late, content), make))
    dt = n / rate / len(fields[0].field)
    power = sum(float(np.sum(np.square(volts, dtype=np.float64))) for volts in played.volts) / n
    unseen = 1 - sum(one.inside for one in fields) / power
    field = np.exp(-2j * pi * reference * begin) * np.stack([one.field for one in fields])
    return Light(begin, dt, reference, field, unseen)


def _cut(one: Playing, window: tuple[float, float]) -> NDArray[np.float32]:
    """Return the samples of a window, ``PAD`` before and after it."""
    first = _first(one, window)
    last = int(np.ceil((window[1] + PAD - one.start) * one.sample_rate - 1e-6))
    inside = one.volts[max(first, 0) : max(last, 0)]
    return np.concatenate([np.zeros(min(max(-first, 0), last - first), np.float32), inside])


def _first(one: Playing, window: tuple[float, float]) -> int:
    """Return the number of the first sample of a window, ``PAD`` before it."""
    return int(np.ceil((window[0] - PAD - one.start) * one.sample_rate - 1e-6))


def _demodulated(
    volts: NDArray[np.float32], truth: Beam, rate: float, n: int, reference: float, half_width: float, late: float
) -> _Field:
    """Return the field of one beam around ``reference``: held by the DAC, filtered by the modulator, and late."""
    middle = round(reference * n / rate)
    k = next_fast_len(2 * int(np.ceil(half_width * n / rate)))
    bins = middle + np.arange(k) - k // 2
    spectrum = rfft(volts.astype(np.float64), n)
    inside = (bins > 0) & (bins < len(spectrum))
    f = bins / n * rate
    wanted = np.where(inside, spectrum[np.clip(bins, 0, len(spectrum) - 1)], 0)
    power = 2 * float(np.sum(np.abs(wanted) ** 2)) / n**2
    # Sample j is held from its time on: sinc, and half a sample late. The window begins `late` before sample 0.
    wanted = wanted * np.sinc(f / rate) * np.exp(-2j * pi * f * (0.5 / rate + truth.delay + late))
    if np.isfinite(truth.bandwidth):
        wanted = wanted * np.exp(-4 * np.log(2) * ((f - truth.centre) / truth.bandwidth) ** 2)
    # bins are of reference (to a bin): what is left of it turns in time
    slow = ifft(np.roll(wanted, -(k // 2))) * (k * 2 / n)
    rest = middle / n * rate - reference
    slow = slow * np.exp(2j * pi * rest * np.arange(k) * n / rate / k)
    return _Field(deflected(slow, truth.saturation), power)


def deflected(field: Complex, saturation: float) -> Complex:
    """Return the light that a modulator gives: ``sin(pi |v| / 2 s) 2 s / pi``, linear where v is small."""
    if not np.isfinite(saturation):
        return field
    return np.asarray(field * np.sinc(np.abs(field) / (2 * saturation)))
