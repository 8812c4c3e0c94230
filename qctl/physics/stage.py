"""What the simulated world sees of its instruments, and what it gives back: volts at connectors, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from qctl.core.sequence import Port


@dataclass(frozen=True)
class Playing:
    """One output during one shot.

    Parameters
    ----------
    volts : float32, shape (n_samples,); at the connector, after the DAC has quantised; 0 before and after
    sample_rate : Hz; each sample is held for one period
    start : s after the start of the shot (the master AWG's sample 0); trigger latency of later AWGs is in it
    """

    volts: NDArray[np.float32]
    sample_rate: float
    start: float

    @cached_property
    def span(self) -> tuple[int, int]:
        """Return the first sample that is not 0 and the one behind the last; (0, 0) when all are 0."""
        on = self.volts != 0
        return (int(on.argmax()), len(on) - int(on[::-1].argmax())) if on.any() else (0, 0)

    @property
    def end(self) -> float:
        """Return when the last sample that is not 0 ends, s."""
        return self.start + self.span[1] / self.sample_rate

    @cached_property
    def digest(self) -> bytes:
        """Return what tells this waveform from all that are not the same at all times."""
        first, last = self.span
        numbers = np.array([self.sample_rate, self.start, first])
        return blake2b(
            np.ascontiguousarray(self.volts[first:last]).data, key=numbers.tobytes(), digest_size=16
        ).digest()


@dataclass(frozen=True)
class Switching:
    """One digital output during one shot.

    Parameters
    ----------
    edges : float64, s after the start of the shot, rising; low before the first, each edge toggles
    """

    edges: NDArray[np.float64]

    def is_high(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say for each time, s after the start of the shot, whether the output is high, edges included."""
        return np.asarray(np.searchsorted(self.edges, times, side="right") % 2 == 1)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A microwave source, or one channel of a DDS, as it is set now."""

    frequency: float  # Hz
    power_dbm: float
    on: bool
    phase: float = 0.0  # rad


@dataclass(frozen=True)
class Acquisition:
    """A digitizer waiting for triggers.

    Parameters
    ----------
    inputs : connectors that are recorded
    sample_rate : Hz
    start : s after the start of the shot; trigger path included
    n_samples : per segment
    """

    inputs: tuple[Port, ...]
    sample_rate: float
    start: float
    n_samples: int


@dataclass(frozen=True)
class Counting:
    """A photon counter waiting for triggers.

    Parameters
    ----------
    inputs : connectors whose pulses are counted
    gates : float64, shape (n_gates, 2); opening and closing, s after the start of the shot; trigger path included
    """

    inputs: tuple[Port, ...]
    gates: NDArray[np.float64]


@dataclass(frozen=True)
class Exposing:
    """A camera waiting for triggers.

    Parameters
    ----------
    input : the camera itself
    exposures : float64, shape (n_exposures, 2); opening and closing, s after the start of the shot
    shape : rows and columns of a frame
    """

    input: Port
    exposures: NDArray[np.float64]
    shape: tuple[int, int]


@dataclass(frozen=True)
class Stage:
    """All that the world can know of a run.

    A world's ``play`` hands each input what it heard at one sweep point: volts, float32, shape (n_cycles, n_samples),
    of an `Acquisition`; photons, int64, shape (n_cycles, n_gates), of a `Counting`; grey values, uint16, shape
    (n_cycles, n_exposures, rows, columns), of an `Exposing`.

    Parameters
    ----------
    points : for each sweep point, what each output plays; outputs that are off or idle are absent
    carriers : by instrument name, or ``instrument.channel`` for a DDS with several channels
    biases : by instrument name, or ``instrument.channel`` for a supply with several; in A or V as the source gives
        them; for a hologram the weight of each trap
    acquisitions : by instrument name
    period : s between shots
    """

    points: tuple[Mapping[Port, Playing | Switching], ...]
    carriers: Mapping[str, Carrier]
    biases: Mapping[str, float]
    acquisitions: Mapping[str, Acquisition | Counting | Exposing]
    period: float

    @cached_property
    def waveforms(self) -> tuple[Mapping[Port, Playing], ...]:
        """Return for each sweep point the outputs that play waveforms."""
        return tuple({port: one for port, one in point.items() if isinstance(one, Playing)} for point in self.points)

    @cached_property
    def digitised(self) -> Mapping[str, Acquisition]:
        """Return what digitizers record, by instrument name."""
        return {name: one for name, one in self.acquisitions.items() if isinstance(one, Acquisition)}
