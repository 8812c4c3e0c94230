"""Many sequences in one upload: the points of each follow those of the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from collections.abc import Sequence as Seq
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.sequence import Listening, Sequence, Track

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
        for what in ("shots", "n_bits", "placement", "qubits", "tick", "period", "triggers"):
            if getattr(other, what) != getattr(first, what):
                raise CompileError(
                    f"sequences with {what} {getattr(first, what)!r} and {getattr(other, what)!r} in one upload",
                    allowed="the same in all",
                    remedy="run them one after another",
                )
    if len(sequences) == 1:
        return first
    offsets = np.cumsum([0, *(s.n_points for s in sequences)])
    lines = dict.fromkeys(name for s in sequences for name in s.tracks)
    feedlines = dict.fromkeys(name for s in sequences for name in s.listening)
    return replace(
        first,
        tracks={n: _join_tracks(n, [(s.tracks[n], o) for s, o in _with(sequences, offsets, n)]) for n in lines},
        listening={
            n: _join_listening(
                [(s.listening[n], int(o)) for s, o in zip(sequences, offsets, strict=False) if n in s.listening]
            )
            for n in feedlines
        },
        n_points=int(offsets[-1]),
        length=max(s.length for s in sequences),
        digest=hashlib.sha256("".join(s.digest for s in sequences).encode()).hexdigest(),
    )


def one_correction(one: Sequence, other: Sequence) -> bool:
    """Say whether two sequences correct every line that both play alike: an output has one correction per upload."""
    both = (line for line in one.tracks if line in other.tracks)
    return all(_alike(one.tracks[line], other.tracks[line]) for line in both)


def _alike(one: Track, other: Track) -> bool:
    same = all(getattr(one, field) == getattr(other, field) for field in SHARED)
    return same and all(np.array_equal(getattr(one, field), getattr(other, field)) for field in CORRECTIONS)


def _with(sequences: Seq[Sequence], offsets: NDArray[np.int64], line: str) -> Iterable[tuple[Sequence, int]]:
    return ((s, int(o)) for s, o in zip(sequences, offsets, strict=False) if line in s.tracks)


def _join_tracks(line: str, tracks: Seq[tuple[Track, int]]) -> Track:
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
