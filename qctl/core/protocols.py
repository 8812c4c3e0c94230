"""What the layers ask of what is plugged into them: instruments and platforms."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .bounds import Bounds
from .branching import Branching
from .course import Measuring
from .laboratory import InstrumentEntry, Laboratory, LimitEntry, SafeEntry
from .lines import Lines
from .parameters import Parameters
from .program import Program
from .schedule import Schedule
from .sequence import Playlist, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class AwgLimits:
    """What an AWG can play. Lengths in samples; ``memory`` in samples per channel."""

    n_channels: int
    markers_per_channel: int
    bits: int  # vertical resolution with one marker per channel in use
    min_rate: float
    max_rate: float
    min_samples: int
    granularity: int
    memory: int
    max_steps: int
    max_full_scale: float  # V peak into 50 ohm
    min_full_scale: float
    short_segments: bool = False  # plays the play table itself, no flattening needed
    event_setup: float | None = (
        None  # s; an event so long before the end of a step decides what follows it; None: no events
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitizerLimits:
    """What a digitizer can record. ``memory`` in samples per channel; ``rearm`` in seconds from segment end."""

    n_channels: int
    bits: int
    rates: tuple[float, ...]
    max_segments: int
    memory: int
    rearm: float
    min_samples: int
    max_full_scale: float
    min_full_scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeciderLimits:
    """What an instrument can do that tells states within a shot. Times in seconds, lengths in samples."""

    rates: tuple[float, ...]  # Hz, of its samples
    n_inputs: int
    n_markers: int
    n_qubits: int  # told apart at once
    memory: int  # answers
    max_samples: int  # of the windows of one qubit, each of another length counted
    latency: float  # from the last sample of a window at an input to the edge of a marker that it raises
    spacing: float  # between two answers
    event: float  # how long a marker stays high
    lead: float  # from the first sample that the trigger allows to the first one that can be in a window
    max_shots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PulserLimits:
    """What a pulse generator can do. Times in seconds."""

    n_outputs: int
    n_timers: int  # different pulses in a shot, all outputs together
    resolution: float  # of rise and width
    min_width: float
    max_time: float  # of a rise or a width
    min_gap: float  # from the end of the last pulse of a shot to the start of the next shot
    max_shots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterLimits:
    """What a photon counter can do. ``memory`` in readings; ``rearm`` in seconds from the end of a gate."""

    n_channels: int
    memory: int
    min_gate: float
    rearm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLimits:
    """What a camera can do. ``memory`` in frames; ``rearm`` in seconds from the end of an exposure."""

    rows: int
    columns: int
    memory: int
    min_exposure: float
    rearm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLimits:
    """What a source, bias, supply or DDS can give; levels in ``unit`` (V, A or dBm), those of a DDS at full scale."""

    n_channels: int
    unit: str
    min_level: float
    max_level: float
    min_frequency: float = 0.0
    max_frequency: float = math.inf


@runtime_checkable
class Instrument(Protocol):
    """Anything with an address. Opening changes no output; leaving the context closes the link.

    A class whose ``make_safe`` does not know every action states those it knows as ``safe_actions``, a frozenset.
    """

    identity: ClassVar[str]  # what *IDN? must begin with
    idn: str  # what it answered

    @classmethod
    def open(cls, address: str, *, name: str = "") -> Self:
        """Open the instrument at a VISA address; ``name`` is what errors call it."""

    def configure(self, entry: InstrumentEntry, limit: LimitEntry | None) -> None:
        """Apply the settings of the laboratory file; switch no output on."""

    def check(self) -> None:
        """Drain the error queue; raise InstrumentError on any entry."""

    def make_safe(self, entry: SafeEntry) -> None:
        """Bring every output into its safe state."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class Awg(Instrument, Protocol):
    """Plays one step of its playlist at each trigger, over and over."""

    limits: ClassVar[AwgLimits]

    def load(self, playlist: Playlist) -> None:
        """Replace the program memory; verified by read-back where the instrument can."""

    def arm(self, period: float | None) -> None:
        """Outputs on; wait for the external trigger, or for the internal one of ``period`` seconds."""

    def start(self) -> None:
        """Run: from here on triggers count."""

    def stop(self) -> None:
        """Stop playing; the program memory stays."""


