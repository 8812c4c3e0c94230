"""Programs side by side in one upload: each keeps its own waveforms, all are read out together.

Unlike `compile.join`, which plays programs one after another, this plays them at once. A program is moved as a whole,
by whole ticks, so that its last readout begins when all others' do; carriers count their phase from the start of the
shot, so moving changes nothing of it. Lines that several programs play (feedlines) play the sum.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Seq
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from qctl.compile import check_limits, join_tracks, one_correction
from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.protocols import Limits
from qctl.core.record import Record, Trace
from qctl.core.sequence import Listening, Sequence, Track
from qctl.platforms.wiring import arrival

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Linked:
    """A window's upload, and how to take its record apart again.

    Parameters
    ----------
    sequence : what is played; bits of the members follow one another
    members : as they were compiled, moved to where they are in the shot
    readout : tick at which the last readouts begin
    """

    sequence: Sequence
    members: tuple[Sequence, ...]
    readout: int

    def split(self, record: Record) -> tuple[Record, ...]:
        """Return the record of each member, as if it had been alone; shots beyond what it asked for are left out."""
        return tuple(self._part(record, member) for member in self.members)

    def _part(self, record: Record, member: Sequence) -> Record:
        n = member.n_points
        traces = {line: _part(record.traces[line], heard, member) for line, heard in member.listening.items()}
        counts = {
            line: replace(record.counts[line], photons=_own(record.counts[line].photons, n, member.shots), counting=own)
            for line, own in member.counting.items()
        }
        images = {
            line: replace(record.images[line], pixels=_own(record.images[line].pixels, n, member.shots), exposing=own)
            for line, own in member.exposing.items()
        }
        return replace(
            record,
            traces=traces,
            counts=counts,
            images=images,
            shots=member.shots,
            n_points=n,
            n_bits=member.n_bits,
            placement=member.placement,
        )


def link(
    sequences: Seq[Sequence],
    known: Mapping[str, float],
    laboratory: Laboratory,
    limits: Limits,
    *,
    not_before: int = 0,
) -> Linked:
    """Return programs side by side, checked against every limit as a whole.

    Parameters
    ----------
    sequences : compiled for disjoint places of one laboratory, each with the shots that it shall get
    known : the parameters that they were compiled with
    not_before : tick at which the last readouts begin, or later: to play a program where it was among others

    Raises
    ------
    CompileError
        When two of them play on one line that cannot be shared, or do not fit one upload for another reason.
    LimitError
        When their sum is beyond a limit that each of them keeps alone.
    """
    _check_alike(sequences)
    ends = [_last_readout(sequence, known, laboratory) for sequence in sequences]
    together = max([*ends, not_before])
    fixed = any(s.digital or s.counting or s.exposing or s.is_steered for s in sequences)
    members = tuple(s if fixed else moved(s, together - end) for s, end in zip(sequences, ends, strict=True))
    n_points = math.lcm(*(s.n_points for s in members))
    first, bits = members[0], np.cumsum([0, *(s.n_bits for s in members)]).tolist()
    lines = dict.fromkeys(name for s in members for name in s.tracks)
    found = replace(
        first,
        tracks={line: _track(line, members, n_points, laboratory) for line in lines},
        listening=_listenings(members, bits, n_points),
        n_points=n_points,
        shots=max(-(-s.shots * s.n_points // n_points) for s in members),
        n_bits=bits[-1],
        length=max(s.length for s in members),
        placement=tuple(qubit for s in members for qubit in s.placement),
        filled=tuple(sorted({qubit for s in members for qubit in s.filled})),
        digest=hashlib.sha256(
            "".join(f"{s.digest} {e};" for s, e in zip(members, ends, strict=True)).encode()
        ).hexdigest(),
        counting={
            line: replace(one, reads=_reads([s.counting[line].reads for s in members], members, bits, n_points))
            for line, one in first.counting.items()
        },
        exposing={
            line: replace(
                one,
                reads=_reads([s.exposing[line].reads for s in members], members, bits, n_points),
                watched=_reads([s.exposing[line].watched for s in members], members, bits, n_points),
                turned=frozenset(range(n_points) if any(s.exposing[line].turned for s in members) else ()),
            )
            for line, one in first.exposing.items()
        },
    )
    check_limits(found, laboratory, limits)
    return Linked(found, members, together)


def moved(sequence: Sequence, ticks: int) -> Sequence:
    """Return a sequence that plays and hears everything so many ticks later."""
    if not ticks:
        return sequence
    later = float(sequence.tick) * ticks
    tracks = {}
    for line, track in sequence.tracks.items():
        plays = track.plays.copy()
        plays["start"] += round(track.sample_rate * sequence.tick) * ticks
        tracks[line] = replace(track, plays=plays)
    listening = {}
    for line, heard in sequence.listening.items():
        samples, windows = round(heard.sample_rate * sequence.tick) * ticks, heard.windows.copy()
        windows["start"] += samples
        listening[line] = replace(heard, windows=windows, first=heard.first + samples)
    return replace(sequence, tracks=tracks, listening=listening, length=sequence.length + later)


def _check_alike(sequences: Seq[Sequence]) -> None:
    if not sequences:
        raise CompileError("no program to link", allowed="at least one")
    if len(sequences) > 1 and any(s.is_steered for s in sequences):
        raise CompileError("a program whose shots branch beside others", allowed="alone in its window")
    if len({bool(s.filled) for s in sequences}) > 1:
        raise CompileError("a program that takes atoms as they were loaded beside one that has them sorted")
    for other in sequences[1:]:
        for what in ("qubits", "tick", "period", "triggers"):
            if getattr(other, what) != getattr(sequences[0], what):
                raise CompileError(f"programs with other {what} in one upload", allowed="the same in all")
        if not one_correction(sequences[0], other):
            raise CompileError("programs that correct lines or switch lights differently", remedy="run them in turn")


def _last_readout(sequence: Sequence, known: Mapping[str, float], laboratory: Laboratory) -> int:
    """Return the tick at which the last readout begins; 0 without any."""
    listen, found = arrival(laboratory, known).listen, 0
    for line, heard in sequence.listening.items():
        start = int(heard.windows["start"].max(initial=0)) - round(listen[line] * heard.sample_rate)
        found = max(found, start // round(heard.sample_rate * sequence.tick))
    return found


def _track(line: str, members: Seq[Sequence], n_points: int, laboratory: Laboratory) -> Track:
    """Return what a line plays: the sum on a feedline, what the one member plays elsewhere."""
    own = [_repeated(s.tracks[line], s.n_points, n_points) for s in members if line in s.tracks]
    playing = [track for track in own if len(track.plays)]
    if len(playing) > 1 and laboratory.lines[line].back is None:
        playing = [_all_of(line, playing)]
    if len(playing) < 2:
        return playing[0] if playing else own[0]
    track = join_tracks(line, [(each, 0) for each in playing])
    order = np.lexsort((track.plays["start"], track.plays["point"]))
    return replace(track, plays=track.plays[order])


def _all_of(line: str, playing: Seq[Track]) -> Track:
    """Return the track that plays all that the others play too: beams, and cooling of ions that one program uses."""
    fullest = max(playing, key=lambda track: len(track.plays))
    everything = set(_pulses(fullest))
    for track in playing:
        if not everything.issuperset(_pulses(track)):
            raise CompileError(
                f"{len(playing)} programs play different things", allowed="one program, or the same pulses", where=line
            )
    return fullest


def _pulses(track: Track) -> Iterator[tuple[object, ...]]:
    """Yield what tells each play from others, wherever its waveform and carrier stand in the tables."""
    content = [hashlib.sha256(waveform.tobytes()).digest() for waveform in track.waveforms]
    for point, waveform, carrier, start, amplitude, phase in track.plays.tolist():
        yield point, content[waveform], float(track.carriers[carrier]), start, amplitude, phase


def _repeated(track: Track, n_own: int, n_points: int) -> Track:
    return track if n_own == n_points else replace(track, plays=_again(track.plays, n_own, n_points))


def _again(rows: NDArray[np.void], n_own: int, n_points: int) -> NDArray[np.void]:
    """Return rows of a member's points, over and over until all points have some."""
    pieces = []
    for first in range(0, n_points, n_own):
        piece = rows.copy()
        piece["point"] += first
        pieces.append(piece)
    return np.concatenate(pieces)


