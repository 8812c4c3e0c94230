"""A fourth machine, as small as they come: one NV centre in diamond, read out by the photons of a green pulse."""

from itertools import pairwise
from math import pi
from typing import ClassVar

import numpy as np

from qctl.core.errors import CompileError
from qctl.core.laboratory import InstrumentEntry, Laboratory, Line, Qubit, SafeAction, SafeEntry
from qctl.core.parameters import Estimate, Parameters
from qctl.core.port import Port
from qctl.core.program import Op
from qctl.core.sequence import READ, Counting, Digital, Sequence
from qctl.core.units import to_ticks
from qctl.physics.stage import Counting as Waiting
from qctl.physics.stage import Playing
from qctl.platforms.envelopes import drag
from qctl.platforms.pulses import Pulse
from qctl.platforms.tables import tracks_from
from qctl.platforms.waits import waits
from qctl.platforms.wiring import arrival

RATE, GREEN, GUARD = 1e9, 2e-6, 1e-6
LINES = {
    "microwave": Line(output=Port("awg", 1)),
    "green": Line(switch=Port("ttl", 1)),
    "start": Line(switch=Port("ttl", 2), starts=("awg",)),
    "gate": Line(switch=Port("ttl", 3), starts=("counter",)),
    "seen": Line(counted_by=Port("counter", 1)),
}
DRIVERS = {"awg": "tek_awg5200:TekAwg5200", "ttl": "qc9520:Qc9520", "counter": "counter53230a:Counter53230a"}


def laboratory(addresses=None):
    """Return the laboratory; with addresses once somebody serves its instruments."""
    at = addresses or dict.fromkeys(DRIVERS, "mock")
    awg = {"sample_rate": RATE, "full_scale": 0.5}
    entries = {
        name: InstrumentEntry(driver=f"qctl.instruments.{kind}", address=at[name], **(awg if name == "awg" else {}))
        for name, kind in DRIVERS.items()
    }
    return Laboratory(
        name="nv",
        platform="nv_centre",
        reference=1e7,
        period=1e-4,
        instruments=entries,
        lines=LINES,
        qubits={"q0": Qubit(drive="microwave", readout="seen")},
        couplings={},
        safe={name: SafeEntry(action=SafeAction.OFF) for name in ("awg", "ttl")},
        limits={},
    )


class NvCentre:
    """Native operations R(+-pi/2), R(+-pi), virtual RZ, MEASURE; the pulse that reads also prepares the next shot."""

    name: ClassVar = "nv_centre"
    natives: ClassVar = frozenset({Op.R, Op.RZ, Op.MEASURE, Op.DELAY, Op.BARRIER})
    measures_last: ClassVar = True
    exclusive: ClassVar = frozenset()

    def defaults(self, lab):
        table = {"frequency": 2e8, "x180.duration": 2e-7, "x180.amplitude": 0.5, "x90.duration": 2e-7}
        table |= {"x90.amplitude": 0.25, "readout.counts": 10.0, "t2": 1e-3, "readout.p01": 0.01, "readout.p10": 0.01}
        return Parameters({f"q0.{name}": Estimate(value) for name, value in table.items()})

    def spans(self, program, known, lab, tick):
        op, angle = program.events["op"], program.events["angle"]
        for first, last in pairwise(program.starts.tolist()):
            after = np.cumsum(op[first:last] == Op.MEASURE) > 0
            if np.any(after & (op[first:last] == Op.R)):
                raise CompileError("a gate after the measurement", allowed="one measurement, last", where=lab.name)
        kinds = np.where(np.abs(angle[:, 0]) > 2, "x180", "x90")
        durations = {kind: to_ticks(known[f"q0.{kind}.duration"], tick) for kind in ("x90", "x180")}
        spans = np.array([durations[kind] for kind in kinds], np.int64) * (op == Op.R)
        wait = np.flatnonzero(op == Op.DELAY)
        spans[wait] = waits(angle[wait, 0], tick)
        frames = np.zeros((len(op), 2))
        frames[:, 0] = -angle[:, 0] * (op == Op.RZ)
        return spans, frames

    def sequence(self, schedule, known, lab, shots):
        rows, arrive = schedule.operations, arrival(lab, known)
        code = np.where(rows["op"] == Op.R, np.where(rows["angle"] > 2, 2, 1), 0).astype(np.int32)
        played = {0: ()} | {k: (_pulse(known, kind),) for k, kind in ((1, "x90"), (2, "x180"))}
        tracks = tracks_from(schedule, code, played, 3, known, lab, arrive)
        end = float(schedule.length_ticks.max(initial=0) * schedule.tick) + arrive.chip + GUARD
        light = np.rint(np.array([[end, end + GREEN]]) / 1e-9) * 1e-9
        start = np.array([[0.0, 1e-6]])
        digital = {n: Digital(LINES[n].switch, t) for n, t in (("green", light), ("gate", light), ("start", start))}
        reads = np.array([(r["point"], 0, r["bit"], 0) for r in rows[rows["op"] == Op.MEASURE]], READ)
        return Sequence(
            tracks=tracks,
            listening={},
            triggers=(),
            n_points=schedule.n_points,
            shots=shots,
            n_bits=schedule.n_bits,
            tick=schedule.tick,
            period=lab.period,
            length=end + GREEN,
            qubits=schedule.qubits,
            placement=schedule.placement,
            digest="",
            digital=digital,
            counting={"seen": Counting(Port("counter", 1), light, reads)},
        )


def _pulse(known, kind):
    envelope = drag(round(known[f"q0.{kind}.duration"] * RATE), RATE, 0.0)
    return Pulse("microwave", envelope, known[f"q0.{kind}.amplitude"], known["q0.frequency"])


class Diamond:
    """Its world: a spin in the frame of its microwave, whose state 1 (ms = 0 is 1 here) gives 20 photons, 0 gives 2."""

    def __init__(self, seed=1):
        self.rng = np.random.default_rng(seed)

    def play(self, stage, n_cycles, hear):
        for point, playing in enumerate(stage.points):
            one = playing.get(Port("awg", 1))
            excited = self.excited(one) if isinstance(one, Playing) else 0.0
            for waiting in stage.acquisitions.values():
                assert isinstance(waiting, Waiting)
                bright = self.rng.random((n_cycles, len(waiting.gates))) < excited
                hear(waiting.inputs[0], point, self.rng.poisson(np.where(bright, 20.0, 2.0)))

    def excited(self, playing):
        """Integrate the spin under the samples; a raised cosine of 0.25 V peak and 200 ns is a pi pulse."""
        times = np.arange(len(playing.volts)) / playing.sample_rate
        slow = playing.volts * np.exp(-2j * pi * 2e8 * times)  # the fast part averages out within five samples
        slow = 2 * slow[: len(slow) // 5 * 5].reshape(-1, 5).mean(axis=1)
        state = np.array([1.0, 0.0], complex)
        for step in slow[np.abs(slow) > 1e-6]:
            angle = pi / (0.25 * 1e-7) * abs(step) * 5 / playing.sample_rate
            axis = np.exp(1j * np.angle(step))
            turn = [[0, np.conj(axis)], [axis, 0]]
            state = np.cos(angle / 2) * state - 1j * np.sin(angle / 2) * (np.array(turn) @ state)
        return float(abs(state[1]) ** 2)

    def wait(self, seconds):
        pass
