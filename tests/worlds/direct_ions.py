"""A chain of ions without instruments: what is compiled goes straight to the simulated world, and photons are read."""

from __future__ import annotations

from math import log10
from types import SimpleNamespace

import numpy as np

from qctl.compile import compile_program, default_parameters, flatten
from qctl.control import limits_of
from qctl.control.operating import held_of, tones_of
from qctl.core.port import Port
from qctl.core.record import Counts, Record, Timing
from qctl.core.result import points_in_a_row
from qctl.frontends import as_program
from qctl.instruments.novatech409b import FULL_SCALE_DBM
from qctl.physics.ions.world import IonWorld
from qctl.physics.stage import Carrier, Counting, Playing, Stage, Switching
from qctl.readout import read_out


class DirectIons:
    """Compiles and plays; the half of `qctl.run.Lab` that calibration uses.

    Parameters
    ----------
    laboratory, truth : a chain as its file describes it, and what is true of it
    """

    def __init__(self, laboratory, truth, seed=1):
        self.laboratory, self.truth = laboratory, truth
        self.world = IonWorld(laboratory, truth, seed)
        self.limits = limits_of(laboratory)
        self.station = SimpleNamespace(instruments={})  # nothing to be switched off, or asked whether it is
        self.parameters = default_parameters(laboratory)

    def compile(self, program, shots=None, parameters=None, optimise=True):
        ready = as_program(program)
        ready = ready if shots is None else ready.with_shots(shots)
        return compile_program(ready, parameters or self.parameters, self.laboratory, self.limits, optimise=optimise)

    def play(self, sequence, known, playlists=None):
        playlists = playlists or flatten(sequence, self.laboratory, self.limits)
        switched = {one.output: Switching((one.spans + sequence.lead).ravel()) for one in sequence.digital.values()}
        points = [dict(switched) for _ in range(sequence.n_points)]
        for name, playlist in playlists.items():
            entry = self.laboratory.instruments[name]
            start = sequence.lead + (entry.trigger_latency or 0.0)
            for point, places in zip(points, playlist.steps.tolist(), strict=True):
                for channel, place in enumerate(places, start=1):
                    if place >= 0:
                        volts = playlist.waveforms[place].codes.astype(np.float32) * (entry.full_scale / 32767)
                        point[Port(name, channel)] = Playing(volts, entry.sample_rate, start)
        counted = {
            one.input.instrument: Counting((one.input,), one.windows + sequence.lead)
            for one in sequence.counting.values()
        }
        stage = Stage(tuple(points), self._carriers(known), self._held(known), counted, sequence.period)
        photons = self.world.run(stage, sequence.shots)
        counts = {line: Counts(photons[one.input], one) for line, one in sequence.counting.items()}
        return Record(
            traces={}, shots=sequence.shots, n_points=sequence.n_points, n_bits=sequence.n_bits, qubits=sequence.qubits,
            placement=sequence.placement, sequence_digest=sequence.digest, parameters_id=known.id, timing=Timing(),
            instruments={}, counts=counts,
        )  # fmt: skip

    def _carriers(self, known):
        return {
            f"{name}.{channel}": Carrier(frequency, FULL_SCALE_DBM + 20 * log10(max(amplitude, 1e-9)), amplitude > 0)
            for name, tones in tones_of(self.laboratory, known).items()
            for channel, (frequency, amplitude) in tones.items()
        }

    def _held(self, known):
        held = held_of(self.laboratory, known)
        return {f"{name}.{channel}": volts for name, each in held.items() for channel, volts in each.items()}

    def run_each(self, pairs, shots=None, *, mitigate=False, optimise=True, traces=False, guarded=False):
        results = []
        for program, known in pairs:
            ready = as_program(program)
            record = self.play(self.compile(ready, shots, known, optimise), known)
            results.append(read_out(record, known, self.laboratory, registers=ready.bits, traces=traces))
        return points_in_a_row(results)

    def run(self, program, shots=1000, *, parameters=None, optimise=True):
        return self.run_each(
            [(as_program(program).with_shots(shots), parameters or self.parameters)], optimise=optimise
        )

    def close(self):
        """Leave nothing open: there is nothing."""

    def now(self):
        return self.world.clock

    def wait(self, seconds):
        self.world.wait(seconds)
