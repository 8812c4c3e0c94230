"""What the digitizer sees of a feedline: the resonators' answers to the levels that were found, and noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann
from scipy.special import ndtri

from .feed import Feed
from .operators import Complex
from .resonators import IMPEDANCE
from .shot import Seen
from .twin import Feedline

_BLOCK = 1 << 19  # samples treated at once, so that they stay in the cache


@dataclass(frozen=True)
class Pattern:
    """Noiseless traces of one feedline at one sweep point.

    Parameters
    ----------
    templates : one trace for each combination of levels found, shape (n_templates, n_samples), volts at the chip
    which : template of each shot
    shots, corrections : shots in which a qubit jumped, and what that adds, shape (n_jumps, n_samples)
    """

    templates: Complex
    which: NDArray[np.int64]
    shots: NDArray[np.int64]
    corrections: NDArray[np.complex64]


def pattern(feed: Feed, seen: list[Seen], n_shots: int) -> Pattern:
    """Return the traces of one feedline; ``seen`` are the tones on its resonators. One without a tone is in level 0."""
    found = np.stack([s.levels for s in seen], axis=1) if seen else np.zeros((n_shots, 0), np.int8)
    combinations, which = _combinations(found)
    spans = _spans(seen)
    templates = np.repeat(feed.quiet[None], len(combinations), axis=0)
    for column, (s, (start, end)) in enumerate(zip(seen, spans, strict=True)):
        inside = slice(*np.searchsorted(feed.times, (start, end)))
        for level in np.unique(combinations[:, column]):
            if level:
                templates[combinations[:, column] == level, inside] += feed.changes[s.tone.qubit][level, inside]
    jumps = [one for s, (_, end) in zip(seen, spans, strict=True) for one in _jumped(feed, s, end)]
    shots = np.concatenate([j[0] for j in jumps]) if jumps else np.zeros(0, np.int64)
    corrections = np.concatenate([j[1] for j in jumps]) if jumps else np.zeros((0, len(feed.times)), np.complex64)
    return Pattern(templates, which, shots, corrections)


def _combinations(found: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    if not found.shape[1]:
        return np.zeros((1, 0), np.int8), np.zeros(len(found), np.int64)
    packed = np.zeros(len(found), np.int64)
    for column in found.T:  # levels are 0 to 3; more than 31 tones on one feedline wrap, so rows are told apart below
        packed = packed * 4 + column
    if found.shape[1] <= 31:
        _, first, which = np.unique(packed, return_index=True, return_inverse=True)
        return found[first], which
    rows, which = np.unique(found, axis=0, return_inverse=True)
    return rows, which.ravel()


def _spans(seen: list[Seen]) -> list[tuple[float, float]]:
    """Return from when to when each tone's answer holds: until the next tone on the same qubit starts."""
    spans = []
    for one in seen:
        starts = [s.tone.start for s in seen if s.tone.qubit == one.tone.qubit]
        later = [start for start in starts if start > one.tone.start]
        spans.append((one.tone.start if min(starts) < one.tone.start else -np.inf, min(later, default=np.inf)))
    return spans


def _jumped(feed: Feed, seen: Seen, end: float) -> Iterator[tuple[NDArray[np.int64], NDArray[np.complex64]]]:
    """Yield shots and what each round of jumps adds to their traces; the field goes on from its value at the jump."""
    qubit, n_shots, times = seen.tone.qubit, len(seen.levels), feed.times
    response, until = feed.responses[qubit], int(np.searchsorted(times, end))
    extra, since = np.zeros(n_shots, np.complex128), np.zeros(n_shots)  # field beyond the template's, and when it began
    for one in seen.jumps.rounds:
        at = seen.tone.start + one.times
        added = np.zeros((len(one.shots), len(times)), np.complex64)
        for before, after in np.unique(np.stack([one.before, one.after]), axis=1).T:
            mine = np.flatnonzero((one.before == before) & (one.after == after))
            shots, t = one.shots[mine], at[mine]
            old = extra[shots] * np.exp(response.rates[before] * (t - since[shots]))
            new = response.at(before, t) + old - response.at(after, t)
            extra[shots], since[shots] = new, t
            step = feed.changes[qubit][after] - feed.changes[qubit][before]
            rows = zip(mine, t, feed.answer(qubit, new), feed.answer(qubit, old), strict=True)
            for row, begin, fresh, stale in rows:
                on = slice(int(np.searchsorted(times, begin)), until)
                past = times[on] - begin
                change = step[on] + fresh * np.exp(response.rates[after] * past)
                added[row, on] = change - stale * np.exp(response.rates[before] * past) if stale else change
        yield one.shots, added


def noise_volts(truth: Feedline, sample_rate: float) -> float:
    """Return the standard deviation of one sample of I or Q at the digitizer.

    White noise of k T per hertz into 50 ohm at the chip, taken down to I and Q; each holds a band of the sample rate.
    """
    return float(np.sqrt(Boltzmann * truth.noise_temperature * IMPEDANCE * sample_rate) * amplitude(truth))


def amplitude(truth: Feedline) -> float:
    """Return volts at the digitizer per volt at the chip."""
    return float(10 ** (truth.amplification / 20))


def fill(
    out: NDArray[np.float32], patterns: list[Pattern], part: str, scale: complex, sigma: float, rng: np.random.Generator
) -> None:
    """Fill ``out``, shape (n_shots, n_points, n_samples), with one quadrature of all traces, and noise.

    Parameters
    ----------
    part : ``real`` (I) or ``imag`` (Q)
    scale : from the chip to the digitizer; its phase is that of the way
    sigma : volts
    """
    scaled = [getattr(scale * p.templates, part).astype(np.float32) for p in patterns]
    templates = np.concatenate(scaled) if scaled else np.zeros((0, out.shape[-1]), np.float32)
    first_of = np.cumsum([0, *(len(t) for t in scaled)])[:-1]
    which = np.stack([first + p.which for first, p in zip(first_of, patterns, strict=True)], axis=1)
    noise = np.float32(sigma) * _normal_values()
    step = max(1, _BLOCK // max(1, out[0].size)) if len(out) else 1
    for first in range(0, len(out), step):
        block = out[first : first + step]
        np.take(templates, which[first : first + step], axis=0, out=block, mode="clip")
        if sigma:
            block += _drawn(noise, block.shape, rng)
    for point, p in enumerate(patterns):
        if len(p.shots):
            np.add.at(out[:, point], p.shots, getattr(scale * p.corrections, part).astype(np.float32))


@lru_cache(maxsize=1)
def _normal_values() -> NDArray[np.float32]:
    """Return 65,536 equally probable values of variance 1, as a normal distribution has them: up to 4.3."""
    values = ndtri((np.arange(65536) + 0.5) / 65536)
    return np.asarray(values / np.std(values), np.float32)


def _drawn(values: NDArray[np.float32], shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return values drawn at random; four for each number of the generator, five times faster than normal numbers."""
    n = int(np.prod(shape))
    bits = rng.integers(0, 2**64 - 1, -(-n // 4), np.uint64, endpoint=True).view(np.uint16)[:n]
    return np.take(values, bits, mode="clip").reshape(shape)
