"""The simulated laboratory of a chain of ions: volts, switches and carriers in, photons out, in virtual time."""

from __future__ import annotations

from threading import Lock
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.port import Port
from qctl.physics.memory import Memory
from qctl.physics.stage import Counting, Stage

from .chain import Chain, mishaps
from .crystal import TWO_PI
from .fock import thermal
from .focus import Focused, shine
from .register import Register
from .script import Script, Scriptwriter, Stretch, gates_of
from .shots import Noise, Shots
from .twin import IonTwin, Mishap
from .weather import IonWeather

HOT = 2000.0  # mean quanta of each mode after a collision


class IonWorld:
    """A chain with its lights. The same seed and the same calls give the same photons, one by one.

    States, phases, quanta and slow noise of the last shot are where the next one begins, also in the next call.

    Parameters
    ----------
    laboratory : wiring
    truth : what is the case
    seed : of all noise and all quantum chance

    Raises
    ------
    ConfigError
        When the twin does not describe this laboratory.
    """

    def __init__(self, laboratory: Laboratory, truth: IonTwin, seed: int) -> None:
        if seed < 0:
            raise ConfigError(f"seed {seed}", allowed="0 or more")
        self.laboratory, self.truth, self.seed = laboratory, truth, seed
        self.weather = IonWeather(laboratory, truth, seed)
        self.weather.at(0.0, {})  # a twin that does not fit is refused now
        self.runs = 0
        self.clock = 0.0  # virtual time that has passed, s
        self._guard = Lock()  # shots are played in one thread, waits come from another
        self._memory = Memory(1 << 30)  # rows of eight gates of four pairs at 32 points take half of it
        self._writer = Scriptwriter(self._memory)
        self._left: Shots | None = None
        self._since = 0.0  # when the last shot began, s

    def run(self, stage: Stage, n_cycles: int) -> dict[Port, NDArray[np.int64]]:
        """Play all sweep points ``n_cycles`` times over; return photons, shape (n_cycles, n_points, n_gates)."""
        counting = [one for one in stage.acquisitions.values() if isinstance(one, Counting)]
        found = {
            port: np.zeros((n_cycles, len(stage.points), len(one.gates)), np.int64)
            for one in counting
            for port in one.inputs
        }

        def keep(port: Port, point: int, photons: NDArray[np.int64]) -> None:
            found[port][:, point] = photons

        self.play(stage, n_cycles, keep)
        return found

    def play(self, stage: Stage, n_cycles: int, hear: Any) -> None:  # noqa: ANN401 - takes arrays of several kinds
        """Play all sweep points ``n_cycles`` times over, sweep points innermost; hand each input its photons.

        Slow noise is drawn anew in each call. What drifts stands still during a call, as it is when it begins; what
        goes wrong does so between two cycles.
        """
        key = (self.seed, self.runs)
        self.runs += 1
        photons = np.zeros((len(stage.points), n_cycles, len(gates_of(stage)), len(self.laboratory.qubits)), np.int64)
        length = len(stage.points) * stage.period
        for number, (first, last) in enumerate(self._blocks(n_cycles, length)):
            time = self.clock + first * length
            photons[:, first:last] = self._block(stage, last - first, time, (*key, number))
        self.wait(n_cycles * length)
        self._tell(stage, photons, hear)

    def wait(self, seconds: float) -> None:
        """Let virtual time pass; nothing is played."""
        with self._guard:
            self.clock += seconds

    def _blocks(self, n_cycles: int, length: float) -> list[tuple[int, int]]:
        """Return cycles during which nothing goes wrong, first and behind the last."""
        cuts = {0, n_cycles}
        for time in self.weather.edges():
            cycle = int(np.ceil((time - self.clock) / length)) if length else 0
            if 0 < cycle < n_cycles:
                cuts.add(cycle)
        return list(zip(sorted(cuts)[:-1], sorted(cuts)[1:], strict=True))

    def _block(self, stage: Stage, n_cycles: int, time: float, key: tuple[int, ...]) -> NDArray[np.int64]:
        """Return photons of some cycles, shape (n_points, n_cycles, n_gates, n_ions)."""
        chain = self.weather.at(time, stage.biases)
        stuck = (mishaps(self.truth, time, kind) for kind in (Mishap.STUCK_OPEN, Mishap.STUCK_SHUT))
        opened, shut = stuck
        scripts = [self._writer.script(chain, stage, point, opened, shut) for point in stage.points]
        rng = _rng(key, "ions")
        hot = bool(mishaps(self.truth, time, Mishap.HOT))
        anew = bool(n_cycles and scripts and scripts[0].begins_anew(chain))
        found = []
        for cycle, size in enumerate([n_cycles] if anew else [1] * n_cycles):
            noise = None if anew or self._left is None else self._left.noise.last
            noise = noise or self._noise(chain, min(size, self.truth.noise_groups), rng)
            rows = []
            for number, script in enumerate(scripts):
                start = time + (cycle * len(scripts) + number) * stage.period
                if self._left is not None and not anew:
                    self._left.rest(start - self._since)
                register, quanta = self._begun(chain, size, rng)
                hit = self._hit(size, stage.period, hot, rng)
                shots = Shots(chain, noise, register, quanta, self._memory, rng)
                rows.append(self._played(shots, script, gates_of(stage), hit))
                shots.heat(max(stage.period, script.end), at_once=True)
                self._left, self._since = shots, start
            found.append(np.array(rows))
        empty = np.zeros((len(scripts), 0, len(gates_of(stage)), len(chain.names)), np.int64)
        return np.concatenate([empty, *found], axis=1)

    def _played(
        self, shots: Shots, script: Script, gates: NDArray[np.float64], hit: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Return the photons of one sweep point, shape (n_shots, n_gates, n_ions)."""
        mean = np.zeros((len(gates), shots.n_shots, len(shots.chain.names)))
        steps = list(script.steps)
        first = next((k for k, step in enumerate(steps) if not isinstance(step, Stretch)), len(steps))
        for k, step in enumerate(steps):
            if k == first and hit.any():
                self._knock(shots, hit)
            if isinstance(step, Stretch):
                mean += shots.glow(step, gates)
            elif isinstance(step, Focused):
                mean += shine(shots, step, gates)
            else:
                shots.act(step)
        return np.asarray(shots.rng.poisson(mean).swapaxes(0, 1), np.int64)

    def _knock(self, shots: Shots, hit: NDArray[np.bool_]) -> None:
        """Let a collision heat all modes of some shots."""
        shots.quanta[hit] += thermal(HOT, (int(hit.sum()), shots.quanta.shape[1]), shots.rng)

    def _hit(self, n_shots: int, period: float, hot: bool, rng: np.random.Generator) -> NDArray[np.bool_]:
        chance = 1.0 if hot else -np.expm1(-period / self.truth.collisions)
        return np.asarray(rng.random(n_shots) < chance)

    def _begun(self, chain: Chain, n_shots: int, rng: np.random.Generator) -> tuple[Register, NDArray[np.int64]]:
        """Return states and quanta at the beginning: those of the last shot; at first, hot ions in any state."""
        n_ions, n_modes = len(chain.names), len(chain.mode_frequencies)
        if self._left is None:
            bits = (rng.random((n_shots, n_ions)) < 0.5).astype(np.int8)
            return Register(bits), thermal(HOT, (n_shots, n_modes), rng)
        register, quanta = self._left.register, self._left.quanta
        if register.n_shots == n_shots and n_shots == 1:
            again = register
        else:
            again = register.repeated(register.n_shots - 1, n_shots)
        if quanta.shape[1] != n_modes:
            return again, thermal(HOT, (n_shots, n_modes), rng)
        return again, np.repeat(quanta[-1:], n_shots, axis=0)

    def _noise(self, chain: Chain, n_groups: int, rng: np.random.Generator) -> Noise:
        sigma = np.array([TWO_PI * chain.twin.ions[name].detuning_noise for name in chain.names])
        trap = chain.twin.trap
        return Noise(
            rng.standard_normal((n_groups, len(chain.names))) * sigma,
            rng.standard_normal(n_groups) * trap.mode_noise / trap.frequency,
            1 + rng.standard_normal(n_groups) * trap.intensity_noise,
        )

    def _tell(self, stage: Stage, photons: NDArray[np.int64], hear: Any) -> None:  # noqa: ANN401
        """Hand out photons; an input that sees no ion counts nothing."""
        seen = {}
        for ion, qubit in enumerate(self.laboratory.qubits.values()):
            line = self.laboratory.lines.get(qubit.readout) if qubit.readout else None
            if line is not None and line.counted_by is not None:
                seen[line.counted_by] = ion
        first = 0
        for one in stage.acquisitions.values():
            if not isinstance(one, Counting):
                continue
            gates = slice(first, first + len(one.gates))
            first += len(one.gates)
            for port in one.inputs:
                for point in range(len(stage.points)):
                    mine = photons[point][:, gates, seen[port]] if port in seen else photons[point][:, gates, 0] * 0
                    hear(port, point, np.ascontiguousarray(mine))


def _rng(key: tuple[int, ...], name: str) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence((*key, crc32(name.encode())))))
