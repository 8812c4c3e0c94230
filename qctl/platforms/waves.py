"""Envelopes of tones, sample for sample: flat tops, raised cosines, and the waveforms of OpenPulse.

Source of the waveforms: OpenQASM specification, "OpenPulse Grammar", section "Waveforms": the amplitude is that at the
centre, ``sigma`` the standard deviation, ``square_width`` the flat part; Gaussians are cut off, not lifted to begin
at 0. ``beta`` of ``drag``, whose unit the specification leaves open, is in seconds: ``Q = beta dI/dt`` as in Motzoi et
al., PRL 103, 110501. All are taken in the middle of each sample.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import LimitError
from qctl.core.pulse import Shape, Tone, Wave

from .envelopes import drag, flat_top

Envelope = NDArray[np.complex128]
Times = NDArray[np.float64]


def envelope(tone: Tone, rate: float) -> tuple[Envelope, float]:
    """Return the envelope of a tone, peak 1, and the amplitude of that peak, fraction of full scale.

    Raises
    ------
    LimitError
        When a time is no whole number of samples, or edges do not fit.
    """
    if tone.wave is None:
        return _simple(tone, rate), tone.amplitude
    wave = sampled(tone.wave, tone.duration, rate, tone.line)
    peak = float(np.max(np.abs(wave), initial=0.0))
    return wave / (peak or 1.0), tone.amplitude * peak


def on_grid(seconds: float, rate: float, line: str) -> int:
    """Return a time in samples; raise LimitError when they are not whole."""
    if abs(seconds * rate - round(seconds * rate)) > 1e-6 or seconds < 0:
        raise LimitError(f"{seconds:g} s", allowed=f"multiples of {1 / rate:g} s", where=line)
    return round(seconds * rate)


def _simple(tone: Tone, rate: float) -> Envelope:
    n, edge = on_grid(tone.duration, rate, tone.line), on_grid(tone.edge, rate, tone.line)
    if 2 * edge > n:
        raise LimitError(f"two edges of {tone.edge:g} s", allowed=f"{tone.duration:g} s together", where=tone.line)
    return drag(n, rate, tone.slope) if tone.shape is Shape.COSINE else flat_top(n, edge)


def sampled(wave: Wave, duration: float, rate: float, line: str) -> Envelope:
    """Return the samples of a waveform, fractions of full scale; its own samples are never resampled."""
    n = on_grid(duration, rate, line)
    if wave.name == "samples":
        if len(wave.numbers) != n:
            raise LimitError(f"{len(wave.numbers)} samples for {duration:g} s", allowed=f"{n}", where=line)
        return np.array(wave.numbers, np.complex128)
    if wave.parts:
        parts = [_part(part, rate) for part in wave.parts]
        if any(len(part) != n for part in parts):
            raise LimitError(f"{wave.name} of waveforms that differ in length", allowed="one length", where=line)
        return parts[0] * parts[1] if wave.name == "mix" else parts[0] + parts[1]
    time = (np.arange(n) + 0.5) / rate
    size, *numbers = wave.numbers
    return size * _FORMS[wave.name](time, duration, *(number.real for number in numbers))


def _part(tone: Tone, rate: float) -> Envelope:
    shape, amplitude = envelope(tone, rate)
    return np.asarray(amplitude * np.exp(1j * tone.phase) * shape, np.complex128)


def _gaussian(t: Times, duration: float, sigma: float) -> Envelope:
    return np.exp(-(((t - duration / 2) / sigma) ** 2) / 2).astype(np.complex128)


def _drag(t: Times, duration: float, sigma: float, beta: float) -> Envelope:
    middle = t - duration / 2
    return _gaussian(t, duration, sigma) * (1 - 1j * beta * middle / sigma**2)


def _gaussian_square(t: Times, duration: float, width: float, sigma: float) -> Envelope:
    beside = np.maximum(np.abs(t - duration / 2) - width / 2, 0.0)
    return np.exp(-((beside / sigma) ** 2) / 2).astype(np.complex128)


def _sech(t: Times, duration: float, sigma: float) -> Envelope:
    return (1 / np.cosh(np.minimum(np.abs(t - duration / 2) / sigma, 700.0))).astype(np.complex128)


def _sine(t: Times, _: float, frequency: float, phase: float) -> Envelope:
    return np.sin(2 * np.pi * frequency * t + phase).astype(np.complex128)


_FORMS: dict[str, Callable[..., Envelope]] = {
    "gaussian": _gaussian, "drag": _drag, "gaussian_square": _gaussian_square, "sech": _sech, "sine": _sine,
}  # fmt: skip
