"""What would be uploaded, as volts at the outputs of a simulated rack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import ConfigError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.port import Port
from qctl.core.sequence import Playlist, Sequence
from qctl.physics.cabling import plugged
from qctl.physics.chip import Chip
from qctl.physics.memory import Memory
from qctl.physics.scene import Scenery
from qctl.physics.stage import Acquisition, Carrier, Playing, Stage
from qctl.physics.twin import Twin

FULL_SCALE = 32767
IMMORTAL = 1e4  # s; T1 that stands for none, where states must be density matrices


@dataclass(frozen=True)
class Upload:
    """A compiled sequence and what each AWG plays of it: step p of each playlist is sweep point p."""

    sequence: Sequence
    playlists: Mapping[str, Playlist]


@dataclass(frozen=True)
class Bench:
    """A laboratory, its truth, and the parameters that are judged."""

    laboratory: Laboratory
    twin: Twin
    parameters: Parameters

    @cached_property
    def chip(self) -> Chip:
        """Return the chip; where nothing decays at all, so slowly that nobody sees it."""
        chip = Chip(self.laboratory, self.twin)
        if chip.dissipative:
            return chip
        qubits = {name: replace(truth, t1=IMMORTAL) for name, truth in self.twin.qubits.items()}
        return Chip(self.laboratory, replace(self.twin, qubits=qubits))

    @cached_property
    def memory(self) -> Memory:
        """Return what all stages of this bench share."""
        return Memory()

    @cached_property
    def biases(self) -> dict[str, float]:
        """Return the direct currents that the parameters ask for, by instrument."""
        lines = self.laboratory.lines.items()
        return {line.bias: self.parameters[f"{name}.bias"] for name, line in lines if line.bias is not None}

    @cached_property
    def resting(self) -> NDArray[np.float64]:
        """Return the flux in each loop of the chip at these biases, flux quanta."""
        return self.chip.resting_flux(self.biases)

    def started(self, instrument: str) -> float:
        """Return when an instrument's sample 0 comes after that of the master, s: with its true latency."""
        entry = self.laboratory.instruments[instrument]
        delays = [line.delay for line in self.laboratory.lines.values() if instrument in line.starts]
        return delays[0] + self.twin.latencies.get(instrument, entry.trigger_latency) if delays else 0.0

    def stage(self, upload: Upload, scales: Mapping[str, float] | None = None, only: int | None = None) -> Stage:
        """Return what the world would see.

        Parameters
        ----------
        scales : factors on all that lines play beyond their offsets, by line
        only : the one sweep point that is wanted; others are empty
        """
        points = tuple(
            self._point(upload, point, scales or {}) if only in (None, point) else {}
            for point in range(upload.sequence.n_points)
        )
        carriers = {
            name: Carrier(entry.frequency, entry.power or 0.0, on=True)
            for name, entry in self.laboratory.instruments.items()
            if entry.frequency is not None
        }
        acquisitions = {
            heard.inputs[0].instrument: Acquisition(
                heard.inputs,
                heard.sample_rate,
                self.started(heard.inputs[0].instrument) + heard.first / heard.sample_rate,
                heard.n_samples,
            )
            for heard in upload.sequence.listening.values()
        }
        stage = Stage(points, carriers, self.biases, acquisitions, upload.sequence.period)
        return plugged(stage, self.twin)

    def scenery(self, upload: Upload, scales: Mapping[str, float] | None = None, only: int | None = None) -> Scenery:
        """Return the chip under what would be played; see :meth:`stage`."""
        return Scenery(self.chip, self.stage(upload, scales, only), self.memory)

    def _point(self, upload: Upload, point: int, scales: Mapping[str, float]) -> dict[Port, Playing]:
        found = {}
        for line, track in upload.sequence.tracks.items():
            for port, offset in zip(track.outputs, track.offset.tolist(), strict=False):
                playlist = upload.playlists.get(port.instrument)
                index = -1 if playlist is None else int(playlist.steps[point, port.number - 1])
                if playlist is None or index < 0:
                    continue
                part = playlist.waveforms[index].codes / FULL_SCALE
                if line in scales:
                    part = offset + scales[line] * (part - offset)
                volts = (part * self._full_scale(port.instrument)).astype(np.float32)
                found[port] = Playing(volts, track.sample_rate, self.started(port.instrument))
        return found

    def _full_scale(self, instrument: str) -> float:
        found = self.laboratory.instruments[instrument].full_scale
        if found is None:
            raise ConfigError("no full_scale", allowed="a voltage", where=instrument)
        return found
