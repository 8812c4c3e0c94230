"""Shots that instruments steer while they last: carried together as long as they are played alike, heard in windows.

Nobody here knows what will be decided. Whoever plays asks what an input hears up to now, sorts the shots by that, and
goes on with each group; a group's waveforms may differ from another's from that moment on, and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qctl.core.port import Port

from .cabling import plugged
from .chip import TWO_PI, Chip
from .memory import Memory
from .scene import Scene, Scenery
from .shot import Chance, Shot
from .stage import Acquisition, Carrier, Playing, Stage
from .traces import amplitude, fill, noise_volts, pattern

_FARTHEST = 1e6  # s; later than any shot ends


@dataclass
class Thread:
    """Shots that have been played alike so far.

    Parameters
    ----------
    shots : their numbers
    shot : their state; None before anything happened
    until : s, chip time; all that began before has happened
    heard : by input, when the first sample was taken and the volts, shape (n_shots, n_samples)
    """

    shots: NDArray[np.int64]
    shot: Shot | None = None
    until: float = -np.inf
    heard: dict[Port, tuple[float, NDArray[np.float32]]] = field(default_factory=dict)


@dataclass
class Branches:
    """One run.

    Parameters
    ----------
    carriers, biases, period : as in a `Stage`
    n_shots : of the run
    initial : probability of each level before each shot, shape (n_qubits, levels)
    rng : makes the generator of a name
    chance : random numbers of each qubit
    """

    chip: Chip
    memory: Memory
    carriers: Mapping[str, Carrier]
    biases: Mapping[str, float]
    period: float
    n_shots: int
    initial: NDArray[np.float64]
    rng: Callable[[str], np.random.Generator]
    chance: Chance
    _sceneries: dict[tuple[Port, float, int], Scenery] = field(default_factory=dict)
    _rngs: dict[Port, np.random.Generator] = field(default_factory=dict)
    _ends: list[tuple[int, NDArray[np.float64], float]] = field(default_factory=list)

    def begin(self) -> Thread:
        """Return all shots, before anything is played."""
        return Thread(np.arange(self.n_shots))

    def hear(
        self, thread: Thread, playing: Mapping[Port, Playing], wanted: Acquisition
    ) -> dict[Port, NDArray[np.float32]]:
        """Let everything happen that begins before a window ends, and return what its inputs hear of it.

        Parameters
        ----------
        playing : as far as it is known; what is played after the window does not matter
        wanted : the window; where it overlaps the one heard before, the same samples are returned again
        """
        scenery = self._scenery(wanted)
        scene = scenery.scene(plugged(self._stage((playing,), {}), self.chip.twin).waveforms[0])
        line = next((n for n in self.chip.laboratory.feedlines() if scenery.listening(n) is not None), None)
        if line is None:
            return {port: np.zeros((len(thread.shots), wanted.n_samples), np.float32) for port in wanted.inputs}
        end = wanted.start + wanted.n_samples / wanted.sample_rate
        shot = self._advance(thread, scene, scenery, end - self.chip.feedline(line).return_delay)
        feed = scene.feeds[line]
        found = pattern(feed, [s for s in shot.seen if s.tone.qubit in feed.responses], len(thread.shots))
        truth, carrier = self.chip.feedline(line), scenery.carriers[line]
        turn = 0j if carrier is None else complex(np.exp(-1j * carrier * truth.return_delay))
        sigma, volts = noise_volts(truth, wanted.sample_rate), dict[Port, NDArray[np.float32]]()
        for port in wanted.inputs:
            part = ("real", "imag")[self.chip.laboratory.lines[line].heard_by.index(port) % 2]
            fresh = np.empty((len(thread.shots), wanted.n_samples), np.float32)
            fill(fresh, found, part, amplitude(truth) * turn, sigma, self._rng(port))
            volts[port] = _again(thread.heard.get(port), fresh, wanted)
            thread.heard[port] = wanted.start, volts[port]
        return volts

    def part(self, thread: Thread, mask: NDArray[np.bool_]) -> Thread:
        """Return those shots of a thread that go on together; the thread itself is not to be used any more."""
        if mask.all():
            return thread
        some = np.flatnonzero(mask)
        heard = {port: (start, volts[some]) for port, (start, volts) in thread.heard.items()}
        return Thread(thread.shots[some], thread.shot and thread.shot.only(some), thread.until, heard)

    def end(self, thread: Thread, playing: Mapping[Port, Playing]) -> None:
        """Play a thread to its end."""
        scenery = Scenery(self.chip, self._stage((playing,), {}), self.memory)
        scene = scenery.scene(plugged(scenery.stage, self.chip.twin).waveforms[0])
        shot = self._advance(thread, scene, scenery, _FARTHEST)
        end = max(scene.end, float(shot.clock.max()))
        self._ends.append((len(thread.shots), shot.rest(end), end))

    def populations(self) -> tuple[NDArray[np.float64], float]:
        """Return the mean populations at the end of all shots, and when that is, s."""
        weights = np.array([n for n, _, _ in self._ends], np.float64)
        mean = np.tensordot(weights / weights.sum(), np.array([p for _, p, _ in self._ends]), axes=1)
        return mean, max(end for _, _, end in self._ends)

    def _stage(self, points: tuple[Mapping[Port, Playing], ...], heard: Mapping[str, Acquisition]) -> Stage:
        return Stage(points, self.carriers, self.biases, heard, self.period)

    def _scenery(self, wanted: Acquisition) -> Scenery:
        key = wanted.inputs[0], wanted.start, wanted.n_samples
        if key not in self._sceneries:
            stage = self._stage((), {wanted.inputs[0].instrument: wanted})
            self._sceneries[key] = Scenery(self.chip, stage, self.memory)
        return self._sceneries[key]

    def _advance(self, thread: Thread, scene: Scene, scenery: Scenery, until: float) -> Shot:
        if thread.shot is None:
            n_groups = self.chip.twin.noise_groups
            noise = np.array([TWO_PI * self.chip.transmon(q).detuning_noise for q in range(len(self.chip.names))])
            detunings = self.rng("slow noise").standard_normal((n_groups, len(noise))) * noise
            groups = thread.shots * n_groups // max(1, self.n_shots)
            thread.shot = Shot(scene.motion, self.initial, detunings, groups, scenery.zz, self.chance)
        pieces = [p for p in scene.pieces if thread.until <= p.start < until]
        tones = [t for t in scene.tones if thread.until <= t.start < until]
        thread.shot.go_on(scene.motion, pieces, tones)
        thread.until = max(thread.until, until)
        return thread.shot

    def _rng(self, port: Port) -> np.random.Generator:
        if port not in self._rngs:
            self._rngs[port] = self.rng(str(port))
        return self._rngs[port]


def _again(
    before: tuple[float, NDArray[np.float32]] | None, fresh: NDArray[np.float32], wanted: Acquisition
) -> NDArray[np.float32]:
    """Return new samples, with those that were heard before in their place: noise is what it was."""
    if before is None:
        return fresh
    start, old = before
    offset = round((wanted.start - start) * wanted.sample_rate)
    first, last = max(0, -offset), min(wanted.n_samples, old.shape[1] - offset)
    if first < last:
        fresh[:, first:last] = old[:, first + offset : last + offset]
    return fresh
