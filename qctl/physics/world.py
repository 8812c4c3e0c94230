"""The simulated laboratory: volts in at the lines of a chip, volts out at the digitizers, in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.port import Port

from .chip import TWO_PI, Chip
from .motion import Felt, Motion
from .operators import Complex
from .resonators import Response, driven_part, respond
from .shot import Seen, Shot, tones_of
from .signals import SILENCE, Signal, modulated, pulsed_flux
from .stage import Acquisition, Playing, Stage
from .timeline import coupled_pieces, driven_pieces, energies_over_time, exchange_over_time, joined
from .traces import Pattern, amplitude, fill, noise_volts, pattern
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
        self.runs = 0
        self._cache: dict[bytes, Complex] = {}

    def run(self, stage: Stage, n_cycles: int) -> dict[Port, NDArray[np.float32]]:
        """Play all sweep points ``n_cycles`` times over, sweep points innermost.

        Returns
        -------
        volts at each digitizer input, float32, shape (n_cycles, n_points, n_samples)
        """
        run = Run(self.chip, stage, n_cycles, (self.seed, self.runs), self._cache)
        self.runs += 1
        return run.volts()


class Run:
    """One call of :meth:`World.run`."""

    def __init__(
        self, chip: Chip, stage: Stage, n_cycles: int, key: tuple[int, int], cache: dict[bytes, Complex]
    ) -> None:
        self.chip, self.stage, self.n_cycles, self.key, self.cache = chip, stage, n_cycles, key, cache
        lab, n = chip.laboratory, len(chip.names)
        self.resting = chip.resting_flux(stage.biases)
        self.carriers = {name: self._carrier(line.mixed_with) for name, line in lab.lines.items()}
        rests = [chip.energies(q, np.array(self.resting[q]))[1] for q in range(n)]
        own = [self.carriers[q.drive] for q in lab.qubits.values()]
        self.frames = np.array([rest if w is None else w for w, rest in zip(own, rests, strict=True)])
        self.zz = np.array([chip.zz(c, self.resting) for c in range(len(chip.pairs))])
        noise = np.array([TWO_PI * chip.transmon(q).detuning_noise for q in range(n)])
        n_groups = min(chip.twin.noise_groups, max(1, n_cycles)) if noise.any() else 1
        self.detunings = self._rng("slow noise").standard_normal((n_groups, n)) * noise
        self.groups = np.arange(n_cycles) * n_groups // max(1, n_cycles)
        self.listening = {name: self._acquisition(name) for name in lab.feedlines()}

    def volts(self) -> dict[Port, NDArray[np.float32]]:
        """Return what all digitizer inputs see."""
        patterns: dict[str, list[Pattern]] = {name: [] for name in self.listening}
        initial = self._resting_populations()
        if self._remembers():  # the last point precedes the first one
            _, initial = self._point(self.stage.points[-1], initial, "before the first shot", quick=True)
        for number, playing in enumerate(self.stage.points):
            found, initial = self._point(playing, initial, f"point {number}")
            for name, one in found.items():
                patterns[name].append(one)
        return self._traces(patterns)

    def _point(
        self, playing: Mapping[Port, Playing], initial: NDArray[np.float64], name: str, *, quick: bool = False
    ) -> tuple[dict[str, Pattern], NDArray[np.float64]]:
        feeds = {line: self._feed(line, playing) for line in self.chip.laboratory.feedlines()}
        responses = self._responses(feeds)
        windows = {q: _windows(r) for q, r in responses.items()}
        tones = tones_of(windows)
        motion = self._motion(playing, max([t.end for t in tones], default=0.0))
        coupled = coupled_pieces(dict(enumerate(self.chip.pairs)), motion.exchanges)
        felt = [[(abs(f.factor), f.signal) for f in lines] for lines in motion.felt]
        driven = [piece for q, lines in enumerate(felt) for piece in driven_pieces(q, lines)]
        pieces = joined(driven, coupled)
        # Populations after a shot hardly depend on slow noise: one version of the chip is enough where only they count.
        detunings, groups = (self.detunings[:1] * 0, self.groups * 0) if quick else (self.detunings, self.groups)
        shot = Shot(motion, initial, detunings, groups, self.zz, self._rng(name))
        shot.play(pieces, tones, max([p.end for p in pieces] + [t.end for t in tones], default=0.0))
        listening = {} if quick else self.listening
        patterns = {line: self._pattern(line, feeds[line], responses, shot.seen) for line in listening}
        return patterns, self._next_initial(shot)

    def _feed(self, line: str, playing: Mapping[Port, Playing]) -> Signal:
        truth, wiring = self.chip.feedline(line), self.chip.laboratory.lines[line]
        carrier = self.stage.carriers.get(wiring.mixed_with) if wiring.mixed_with else None
        volts = modulated(wiring, truth, playing, carrier)
        loss = 10 ** (-truth.attenuation / 20)
        return Signal(volts.start, volts.dt, loss * volts.values, loss * volts.rest)

    def _responses(self, feeds: Mapping[str, Signal]) -> dict[int, Response]:
        """Return the fields of the resonators of all feedlines that carry a tone, by qubit."""
        lab, found = self.chip.laboratory, {}
        parts = {line: driven_part(z, self._last_listened(line)) for line, z in feeds.items()}
        for q, (name, wiring) in enumerate(lab.qubits.items()):
            part, carrier = parts[wiring.readout], self.carriers[wiring.readout]
            if part is not None and carrier is not None:
                found[q] = respond(self.chip.twin.resonators[name], part, carrier, self.chip.twin.levels)
        return found

    def _motion(self, playing: Mapping[Port, Playing], until: float) -> Motion:
        chip, lab = self.chip, self.chip.laboratory
        drives = {q.drive: self._drive(q.drive, playing) for q in lab.qubits.values()}
        names = {name for name in chip.loops if name is not None}
        ends = [
            until,
            *(z.end for z in drives.values()),
            *(p.start + len(p.volts) / p.sample_rate for p in playing.values()),
        ]
        signals = {
            name: pulsed_flux(lab.lines[name], chip.flux_line(name), playing, max(ends)) for name in sorted(names)
        }
        loops, n = chip.pulsed_flux(signals), len(chip.names)
        levels = [energies_over_time(chip, q, self.resting[q], loops.get(q)) for q in range(n)]
        exchanges = {
            c: exchange_over_time(chip, c, self.resting[n + c], loops.get(n + c)) for c in range(len(chip.pairs))
        }
        return Motion(chip, self.frames, self._felt(drives), levels, exchanges, self.cache)

    def _drive(self, line: str, playing: Mapping[Port, Playing]) -> Signal:
        wiring = self.chip.laboratory.lines[line]
        carrier = self.stage.carriers.get(wiring.mixed_with) if wiring.mixed_with else None
        return modulated(wiring, self.chip.drive_line(line), playing, carrier)

    def _felt(self, drives: Mapping[str, Signal]) -> list[list[Felt]]:
        lab, chip = self.chip.laboratory, self.chip
        felt = []
        for name, qubit in lab.qubits.items():
            lines = [(qubit.drive, 1.0 + 0j)]
            crosstalk = (c for c in chip.twin.drive_crosstalk if c.qubit == name)
            lines += [(c.source, c.magnitude * np.exp(1j * c.phase)) for c in crosstalk]
            felt.append(
                [
                    Felt(TWO_PI * chip.drive_line(line).rabi_frequency * factor, carrier, drives[line])
                    for line, factor in lines
                    if (carrier := self.carriers[line]) is not None and drives[line] is not SILENCE
                ]
            )
        return felt

    def _pattern(self, line: str, z: Signal, responses: Mapping[int, Response], seen: list[Seen]) -> Pattern:
        acquisition = self.listening[line]
        truth, lab = self.chip.feedline(line), self.chip.laboratory
        n_samples = acquisition.n_samples if acquisition is not None else 0
        rate = acquisition.sample_rate if acquisition is not None else 1.0
        start = acquisition.start if acquisition is not None else 0.0
        times = start - truth.return_delay + np.arange(n_samples) / rate
        mine = {q for q, qubit in enumerate(lab.qubits.values()) if qubit.readout == line}
        looked = [(responses[s.tone.qubit], s) for s in seen if s.tone.qubit in mine]
        quiet = [response for q, response in responses.items() if q in mine]
        return pattern(truth, z, looked, quiet, times, self.n_cycles)

    def _traces(self, patterns: Mapping[str, list[Pattern]]) -> dict[Port, NDArray[np.float32]]:
        found: dict[Port, NDArray[np.float32]] = {}
        work = []
        for acquisition in self.stage.acquisitions.values():
            shape = (self.n_cycles, len(self.stage.points), acquisition.n_samples)
            for port in acquisition.inputs:
                found[port] = np.empty(shape, np.float32)
                line, part = self._heard(port)
                if line is None:
                    found[port][:] = 0
                    continue
                truth, carrier = self.chip.feedline(line), self.carriers[line]
                turn = 0j if carrier is None else np.exp(-1j * carrier * truth.return_delay)
                sigma = noise_volts(truth, acquisition.sample_rate)
                work.append((found[port], patterns[line], part, amplitude(truth) * turn, sigma, self._rng(str(port))))
        with ThreadPoolExecutor(2) as pool:  # drawing normal numbers does not hold the interpreter's lock
            list(pool.map(lambda task: fill(*task), work))
        return found

    def _heard(self, port: Port) -> tuple[str | None, str]:
        for name in self.chip.laboratory.feedlines():
            back = self.chip.laboratory.lines[name].back
            if back is not None and port in back:
                return name, ("real", "imag")[back.index(port)]
        return None, "real"

    def _acquisition(self, line: str) -> Acquisition | None:
        back = self.chip.laboratory.lines[line].back or ()
        return next((a for a in self.stage.acquisitions.values() if set(a.inputs) & set(back)), None)

    def _last_listened(self, line: str) -> float:
        acquisition = self.listening[line]
        return 0.0 if acquisition is None else acquisition.start + acquisition.n_samples / acquisition.sample_rate

    def _carrier(self, source: str | None) -> float | None:
        carrier = self.stage.carriers.get(source) if source is not None else None
        return TWO_PI * carrier.frequency if carrier is not None and carrier.on else None

    def _resting_populations(self) -> NDArray[np.float64]:
        """Return the thermal probability of each level; what lies above level 1 counts as level 1."""
        found = np.zeros((len(self.chip.names), self.chip.twin.levels))
        found[:, 1] = [self.chip.transmon(q).thermal for q in range(len(found))]
        found[:, 0] = 1 - found[:, 1]
        return found

    def _remembers(self) -> bool:
        slowest = max((self.chip.transmon(q).t1 for q in range(len(self.chip.names))), default=0.0)
        return bool(np.isfinite(slowest) and np.exp(-self.stage.period / slowest) > CARRY_FLOOR)

    def _next_initial(self, shot: Shot) -> NDArray[np.float64]:
        """Return the populations one period on: passive reset leaves ``exp(-t / T1)`` of what was there.

        Only averages are carried from shot to shot, and levels above 1 as level 1. Without any T1 the reset is perfect.
        """
        resting = self._resting_populations()
        if not self._remembers():
            return resting
        t1 = np.array([self.chip.transmon(q).t1 for q in range(len(resting))])
        with np.errstate(divide="ignore"):
            left = np.where(np.isfinite(t1), np.exp(-np.maximum(self.stage.period - shot.ends(), 0) / t1), 0.0)
        found = shot.populations()
        excited = resting[:, 1] + left * (1 - found[:, 0] - resting[:, 1])
        resting[:, 1], resting[:, 0] = excited, 1 - excited
        return resting

    def _rng(self, name: str) -> np.random.Generator:
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence((*self.key, crc32(name.encode())))))


def _windows(response: Response) -> list[tuple[float, float, float]]:
    """Return (start, end, factor on the decay rate) of each tone of one resonator."""
    found = []
    for start, end in response.tones():
        inside = slice(*(round((t - response.drive.start) / response.drive.dt) for t in (start, end)))
        photons = float(np.mean(response.photons(response.fields[1, inside])))
        found.append((start, end, 1 + photons / response.truth.critical_photons))
    return found
