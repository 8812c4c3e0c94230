"""An atom array without instruments: what is compiled goes straight to the simulated world, and its frames are read."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from qctl.compile import compile_program, default_parameters, flatten
from qctl.config import read, read_laboratory
from qctl.control.operating import weights_of
from qctl.core.protocols import AwgLimits, PulserLimits
from qctl.core.record import Images, Record, Timing
from qctl.core.result import points_in_a_row
from qctl.frontends import as_program
from qctl.instruments.frame_server import FrameServer
from qctl.instruments.tek_awg5200 import TekAwg5200
from qctl.physics.atoms.twin import AtomTwin
from qctl.physics.atoms.world import AtomWorld
from qctl.physics.stage import Exposing, Playing, Stage, Switching
from qctl.readout import read_out

CONFIGS = Path(__file__).parents[2] / "configs"


class Direct:
    """Compiles and plays; the half of `qctl.run.Lab` that calibration uses."""

    def __init__(self, name="atoms16", seed=1, truth=None):
        self.laboratory = read_laboratory(CONFIGS / f"{name}.yaml")
        self.truth = truth or read(CONFIGS / "twins" / f"{name}.yaml", AtomTwin)
        self.world = AtomWorld(self.laboratory, self.truth, seed)
        self.limits = {"deflector": TekAwg5200.limits, "lasers": TekAwg5200.limits, "camera": FrameServer.limits}
        self.limits["pulser"] = PulserLimits(
            n_outputs=8, n_timers=8, resolution=250e-12, min_width=10e-9, max_time=1000.0, min_gap=1e-6, max_shots=10**6
        )
        self.parameters = default_parameters(self.laboratory)

    def compile(self, program, shots=None, parameters=None, optimise=True):
        ready = as_program(program)
        ready = ready if shots is None else ready.with_shots(shots)
        limits = dict(self.limits)
        return compile_program(ready, parameters or self.parameters, self.laboratory, limits, optimise=optimise)

    def played(self, sequence, playlists=None):
        """Return for each sweep point what every output plays."""
        playlists = playlists or flatten(sequence, self.laboratory, self.limits)
        points = []
        for step in range(sequence.n_points):
            point = {one.output: Switching((one.spans + sequence.lead).ravel()) for one in sequence.digital.values()}
            for name, playlist in playlists.items():
                assert isinstance(self.limits[name], AwgLimits)
                entry = self.laboratory.instruments[name]
                for channel, place in enumerate(playlist.steps[step].tolist(), start=1):
                    if place >= 0:
                        volts = playlist.waveforms[place].codes.astype(np.float32) * (entry.full_scale / 32767)
                        port = replace(next(iter(sequence.digital.values())).output, instrument=name, number=channel)
                        point[port] = Playing(volts, entry.sample_rate, sequence.lead)
            points.append(point)
        return points

    def play(self, sequence, known, playlists=None):
        points = self.played(sequence, playlists) if playlists else self.played(sequence)
        ((line, exposing),) = sequence.exposing.items()
        shape = self.limits["camera"].rows, self.limits["camera"].columns
        seen = Exposing(exposing.input, exposing.windows + sequence.lead, shape)
        shown = {
            f"{n}.{k + 1}": float(w)
            for n, all_ in weights_of(self.laboratory, known).items()
            for k, w in enumerate(all_)
        }
        stage = Stage(tuple(points), {}, shown, {"camera": seen}, sequence.period)
        frames = self.world.run(stage, sequence.shots)[exposing.input]
        return Record(
            traces={}, shots=sequence.shots, n_points=sequence.n_points, n_bits=sequence.n_bits, qubits=sequence.qubits,
            placement=sequence.placement, sequence_digest=sequence.digest, parameters_id=known.id, timing=Timing(),
            instruments={}, images={line: Images(frames, exposing)},
        )  # fmt: skip

    def run_each(self, pairs, shots=None, *, mitigate=False, optimise=True, traces=False):
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

    def now(self):
        return self.world.clock

    def wait(self, seconds):
        self.world.wait(seconds)


def timed(action):
    start = time.perf_counter()
    found = action()
    return found, time.perf_counter() - start
