"""A fourth machine, as small as they come: two NV centres in diamond, read out by the photons of a green pulse.

They lie so close that their spins see each other while a gate voltage tunes them together (P. Neumann et al., Nat.
Phys. 6, 249 (2010), entangle two by their dipoles).
"""

import re
from itertools import pairwise
from math import pi
from pathlib import Path
from typing import ClassVar

import numpy as np

from qctl.config import read_laboratory
from qctl.core.bounds import Bounds
from qctl.core.errors import CompileError
from qctl.core.lines import Lines
from qctl.core.names import Target, unit_of
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
FILE = Path(__file__).with_name("nv_centre.yaml")
COUNTERS = ("counter0", "counter1")


def laboratory(folder=None, addresses=None):
    """Return the laboratory; with a folder and addresses once somebody serves its instruments."""
    if addresses is None:
        return read_laboratory(FILE)
    text = FILE.read_text(encoding="utf-8")
    for name, address in addresses.items():
        text = re.sub(rf"(?m)^(  {name}: .*address: )mock", rf'\g<1>"{address}"', text)
    path = folder / FILE.name
    path.write_text(text, encoding="utf-8")
    return read_laboratory(path)


class NvCentre:
    """Native operations R(+-pi/2), R(+-pi), virtual RZ, CZ, MEASURE; the pulse that reads prepares the next shot."""

    name: ClassVar = "nv_centre"
    natives: ClassVar = frozenset({Op.R, Op.RZ, Op.CZ, Op.MEASURE, Op.DELAY, Op.BARRIER})
    measures_last: ClassVar = True
    exclusive: ClassVar = frozenset()
    lines: ClassVar = Lines(serve={"drive": "beam", "readout": "counter", "flux": "beam"}, lights=("green",))
    in_parts: ClassVar = None
    steps: ClassVar = "nv_steps"
    bounds: ClassVar = Bounds(ideal=0.05)

    def defaults(self, lab):
        table = {"frequency": 2e8, "x180.duration": 2e-7, "x180.amplitude": 0.5, "x90.duration": 2e-7}
        table |= {"x90.amplitude": 0.25, "readout.counts": 10.0, "t2": 1e-3, "readout.p01": 0.01, "readout.p10": 0.01}
        table |= {"t1": 1.0, "error": 1e-3}
        pair = {"cz.duration": 4e-7, "cz.amplitude": 0.5, "cz.error": 1e-2}
        tables = {**dict.fromkeys(lab.qubits, table), **dict.fromkeys(lab.couplings, pair)}
        found = {f"{target}.{name}": value for target, one in tables.items() for name, value in one.items()}
        return Parameters({name: _guess(name, value) for name, value in {**found, **lab.first_guess}.items()})

    def spans(self, program, known, lab, tick):
        op, angle = program.events["op"], program.events["angle"]
        for first, last in pairwise(program.starts.tolist()):
            after = np.cumsum(op[first:last] == Op.MEASURE) > 0
            if np.any(after & np.isin(op[first:last], (Op.R, Op.CZ))):
                raise CompileError("a gate after a measurement", allowed="measurements last", where=lab.name)
        kinds = np.where(np.abs(angle[:, 0]) > 2, "x180", "x90")
        durations = {kind: to_ticks(known[f"q0.{kind}.duration"], tick) for kind in ("x90", "x180")}
        spans = np.array([durations[kind] for kind in kinds], np.int64) * (op == Op.R)
        spans += to_ticks(known["q0-q1.cz.duration"], tick) * (op == Op.CZ)
        wait = np.flatnonzero(op == Op.DELAY)
        spans[wait] = waits(angle[wait, 0], tick)
        frames = np.zeros((len(op), 2))
        frames[:, 0] = -angle[:, 0] * (op == Op.RZ)
        return spans, frames

    def sequence(self, schedule, known, lab, shots):
        rows, arrive = schedule.operations, arrival(lab, known)
        turns = 2 * rows["q"][:, 0] + np.where(rows["angle"] > 2, 2, 1)
        code = np.select([rows["op"] == Op.R, rows["op"] == Op.CZ], [turns, 5], 0).astype(np.int32)
        played = {2 * q + k: (_pulse(known, q, kind),) for q in (0, 1) for k, kind in ((1, "x90"), (2, "x180"))}
        played = {0: ()} | played | {5: (_together(known),)}
        tracks = tracks_from(schedule, code, played, 6, known, lab, arrive)
        end = float(schedule.length_ticks.max(initial=0) * schedule.tick) + arrive.chip + GUARD
        light = np.rint(np.array([[end, end + GREEN]]) / 1e-9) * 1e-9
        start = np.array([[0.0, 1e-6]])
        digital = {n: Digital(lab.lines[n].switch, t) for n, t in (("green", light), ("gate", light), ("start", start))}
        measured = [r for r in rows if r["op"] == Op.MEASURE]
        reads = [np.array([(r["point"], q, r["bit"], 0) for r in measured if r["q"][0] == q], READ) for q in (0, 1)]
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
            counting={f"seen{q}": Counting(Port(f"counter{q}", 1), light, reads[q]) for q in (0, 1)},
        )


