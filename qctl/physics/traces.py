"""What the digitizer sees of a feedline: the resonators' answers to the levels that were found, and noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann
from scipy.special import ndtri

from qctl.kernels.noise import noisy_rows

from .feed import Feed
from .operators import Complex
from .resonators import IMPEDANCE
from .shot import Seen
from .twin import Feedline


@dataclass(frozen=True)
class Pattern:
    """Noiseless traces of one feedline at one sweep point.

    Parameters
    ----------
    feed : what comes back for each level of each qubit
    combinations : levels found, in columns as ``places``, shape (n_combinations, n_tones)
    places : qubit of each tone, and the samples for which its answer holds
    which : combination of each shot
    shots, corrections : shots in which a qubit jumped, and what that adds, shape (n_jumps, n_samples)
    """

    feed: Feed
    combinations: NDArray[np.int8]
    places: list[tuple[int, slice]]
    which: NDArray[np.int64]
    shots: NDArray[np.int64]
    corrections: Complex

    def templates(self, part: str, scale: complex) -> NDArray[np.float32]:
        """Return one quadrature of the trace of each combination, volts at the digitizer."""
        quiet, changes = self.feed.quadrature(part, scale)
        found = np.repeat(quiet[None], len(self.combinations), axis=0)
        for levels, (qubit, inside) in zip(self.combinations.T, self.places, strict=True):
            found[:, inside] += changes[qubit][levels, inside]
        return found


def pattern(feed: Feed, seen: list[Seen], n_shots: int) -> Pattern:
    """Return the traces of one feedline; ``seen`` are the tones on its resonators. One without a tone is in level 0."""
    found = np.stack([s.levels for s in seen], axis=1) if seen else np.zeros((n_shots, 0), np.int8)
    combinations, which = _combinations(found)
    spans = _spans(seen)
    places = [
        (s.tone.qubit, slice(*np.searchsorted(feed.times, span).tolist())) for s, span in zip(seen, spans, strict=True)
    ]
    jumps = [one for s, (_, end) in zip(seen, spans, strict=True) for one in _jumped(feed, s, end)]
    shots = np.concatenate([j[0] for j in jumps]) if jumps else np.zeros(0, np.int64)
    corrections = np.concatenate([j[1] for j in jumps]) if jumps else np.zeros((0, len(feed.times)), np.complex128)
    return Pattern(feed, combinations, places, which, shots, corrections)


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


def _jumped(feed: Feed, seen: Seen, end: float) -> Iterator[tuple[NDArray[np.int64], Complex]]:
    """Yield shots and what each round of jumps adds to their traces; the field goes on from its value at the jump."""
    if not seen.jumps.rounds:
        return
    qubit, n_shots, times = seen.tone.qubit, len(seen.levels), feed.times
    response, until = feed.responses[qubit], int(np.searchsorted(times, end))
    extra, since = np.zeros(n_shots, np.complex128), np.zeros(n_shots)  # field beyond the template's, and when it began
    for one in seen.jumps.rounds:
        at = seen.tone.start + one.times
        added = np.zeros((len(one.shots), len(times)), np.complex128)
        for before, after in sorted(set(zip(one.before.tolist(), one.after.tolist(), strict=True))):
            mine = np.flatnonzero((one.before == before) & (one.after == after))
            shots, t = one.shots[mine], at[mine]
            old = extra[shots] * np.exp(response.rates[before] * (t - since[shots]))
            new = response.at(before, t) + old - response.at(after, t)
            extra[shots], since[shots] = new, t
            step = feed.changes[qubit][after] - feed.changes[qubit][before]
            starts = np.searchsorted(times, t).tolist()
            rings = [feed.ringing(qubit, level) for level in (after, before)]
            for row, begin, first, fresh, stale in zip(
                mine.tolist(), t.tolist(), starts, feed.answer(qubit, new), feed.answer(qubit, old), strict=True
            ):
                if first >= until:
                    continue
                on, n = slice(first, until), until - first
                past = float(times[first]) - begin
                added[row, on] = step[on] + fresh * np.exp(response.rates[after] * past) * rings[0][:n]
                if stale:
                    added[row, on] -= stale * np.exp(response.rates[before] * past) * rings[1][:n]
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
    out: NDArray[np.float32], found: Pattern, part: str, scale: complex, sigma: float, rng: np.random.Generator
) -> None:
    """Fill ``out``, shape (n_shots, n_samples), with one quadrature of the traces of one sweep point, and noise.

    Parameters
    ----------
    part : ``real`` (I) or ``imag`` (Q)
    scale : from the chip to the digitizer; its phase is that of the way
    sigma : volts
    """
    templates = found.templates(part, scale)
    if sigma:
        noisy_rows(templates, found.which, np.float32(sigma) * _normal_values(), rng, out)
    else:
        np.take(templates, found.which, axis=0, out=out, mode="clip")
    if len(found.shots):
        np.add.at(out, found.shots, getattr(scale * found.corrections, part).astype(np.float32))


@lru_cache(maxsize=1)
def _normal_values() -> NDArray[np.float32]:
    """Return 65,536 equally probable values of variance 1, as a normal distribution has them: up to 4.3.

    A look-up for each sample is five times faster than drawing normal numbers.
    """
    values = ndtri((np.arange(65536) + 0.5) / 65536)
    return np.asarray(values / np.std(values), np.float32)
