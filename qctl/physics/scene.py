"""What the waveforms of a sweep point do to the chip: fields, fluxes, readout tones; no quantum state yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Line
from qctl.core.port import Port

from .chip import TWO_PI, Chip, summed
from .feed import Feed, feed_of
from .memory import Memory
from .motion import Felt, Motion
from .shot import Tone, tones_of
from .signals import Signal, modulated, pulsed_flux
from .stage import Acquisition, Playing, Stage
from .timeline import (
    DRIVE_FLOOR,
    Couplings,
    Energies,
    Piece,
    coupled_pieces,
    driven_pieces,
    energies_over_time,
    exchange_over_time,
    joined,
)
from .twin import DriveLine, Feedline, Resonator


@dataclass(frozen=True)
class Scene:
    """One sweep point; ``feeds`` by line."""

    motion: Motion
    pieces: list[Piece]
    tones: list[Tone]
    feeds: Mapping[str, Feed]

    @property
    def end(self) -> float:
        """Return when the last piece or tone ends, s."""
        return max([p.end for p in self.pieces] + [t.end for t in self.tones], default=0.0)


@dataclass(frozen=True)
class _Still:
    """What a stage is like where nothing is played: drives by line, levels by qubit, exchanges by coupling."""

    drives: dict[str, Signal]
    levels: list[Energies]
    exchanges: dict[int, Couplings]


@dataclass(frozen=True)
class Scenery:
    """Makes the scenes of a stage; what recurs from point to point or from run to run is a look-up.

    Parameters
    ----------
    memory : shared by all runs of one world
    """

    chip: Chip
    stage: Stage
    memory: Memory

    @cached_property
    def resting(self) -> NDArray[np.float64]:
        """Return the flux in each loop without pulses, flux quanta."""
        return self.chip.resting_flux(self.stage.biases)

    @cached_property
    def carriers(self) -> dict[str, float | None]:
        """Return the carrier on each line, rad/s; None where none is on."""
        return {name: self._carrier(line) for name, line in self.chip.laboratory.lines.items()}

    @cached_property
    def frames(self) -> NDArray[np.float64]:
        """Return the frequency of the frame of each qubit, rad/s: its carrier, or else its own at rest."""
        own = [self.carriers[q.drive] for q in self.chip.laboratory.qubits.values()]
        rests = [self.chip.energies(q, np.array(self.resting[q]))[1] for q in range(len(own))]
        return np.array([rest if w is None else w for w, rest in zip(own, rests, strict=True)])

    @cached_property
    def zz(self) -> NDArray[np.float64]:
        """Return the static shift of each coupling, rad/s."""

        def shifts() -> NDArray[np.float64]:
            return np.array([self.chip.zz(c, self.resting) for c in range(len(self.chip.pairs))])

        moved = tuple(self.chip.transmon(q).moved for q in range(len(self.chip.names)))
        return self.memory.get(("zz", self.resting.tobytes(), moved), shifts)

    def scene(self, playing: Mapping[Port, Playing]) -> Scene:
        """Return what the waveforms of one sweep point do."""
        busy = {self._line_of[port] for port, one in playing.items() if one.span[1] and port in self._line_of}
        feeds = {line: self._feed(line, playing) for line in self._heard}
        tones = tones_of({q: r.windows for feed in feeds.values() for q, r in feed.responses.items()})
        ends = [one.end for one in playing.values() if one.span[1]]
        motion = self._motion(playing, busy, max([*ends, *(t.end for t in tones)], default=0.0))
        moved = {c: exchange for c, exchange in motion.exchanges.items() if len(exchange.signal.values)}
        coupled = coupled_pieces(dict(enumerate(self.chip.pairs)), moved)
        felt = [(q, [f.signal for f in lines if len(f.signal.values)]) for q, lines in enumerate(motion.felt)]
        driven = [piece for q, signals in felt if signals for piece in driven_pieces(q, signals)]
        return Scene(motion, joined(driven, coupled), tones, feeds)

    def listening(self, line: str) -> Acquisition | None:
        """Return how a feedline is digitised, if it is."""
        back = self.chip.laboratory.lines[line].heard_by
        return next((a for a in self.stage.digitised.values() if set(a.inputs) & set(back)), None)

    @cached_property
    def _line_of(self) -> dict[Port, str]:
        return {port: name for name, line in self.chip.laboratory.lines.items() for port in line.outputs}

    @cached_property
    def _heard(self) -> dict[str, tuple[Acquisition | None, NDArray[np.float64], dict[int, Resonator]]]:
        """Return by feedline how it is digitised, when (chip time), and its resonators by qubit."""
        found = {}
        for line in self.chip.laboratory.feedlines():
            acquisition, times = self.listening(line), np.zeros(0)
            if acquisition is not None:
                times = acquisition.start + np.arange(acquisition.n_samples) / acquisition.sample_rate
            qubits = enumerate(self.chip.laboratory.qubits.items())
            resonators = {q: self.chip.twin.resonators[n] for q, (n, qubit) in qubits if qubit.readout == line}
            found[line] = acquisition, times - self.chip.feedline(line).return_delay, resonators
        return found

    def _feed(self, line: str, playing: Mapping[Port, Playing]) -> Feed:
        truth, (acquisition, times, resonators) = self.chip.feedline(line), self._heard[line]
        volts = self._modulated(line, truth, playing)
        make = partial(feed_of, truth, volts, self.carriers[line], resonators, times, self.chip.twin.levels)
        return self.memory.get(("feed", line, truth, self.carriers[line], acquisition, volts.digest), make)

    def _modulated(self, name: str, truth: DriveLine | Feedline, playing: Mapping[Port, Playing]) -> Signal:
        line = self.chip.laboratory.lines[name]
        carrier = self.stage.carriers.get(line.mixed_with) if line.mixed_with else None
        key = ("modulated", name, truth, carrier, _digests(line, playing))
        return self.memory.get(key, partial(modulated, line, truth, playing, carrier))

    def _motion(self, playing: Mapping[Port, Playing], busy: set[str], until: float) -> Motion:
        """Return the motion; ``busy`` are the lines that play anything, all others are as in :attr:`_still`."""
        chip, n, still = self.chip, len(self.chip.names), self._still
        drives = {q.drive for q in chip.laboratory.qubits.values()} & busy
        signals = still.drives | {name: self._modulated(name, chip.drive_line(name), playing) for name in drives}
        until = max([until, *(signals[name].end for name in drives)])
        names = sorted({name for name in chip.loops if name is not None} & busy)
        parts = chip.pulsed_flux({name: self._pulsed(name, playing, until) for name in names})
        loops = {
            k: self.memory.get(("loop", *((f, s.digest) for f, s in felt)), partial(summed, felt))
            for k, felt in parts.items()
        }
        levels, exchanges = list(still.levels), dict(still.exchanges)
        for k, loop in loops.items():
            if k < n:
                move = partial(energies_over_time, chip, k, self.resting[k], loop)
                levels[k] = self._moved(k, self.memory.get(("levels", k, self.resting[k], loop.digest), move))
            else:
                act = partial(exchange_over_time, chip, k - n, self.resting[k], loop)
                exchanges[k - n] = self.memory.get(("exchange", k - n, self.resting[k], loop.digest), act)
        return Motion(chip, self.frames, self._felt(signals, drives), levels, exchanges, self.memory)

    def _moved(self, qubit: int, levels: Energies) -> Energies:
        """Return levels with what drift and defects add."""
        moved = self.chip.transmon(qubit).moved
        return replace(levels, rest=levels.rest + self.chip.moved(qubit)) if moved else levels

    def _pulsed(self, name: str, playing: Mapping[Port, Playing], until: float) -> Signal:
        line, truth = self.chip.laboratory.lines[name], self.chip.flux_line(name)
        key = ("pulsed", name, until if truth.distortion else None, _digests(line, playing))
        return self.memory.get(key, partial(pulsed_flux, line, truth, playing, until))

    @cached_property
    def _still(self) -> _Still:
        chip, lab, n = self.chip, self.chip.laboratory, len(self.chip.names)
        drives = {q.drive: self._modulated(q.drive, chip.drive_line(q.drive), {}) for q in lab.qubits.values()}
        levels = [self._moved(q, energies_over_time(chip, q, self.resting[q], None)) for q in range(n)]
        exchanges = {c: exchange_over_time(chip, c, self.resting[n + c], None) for c in range(len(chip.pairs))}
        return _Still(drives, levels, exchanges)

    @cached_property
    def _reach(self) -> list[list[tuple[str, complex, float]]]:
        """Return the lines that reach each qubit, its own first: factor (rad/s per volt) and carrier (rad/s)."""
        chip = self.chip
        found = [
            [(qubit.drive, 1 + 0j), *((c.source, c.magnitude * np.exp(1j * c.phase)) for c in chip.crosstalk[index])]
            for index, qubit in enumerate(chip.laboratory.qubits.values())
        ]
        return [
            [
                (line, TWO_PI * chip.drive_line(line).rabi_frequency * factor, carrier)
                for line, factor in lines
                if (carrier := self.carriers[line]) is not None
            ]
            for lines in found
        ]

    def _felt(self, signals: Mapping[str, Signal], busy: set[str]) -> list[list[Felt]]:
        """Return what each qubit feels: its own line, and those others that are not too weak."""
        owns = [qubit.drive for qubit in self.chip.laboratory.qubits.values()]
        return [
            [
                Felt(factor, carrier, signals[line])
                for line, factor, carrier in lines
                if line == own or (line in busy and abs(factor) * signals[line].peak >= DRIVE_FLOOR)
            ]
            for own, lines in zip(owns, self._reach, strict=True)
        ]

    def _carrier(self, line: Line) -> float | None:
        carrier = self.stage.carriers.get(line.mixed_with) if line.mixed_with is not None else None
        return TWO_PI * carrier.frequency if carrier is not None and carrier.on else None


def _digests(line: Line, playing: Mapping[Port, Playing]) -> tuple[bytes | None, ...]:
    return tuple(playing[port].digest if port in playing else None for port in line.outputs)
