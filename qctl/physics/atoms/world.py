"""The simulated tweezer array: volts, switches and exposures in, frames out, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.port import Port

from ..memory import Memory
from ..stage import Exposing, Stage
from ..wander import Wanders
from .camera import Optics
from .drives import Drives, Noise
from .ensemble import Ensemble
from .hologram import weighted
from .plan import Planner
from .shot import Shot
from .switches import Lines
from .twin import AtomTwin

Hear = Callable[[Port, int, NDArray[Any]], None]

AT_ONCE = 4096  # shots whose atoms are kept side by side
_MOVING = ("qubit_frequency", "rydberg_frequency", "raman_rabi", "rydberg_rabi", "photons")


class AtomWorld:
    """A tweezer array with its lights. The same seed and the same calls give the same frames, bit for bit.

    Atoms stay from one call of `play` to the next, as far as light that was really on leaves them.

    Parameters
    ----------
    laboratory : wiring; lines are known by name (``tweezers_x``, ``raman``, ``trap_off``, ...)
    truth : what is the case; its first sites are those of the laboratory's qubits, in order
    seed : of all noise and all quantum chance

    Raises
    ------
    ConfigError
        When the twin does not describe this laboratory.
    """

    def __init__(self, laboratory: Laboratory, truth: AtomTwin, seed: int) -> None:
        if seed < 0:
            raise ConfigError(f"seed {seed}", allowed="0 or more")
        missing = [name for name in laboratory.qubits if name not in truth.sites]
        if missing:
            raise ConfigError(f"the twin has no site for {', '.join(missing)}", where=laboratory.name)
        order = [*laboratory.qubits, *(name for name in truth.sites if name not in laboratory.qubits)]
        self.truth = replace(truth, sites={name: truth.sites[name] for name in order})
        self.laboratory, self.seed = laboratory, seed
        self.runs = 0
        self.clock = 0.0  # virtual time that has passed, s
        self._guard = Lock()
        self._noise = Noise.of(truth.noise_groups, seed)
        self._memory = Memory(1 << 28)
        self._planner = Planner(laboratory, self.truth)
        self._wanders = self._wandering()
        self._atoms: Ensemble | None = None
        self._since = 0.0  # when the last shot began whose atoms are still there, s
        self._optics: dict[tuple[int, int], Optics] = {}

    def run(self, stage: Stage, n_cycles: int) -> dict[Port, NDArray[np.uint16]]:
        """Play all sweep points ``n_cycles`` times over, sweep points innermost.

        Returns
        -------
        frames of each camera, uint16, shape (n_cycles, n_points, n_exposures, rows, columns)
        """
        found: dict[Port, list[NDArray[np.uint16]]] = {}

        def keep(port: Port, point: int, frames: NDArray[np.uint16]) -> None:
            found.setdefault(port, []).append(frames)

        self.play(stage, n_cycles, keep)
        return {port: np.stack(frames, axis=1) for port, frames in found.items()}

    def play(self, stage: Stage, n_cycles: int, hear: Hear) -> None:
        """Play as :meth:`run` does, but hand out the frames of one sweep point after the other."""
        rng = self._rng(self.runs)
        self.runs += 1
        truth = weighted(self.now(), self._weights(stage))
        drives = Drives(truth, self._noise, self._memory)
        exposing = next((one for one in stage.acquisitions.values() if isinstance(one, Exposing)), None)
        plans = []
        for k, point in enumerate(stage.points):
            lines = Lines(self.laboratory, truth, point, self.clock + k * stage.period, stage.period)
            plans.append(self._planner.plan(lines, exposing, truth.qubits.frequency, truth.rydberg.frequency))
        shots = [Shot(plan, drives, len(self.laboratory.qubits), self._seeing(exposing, truth)) for plan in plans]
        frames: list[list[NDArray[np.uint16]]] = [[] for _ in plans]
        if all(plan.anew for plan in plans):
            for first in range(0, n_cycles, AT_ONCE):
                n = min(AT_ONCE, n_cycles - first)
                for k, shot in enumerate(shots):
                    self._atoms = Ensemble.empty(truth, n, rng)
                    frames[k].append(shot.play(self._atoms))
            self._since = self.clock + (n_cycles * len(shots) - 1) * stage.period
        else:
            for number in range(n_cycles * len(shots)):
                k = number % len(shots)
                atoms = self._single(truth, rng)
                start = self.clock + number * stage.period
                shots[k].rest(atoms, start - self._since)
                frames[k].append(shots[k].play(atoms))
                self._since = start
        self.wait(n_cycles * len(stage.points) * stage.period)
        if exposing is not None:
            for k, parts in enumerate(frames):
                hear(exposing.input, k, np.concatenate(parts))

    def wait(self, seconds: float) -> None:
        """Let virtual time pass; nothing is played."""
        with self._guard:
            self.clock += seconds

    def _weights(self, stage: Stage) -> dict[str, float]:
        """Return the weight of each qubit's trap, as displayed; nothing where no hologram is wired."""
        shown = next((line.shaped_by for line in self.laboratory.lines.values() if line.shaped_by), "")
        names = [f"{shown}.{number}" for number in range(1, len(self.laboratory.qubits) + 1)]
        if any(name not in stage.biases for name in names):
            return {}
        return {qubit: stage.biases[name] for qubit, name in zip(self.laboratory.qubits, names, strict=True)}

    def _single(self, truth: AtomTwin, rng: np.random.Generator) -> Ensemble:
        """Return the atoms as the shot before left them."""
        if self._atoms is None:
            self._atoms = Ensemble.empty(truth, 1, rng)
        elif self._atoms.n_shots != 1:
            self._atoms = self._atoms.last_shot()
        self._atoms.rng = self._atoms.register.rng = rng
        return self._atoms

    def _seeing(self, exposing: Exposing | None, truth: AtomTwin) -> Optics | None:
        if exposing is None:
            return None
        shape = exposing.shape
        if shape not in self._optics:
            self._optics[shape] = Optics.of(truth.camera, self._planner.places.xy, shape)
        return replace(self._optics[shape], truth=truth.camera)

    def _wandering(self) -> tuple[list[str], Wanders] | None:
        drift = self.truth.drift
        moving = {name: getattr(drift, name) for name in _MOVING if drift is not None and getattr(drift, name)}
        if not moving:
            return None
        sigmas, taus = [one.sigma for one in moving.values()], [one.tau for one in moving.values()]
        return list(moving), Wanders(sigmas, taus, self.seed)

    def now(self) -> AtomTwin:
        """Return the truth at this moment."""
        if self._wanders is None:
            return self.truth
        names, bank = self._wanders
        by = dict(zip(names, bank.at(self.clock).tolist(), strict=True))
        qubits, rydberg, camera = self.truth.qubits, self.truth.rydberg, self.truth.camera
        gain = 1 + by.get("raman_rabi", 0.0)
        return replace(
            self.truth,
            qubits=replace(
                qubits,
                frequency=qubits.frequency + by.get("qubit_frequency", 0.0),
                rabi=qubits.rabi * gain,
                local_rabi=qubits.local_rabi * gain,
            ),
            rydberg=replace(
                rydberg,
                frequency=rydberg.frequency + by.get("rydberg_frequency", 0.0),
                blue=rydberg.blue * (1 + by.get("rydberg_rabi", 0.0)),
            ),
            camera=replace(camera, rate=camera.rate * (1 + by.get("photons", 0.0))),
        )

    def _rng(self, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence((self.seed, number, crc32(b"atoms")))))
