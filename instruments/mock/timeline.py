"""When a rack's instruments start, shot by shot: triggers travel from marker to trigger input, and may be missed.

Nothing here is aligned for the user's convenience: an AWG that misses a trigger stays a step behind, a digitizer that
is not yet armed again records the next shot instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .signals import Player

_MOST_SHOTS = 1 << 17  # until the steps of all AWGs come round again


@dataclass(frozen=True)
class Cable:
    """From a marker to a trigger input.

    Parameters
    ----------
    source, marker : where it begins
    delay : of the cable, s
    """

    source: str
    marker: int
    delay: float


@dataclass(frozen=True)
class Taker:
    """An AWG in its rack.

    Parameters
    ----------
    player : what it plays
    cable : what starts it; None for the master
    latency : from the edge at its trigger input to its first sample, s
    first_step : where it stands when the master starts
    """

    player: Player
    cable: Cable | None = None
    latency: float = 0.0
    first_step: int = 0


@dataclass
class Shot:
    """One trigger of the master: (step, start in s) of everything played, by AWG."""

    plays: dict[str, list[tuple[int, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Timeline:
    """Shots in order; after the last one comes number ``n_lead`` again, or nothing when ``ends``."""

    shots: tuple[Shot, ...]
    n_lead: int
    ends: bool
    period: float
    takers: Mapping[str, Taker]

    def shot(self, number: int) -> int | None:
        """Return the index into ``shots`` of the shot with this number."""
        if number < len(self.shots):
            return number
        return None if self.ends else self.n_lead + (number - self.n_lead) % (len(self.shots) - self.n_lead)

    def edges(self, index: int, cable: Cable, threshold: float) -> list[float]:
        """Return the times, after the start of the shot, at which a trigger edge leaves the cable."""
        return edges(self.takers[cable.source].player, self.shots[index].plays.get(cable.source, []), cable, threshold)


def edges(player: Player, plays: Sequence[tuple[int, float]], cable: Cable, threshold: float) -> list[float]:
    """Return when a marker of what is played crosses ``threshold`` upwards at the far end of the cable."""
    low, high = player.marker_levels.get(cable.marker, (0.0, 0.0))
    if not low < threshold <= high:
        return []
    return [
        start + float(sample) / player.rate + cable.delay
        for step, start in plays
        for sample in player.steps[step].edges.get(cable.marker, ())
    ]


def period_of(master: Player) -> float | None:
    """Return the time between the master's shots, None when nothing starts it.

    A trigger that comes while a step is still playing is lost: the period is the next multiple of the interval.
    """
    waits = {step.wait for step in master.steps} - {"OFF"}
    longest = max((step.n_samples for step in master.steps), default=0) / master.rate
    if not longest or waits - {"ITR"}:
        return None
    return master.interval * max(1, math.ceil(longest / master.interval - 1e-9)) if waits else longest


def timeline(takers: Mapping[str, Taker]) -> Timeline | None:
    """Follow all AWGs from shot to shot until they come round; the master is the first, each comes behind its source.

    Returns
    -------
    Timeline or None
        None when nothing starts the master, or the AWGs do not come round.
    """
    master = next(iter(takers.values())).player
    period = period_of(master)
    if period is None:
        return None
    steps = {name: taker.first_step for name, taker in takers.items()}
    seen: dict[tuple[int, ...], int] = {}
    shots: list[Shot] = []
    while (state := tuple(steps.values())) not in seen:
        if len(shots) >= _MOST_SHOTS:
            return None
        if state[0] < 0 or len(shots) == master.n_shots:  # a burst may be over before they come round
            return Timeline(tuple(shots), len(shots), True, period, takers)
        seen[state] = len(shots)
        shot = Shot()
        for name, taker in takers.items():
            triggers = [0.0]
            if taker.cable is not None:
                source = takers[taker.cable.source].player
                played = shot.plays.get(taker.cable.source, [])
                triggers = edges(source, played, taker.cable, taker.player.threshold)
            shot.plays[name], steps[name] = _advance(taker, steps[name], triggers, period)
        shots.append(shot)
    return Timeline(tuple(shots), seen[state], False, period, takers)


def _advance(taker: Taker, step: int, triggers: Sequence[float], period: float) -> tuple[list[tuple[int, float]], int]:
    """Return what is played in this shot, and the step that waits for the next; -1 when the sequence has ended."""
    player, plays, free = taker.player, [], -math.inf
    for trigger in triggers:
        if step < 0 or trigger < free:
            continue
        start = trigger + taker.latency
        while True:
            plays.append((step, start))
            start += player.steps[step].n_samples / player.rate
            step = player.steps[step].following
            if step >= len(player.steps):
                step = -1
            if step < 0 or player.steps[step].wait != "OFF" or start - trigger >= period * (1 - 1e-9):
                break
        free = start - taker.latency
    return plays, step


@dataclass(frozen=True)
class Segments:
    """Which trigger each segment of a digitizer belongs to.

    Parameters
    ----------
    shots : int64, shape (n_segments,); numbers of the master's shots
    times : float64, shape (n_segments,); trigger edges after the start of their shots, s
    """

    shots: NDArray[np.int64]
    times: NDArray[np.float64]


def segments(
    line: Timeline,
    cable: Cable,
    threshold: float,
    n_segments: int,
    busy: float,
    first_shot: int,
    missed: Callable[[], bool] | None,
) -> Segments | None:
    """Return the triggers that a digitizer takes, None when they never come.

    Parameters
    ----------
    busy : from a trigger that was taken to the next one that is seen, s
    first_shot : number of the first shot after it was armed
    missed : draws whether a trigger is lost, for no reason
    """
    offsets = [line.edges(index, cable, threshold) for index in range(len(line.shots))]
    if not line.ends and not any(offsets[line.n_lead :]):
        return None
    shots, times = np.empty(n_segments, np.int64), np.empty(n_segments)
    found, number, free = 0, first_shot, -math.inf
    while found < n_segments:
        index = line.shot(number)
        if index is None:
            return None
        for time in offsets[index]:
            now = number * line.period + time
            if now < free - 1e-12 or found == n_segments or (missed is not None and missed()):
                continue
            shots[found], times[found] = number, time
            free = now + busy
            found += 1
        number += 1
    return Segments(shots, times)