@runtime_checkable
class Jumper(Awg, Protocol):
    """An AWG that goes to a step of its playlist when it is told to."""

    def jump(self, step: int) -> None:
        """While it runs: let step number ``step``, from 0, wait for the next trigger."""


@runtime_checkable
class Digitizer(Instrument, Protocol):
    """Records one segment per trigger."""

    limits: ClassVar[DigitizerLimits]

    def arm(self, inputs: tuple[int, ...], n_segments: int, delay: float, n_samples: int) -> None:
        """Wait for ``n_segments`` triggers; each records ``n_samples`` from ``delay`` seconds after it."""

    def wait(self, timeout: float) -> None:
        """Return when all segments are there; raise InstrumentError at the deadline, saying how many are missing."""

    def fetch(self, out: NDArray[np.int16]) -> tuple[float, float]:
        """Fill ``out`` (n_segments, n_inputs, n_samples); return volts per code and volts at code 0."""


@runtime_checkable
class Decider(Instrument, Protocol):
    """Tells states while the shot goes on, and raises a marker where an answer is 1."""

    limits: ClassVar[DeciderLimits]

    def arm(self, branching: Branching, n_shots: int) -> None:
        """Load what is to be told, verified by read-back where it can, and wait for ``n_shots`` triggers."""

    def wait(self, timeout: float) -> None:
        """Return when all shots are over; raise InstrumentError at the deadline."""

    def fetch(self, answers: NDArray[np.uint8], points: NDArray[np.complex128]) -> None:
        """Fill both, shape (n_shots, n_windows): what was told, and the weighted means in volts."""

    def stop(self) -> None:
        """Stop; markers are low."""


@runtime_checkable
class Source(Instrument, Protocol):
    """A microwave carrier."""

    def on(self) -> None:
        """Switch the carrier on."""


@runtime_checkable
class Bias(Instrument, Protocol):
    """A DC source."""

    def ramp_to(self, level: float) -> None:
        """Go to ``level`` from the level read back, no faster than its limit allows."""


@runtime_checkable
class PulseGenerator(Instrument, Protocol):
    """Gives digital pulses, shot after shot, on its own clock."""

    limits: ClassVar[PulserLimits]

    def load(self, pulses: Mapping[int, NDArray[np.float64]]) -> None:
        """Replace what is given in a shot: by output, rise and fall in s after its start, shape (n_pulses, 2)."""

    def arm(self, period: float, n_shots: int) -> None:
        """Outputs ready; a start will give ``n_shots`` shots, one each ``period`` seconds."""

    def start(self) -> None:
        """Run."""

    def stop(self) -> None:
        """Stop between shots or in the middle of one; all outputs low."""


@runtime_checkable
class Metronome(PulseGenerator, Protocol):
    """A pulse generator that starts with a clock, and gives some of its pulses only."""

    def enable(self, outputs: Collection[int]) -> None:
        """Let of the loaded outputs only these give their pulses; loading enables all."""

    def arm_at_edge(self, period: float) -> None:
        """Outputs ready; a start will give one shot, at the next edge of the trigger input, which has this period."""


@runtime_checkable
class Counter(Instrument, Protocol):
    """Counts photons while its gate input is high: one reading for each gate."""

    limits: ClassVar[CounterLimits]

    def arm(self, inputs: tuple[int, ...], n_readings: int) -> None:
        """Wait for ``n_readings`` gates."""

    def wait(self, timeout: float) -> None:
        """Return when all readings are there; raise InstrumentError at the deadline, saying how many are missing."""

    def fetch(self, out: NDArray[np.int64]) -> None:
        """Fill ``out`` (n_readings, n_inputs)."""


