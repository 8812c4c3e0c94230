"""Pulses that no gate stands for: which lines play what, in seconds and fractions of full scale."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from enum import StrEnum

from .errors import ProgramError


class Shape(StrEnum):
    """The envelope of a tone."""

    FLAT = "flat"  # a flat top with edges of half a cosine
    COSINE = "cosine"  # one period of a raised cosine, with its derivative in quadrature
    WAVE = "wave"  # a waveform of OpenPulse


WAVES: dict[str, tuple[str, ...]] = {
    "gaussian": ("duration",), "sech": ("duration",), "gaussian_square": ("duration", "duration"),
    "drag": ("duration", "seconds"), "sine": ("number", "number"),
}  # fmt: skip
"""What functions of OpenPulse take behind amplitude and duration; ``seconds`` is a number of seconds."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A waveform of OpenPulse, see `qctl.platforms.waves` for what each name means.

    Parameters
    ----------
    name : ``samples``, ``gaussian``, ``drag``, ``gaussian_square``, ``sech``, ``sine``, ``mix`` or ``sum``
    numbers : what it takes beside its duration, amplitude first, in SI; of samples, all of them
    parts : what ``mix`` multiplies and ``sum`` adds; of their tones line, start and frequency mean nothing
    """

    name: str
    numbers: tuple[complex, ...] = ()
    parts: tuple[Tone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """What one line plays during a pulse.

    Parameters
    ----------
    line : name of a line of the laboratory
    amplitude : fraction of full scale at the peak, of a wave a factor on it; negative turns it round
    duration : s
    start : s after the start of the pulse
    shape : of the envelope
    edge : s; length of each edge of a flat top
    slope : s; the quadrature of a raised cosine is ``slope dI/dt`` (DRAG: ``drag / (2 pi anharmonicity)``)
    frequency : Hz at the chip, for lines that are mixed with a source; None on lines without one
    phase : rad, beside the phase of the event that plays the pulse
    wave : the envelope where ``shape`` is a wave
    """

    line: str
    amplitude: float
    duration: float
    start: float = 0.0
    shape: Shape = Shape.FLAT
    edge: float = 0.0
    slope: float = 0.0
    frequency: float | None = None
    phase: float = 0.0
    wave: Wave | None = None

    def __post_init__(self) -> None:
        numbers = (self.amplitude, self.duration, self.start, self.edge, self.slope, self.frequency or 0.0, self.phase)
        if not all(map(math.isfinite, numbers)) or self.duration <= 0 or self.start < 0 or self.edge < 0:
            raise ProgramError(
                f"a tone of {self.amplitude:g} for {self.duration:g} s from {self.start:g} s, edges of {self.edge:g} s",
                allowed="finite numbers, a duration above 0 s, start and edges of 0 s or more",
                where=self.line,
            )
        if (self.wave is None) is (self.shape is Shape.WAVE):
            raise ProgramError("a tone whose shape is not that of its wave", where=self.line)
        if self.wave is not None and not all(map(cmath.isfinite, self.wave.numbers)):
            raise ProgramError(f"a waveform {self.wave.name}", allowed="finite numbers", where=self.line)


@dataclass(frozen=True, slots=True)
class Pulse:
    """Tones that begin together; the pulse lasts until the last one ends.

    An event ``PULSE`` plays ``program.pulses[bit]`` on the qubits it names, which are busy meanwhile. ``angle[0]`` of
    the event is added to the phase of every tone that has a frequency, and so is the frame of its first qubit.
    """

    tones: tuple[Tone, ...]

    @property
    def duration(self) -> float:
        """Return the time from the start of the pulse to the end of its last tone, s."""
        return max((tone.start + tone.duration for tone in self.tones), default=0.0)