def _guess(name, value):
    target, _, quantity = name.partition(".")
    kind = Target.COUPLING if "-" in target else Target.QUBIT
    return Estimate(value, unit=unit_of(quantity, kind) or "", run="first guess")


def _pulse(known, qubit, kind):
    envelope = drag(round(known[f"q{qubit}.{kind}.duration"] * RATE), RATE, 0.0)
    return Pulse(f"microwave{qubit}", envelope, known[f"q{qubit}.{kind}.amplitude"], known[f"q{qubit}.frequency"])


def _together(known):
    return Pulse("together", drag(round(known["q0-q1.cz.duration"] * RATE), RATE, 0.0), known["q0-q1.cz.amplitude"])


class Diamond:
    """Its world: two spins in the frames of their microwaves; 1 (which is ms = 0) gives 20 photons, 0 gives 2."""

    def __init__(self, seed=1):
        self.rng = np.random.default_rng(seed)

    def play(self, stage, n_cycles, hear):
        for point, playing in enumerate(stage.points):
            outputs = [playing.get(Port("awg", number)) for number in (1, 2, 3)]
            found = self.rng.choice(4, n_cycles, p=self.chances(outputs))
            for qubit, name in enumerate(COUNTERS):
                bright = (found >> (1 - qubit)) & 1 == 1
                for waiting in stage.acquisitions.values():
                    assert isinstance(waiting, Waiting)
                    if waiting.inputs[0].instrument == name:
                        mean = np.where(bright, 20.0, 2.0)[:, None].repeat(len(waiting.gates), 1)
                        hear(waiting.inputs[0], point, self.rng.poisson(mean))

    def chances(self, outputs):
        """Integrate both spins under the samples, and return how likely each of 00, 01, 10 and 11 is.

        A raised cosine of 0.25 V peak and 200 ns on a microwave is a pi pulse, one of 0.25 V and 400 ns on the gate
        between them a CZ.
        """
        slow = [_slow(one, carrier) for one, carrier in zip(outputs, (2e8, 2e8, 0.0), strict=True)]
        length = max(map(len, slow))
        first, second, gate = (np.pad(one, (0, length - len(one))) for one in slow)
        state = np.array([1.0, 0.0, 0.0, 0.0], complex)
        for one, other, together in zip(first, second, gate, strict=True):
            if abs(one) + abs(other) + abs(together) > 1e-6:
                state = np.kron(_turn(one), _turn(other)) @ state
                state[3] *= np.exp(-1j * pi / (0.25 * 2e-7) * together.real * STEP / RATE)
        return np.abs(state) ** 2 / np.sum(np.abs(state) ** 2)

    def wait(self, seconds):
        pass


STEP = 5  # samples; the fast part of a microwave averages out within them


def _slow(playing, carrier):
    """Return what is left of an output in the frame of a carrier, a value each five samples."""
    if not isinstance(playing, Playing):
        return np.zeros(0, complex)
    times = np.arange(len(playing.volts)) / playing.sample_rate
    slow = playing.volts * np.exp(-2j * pi * carrier * times)
    return (2 if carrier else 1) * slow[: len(slow) // STEP * STEP].reshape(-1, STEP).mean(axis=1)


def _turn(light):
    angle, axis = pi / (0.25 * 1e-7) * abs(light) * STEP / RATE, np.exp(1j * np.angle(light))
    cos, sin = np.cos(angle / 2), np.sin(angle / 2)
    return np.array([[cos, -1j * sin * np.conj(axis)], [-1j * sin * axis, cos]])
