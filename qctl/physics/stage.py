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
        busy = np.flatnonzero(self.volts)
        return (int(busy[0]), int(busy[-1]) + 1) if len(busy) else (0, 0)

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


@dataclass(frozen=True, slots=True)
class Carrier:
    """A microwave source as it is set now."""

    frequency: float  # Hz
    power_dbm: float
    on: bool


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
class Stage:
    """All that the world can know of a run.

    Parameters
    ----------
    points : for each sweep point, what each output plays; outputs that are off or idle are absent
    carriers, biases : by instrument name; biases in A or V as the source gives them
    acquisitions : by instrument name
    period : s between shots
    """

    points: tuple[Mapping[Port, Playing], ...]
    carriers: Mapping[str, Carrier]
    biases: Mapping[str, float]
    acquisitions: Mapping[str, Acquisition]
    period: float
