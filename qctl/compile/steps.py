"""Cut whole shots of all ways into steps of a sequence that branches; what ways have in common is one step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from qctl.core.branching import NOT_ASKED, Branching
from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.protocols import AwgLimits
from qctl.core.sequence import Playlist, Sequence, Waveform
from qctl.platforms.wiring import start_latency


def whole_shots(ends: NDArray[np.int64], cuts: list[int], limits: AwgLimits) -> NDArray[np.int64]:
    """Return how many samples an AWG needs in each way: equally many, and a whole step behind the last decision."""
    last = cuts[-1] + limits.min_samples if cuts else 0
    return np.full(len(ends), max(int(ends.max(initial=0)), last), np.int64)


def cuts_of(sequence: Sequence, name: str, laboratory: Laboratory, limits: AwgLimits) -> list[int]:
    """Return the samples of an AWG at which its steps end; none where it hears no events."""
    branching = sequence.branching
    if branching is None or name not in branching.awgs:
        return []
    rate = Fraction(laboratory.instruments[name].sample_rate or 1.0).limit_denominator(10**6)
    late = start_latency(laboratory).get(name, 0.0)
    found = [math.ceil((d.cut - late) * float(rate) - 1e-3) for d in branching.decisions]
    return [-(-sample // limits.granularity) * limits.granularity for sample in found]


def branch(name: str, playlist: Playlist, branching: Branching, cuts: list[int]) -> Playlist:
    """Return the steps of an AWG: by the ways where it hears events, else one for all of them.

    Parameters
    ----------
    playlist : one step for each way
    cuts : as `cuts_of` returns them

    Raises
    ------
    CompileError
        When ways differ that nothing tells apart, because the AWG does not hear events, or because they differ before
        the decision between them.
    """
    if not cuts:
        if len(np.unique(playlist.steps, axis=0)) > 1:
            raise CompileError(
                "ways of a program on which it plays differently",
                allowed=f"AWGs that hear events: {', '.join(branching.awgs) or 'none'}",
                where=name,
                remedy="add it to the branches of the event line, or decide about other lines only",
            )
        return Playlist(playlist.waveforms, playlist.steps[:1])
    return _Cutting(name, playlist, branching, [0, *cuts]).cut()


@dataclass
class _Cutting:
    name: str
    playlist: Playlist
    branching: Branching
    edges: list[int]
    waveforms: list[Waveform] = field(default_factory=list)
    found: dict[tuple[int, int], int] = field(default_factory=dict)  # by whole waveform and place
    unique: dict[bytes, int] = field(default_factory=dict)
    steps: list[list[int]] = field(default_factory=list)
    jumps: list[list[int]] = field(default_factory=list)

    def cut(self) -> Playlist:
        """Return the tree of steps; the first begins every shot."""
        self._step(0, list(range(len(self.playlist.steps))))
        return Playlist(tuple(self.waveforms), np.array(self.steps, np.int32), np.array(self.jumps, np.int32))

    def _step(self, depth: int, ways: list[int]) -> int:
        """Add what some ways play from one cut on, and all that follows; return the number of the step."""
        rows = {tuple(self._piece(w, depth) for w in self.playlist.steps[way].tolist()) for way in ways}
        if len(rows) > 1:
            raise CompileError(
                f"ways that differ before the decision between them, in step {depth + 1}",
                allowed="waveforms that follow from decisions",
                where=self.name,
                remedy="a filter that looks ahead (predistortion) reaches back over a decision: shorten it",
            )
        number = len(self.steps)
        self.steps.append(list(rows.pop()))
        self.jumps.append([0, -1])
        if depth < len(self.edges) - 1:
            self.jumps[number] = self._after(depth, ways)
        return number

    def _after(self, depth: int, ways: list[int]) -> list[int]:
        said = self.branching.ways[ways, depth]
        if np.all(said == NOT_ASKED):
            return [self._step(depth + 1, ways), -1]
        either = [w for w, s in zip(ways, said.tolist(), strict=True) if s == NOT_ASKED]
        zeros = [w for w, s in zip(ways, said.tolist(), strict=True) if s == 0]
        ones = [w for w, s in zip(ways, said.tolist(), strict=True) if s == 1]
        return [self._step(depth + 1, sorted(zeros + either)), self._step(depth + 1, sorted(ones + either))]

    def _piece(self, waveform: int, depth: int) -> int:
        """Return the number of a piece of a waveform; -1 for an idle channel."""
        if waveform < 0:
            return -1
        if (waveform, depth) not in self.found:
            last = self.edges[depth + 1] if depth + 1 < len(self.edges) else None
            whole = self.playlist.waveforms[waveform]
            inside = slice(self.edges[depth], last)
            piece = Waveform(whole.codes[inside], whole.markers[inside])
            key = piece.codes.tobytes() + piece.markers.tobytes()
            if key not in self.unique:
                self.unique[key] = len(self.waveforms)
                self.waveforms.append(piece)
            self.found[waveform, depth] = self.unique[key]
        return self.found[waveform, depth]


def branched(
    playlists: Mapping[str, Playlist], sequence: Sequence, cuts: Mapping[str, list[int]]
) -> dict[str, Playlist]:
    """Return what each AWG plays of a sequence that branches."""
    assert sequence.branching is not None
    return {name: branch(name, one, sequence.branching, cuts[name]) for name, one in playlists.items()}
