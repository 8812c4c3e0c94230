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
from .signals import SILENCE, Signal, modulated, pulsed_flux
from .stage import Acquisition, Playing, Stage
from .timeline import Piece, coupled_pieces, driven_pieces, energies_over_time, exchange_over_time, joined
from .twin import DriveLine, Feedline


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
        return np.array([self.chip.zz(c, self.resting) for c in range(len(self.chip.pairs))])

    def scene(self, playing: Mapping[Port, Playing]) -> Scene:
        """Return what the waveforms of one sweep point do."""
        feeds = {line: self._feed(line, playing) for line in self.chip.laboratory.feedlines()}
        tones = tones_of({q: r.windows for feed in feeds.values() for q, r in feed.responses.items()})
        motion = self._motion(playing, max([t.end for t in tones], default=0.0))
        coupled = coupled_pieces(dict(enumerate(self.chip.pairs)), motion.exchanges)
        felt = [[(abs(f.factor), f.signal) for f in lines] for lines in motion.felt]
        driven = [piece for q, lines in enumerate(felt) for piece in driven_pieces(q, lines)]
        return Scene(motion, joined(driven, coupled), tones, feeds)

    def listening(self, line: str) -> Acquisition | None:
        """Return how a feedline is digitised, if it is."""
        back = self.chip.laboratory.lines[line].back or ()
        return next((a for a in self.stage.acquisitions.values() if set(a.inputs) & set(back)), None)

    def _feed(self, line: str, playing: Mapping[Port, Playing]) -> Feed:
        lab, truth, acquisition = self.chip.laboratory, self.chip.feedline(line), self.listening(line)
        volts = self._modulated(line, truth, playing)
        times = np.zeros(0)
        if acquisition is not None:
            times = acquisition.start + np.arange(acquisition.n_samples) / acquisition.sample_rate
        resonators = {
            q: self.chip.twin.resonators[name]
            for q, (name, qubit) in enumerate(lab.qubits.items())
            if qubit.readout == line
        }
        make = partial(
            feed_of, truth, volts, self.carriers[line], resonators, times - truth.return_delay, self.chip.twin.levels
        )
        return self.memory.get(("feed", line, truth, self.carriers[line], acquisition, volts.digest), make)

    def _modulated(self, name: str, truth: DriveLine | Feedline, playing: Mapping[Port, Playing]) -> Signal:
        line = self.chip.laboratory.lines[name]
        carrier = self.stage.carriers.get(line.mixed_with) if line.mixed_with else None
        key = ("modulated", name, truth, carrier, _digests(line, playing))
        return self.memory.get(key, partial(modulated, line, truth, playing, carrier))

    def _motion(self, playing: Mapping[Port, Playing], until: float) -> Motion:
        chip, lab, n = self.chip, self.chip.laboratory, len(self.chip.names)
        drives = {q.drive: self._modulated(q.drive, chip.drive_line(q.drive), playing) for q in lab.qubits.values()}
        ends = [p.start + len(p.volts) / p.sample_rate for p in playing.values()]
        until = max([until, *ends, *(z.end for z in drives.values())])
        names = sorted({name for name in chip.loops if name is not None})
        parts = chip.pulsed_flux({name: self._pulsed(name, playing, until) for name in names})
        loops = {
            k: self.memory.get(("loop", *((f, s.digest) for f, s in felt)), partial(summed, felt))
            for k, felt in parts.items()
        }
        levels = []
        for q in range(n):
            key = ("levels", q, self.resting[q], loops[q].digest if q in loops else None)
            still = self.memory.get(key, partial(energies_over_time, chip, q, self.resting[q], loops.get(q)))
            levels.append(replace(still, rest=still.rest + chip.moved(q)) if chip.transmon(q).moved else still)
        exchanges = {}
        for c in range(len(chip.pairs)):
            rest, loop = self.resting[n + c], loops.get(n + c)
            key = ("exchange", c, rest, loop.digest if loop else None)
            exchanges[c] = self.memory.get(key, partial(exchange_over_time, chip, c, rest, loop))
        return Motion(chip, self.frames, self._felt(drives), levels, exchanges, self.memory)

    def _pulsed(self, name: str, playing: Mapping[Port, Playing], until: float) -> Signal:
        line, truth = self.chip.laboratory.lines[name], self.chip.flux_line(name)
        key = ("pulsed", name, until if truth.distortion else None, _digests(line, playing))
        return self.memory.get(key, partial(pulsed_flux, line, truth, playing, until))

    def _felt(self, drives: Mapping[str, Signal]) -> list[list[Felt]]:
        lab, chip = self.chip.laboratory, self.chip
        felt = []
        for index, qubit in enumerate(lab.qubits.values()):
            lines = [(qubit.drive, 1.0 + 0j)]
            lines += [(c.source, c.magnitude * np.exp(1j * c.phase)) for c in chip.crosstalk[index]]
            felt.append(
                [
                    Felt(TWO_PI * chip.drive_line(line).rabi_frequency * factor, carrier, drives[line])
                    for line, factor in lines
                    if (carrier := self.carriers[line]) is not None and drives[line] is not SILENCE
                ]
            )
        return felt

    def _carrier(self, line: Line) -> float | None:
        carrier = self.stage.carriers.get(line.mixed_with) if line.mixed_with is not None else None
        return TWO_PI * carrier.frequency if carrier is not None and carrier.on else None


def _digests(line: Line, playing: Mapping[Port, Playing]) -> tuple[bytes | None, ...]:
    return tuple(playing[port].digest if port in playing else None for port in line.outputs)
