"""What hears the chip: every digitizer input gets one sweep point after the other, while the next is played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import local
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qctl.core.port import Port

from .feed import Feed
from .scene import Scenery
from .shot import Seen
from .traces import Pattern, amplitude, fill, noise_volts, pattern

Hear = Callable[[Port, int, NDArray[np.float32]], None]
"""Takes port, number of the sweep point, and volts of shape (n_cycles, n_samples), not to be kept."""

THREADS = 2


@dataclass(frozen=True)
class _Input:
    """One digitizer input; ``line`` is None when no feedline ends there."""

    port: Port
    n_samples: int
    line: str | None
    part: str
    scale: complex
    sigma: float
    rng: np.random.Generator


class Listeners:
    """All inputs of a stage. They fill and hand out the volts of one point while the next one is played.

    Parameters
    ----------
    rng : makes the generator of each input's noise from the input's name
    hear : called once for each input and point
    """

    def __init__(self, scenery: Scenery, n_cycles: int, rng: Callable[[str], np.random.Generator], hear: Hear) -> None:
        self.scenery, self.n_cycles, self._hear = scenery, n_cycles, hear
        self.inputs = [
            self._input(port, heard.sample_rate, heard.n_samples, rng(str(port)))
            for heard in scenery.stage.digitised.values()
            for port in heard.inputs
        ]
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="listener")
        self._under_way: list[Future[None]] = []
        self._own = local()

    def _input(self, port: Port, sample_rate: float, n_samples: int, rng: np.random.Generator) -> _Input:
        chip = self.scenery.chip
        for name in chip.laboratory.feedlines():
            ends = chip.laboratory.lines[name].heard_by
            if port in ends:
                truth, carrier = chip.feedline(name), self.scenery.carriers[name]
                turn = 0j if carrier is None else complex(np.exp(-1j * carrier * truth.return_delay))
                part = ("real", "imag")[ends.index(port) % 2]
                return _Input(
                    port, n_samples, name, part, amplitude(truth) * turn, noise_volts(truth, sample_rate), rng
                )
        return _Input(port, n_samples, None, "real", 0j, 0.0, rng)

    def hear(self, point: int, feeds: Mapping[str, Feed], seen: list[Seen]) -> None:
        """Let every input hear a point; returns before it is done, but not before the point before it is."""
        patterns = {
            line: pattern(feed, [s for s in seen if s.tone.qubit in feed.responses], self.n_cycles)
            for line, feed in feeds.items()
        }
        self._finish()
        self._under_way = [
            self._pool.submit(self._fill, point, one, patterns.get(one.line or "")) for one in self.inputs
        ]

    def _fill(self, point: int, one: _Input, found: Pattern | None) -> None:
        room = getattr(self._own, "room", None)
        if room is None or room.size != self.n_cycles * one.n_samples:
            room = self._own.room = np.empty(self.n_cycles * one.n_samples, np.float32)
        volts = room.reshape(self.n_cycles, one.n_samples)
        if found is None:
            volts[:] = 0
        else:
            fill(volts, found, one.part, one.scale, one.sigma, one.rng)
        self._hear(one.port, point, volts)

    def _finish(self) -> None:
        for future in self._under_way:
            future.result()
        self._under_way = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._pool:
            if error is None:
                self._finish()
