"""One run of the simulated world: from what the AWGs play to the codes in the digitizers' memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.core.sequence import Port
from qctl.physics.stage import Acquisition, Carrier, Playing, Stage, Switching
from qctl.physics.worlds import SimulatedWorld

from .gating import Gates
from .signals import Armed, Player
from .timeline import Segments, Taker, Timeline

Segmented = slice | NDArray[np.int64]
"""Which segments of a digitizer's memory."""

Store = Callable[[int, Any, NDArray[Any]], None]
"""Takes a channel, numbers of segments or readings and what belongs to them, which it may change but not keep."""


World = SimulatedWorld
"""What plays the part of nature; it may call ``hear`` from any thread."""


@dataclass(frozen=True)
class Heard:
    """What one digitizer is to record.

    Parameters
    ----------
    segments : the triggers that it takes; None when it records without any
    latency : from the edge at its trigger input to time zero of its record, s
    """

    name: str
    armed: Armed
    segments: Segments | None
    latency: float


def perform(
    world: World,
    line: Timeline | None,
    heard: list[Heard],
    gates: list[Gates],
    carriers: Mapping[str, Carrier],
    biases: Mapping[str, float],
    stores: Mapping[str, Store],
) -> None:
    """Let the world play all shots that anybody hears, once, and store what the digitizers record of them."""
    silent = [found for found in heard if found.segments is None]
    for found in silent:
        alone: dict[str, _Window | Gates] = {found.name: _Window.whole(found)}
        stage = _stage(({},), carriers, biases, alone, 1e-3)
        _play(world, stage, range(found.armed.n_segments), alone, stores)
    triggered = [found for found in heard if found.segments is not None]
    if line is None or not (triggered or gates):
        return
    windows: dict[str, _Window | Gates] = {found.name: _Window.of(found) for found in triggered}
    windows |= {found.name: found for found in gates}
    n_shots = max(window.n_shots for window in windows.values())
    cache: dict[tuple[str, int, float], Mapping[Port, Playing | Switching]] = {}
    points = tuple(_point(line, index, cache) for index in range(len(line.shots)))
    if line.n_lead:
        stage = _stage(points[: line.n_lead], carriers, biases, windows, line.period)
        _play(world, stage, range(min(line.n_lead, n_shots)), windows, stores)
    if n_shots > line.n_lead:
        stage = _stage(points[line.n_lead :], carriers, biases, windows, line.period)
        _play(world, stage, range(line.n_lead, n_shots), windows, stores)


@dataclass(frozen=True)
class _Window:
    """The part of each shot that covers every segment of one digitizer, and where the segments lie in it."""

    found: Heard
    start: float
    n_samples: int
    shots: NDArray[np.int64]
    first: NDArray[np.int64]  # sample of the window at which each segment begins

    @classmethod
    def whole(cls, found: Heard) -> _Window:
        n_segments = found.armed.n_segments
        numbers = np.arange(n_segments, dtype=np.int64)
        return cls(found, found.armed.delay, found.armed.n_samples, numbers, np.zeros(n_segments, np.int64))

    @classmethod
    def of(cls, found: Heard) -> _Window:
        assert found.segments is not None
        armed, times = found.armed, found.segments.times
        earliest = float(times.min())
        first = np.rint((times - earliest) * armed.rate).astype(np.int64)
        start = earliest + found.latency + armed.delay
        return cls(found, start, int(first.max()) + armed.n_samples, found.segments.shots, first)

    @property
    def n_shots(self) -> int:
        return int(self.shots[-1]) + 1

    def waits(self) -> Acquisition:
        ports = tuple(Port(self.found.name, channel) for channel in self.found.armed.inputs)
        return Acquisition(ports, self.found.armed.rate, self.start, self.n_samples)

    def taken(self, first_shot: int, n_cycles: int, n_points: int) -> _Taken:
        return _Taken.of(self, first_shot, n_cycles, n_points)


def _stage(
    points: tuple[Mapping[Port, Playing | Switching], ...],
    carriers: Mapping[str, Carrier],
    biases: Mapping[str, float],
    windows: Mapping[str, _Window | Gates],
    period: float,
) -> Stage:
    return Stage(points, carriers, biases, {name: window.waits() for name, window in windows.items()}, period)