def _with_bits(rows: NDArray[np.void], first_bit: int, n_own: int, n_points: int) -> NDArray[np.void]:
    found = _again(rows, n_own, n_points)
    found["bit"] = np.where(found["bit"] >= 0, found["bit"] + first_bit, -1)
    return found


def _listenings(members: Seq[Sequence], bits: Seq[int], n_points: int) -> dict[str, Listening]:
    lines = dict.fromkeys(name for s in members for name in s.listening)
    found = {}
    for line in lines:
        heard = [
            (s.listening[line], bit, s.n_points) for s, bit in zip(members, bits, strict=False) if line in s.listening
        ]
        windows = np.concatenate([_with_bits(h.windows, bit, n, n_points) for h, bit, n in heard])
        start = min(h.first for h, _, _ in heard)
        end = max(h.first + h.n_samples for h, _, _ in heard)
        order = np.lexsort((windows["start"], windows["point"]))
        found[line] = replace(heard[0][0], windows=windows[order], first=start, n_samples=end - start)
    return found


def _reads(reads: Seq[NDArray[np.void]], members: Seq[Sequence], bits: Seq[int], n_points: int) -> NDArray[np.void]:
    """Return what counters and cameras look at: the same times for all, with the qubits of every member."""
    each = zip(reads, members, bits, strict=False)
    return np.concatenate([_with_bits(rows, bit, member.n_points, n_points) for rows, member, bit in each])


def _part(trace: Trace, heard: Listening, member: Sequence) -> Trace:
    """Return what a member heard of a feedline; its windows count their samples as the whole segment does."""
    codes = _own(trace.codes, member.n_points, member.shots)
    return replace(trace, codes=codes, listening=replace(trace.listening, windows=heard.windows))


def _own(rows: NDArray[Number], n_own: int, shots: int) -> NDArray[Number]:
    """Return rows of shape (shots, n_points, ...) as shots of a member's own points."""
    return rows.reshape(-1, n_own, *rows.shape[2:])[:shots]
