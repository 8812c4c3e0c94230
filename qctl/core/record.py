"""What came back from the inputs, and how timely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .branching import Branching
from .sequence import Counting, Exposing, Listening, Sequence

DECISION = "decision"
"""Among the seconds of a timing report: the longest time from a readout until its answer acted, within a shot."""


@dataclass(frozen=True)
class Timing:
    """How the run kept its deadlines; always present, even if all is zero."""

    deadlines: int = 0
    misses: int = 0
    discarded_segments: int = 0
    flags: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)  # by stage: upload, arm, run, fetch

    def __add__(self, other: Timing) -> Timing:
        """Return the report of two runs, one after the other."""
        stages = {**self.seconds, **other.seconds}
        return Timing(
            self.deadlines + other.deadlines,
            self.misses + other.misses,
            self.discarded_segments + other.discarded_segments,
            {name: self.flags.get(name, 0) + other.flags.get(name, 0) for name in {**self.flags, **other.flags}},
            {stage: self.seconds.get(stage, 0.0) + other.seconds.get(stage, 0.0) for stage in stages},
        )


@dataclass(frozen=True)
class Trace:
    """Digitised signals of one feedline.

    Parameters
    ----------
    codes : int16, shape (shots, n_points, n_inputs, n_samples)
    volts_per_code, volts_at_zero : volts = codes * volts_per_code + volts_at_zero
    listening : what was listened to, and when
    """

    codes: NDArray[np.int16]
    volts_per_code: float
    volts_at_zero: float
    listening: Listening


@dataclass(frozen=True)
class Counts:
    """Photons of one line.

    Parameters
    ----------
    photons : int64, shape (shots, n_points, n_windows)
    counting : what was counted, and when
    """

    photons: NDArray[np.int64]
    counting: Counting


@dataclass(frozen=True)
class Images:
    """What a camera saw.

    Parameters
    ----------
    pixels : uint16, shape (shots, n_points, n_windows, rows, columns)
    exposing : what was exposed, and when
    """

    pixels: NDArray[np.uint16]
    exposing: Exposing


@dataclass(frozen=True)
class Told:
    """What an instrument that decides told of each shot.

    Parameters
    ----------
    answers : uint8, shape (shots, n_windows)
    points : complex128, shape (shots, n_windows), V; the weighted means that the answers were told from
    branching : what was told, and what it decided
    """

    answers: NDArray[np.uint8]
    points: NDArray[np.complex128]
    branching: Branching


@dataclass(frozen=True)
class Record:
    """One run's raw answer.

    Parameters
    ----------
    traces : by feedline name
    counts : by line name, what photon counters counted
    images : by line name, what cameras saw
    told : what an instrument told that decides within a shot; ``n_points`` are ways then, and ``shots`` go one each
    shots, n_points, n_bits : as asked
    qubits, placement : as in the Sequence
    sequence_digest, parameters_id : what was played, and by which snapshot
    instruments : identity of each instrument by name
    """

    traces: Mapping[str, Trace]
    shots: int
    n_points: int
    n_bits: int
    qubits: tuple[str, ...]
    placement: tuple[int, ...]
    sequence_digest: str
    parameters_id: str
    timing: Timing
    instruments: Mapping[str, str]
    counts: Mapping[str, Counts] = field(default_factory=dict)
    images: Mapping[str, Images] = field(default_factory=dict)
    told: Told | None = None

    @classmethod
    def of(cls, sequence: Sequence, parameters_id: str, timing: Timing, instruments: Mapping[str, str]) -> Record:
        """Return the record of a sequence that was played and in which nothing was seen yet."""
        return cls(
            traces={},
            shots=sequence.shots,
            n_points=sequence.n_points,
            n_bits=sequence.n_bits,
            qubits=sequence.qubits,
            placement=sequence.placement,
            sequence_digest=sequence.digest,
            parameters_id=parameters_id,
            timing=timing,
            instruments=instruments,
        )

    def points(self, first: int, last: int) -> Record:
        """Return the record of sweep points ``first`` to ``last`` alone; views, not copies."""
        traces = {}
        for name, trace in self.traces.items():
            listening = replace(trace.listening, windows=_here(trace.listening.windows, first, last))
            traces[name] = replace(trace, codes=trace.codes[:, first:last], listening=listening)
        counts = {
            name: Counts(
                one.photons[:, first:last], replace(one.counting, reads=_here(one.counting.reads, first, last))
            )
            for name, one in self.counts.items()
        }
        images = {}
        for name, image in self.images.items():
            reads, watched = (_here(rows, first, last) for rows in (image.exposing.reads, image.exposing.watched))
            turned = frozenset(point - first for point in image.exposing.turned if first <= point < last)
            exposing = replace(image.exposing, reads=reads, watched=watched, turned=turned)
            images[name] = Images(image.pixels[:, first:last], exposing)
        return replace(self, traces=traces, counts=counts, images=images, n_points=last - first)


def _here(rows: NDArray[np.void], first: int, last: int) -> NDArray[np.void]:
    """Return the rows of points ``first`` to ``last``, counted from ``first``."""
    here = rows[(rows["point"] >= first) & (rows["point"] < last)].copy()
    here["point"] -= first
    return here
