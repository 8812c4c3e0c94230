"""Frames and what they play: a shape on a line, at a frequency and a phase."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Seq
from dataclasses import dataclass, replace
from typing import Self

from qctl.core.axis import Number
from qctl.core.pulse import Pulse, Shape, Tone


@dataclass(frozen=True)
class Sound:
    """What one line plays, with numbers that may be swept; as `qctl.core.pulse.Tone` otherwise.

    Parameters
    ----------
    busy : numbers of the qubits that wait for its end
    """

    line: str
    busy: tuple[int, ...]
    shape: Shape
    amplitude: Number
    duration: Number
    start: Number = 0.0
    edge: Number = 0.0
    slope: Number = 0.0
    frequency: Number | None = None
    phase: Number = 0.0

    def after(self, seconds: Number) -> Self:
        """Return the same, but later than what is played together with it."""
        return replace(self, start=seconds)

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Return what may be swept; a frequency that is not there is 0."""
        frequency = 0.0 if self.frequency is None else self.frequency
        return self.amplitude, self.duration, self.start, self.edge, self.slope, frequency, self.phase


@dataclass
class Frame:
    """A line, a frequency, and a phase that may be shifted between pulses.

    Parameters
    ----------
    line : of the laboratory
    busy : numbers of the qubits that wait for what it plays
    frequency : Hz at the chip; None without a carrier
    phase : rad, of all that is played from now on
    """

    line: str
    busy: tuple[int, ...]
    frequency: Number | None = None
    phase: Number = 0.0

    def shift(self, angle: Number) -> Self:
        """Turn the phase of all that is played later, rad; return the frame."""
        self.phase = self.phase + angle
        return self

    def detuned(self, frequency: Number) -> Frame:
        """Return a frame that lies higher by a frequency, Hz."""
        return replace(self, frequency=frequency + (0.0 if self.frequency is None else self.frequency))

    def cosine(self, amplitude: Number, duration: Number, slope: Number = 0.0) -> Sound:
        """Return one period of a raised cosine.

        Parameters
        ----------
        amplitude : fraction of full scale at the peak
        duration : s
        slope : s; the quadrature is ``slope dI/dt`` (DRAG: ``drag / (2 pi anharmonicity)``)
        """
        return self._sound(Shape.COSINE, amplitude, duration, slope=slope)

    def flat(self, amplitude: Number, duration: Number, edge: Number = 0.0) -> Sound:
        """Return a flat top; ``edge`` (s) is the length of each of its edges, which are half a cosine."""
        return self._sound(Shape.FLAT, amplitude, duration, edge=edge)

    def _sound(self, shape: Shape, amplitude: Number, duration: Number, **more: Number) -> Sound:
        return Sound(
            self.line, self.busy, shape, amplitude, duration, frequency=self.frequency, phase=self.phase, **more
        )  # fmt: skip


def pulse_of(sounds: Seq[Sound]) -> Callable[[Seq[float]], Pulse]:
    """Return what makes a pulse of the numbers of all sounds, in order."""

    def made(numbers: Seq[float]) -> Pulse:
        rest, tones = iter(numbers), []
        for sound in sounds:
            amplitude, duration, start, edge, slope, frequency, phase = (next(rest) for _ in sound.numbers)
            tones.append(
                Tone(
                    line=sound.line, amplitude=amplitude, duration=duration, start=start, shape=sound.shape, edge=edge,
                    slope=slope, frequency=None if sound.frequency is None else frequency, phase=phase,
                )
            )  # fmt: skip
        return Pulse(tuple(tones))

    return made
