"""One run of the simulated world: from what the AWGs play to the codes in the digitizers' memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.sequence import Port
from qctl.physics.stage import Acquisition, Carrier, Playing, Stage
from qctl.physics.worlds import SimulatedWorld

from .signals import Armed
from .timeline import Segments, Timeline

Segmented = slice | NDArray[np.int64]
"""Which segments of a digitizer's memory."""

Store = Callable[[int, Segmented, NDArray[np.float32]], None]
"""Takes a channel, numbers of segments and their volts, shape (n, n_samples), which it may change but not keep."""

Hear = Callable[[Port, int, NDArray[np.float32]], None]
"""Takes an input, the number of a sweep point, and volts of shape (n_cycles, n_samples), to change but not to keep."""


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
    carriers: Mapping[str, Carrier],
    biases: Mapping[str, float],
    stores: Mapping[str, Store],
) -> None:
    """Let the world play all shots that anybody hears, once, and store what the digitizers record of them."""
    silent = [found for found in heard if found.segments is None]
    for found in silent:
        windows = {found.name: _Window.whole(found)}
        stage = _stage(({},), carriers, biases, windows, 1e-3)
        _play(world, stage, range(found.armed.n_segments), windows, stores)
    triggered = [found for found in heard if found.segments is not None]
    if line is None or not triggered:
        return
    windows = {found.name: _Window.of(found) for found in triggered}
    n_shots = max(int(found.segments.shots[-1]) + 1 for found in triggered if found.segments is not None)
    cache: dict[tuple[str, int, float], Mapping[Port, Playing]] = {}
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
    def ports(self) -> tuple[Port, ...]:
        return tuple(Port(self.found.name, channel) for channel in self.found.armed.inputs)


def _stage(
    points: tuple[Mapping[Port, Playing], ...],
    carriers: Mapping[str, Carrier],
    biases: Mapping[str, float],
    windows: Mapping[str, _Window],
    period: float,
) -> Stage:
    acquisitions = {
        name: Acquisition(window.ports, window.found.armed.rate, window.start, window.n_samples)
        for name, window in windows.items()
    }
    return Stage(points, carriers, biases, acquisitions, period)


def _play(
    world: World, stage: Stage, numbers: range, windows: Mapping[str, _Window], stores: Mapping[str, Store]
) -> None:
    """Play the shots ``numbers``, whole cycles of the stage's points; store each point as it is heard."""
    n_points = len(stage.points)
    n_cycles = -(-len(numbers) // n_points)
    taken = {name: _Taken.of(window, numbers.start, n_cycles, n_points) for name, window in windows.items()}

    def hear(port: Port, point: int, volts: NDArray[np.float32]) -> None:
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
    line: Timeline, index: int, cache: dict[tuple[str, int, float], Mapping[Port, Playing]]
) -> Mapping[Port, Playing]:
    point: dict[Port, Playing] = {}
    for name, plays in line.shots[index].plays.items():
        for step, start in plays:
            if (name, step, start) not in cache:
                player = line.takers[name].player
                cache[name, step, start] = {
                    Port(name, channel): Playing(volts, player.rate, start)
                    for channel, volts in player.steps[step].volts.items()
                }
            for port, playing in cache[name, step, start].items():
                point[port] = _joined(point[port], playing) if port in point else playing
    return point


def _joined(earlier: Playing, later: Playing) -> Playing:
    """Return two waveforms of one output in one shot as one, with silence between them."""
    offset = round((later.start - earlier.start) * earlier.sample_rate)
    volts = np.zeros(offset + len(later.volts), np.float32)
    volts[: len(earlier.volts)] = earlier.volts[:offset]
    volts[offset:] = later.volts
    return Playing(volts, earlier.sample_rate, earlier.start)
