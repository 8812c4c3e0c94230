"""The simulated laboratory: volts in at the lines of a chip, volts out at the digitizers, in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from threading import Lock
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.port import Port

from .branches import Branches
from .cabling import plugged
from .chip import TWO_PI, Chip
from .drift import Weather
from .listeners import Hear, Listeners
from .memory import Memory
from .scene import Scene, Scenery
from .shot import Chance, Ending, Seen, Shot, decided_on_the_way, draw
from .stage import Carrier, Playing, Stage
from .twin import Twin

CARRY_FLOOR = 1e-4  # exp(-period / T1) below which the previous shot is forgotten


class World:
    """A chip with its lines. The same seed and the same calls give the same volts, bit for bit.

    Parameters
    ----------
    laboratory : wiring; its numbers for attenuation and delay are what a person believes and are not used
    truth : what is the case
    seed : of all noise and all quantum chance

    Raises
    ------
    ConfigError
        When the twin does not describe this laboratory.
    """

    def __init__(self, laboratory: Laboratory, truth: Twin, seed: int) -> None:
        if seed < 0:
            raise ConfigError(f"seed {seed}", allowed="0 or more")
        self.laboratory, self.truth, self.seed = laboratory, truth, seed
        self.chip = Chip(laboratory, truth)
        self.weather = Weather(self.chip, seed)
        self.runs = 0
        self.clock = 0.0  # virtual time that has passed, s
        self._guard = Lock()  # shots are played in one thread, waits come from another
        self._memory = Memory()
        self._last: Run | None = None
        self._carried: NDArray[np.float64] | None = None  # populations before the next branching shot

    def run(self, stage: Stage, n_cycles: int) -> dict[Port, NDArray[np.float32]]:
        """Play all sweep points ``n_cycles`` times over, sweep points innermost.

        Slow noise is drawn anew whenever something else is played than in the run before. What drifts stands still
        during a call, as it is when it begins.

        Returns
        -------
        volts at each digitizer input, float32, shape (n_cycles, n_points, n_samples)
        """
        shapes = {
            port: (n_cycles, len(stage.points), heard.n_samples)
            for heard in stage.digitised.values()
            for port in heard.inputs
        }
        found = {port: np.zeros(shape, np.float32) for port, shape in shapes.items()}

        def keep(port: Port, point: int, volts: NDArray[np.float32]) -> None:
            found[port][:, point] = volts

        self.play(stage, n_cycles, keep)
        return found

    def play(self, stage: Stage, n_cycles: int, hear: Hear) -> None:
        """Play as :meth:`run` does, but hand out each input's volts of one sweep point after the other.

        Parameters
        ----------
        hear : takes port, number of the point, and volts of shape (n_cycles, n_samples), which are its to change but
            not to keep; called from several threads, for one port in the order of points
        """
        key = (self.seed, self.runs)
        self.runs += 1
        stage = plugged(stage, self.truth)
        if self._last is None or not self.weather.calm or not same(self._last.stage, stage):
            self._last = Run(Scenery(self.weather.at(self.clock, stage.biases), stage, self._memory), key)
        self.wait(n_cycles * len(stage.points) * stage.period)
        self._last.play(n_cycles, key, hear)

    def branch(
        self, carriers: Mapping[str, Carrier], biases: Mapping[str, float], period: float, n_shots: int
    ) -> Branches:
        """Begin shots that instruments steer while they last; see `qctl.physics.branches`.

        They begin as the shots before left the chip, in the mean, where the same was played before; `carry` says so.
        """
        key = (self.seed, self.runs)
        self.runs += 1
        chip = self.weather.at(self.clock, biases)
        initial = _resting(chip) if self._carried is None else self._carried
        self._last = None
        return Branches(
            chip, self._memory, carriers, biases, period, n_shots, initial, partial(_rng, key), _chance(key, "branches")
        )

    def carry(self, branches: Branches | None) -> None:
        """Let the shots that follow begin as these have ended, a period after they began; None: as a resting chip."""
        if branches is None or not _remembers(branches.chip, branches.period):
            self._carried = None
        else:
            populations, end = branches.populations()
            times = np.full(len(populations), end)
            self._carried = _one_period_on(branches.chip, branches.period, populations, times)

    def wait(self, seconds: float) -> None:
        """Let virtual time pass; nothing is played."""
        with self._guard:
            self.clock += seconds


class Run:
    """Runs of one stage, one after another, under the same slow noise.

    Parameters
    ----------
    key : of the random numbers of slow noise
    """

    def __init__(self, scenery: Scenery, key: tuple[int, int]) -> None:
        self.scenery, self.chip, self.stage = scenery, scenery.chip, scenery.stage
        twin, n = self.chip.twin, len(self.chip.names)
        noise = np.array([TWO_PI * self.chip.transmon(q).detuning_noise for q in range(n)])
        n_groups = twin.noise_groups if noise.any() else 1
        self.detunings = _rng(key, "slow noise").standard_normal((n_groups, n)) * noise
        self._endings = Memory(1 << 27)
        self._first: NDArray[np.float64] | None = None

    def play(self, n_cycles: int, key: tuple[int, int], hear: Hear) -> None:
        """Let all digitizer inputs hear every point; ``key`` is that of all random numbers."""
        groups = np.arange(n_cycles) * len(self.detunings) // max(1, n_cycles)
        if self._first is None:
            self._first = self._before()
        initial = self._first
        with Listeners(self.scenery, n_cycles, partial(_rng, key), hear) as listeners:
            for number, playing in enumerate(self.stage.waveforms):
                chance = _chance(key, f"point {number}")
                scene = self.scenery.scene(playing)
                ending, seen = self._played(number, scene, initial, groups, chance)
                initial = self._next_initial(ending)
                listeners.hear(number, scene.feeds, seen)

    def _before(self) -> NDArray[np.float64]:
        """Return the populations before the first point of all, which follows the last one.

        They hardly depend on slow noise: one version of the chip is enough.
        """
        resting = _resting(self.chip)
        if not self._remembers():
            return resting
        scene = self.scenery.scene(self.stage.waveforms[-1])
        still, groups = self.detunings[:1] * 0, np.zeros(1, np.int64)
        shot = Shot(scene.motion, resting, still, groups, self.scenery.zz, _chance((0, 0), "before the first shot"))
        return self._next_initial(shot.play(scene.pieces, scene.tones, scene.end))

    def _played(
        self,
        number: int,
        scene: Scene,
        initial: NDArray[np.float64],
        groups: NDArray[np.int64],
        chance: Chance,
    ) -> tuple[Ending, list[Seen]]:
        shot = Shot(scene.motion, initial, self.detunings, groups, self.scenery.zz, chance)
        if decided_on_the_way(scene.pieces, scene.tones):
            ending = shot.play(scene.pieces, scene.tones, scene.end)
        else:
            key = (number, initial.tobytes())
            ending = self._endings.get(key, lambda: shot.play(scene.pieces, scene.tones, scene.end))
        return ending, shot.seen + draw(self.chip, ending, shot.rows, chance)

    def _remembers(self) -> bool:
        return _remembers(self.chip, self.stage.period)

    def _next_initial(self, ending: Ending) -> NDArray[np.float64]:
        """Return the populations one period on; without any T1 the reset is perfect."""
        if not self._remembers():
            return _resting(self.chip)
        return _one_period_on(self.chip, self.stage.period, ending.populations, ending.times)


def _resting(chip: Chip) -> NDArray[np.float64]:
    """Return the thermal probability of each level; what lies above level 1 counts as level 1."""
    found = np.zeros((len(chip.names), chip.twin.levels))
    found[:, 1] = [chip.transmon(q).thermal for q in range(len(found))]
    found[:, 0] = 1 - found[:, 1]
    return found


def _remembers(chip: Chip, period: float) -> bool:
    slowest = max((chip.transmon(q).t1 for q in range(len(chip.names))), default=0.0)
    return bool(np.isfinite(slowest) and np.exp(-period / slowest) > CARRY_FLOOR)


def _one_period_on(
    chip: Chip, period: float, populations: NDArray[np.float64], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the populations before the next shot: passive reset leaves ``exp(-t / T1)`` of what was there.

    Only averages are carried from shot to shot, and levels above 1 as level 1.
    """
    resting = _resting(chip)
    t1 = np.array([chip.transmon(q).t1 for q in range(len(resting))])
    with np.errstate(divide="ignore"):
        left = np.where(np.isfinite(t1), np.exp(-np.maximum(period - times, 0) / t1), 0.0)
    excited = resting[:, 1] + left * (1 - populations[:, 0] - resting[:, 1])
    resting[:, 1], resting[:, 0] = excited, 1 - excited
    return resting


def same(one: Stage, two: Stage) -> bool:
    """Return whether two stages play and record the same."""
    if one is two:
        return True
    alike = (one.carriers, one.biases, one.acquisitions, one.period) == (
        two.carriers,
        two.biases,
        two.acquisitions,
        two.period,
    )
    return alike and len(one.points) == len(two.points) and all(map(_same_point, one.waveforms, two.waveforms))


def _same_point(one: Mapping[Port, Playing], two: Mapping[Port, Playing]) -> bool:
    return one.keys() == two.keys() and all(
        a is b or a.digest == b.digest for a, b in ((one[port], two[port]) for port in one)
    )


def _rng(key: tuple[int, int], name: str) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence((*key, crc32(name.encode())))))


def _chance(key: tuple[int, int], name: str) -> Chance:
    """Return the random numbers of each qubit at one sweep point; a generator is made when it is needed first."""
    return cache(lambda qubit: _rng(key, f"{name} qubit {qubit}"))