@runtime_checkable
class Camera(Instrument, Protocol):
    """Takes a frame for each pulse at its exposure input, exposed as long as the pulse lasts."""

    limits: ClassVar[CameraLimits]

    def arm(self, n_frames: int) -> None:
        """Wait for ``n_frames`` exposures."""

    def wait(self, timeout: float) -> None:
        """Return when all frames are there; raise InstrumentError at the deadline, saying how many are missing."""

    def fetch(self, out: NDArray[np.uint16]) -> None:
        """Fill ``out`` (n_frames, rows, columns)."""


@runtime_checkable
class Dds(Instrument, Protocol):
    """Gives one tone on each channel."""

    def tune(self, channel: int, frequency: float, amplitude: float, phase: float = 0.0) -> None:
        """Set Hz, fraction of full scale and rad of one channel; amplitude 0 is off."""


@runtime_checkable
class Supply(Instrument, Protocol):
    """Holds each channel at a voltage."""

    def ramp_to(self, channel: int, level: float) -> None:
        """Go to ``level`` from the level read back, no faster than its limit allows."""


@runtime_checkable
class ReadBack(Protocol):
    """An instrument that can be asked which of its outputs give something."""

    def live(self) -> tuple[str, ...]:
        """Return the outputs that are on, as read back now."""


@runtime_checkable
class Hologram(Instrument, Protocol):
    """Displays a pattern that shares light among traps."""

    def show(self, weights: NDArray[np.float32]) -> None:
        """Give each trap its part of the light, relative to the others; return when it is displayed."""


class InParts(Protocol):
    """How a platform plays a shot in parts between which the host decides: functions of what is known."""

    def measuring(self, lab: Laboratory) -> Measuring | None:
        """Return how qubits are measured while others remember; None where this laboratory is not wired for it."""

    def turned(self, lab: Laboratory, known: Mapping[str, float], seconds: float) -> NDArray[np.float64]:
        """Return by how much frames turn from the start of one part to that of the next, rad, shape (n_qubits,)."""

    def misread(self, lab: Laboratory, known: Mapping[str, float], qubit: int) -> tuple[float, float] | None:
        """Return the probabilities to read 1 of a qubit in 0, and 0 of one in 1; None: as at the end of a shot."""

    def refocused(self, lab: Laboratory, known: Mapping[str, float], qubit: int, slot: float) -> bool:
        """Say whether two pi pulses refocus a qubit that waits for the rest of a slot."""

    def sequence(self, schedule: Schedule, known: Mapping[str, float], lab: Laboratory, slot: float) -> Sequence:
        """Return parts as sweep points, each of which lasts ``slot`` seconds; the first one opens the shot."""


class Platform(Protocol):
    """What a gate means on one kind of machine: pure functions of known values by parameter name."""

    name: ClassVar[str]
    natives: ClassVar[frozenset[int]]  # core.program.Op that `spans` takes; others are lowered first
    measures_last: ClassVar[bool]  # measurements end the shot of all qubits
    exclusive: ClassVar[frozenset[int]]  # of these, those that tolerate nothing beside them
    lines: ClassVar[Lines]  # what its laboratory files must wire
    steps: ClassVar[str]  # module of its steps of calibration: NODES, and ON_REQUEST; loaded when they are asked for
    bounds: ClassVar[Bounds]  # what the conformance kit holds it to
    in_parts: ClassVar[InParts | None]  # how it stops within a shot, asks the host and goes on; None: it cannot

    def defaults(self, lab: Laboratory) -> Parameters:
        """Return the first guesses of a laboratory file, completed by what the platform assumes."""

    def spans(
        self, program: Program, known: Mapping[str, float], lab: Laboratory, tick: Fraction
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return how long each native event of a placed program lasts, in ticks, and what it adds to the frames.

        Shapes are (n_events,), and (n_events, 2) in rad for the frames of its two qubits.
        """

    def sequence(self, schedule: Schedule, known: Mapping[str, float], lab: Laboratory, shots: int) -> Sequence:
        """Turn native operations into what each line plays and each input hears."""


Declared = AwgLimits | DigitizerLimits | DeciderLimits | PulserLimits | CounterLimits | CameraLimits | StandingLimits
Limits = Mapping[str, Declared]
"""By instrument name; declared by its driver, read when the laboratory is opened, before any link is."""
