"""All that is taken from a run's inputs, whatever records it: how much of it fits, and in which pieces it is played."""

from __future__ import annotations

from collections.abc import Sequence as Seq
from typing import Any, Protocol

from qctl.core.errors import LimitError
from qctl.core.protocols import Declared, Limits, PulserLimits
from qctl.core.sequence import Sequence

from .film import films, frame_of
from .recording import bytes_per_shot as digitised_bytes
from .recording import recordings
from .tally import tallies

BUFFER_BYTES = 2**31  # raw data of one run; longer ones are played in batches


class Taking(Protocol):
    """One input instrument's part of a run."""

    @property
    def instrument(self) -> str:
        """Return who records."""

    @property
    def n_bytes(self) -> int:
        """Return the size of all that is recorded."""

    def most_shots(self, declared: Declared, n_points: int) -> int:
        """Return how many shots of all sweep points fit at once; raise LimitError when not even one does."""

    def arm(self, instrument: Any, n_shots: int) -> None:  # noqa: ANN401 - each takes its own kind of instrument
        """Wait for so many shots, each sweep point counted."""

    def fetch(self, instrument: Any, first: int, last: int) -> None:  # noqa: ANN401
        """Take what was recorded of shots ``first`` to ``last`` of all sweep points."""


def takings(sequence: Sequence, limits: Limits) -> tuple[Taking, ...]:
    """Return what every digitizer, counter and camera that takes part is to record, with room for all of it.

    Raises
    ------
    LimitError
        When it does not fit the memory of this computer.
    """
    needed = bytes_per_shot(sequence, limits) * sequence.shots
    if needed > BUFFER_BYTES:
        raise LimitError(
            f"{needed / 2**30:.3g} GiB of raw data",
            allowed=f"{BUFFER_BYTES / 2**30:g} GiB in one run",
            remedy="play it in batches",
        )
    return (*recordings(sequence), *tallies(sequence), *films(sequence, limits))


def bytes_per_shot(sequence: Sequence, limits: Limits) -> int:
    """Return the size of what is recorded in one shot of all sweep points."""
    counted = sum(8 * len(counting.windows) for counting in sequence.counting.values())
    seen = 0
    for exposing in sequence.exposing.values():
        rows, columns = frame_of(exposing.input.instrument, limits)
        seen += 2 * rows * columns * len(exposing.windows)
    return digitised_bytes(sequence) + sequence.n_points * (counted + seen)


def chunks(sequence: Sequence, limits: Limits, taken: Seq[Taking]) -> list[tuple[int, int]]:
    """Cut a run into ranges of shots, each of which fits every instrument that records, and the pulse generator.

    Raises
    ------
    LimitError
        When one shot of all sweep points does not fit.
    """
    most = sequence.shots
    for taking in taken:
        most = min(most, taking.most_shots(limits[taking.instrument], sequence.n_points))
    for name in {digital.output.instrument for digital in sequence.digital.values()}:
        declared = limits.get(name)
        if isinstance(declared, PulserLimits):
            most = min(most, max(1, declared.max_shots // sequence.n_points))
    return [(first, min(first + most, sequence.shots)) for first in range(0, sequence.shots, most)]