def _play(
    world: World, stage: Stage, numbers: range, windows: Mapping[str, _Window | Gates], stores: Mapping[str, Store]
) -> None:
    """Play the shots ``numbers``, whole cycles of the stage's points; store each point as it is heard."""
    n_points = len(stage.points)
    n_cycles = -(-len(numbers) // n_points)
    taken = {name: window.taken(numbers.start, n_cycles, n_points) for name, window in windows.items()}

    def hear(port: Port, point: int, volts: NDArray[Any]) -> None:
        taken[port.instrument].store(port.number, point, volts, stores[port.instrument])

    world.play(stage, n_cycles, hear)


@dataclass(frozen=True)
class _Taken:
    """Which cycles of each point a digitizer records, and where they go.

    Parameters
    ----------
    order : numbers of segments by point, then shot
    edges : where each point begins in ``order``
    cycles : in which each segment is recorded
    """

    window: _Window
    order: NDArray[np.int64]
    edges: NDArray[np.intp]
    cycles: NDArray[np.int64]
    n_cycles: int
    n_points: int

    @classmethod
    def of(cls, window: _Window, first_shot: int, n_cycles: int, n_points: int) -> _Taken:
        begin, end = np.searchsorted(window.shots, (first_shot, first_shot + n_cycles * n_points)).tolist()
        cycles, points = np.divmod(window.shots[begin:end] - first_shot, n_points)
        order = np.argsort(points, kind="stable")
        edges = np.searchsorted(points[order], np.arange(n_points + 1))
        return cls(window, begin + order, edges, cycles[order], n_cycles, n_points)

    def store(self, channel: int, point: int, volts: NDArray[np.float32], store: Store) -> None:
        """Store what belongs to the segments of one point."""
        inside = slice(*self.edges[point : point + 2].tolist())
        numbers, cycles = self.order[inside], self.cycles[inside]
        if not len(numbers):
            return
        if len(cycles) < self.n_cycles:
            volts = volts[cycles]
        n_samples = self.window.found.armed.n_samples
        if self.window.n_samples != n_samples:
            first = self.window.first[numbers]
            volts = np.take_along_axis(volts, first[:, None] + np.arange(n_samples), axis=1)
        steps = np.diff(numbers)
        even = len(steps) > 0 and bool(np.all(steps == steps[0]))
        place: Segmented = slice(int(numbers[0]), int(numbers[-1]) + 1, int(steps[0])) if even else numbers
        store(channel, place, volts)


def _point(
    line: Timeline, index: int, cache: dict[tuple[str, int, float], Mapping[Port, Playing | Switching]]
) -> Mapping[Port, Playing | Switching]:
    return played_in(line.shots[index].plays, line.takers, cache)


def played_in(
    plays_by_name: Mapping[str, Sequence[tuple[int, float]]],
    takers: Mapping[str, Taker],
    cache: dict[tuple[str, int, float], Mapping[Port, Playing | Switching]] | None = None,
) -> Mapping[Port, Playing | Switching]:
    """Return what each output gives in a shot of which the steps and their starts are known, by instrument."""
    cache = {} if cache is None else cache
    point: dict[Port, Playing | Switching] = {}
    for name, plays in plays_by_name.items():
        for step, start in plays:
            if (name, step, start) not in cache:
                cache[name, step, start] = _played(name, takers[name].player, step, start)
            for port, playing in cache[name, step, start].items():
                point[port] = _joined(point[port], playing) if port in point else playing
    return point


def _played(name: str, player: Player, step: int, start: float) -> dict[Port, Playing | Switching]:
    """Return what one step of an instrument gives."""
    found: dict[Port, Playing | Switching] = {
        Port(name, channel): Playing(volts, player.rate, start) for channel, volts in player.steps[step].volts.items()
    }
    switching = player.steps[step].switching.items()
    return found | {Port(name, output): Switching(start + edges) for output, edges in switching}


def _joined(earlier: Playing | Switching, later: Playing | Switching) -> Playing | Switching:
    """Return two waveforms of one output in one shot as one, with silence between them.

    What was joined lately is handed out again: an AWG that waits for two triggers in every shot plays the same.
    """
    if isinstance(earlier, Switching) or isinstance(later, Switching):
        return later
    offset = round((later.start - earlier.start) * earlier.sample_rate)
    key = id(earlier.volts), id(later.volts), offset
    known = _JOINED.pop(key, None)
    if known is None or known[0] is not earlier.volts or known[1] is not later.volts:
        volts = np.zeros(offset + len(later.volts), np.float32)
        volts[: len(earlier.volts)] = earlier.volts[:offset]
        volts[offset:] = later.volts
        known = earlier.volts, later.volts, volts
    _JOINED[key] = known
    while len(_JOINED) > _MOST_JOINED:
        _JOINED.pop(next(iter(_JOINED)), None)
    return Playing(known[2], earlier.sample_rate, earlier.start)


_JOINED: dict[tuple[int, int, int], tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]] = {}
_MOST_JOINED = 32
