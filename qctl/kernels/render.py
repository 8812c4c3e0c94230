"""Add up what one line plays and quantise it: envelopes, carriers, mixer, offsets to int16 codes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 32767  # code of amplitude 1


def render_iq(
    samples: NDArray[np.complex128],
    first: NDArray[np.int64],
    waveform: NDArray[np.int32],
    start: NDArray[np.int64],
    amplitude: NDArray[np.float64],
    phase: NDArray[np.float64],
    carrier: NDArray[np.float64],
    origin: int,
    mixer: NDArray[np.float64],
    offset: NDArray[np.float64],
    out: NDArray[np.int16],
) -> float:
    """Fill ``out`` with the codes of I and Q; return the largest |value| as a fraction of full scale.

    Play p adds ``amplitude * w[k] * exp(i (2 pi carrier (j - origin) + phase))`` to z[j], ``j = start + k``;
    ``value = mixer @ (Re z, Im z) + offset``; ``codes = rint(value * 32767)``. Plays that overlap add up.

    Parameters
    ----------
    samples : shape (n,), all envelopes end to end
    first : shape (n_waveforms + 1,); envelope w is ``samples[first[w]:first[w + 1]]``
    waveform, start, amplitude, phase, carrier : shape (n_plays,); index of the envelope; index of its first sample in
        ``out``; factor; rad; cycles per sample
    origin : index in ``out`` at which every carrier has phase 0
    mixer : shape (2, 2); acts on (I, Q)
    offset : shape (2,), fractions of full scale
    out : shape (2, n_samples); filled

    Returns
    -------
    float
        Values above 1 saturate in ``out``: the caller must refuse them (``not peak <= 1``). NaN when any value is NaN.
        For an empty ``out``, the larger |offset|.

    Raises
    ------
    ValueError
        When the shapes do not fit each other, or a play lies outside the samples or the output.
    """
    if not len(waveform) == len(start) == len(amplitude) == len(phase) == len(carrier):
        raise ValueError("waveform, start, amplitude, phase and carrier do not fit each other")
    if mixer.shape != (2, 2) or offset.shape != (2,) or len(out) != 2:
        raise ValueError("mixer, offset and out are not for two outputs")
    total = np.zeros(out.shape[1], np.complex128)
    for play, place, envelope in _plays(samples, first, waveform, start, len(total)):
        turns = carrier[play] * (np.arange(place.start, place.stop) - origin)
        total[place] += amplitude[play] * envelope * np.exp(1j * (2 * np.pi * turns + phase[play]))
    values = mixer @ np.stack([total.real, total.imag])
    return float(np.max([quantise(values[k], float(offset[k]), out[k]) for k in range(2)]))


def render_real(
    samples: NDArray[np.complex128],
    first: NDArray[np.int64],
    waveform: NDArray[np.int32],
    start: NDArray[np.int64],
    amplitude: NDArray[np.float64],
    phase: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Fill ``out`` with the sum of the plays' ``Re[amplitude * w[k] * exp(i phase)]``; 0 where nothing plays.

    Parameters
    ----------
    samples, first, waveform, start, amplitude, phase : as for :func:`render_iq`
    out : shape (n_samples,), fractions of full scale; overwritten

    Raises
    ------
    ValueError
        When the shapes do not fit each other, or a play lies outside the samples or the output.
    """
    if not len(waveform) == len(start) == len(amplitude) == len(phase):
        raise ValueError("waveform, start, amplitude and phase do not fit each other")
    plays = list(_plays(samples, first, waveform, start, len(out)))
    out[:] = 0
    for play, place, envelope in plays:
        out[place] += (amplitude[play] * np.exp(1j * phase[play]) * envelope).real


def quantise(x: NDArray[np.float64], offset: float, out: NDArray[np.int16]) -> float:
    """Fill ``out`` with ``rint((x + offset) * 32767)``; return the largest ``|x + offset|``.

    Parameters
    ----------
    x : shape (n_samples,), fractions of full scale
    offset : fraction of full scale
    out : shape (n_samples,); filled; saturates beyond full scale, 0 for NaN

    Returns
    -------
    float
        NaN when any value is NaN; ``|offset|`` for an empty ``x``.

    Raises
    ------
    ValueError
        When the shapes do not fit each other.
    """
    if x.shape != out.shape or x.ndim != 1:
        raise ValueError("x and out do not fit each other")
    values = x + offset
    out[:] = np.clip(np.rint(np.nan_to_num(values) * FULL_SCALE), -FULL_SCALE - 1, FULL_SCALE)
    return float(np.max(np.abs(values))) if len(x) else abs(offset)


def _plays(
    samples: NDArray[np.complex128],
    first: NDArray[np.int64],
    waveform: NDArray[np.int32],
    start: NDArray[np.int64],
    n_samples: int,
) -> Iterator[tuple[int, slice, NDArray[np.complex128]]]:
    """Yield index, place in the output and envelope of each play, after all of them were checked."""
    if len(first) < 1 or first[0] < 0 or first[-1] > len(samples):
        raise ValueError("first does not fit samples")
    if np.any(np.diff(first) < 0):
        raise ValueError("first must rise")
    for play, w in enumerate(waveform):
        if not 0 <= w < len(first) - 1:
            raise ValueError(f"play {play} names a waveform that is not there")
        if not 0 <= start[play] <= n_samples - (first[w + 1] - first[w]):
            raise ValueError(f"play {play} lies outside the output")
    for play, w in enumerate(waveform):
        envelope = samples[first[w] : first[w + 1]]
        yield play, slice(int(start[play]), int(start[play]) + len(envelope)), envelope
