"""Counters and cameras in one run: when their gates are open in each shot, and where each reading goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qctl.core.sequence import Port
from qctl.physics.stage import Counting, Exposing

from .signals import Gated
from .timeline import Cable, Timeline

Keep = Callable[[int, NDArray[np.int64], NDArray[Any]], None]
"""Takes a channel, numbers of readings, and what was counted or seen."""


@dataclass(frozen=True)
class Gates:
    """One counter's or camera's part of a run.

    Parameters
    ----------
    windows : float64, shape (n_windows, 2), s after the start of each shot
    """

    name: str
    gated: Gated
    windows: NDArray[np.float64]

    @property
    def n_shots(self) -> int:
        """Return in how many shots all readings are taken."""
        return -(-self.gated.n_readings // len(self.windows))

    def waits(self) -> Counting | Exposing:
        """Return what the world is told."""
        if self.gated.shape is None:
            return Counting(tuple(Port(self.name, channel) for channel in self.gated.inputs), self.windows)
        return Exposing(Port(self.name, 1), self.windows, self.gated.shape)

    def taken(self, first_shot: int, n_cycles: int, n_points: int) -> Taken:
        """Return where the readings of shots from ``first_shot`` on belong, of ``n_cycles`` of all points."""
        return Taken(self, first_shot, n_cycles, n_points)


@dataclass(frozen=True)
class Taken:
    """Shots that are played in one go."""

    gates: Gates
    first_shot: int
    n_cycles: int
    n_points: int

    def store(self, channel: int, point: int, heard: NDArray[Any], keep: Keep) -> None:
        """Store what was heard of one point, shape (n_cycles, n_windows, ...)."""
        shots = self.first_shot + np.arange(self.n_cycles) * self.n_points + point
        numbers = (shots[:, None] * len(self.gates.windows) + np.arange(len(self.gates.windows))).ravel()
        wanted = numbers < self.gates.gated.n_readings
        keep(channel, numbers[wanted], heard.reshape(len(numbers), *heard.shape[2:])[wanted])


def gates_of(name: str, gated: Gated, line: Timeline, cable: Cable) -> Gates | None:
    """Return the gates that a counter or camera sees, None when they never come or are not enough.

    They are the pulses of one digital output, the same in every shot. One that is too short, or comes before the
    instrument is ready again, is not seen.
    """
    taker = line.takers[cable.source]
    low, high = taker.player.marker_levels.get(cable.marker, (0.0, 0.0))
    edges = taker.player.steps[0].switching.get(cable.marker, np.zeros(0))
    if len(taker.player.steps) != 1 or not low < gated.threshold <= high or gated.armed > taker.player.started:
        return None
    windows: list[tuple[float, float]] = []
    for opens, closes in edges.reshape(-1, 2).tolist():
        ready = not windows or opens >= windows[-1][1] - cable.delay + gated.rearm - 1e-12
        if ready and closes - opens >= gated.shortest - 1e-12:
            windows.append((opens + cable.delay, closes + cable.delay))
    n_shots = taker.player.n_shots
    if not windows or (n_shots is not None and n_shots * len(windows) < gated.n_readings):
        return None
    return Gates(name, gated, np.array(windows))
