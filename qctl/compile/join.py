"""Many sequences in one upload: the points of each follow those of the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Seq
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.sequence import Counting, Digital, Exposing, Listening, Sequence, Track

SHARED = ("outputs", "sample_rate", "delay")
CORRECTIONS = ("mixer", "offset", "sections", "fir")


def join(sequences: Seq[Sequence]) -> Sequence:
    """Return one sequence that plays the points of all of them, in order.

    Parameters
    ----------
    sequences : at least one; of one laboratory, with the same shots, bits and placement

    Raises
    ------
    CompileError
        When they do not fit one run: other shots, other placements, or lines whose correction (mixer, predistortion,
        delay) differs, since an output has one correction per upload.
    """
    first = sequences[0]
    for other in sequences[1:]:
        for what in ("shots", "n_bits", "placement", "qubits", "tick", "period", "triggers", "lead"):
            if getattr(other, what) != getattr(first, what):
                raise CompileError(
                    f"sequences with {what} {getattr(first, what)!r} and {getattr(other, what)!r} in one upload",
                    allowed="the same in all",
                    remedy="run them one after another",
                )
        if not _one_timing(first, other):
            raise CompileError("other lights or windows in one upload", remedy="run the sequences one after another")
    if len(sequences) == 1:
        return first
    offsets = np.cumsum([0, *(s.n_points for s in sequences)])
    lines = dict.fromkeys(name for s in sequences for name in s.tracks)
    feedlines = dict.fromkeys(name for s in sequences for name in s.listening)
    return replace(
        first,
        tracks={n: join_tracks(n, [(s.tracks[n], o) for s, o in _with(sequences, offsets, n)]) for n in lines},
        listening={
            n: _join_listening(
                [(s.listening[n], int(o)) for s, o in zip(sequences, offsets, strict=False) if n in s.listening]
            )
            for n in feedlines
        },
        counting={
            n: replace(one, reads=_join_reads([s.counting[n].reads for s in sequences], offsets))
            for n, one in first.counting.items()
        },
        exposing={
            n: replace(
                one,
                reads=_join_reads([s.exposing[n].reads for s in sequences], offsets),
                watched=_join_reads([s.exposing[n].watched for s in sequences], offsets),
                turned=frozenset(
                    point + int(begin)
                    for s, begin in zip(sequences, offsets, strict=False)
                    for point in s.exposing[n].turned
                ),
            )
            for n, one in first.exposing.items()
        },
        n_points=int(offsets[-1]),
        length=max(s.length for s in sequences),
        digest=hashlib.sha256("".join(s.digest for s in sequences).encode()).hexdigest(),
    )


def one_correction(one: Sequence, other: Sequence) -> bool:
    """Say whether two sequences fit one upload: lines that both play are corrected alike, lights switch alike."""
    both = (line for line in one.tracks if line in other.tracks)
    return _one_timing(one, other) and all(_alike(one.tracks[line], other.tracks[line]) for line in both)


def _one_timing(one: Sequence, other: Sequence) -> bool:
    """Say whether digital outputs switch, and counters and cameras look, at the same times of a shot."""
    pairs: list[tuple[Mapping[str, Digital | Counting | Exposing], Mapping[str, Digital | Counting | Exposing]]] = [
        (one.digital, other.digital),
        (one.counting, other.counting),
        (one.exposing, other.exposing),
    ]
    return one.lead == other.lead and all(
        here.keys() == there.keys() and all(np.array_equal(_times(here[name]), _times(there[name])) for name in here)
        for here, there in pairs
    )


def _times(one: Digital | Counting | Exposing) -> NDArray[np.float64]:
    return one.spans if isinstance(one, Digital) else one.windows


def _join_reads(reads: Seq[NDArray[np.void]], offsets: NDArray[np.int64]) -> NDArray[np.void]:
    moved = [rows.copy() for rows in reads]
    for rows, offset in zip(moved, offsets.tolist(), strict=False):
        rows["point"] += offset
    return np.concatenate(moved)


def _alike(one: Track, other: Track) -> bool:
    same = all(getattr(one, field) == getattr(other, field) for field in SHARED)
    return same and all(np.array_equal(getattr(one, field), getattr(other, field)) for field in CORRECTIONS)


def _with(sequences: Seq[Sequence], offsets: NDArray[np.int64], line: str) -> Iterable[tuple[Sequence, int]]:
    return ((s, int(o)) for s, o in zip(sequences, offsets, strict=False) if line in s.tracks)


def join_tracks(line: str, tracks: Seq[tuple[Track, int]]) -> Track:
    """Return one track that plays what each of them plays, its points moved by the number beside it.

    Raises
    ------
    CompileError
        When corrections differ.
    """
    first = tracks[0][0]
    waveforms: dict[bytes, int] = {}
    carriers: dict[float, int] = {}
    unique: list[NDArray[np.complex128]] = []
    plays = []
    for track, offset in tracks:
        if not _alike(track, first):
            raise CompileError(
                "two corrections for one line in one upload", where=line, remedy="run the sequences one after another"
            )
        index = []
        for waveform in track.waveforms:
            content = waveform.tobytes()
            if content not in waveforms:
                waveforms[content] = len(unique)
                unique.append(waveform)
            index.append(waveforms[content])
        tones = [carriers.setdefault(float(tone), len(carriers)) for tone in track.carriers]
        moved = track.plays.copy()
        moved["point"] += offset
        moved["waveform"] = np.array(index, np.int32)[track.plays["waveform"]]
        moved["carrier"] = np.array(tones, np.int32)[track.plays["carrier"]]
        plays.append(moved)
    return replace(first, waveforms=tuple(unique), plays=np.concatenate(plays), carriers=np.array(list(carriers)))


def _join_listening(listenings: Seq[tuple[Listening, int]]) -> Listening:
    windows = []
    for listening, offset in listenings:
        moved = listening.windows.copy()
        moved["point"] += offset
        windows.append(moved)
    start = min(listening.first for listening, _ in listenings)
    end = max(listening.first + listening.n_samples for listening, _ in listenings)
    return replace(listenings[0][0], windows=np.concatenate(windows), first=start, n_samples=end - start)
