"""What a run says: states shot by shot, counts, and the points in the IQ plane they were told from."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Seq
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .axis import Axis
from .errors import ReadoutError, UsageError
from .program import Register
from .record import Timing

if TYPE_CHECKING:
    from .averages import Averages


@dataclass(frozen=True)
class MeanTrace:
    """What a digitizer heard of one feedline, averaged over shots.

    Parameters
    ----------
    volts : complex128, shape (n_points, n_samples); I + iQ
    sample_rate : Hz
    first : samples from the start of the shot (as seen at the input) to the first one
    """

    volts: NDArray[np.complex128]
    sample_rate: float
    first: int

    @property
    def times(self) -> NDArray[np.float64]:
        """Return when each sample was taken, s after the start of the shot as seen at the input."""
        return (self.first + np.arange(self.volts.shape[1])) / self.sample_rate


@dataclass(frozen=True)
class Result:
    """Read-out answer of one run.

    Parameters
    ----------
    bits : uint8, shape (n_points, shots, n_bits); bits that were never measured are 0
    iq : complex128, shape (n_points, shots, n_measurements), what states were told from; one column per measurement of
        a point. Volts of digitizers, photons of counters and cameras (real)
    measured : (physical qubit, bit) of each column of ``iq``; bit -1 of what no bit tells of: it was overwritten later
    qubits : names of the physical qubits
    placement : physical index of each logical qubit
    registers : classical registers of the program
    quasi : per point, mitigated quasi-probabilities by key, when mitigation was asked
    traces : by feedline, when traces were asked
    pictures : by line of a camera, when traces were asked: mean frames, shape (n_points, n_windows, rows, columns)
    watched : by line of a counter and name of a window in which every shot is watched, when traces were asked: photons,
        shape (n_points, shots, n_windows)
    kept : bool, shape (n_points, shots); shots that count. None: all of them
    dropped : how many shots do not count, by reason, in words for a person
    outputs : by name of an output that is no bit, shape (n_points, shots), of an array (n_points, shots, *its shape):
        whole numbers as int64 (as Python's where these do not hold them), others as float64; angles in rad
    axes : of the grid that the sweep points are, the last one fastest; empty where they are a mere row
    ways : where the host decided within shots: how many that count took which way, by the answers of its parts, in
        order, such as ``01 1``
    """

    bits: NDArray[np.uint8]
    iq: NDArray[np.complex128]
    measured: tuple[tuple[int, int], ...]
    qubits: tuple[str, ...]
    placement: tuple[int, ...]
    parameters_id: str
    timing: Timing
    registers: tuple[Register, ...] = ()
    quasi: tuple[Mapping[str, float], ...] = field(default=())
    traces: Mapping[str, MeanTrace] = field(default_factory=dict)
    pictures: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    watched: Mapping[tuple[str, str], NDArray[np.int64]] = field(default_factory=dict)
    kept: NDArray[np.bool_] | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    axes: tuple[Axis, ...] = ()
    ways: Mapping[str, int] = field(default_factory=dict)

    @property
    def photons(self) -> NDArray[np.int64]:
        """Return what counters or cameras counted, shape (n_points, shots, n_measurements); -1 where nothing was."""
        return np.where(np.isnan(self.iq.real), -1, np.rint(np.nan_to_num(self.iq.real))).astype(np.int64)

    def kept_shots(self, point: int) -> NDArray[np.intp]:
        """Return the numbers of the shots of a sweep point that count."""
        return np.arange(self.shots) if self.kept is None else np.flatnonzero(self.kept[point])

    def kept_bits(self, point: int) -> NDArray[np.uint8]:
        """Return the bits of the shots of a sweep point that count, shape (n_kept, n_bits)."""
        return np.asarray(self.bits[point] if self.kept is None else self.bits[point, self.kept[point]])

    @property
    def shots(self) -> int:
        """Return the repetitions of each point."""
        return int(self.bits.shape[1])

    @property
    def averages(self) -> Averages:
        """Return means over the shots that count, on the grid of the sweep: ``result.averages.mean("m")``."""
        from .averages import Averages  # it is made of results

        return Averages.of(self)

    def _repr_html_(self) -> str:
        """Return counts, or averages over the sweep, for a notebook."""
        from .picture.result import drawn  # only notebooks draw

        return drawn(self)

    def points(self, first: int, last: int) -> Result:
        """Return what sweep points from ``first`` to before ``last`` say."""
        return replace(
            self,
            bits=self.bits[first:last],
            iq=self.iq[first:last],
            quasi=self.quasi[first:last],
            traces={n: replace(t, volts=t.volts[first:last]) for n, t in self.traces.items()},
            pictures={n: frames[first:last] for n, frames in self.pictures.items()},
            watched={key: photons[first:last] for key, photons in self.watched.items()},
            kept=None if self.kept is None else self.kept[first:last],
            outputs={name: values[first:last] for name, values in self.outputs.items()},
            axes=self.axes if (first, last) == (0, len(self.bits)) else (),
        )

    def counts_of(self, point: int) -> dict[str, int]:
        """Return how often each key came in the shots that count; character i is bit i in order of declaration."""
        rows, numbers = tally(self.kept_bits(point))
        keys = ["".join(map(str, row)) for row in rows.tolist()]
        return dict(zip(keys, numbers.tolist(), strict=True))

    @property
    def counts(self) -> dict[str, int]:
        """Return the counts of a run with one sweep point, as most have; raise UsageError where there are more."""
        if len(self.bits) != 1:
            raise UsageError(f"the counts of {len(self.bits)} sweep points", allowed="one; counts_of(point) gives each")
        return self.counts_of(0)


def tally(bits: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the distinct rows of ``bits`` (n_shots, n_bits) in rising order, and how often each came."""
    n_shots, n_bits = bits.shape
    if n_bits == 0:
        return np.zeros((min(n_shots, 1), 0), np.uint8), np.full(min(n_shots, 1), n_shots, np.int64)
    packed = np.packbits(bits, axis=1)
    if packed.shape[1] <= 8:
        # One integer per shot sorts a hundred times faster than rows of bytes do.
        words = np.zeros((n_shots, 8), np.uint8)
        words[:, : packed.shape[1]] = packed
        values, numbers = np.unique(words.view(">u8").ravel().astype(np.uint64), return_counts=True)
        rows = values.astype(">u8").view(np.uint8).reshape(-1, 8)[:, : packed.shape[1]]
    else:
        rows, numbers = np.unique(packed, axis=0, return_counts=True)
    return np.unpackbits(rows, axis=1, count=n_bits), numbers.astype(np.int64)


def points_in_a_row(results: Seq[Result]) -> Result:
    """Return one result whose sweep points are those of all, in order; the first says what all have in common.

    Raises
    ------
    ReadoutError
        When they do not measure the same qubits into the same bits, or not equally often.
    """
    first = results[0]
    if len(results) == 1:
        return first
    for other in results[1:]:
        if other.measured != first.measured or other.bits.shape[1:] != first.bits.shape[1:]:
            raise ReadoutError(
                f"results that measure {first.measured} and {other.measured}",
                allowed="the same qubits into the same bits, equally often",
                remedy="run them one after another",
            )
    return replace(
        first,
        bits=np.concatenate([result.bits for result in results]),
        iq=np.concatenate([result.iq for result in results]),
        quasi=tuple(quasi for result in results for quasi in result.quasi),
        traces={line: _traces_in_a_row([result.traces[line] for result in results]) for line in first.traces},
        pictures={n: np.concatenate([result.pictures[n] for result in results]) for n in first.pictures},
        watched={key: np.concatenate([result.watched[key] for result in results]) for key in first.watched},
        kept=_kept(results, axis=0),
        dropped=_dropped(results),
        outputs={name: np.concatenate([result.outputs[name] for result in results]) for name in first.outputs},
        axes=(),
    )


def shots_in_a_row(results: Seq[Result]) -> Result:
    """Return one result whose shots are those of all: batches of one run, not mitigated yet."""
    first = results[0]
    if len(results) == 1:
        return first
    timing = first.timing
    for result in results[1:]:
        timing = timing + result.timing
    return replace(
        first,
        bits=np.concatenate([result.bits for result in results], axis=1),
        iq=np.concatenate([result.iq for result in results], axis=1),
        timing=timing,
        quasi=(),
        traces={line: _mean_of_traces(results, line) for line in first.traces},
        pictures={
            n: np.average([r.pictures[n] for r in results], 0, [r.shots for r in results]) for n in first.pictures
        },
        watched={key: np.concatenate([r.watched[key] for r in results], axis=1) for key in first.watched},
        kept=_kept(results, axis=1),
        dropped=_dropped(results),
        outputs={name: np.concatenate([r.outputs[name] for r in results], axis=1) for name in first.outputs},
    )


def _kept(results: Seq[Result], axis: int) -> NDArray[np.bool_] | None:
    if all(result.kept is None for result in results):
        return None
    return np.concatenate([np.ones(r.bits.shape[:2], bool) if r.kept is None else r.kept for r in results], axis=axis)


def _dropped(results: Seq[Result]) -> dict[str, int]:
    reasons = dict.fromkeys(reason for result in results for reason in result.dropped)
    return {reason: sum(result.dropped.get(reason, 0) for result in results) for reason in reasons}


def _traces_in_a_row(traces: Seq[MeanTrace]) -> MeanTrace:
    spans = {(trace.first, trace.volts.shape[1], trace.sample_rate) for trace in traces}
    if len(spans) != 1:
        raise ReadoutError("traces of different spans", allowed="one span", remedy="run the points one after another")
    return replace(traces[0], volts=np.concatenate([trace.volts for trace in traces]))


def _mean_of_traces(results: Seq[Result], line: str) -> MeanTrace:
    total = sum(result.shots for result in results)
    volts = np.sum([result.shots / total * result.traces[line].volts for result in results], axis=0)
    return replace(results[0].traces[line], volts=volts)
