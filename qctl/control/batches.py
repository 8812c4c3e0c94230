"""Cut many sequences into runs that fit the memory of this PC and of the instruments."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Seq

from qctl.core.protocols import AwgLimits, CameraLimits, CounterLimits, DigitizerLimits, Limits, PulserLimits
from qctl.core.sequence import Sequence

from .taking import bytes_per_shot

BATCH_BYTES = 2**29  # raw data held at once
SEGMENT_SECONDS = 1.0  # of shots of ions or atoms, before somebody looks whether these are still there
ARRAY_SECONDS = 60.0  # the same of arrays of atoms: each shot is loaded and looked at before its waveforms


def batches(sequences: Seq[Sequence], limits: Limits) -> Iterator[range]:
    """Yield ranges of neighbours that can be joined into one upload: its points fit memories, its samples fit ours.

    A sequence that is too large on its own is a batch of its own; ``shots_at_once`` says how to go on with it.
    """
    most_points = _most_points(sequences, limits)
    first, points, size = 0, 0, 0
    for index, sequence in enumerate(sequences):
        more = bytes_per_shot(sequence, limits) * sequence.shots
        if index > first and (points + sequence.n_points > most_points or size + more > BATCH_BYTES):
            yield range(first, index)
            first, points, size = index, 0, 0
        points, size = points + sequence.n_points, size + more
    yield range(first, len(sequences))


def shots_at_once(sequence: Sequence, limits: Limits, seconds: float = SEGMENT_SECONDS) -> list[int]:
    """Return into how many shots each a run is to be cut; they add up to all shots.

    Each piece fits the memory, and, where ions or atoms can be lost, is over within so many seconds (or one shot of
    all sweep points).
    """
    most = max(1, BATCH_BYTES // max(1, bytes_per_shot(sequence, limits)))
    if sequence.counting or sequence.exposing:
        seconds *= 1.0 if sequence.counting else ARRAY_SECONDS / SEGMENT_SECONDS
        most = min(most, max(1, int(seconds / (sequence.period * sequence.n_points))))
    whole, rest = divmod(sequence.shots, most)
    return [most] * whole + ([rest] if rest else [])


def _most_points(sequences: Seq[Sequence], limits: Limits) -> int:
    longest = max((heard.n_samples for s in sequences for heard in s.listening.values()), default=1)
    counted = [len(one.windows) for s in sequences for one in s.counting.values()]
    windows = max([*counted, *(len(one.windows) for s in sequences for one in s.exposing.values())], default=1)
    most = [declared.max_steps for declared in limits.values() if isinstance(declared, AwgLimits)]
    for declared in limits.values():
        if isinstance(declared, DigitizerLimits):
            most.append(min(declared.max_segments, declared.memory // longest))
        elif isinstance(declared, CounterLimits | CameraLimits):
            most.append(declared.memory // windows)
        elif isinstance(declared, PulserLimits):
            most.append(declared.max_shots)
    return max(1, min(most, default=2**31))
