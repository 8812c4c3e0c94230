"""What each digitizer records: the segments of all feedlines that end in it, in one preallocated buffer."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import InstrumentError, LimitError
from qctl.core.protocols import Declared, Digitizer, DigitizerLimits
from qctl.core.record import Trace
from qctl.core.sequence import Listening, Sequence


@dataclass
class Recording:
    """One digitizer's part of a run.

    Parameters
    ----------
    digitizer : name
    inputs : connector numbers, in the order of ``codes``
    delay : s from the first sample that its trigger allows to the first that is recorded
    first, n_samples : samples of the shot that a segment covers
    codes : int16, shape (shots, n_points, n_inputs, n_samples); in memory input by input, as instruments send them
    volts : volts per code, and volts at code 0; known after the first fetch
    """

    digitizer: str
    inputs: tuple[int, ...]
    delay: float
    first: int
    n_samples: int
    codes: NDArray[np.int16]
    volts: tuple[float, float] = (0.0, 0.0)

    def room(self, first: int, last: int) -> NDArray[np.int16]:
        """Return where the segments of these shots belong, shape (n_segments, n_inputs, n_samples); a view."""
        by_input = self.codes.transpose(2, 0, 1, 3)[:, first:last]
        return by_input.reshape(len(self.inputs), -1, self.n_samples).swapaxes(0, 1)

    @property
    def instrument(self) -> str:
        """Return who records."""
        return self.digitizer

    @property
    def n_bytes(self) -> int:
        """Return the size of all raw samples."""
        return self.codes.nbytes

    def most_shots(self, declared: Declared, n_points: int) -> int:
        """Return how many shots of all sweep points fit its segments and its memory.

        Raises
        ------
        LimitError
            When not even one does.
        """
        if not isinstance(declared, DigitizerLimits):
            raise LimitError("it declares no limits of a digitizer", where=self.digitizer)
        segments = min(declared.max_segments, declared.memory // self.n_samples)
        if segments < n_points:
            raise LimitError(
                f"{n_points} sweep points of {self.n_samples} samples",
                allowed=f"{segments} segments of that length",
                where=self.digitizer,
                remedy="split the sweep, or shorten its readout",
            )
        return segments // n_points

    def arm(self, digitizer: Digitizer, n_shots: int) -> None:
        """Wait for so many triggers."""
        digitizer.arm(self.inputs, n_shots, self.delay, self.n_samples)

    def fetch(self, digitizer: Digitizer, first: int, last: int) -> None:
        """Take what was recorded of shots ``first`` to ``last``."""
        volts = digitizer.fetch(self.room(first, last))
        if first > 0 and volts != self.volts:
            raise InstrumentError(f"its scale moved from {self.volts} to {volts} within a run", where=self.digitizer)
        self.volts = volts

    def trace(self, listening: Listening) -> Trace:
        """Return one feedline's view into the buffer."""
        numbers = [self.inputs.index(port.number) for port in listening.inputs]
        columns = slice(numbers[0], numbers[-1] + 1) if numbers == list(range(numbers[0], numbers[-1] + 1)) else numbers
        start = listening.first - self.first
        return Trace(self.codes[:, :, columns, start : start + listening.n_samples], *self.volts, listening)


def recordings(sequence: Sequence) -> list[Recording]:
    """Return the recording of every digitizer that hears anything."""
    return [_recording(name, heard, sequence) for name, heard in _by_digitizer(sequence).items()]


def bytes_per_shot(sequence: Sequence) -> int:
    """Return the size of the raw samples of one shot of all sweep points."""
    return 2 * sequence.n_points * sum(_samples(heard) for heard in _by_digitizer(sequence).values())


def _by_digitizer(sequence: Sequence) -> dict[str, list[Listening]]:
    found: dict[str, list[Listening]] = {}
    for listening in sequence.listening.values():
        found.setdefault(listening.inputs[0].instrument, []).append(listening)
    return found


def _span(heard: Seq[Listening]) -> tuple[int, int]:
    return min(x.first for x in heard), max(x.first + x.n_samples for x in heard)


def _samples(heard: Seq[Listening]) -> int:
    first, last = _span(heard)
    return (last - first) * len({port for listening in heard for port in listening.inputs})


def _recording(name: str, heard: Seq[Listening], sequence: Sequence) -> Recording:
    inputs = tuple(sorted({port.number for listening in heard for port in listening.inputs}))
    first, last = _span(heard)
    codes = np.empty((len(inputs), sequence.shots, sequence.n_points, last - first), np.int16).transpose(1, 2, 0, 3)
    return Recording(name, inputs, first / heard[0].sample_rate, first, last - first, codes)
