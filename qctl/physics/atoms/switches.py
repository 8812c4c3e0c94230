"""What digital outputs do to light: spans of time, and how they overlap."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.port import Port

from ..memory import Memory
from ..stage import Playing, Switching
from .twin import AtomTwin

Span = tuple[float, float]


HIGH = 0.1  # V: an output that plays waveforms into a switch is high above
_EDGES = Memory(1 << 22)


def spans(switching: Switching | Playing | None, end: float) -> list[Span]:
    """Return when an output is high during a shot that lasts until ``end``."""
    if switching is None:
        return []
    if isinstance(switching, Playing):
        times = _EDGES.get(switching.digest, lambda: edges(switching))
        return list(zip(times[::2].tolist(), times[1::2].tolist(), strict=True))
    toggles = switching.edges.tolist()
    toggles = [*toggles, max(end, toggles[-1])] if len(toggles) % 2 else toggles
    return list(zip(toggles[::2], toggles[1::2], strict=True))


def edges(playing: Playing) -> NDArray[np.float64]:
    """Return when what is played rises above the level of a switch, and falls below it again, s."""
    high = np.concatenate([[False], playing.volts > HIGH, [False]])
    return np.asarray(playing.start + np.flatnonzero(np.diff(high.astype(np.int8))) / playing.sample_rate)


def united(many: list[Span]) -> list[Span]:
    """Return spans that do not overlap, and cover the same time."""
    found: list[Span] = []
    for first, last in sorted(many):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def overlap(many: list[Span], one: Span) -> float:
    """Return for how long some of ``many``, which do not overlap each other, overlap one."""
    return sum(max(0.0, min(last, one[1]) - max(first, one[0])) for first, last in many)


def cut(one: Span, many: list[Span]) -> list[tuple[Span, int]]:
    """Return the parts of a span that lie inside one of ``many``, with its number, and those outside, with -1."""
    edges = sorted({*one, *(edge for span in many for edge in span if one[0] < edge < one[1])})
    parts = list(pairwise(edges))
    middles = [(first + last) / 2 for first, last in parts]
    inside = [next((k for k, (a, b) in enumerate(many) if a < middle < b), -1) for middle in middles]
    return list(zip(parts, inside, strict=True))


_SEEN: dict[tuple[int, float, float], Playing] = {}
_MOST_SEEN = 1 << 28  # bytes


def recognised(playing: Playing) -> Playing:
    """Return the object that stood for the same array before: what was derived from it need not be derived again."""
    key = id(playing.volts), playing.sample_rate, playing.start
    known = _SEEN.pop(key, None)
    if known is None or known.volts is not playing.volts:
        known = playing
    _SEEN[key] = known
    while len(_SEEN) > 1 and sum(one.volts.nbytes for one in _SEEN.values()) > _MOST_SEEN:
        _SEEN.pop(next(iter(_SEEN)))
    return known


class Lines:
    """What the lines of a laboratory carry during one shot, as far as they do what they are told.

    Parameters
    ----------
    point : what each output plays
    clock : virtual time at which the shot begins, s
    end : of the shot, s after its start
    """

    def __init__(
        self,
        laboratory: Laboratory,
        truth: AtomTwin,
        point: Mapping[Port, Playing | Switching],
        clock: float,
        end: float,
    ) -> None:
        self._lab, self._truth, self._point, self._clock, self.end = laboratory, truth, point, clock, end

    def wave(self, line: str) -> Playing | None:
        """Return what a line plays; None when it is dark."""
        found = self._found(line)
        if not isinstance(found, Playing) or self._failures(line) or not found.span[1]:
            return None
        return found

    def spans(self, line: str) -> list[Span]:
        """Return when a line is high."""
        high = spans(self._found(line), self.end)
        for since, until, on in self._failures(line):
            high = [part for one in high for part in _without(one, (since, until))]
            high = sorted([*high, (since, min(until, self.end))]) if on else high
        return high

    def _failures(self, line: str) -> list[tuple[float, float, bool]]:
        times = [(f.since - self._clock, f.until - self._clock, f.on) for f in self._truth.failures if f.line == line]
        return [(max(0.0, a), b, on) for a, b, on in times if b > 0 and a < self.end]

    def _found(self, line: str) -> Playing | Switching | None:
        wiring = self._lab.lines.get(line)
        port = None if wiring is None else wiring.switch or wiring.output
        found = None if port is None or port in self._truth.dead else self._point.get(port)
        return recognised(found) if isinstance(found, Playing) else found


def _without(one: Span, hole: Span) -> list[Span]:
    parts = [(one[0], min(one[1], hole[0])), (max(one[0], hole[1]), one[1])]
    return [(a, b) for a, b in parts if b > a + 1e-12]
