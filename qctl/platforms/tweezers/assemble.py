"""Put a sequence together: one operation after another where they need the same light, and lights around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.core.schedule import Schedule
from qctl.core.sequence import PLAY, READ, Sequence, Track

from . import plays
from .known import array_of
from .layer import TURNING, Layer, layers
from .lights import STATE, digital, exposing, lights
from .plays import Play
from .reading import Reading, out, over, place, read, reading_of, ways

Known = Mapping[str, float]


def sequence(schedule: Schedule, known: Known, lab: Laboratory, shots: int) -> Sequence:
    """Return what each line plays, when each light is on, and what the camera looks at.

    One pulse of the global beam begins a program whose atoms all begin alike. Behind it there is one pointer, one pair
    of movable traps and one Rydberg beam: operations that need them follow one another, in the order of their starts in
    the schedule. Waits count from the end of what came before on their own qubit.
    """
    _refuse(schedule, lab)
    writing = Writing(schedule, known, lab)
    begun = layers(schedule, known, lab)
    length = writing.write(begun)
    reads, away = reads_of(schedule), dict[int, tuple[float, float]]()
    around = lights(known, length)
    if known[f"{array_of(lab)}.zone.reading"]:
        when, length = writing.read(reads, length)
        around = lights(known, length).seen_in(when.exposure)
        away = {int(one["qubit"]): place(known, lab, int(one["bit"])) for one in reads}
    return Sequence(
        tracks=writing.tracks(),
        listening={},
        triggers=(),
        n_points=schedule.n_points,
        shots=shots,
        n_bits=schedule.n_bits,
        tick=schedule.tick,
        period=lab.period,
        length=length,
        qubits=schedule.qubits,
        placement=schedule.placement,
        digest="",
        digital=digital(lab, around),
        exposing=exposing(lab, around, reads, _watched(schedule, reads), away, frozenset(begun) | by_hand(schedule)),
        lead=around.lead,
    )


def by_hand(schedule: Schedule) -> frozenset[int]:
    """Return the points that play pulses of their own on Raman beams: any atom may be turned, also one nobody names."""
    turning = [k for k, pulse in enumerate(schedule.pulses) if any(tone.line in TURNING for tone in pulse.tones)]
    rows = schedule.operations
    return frozenset(rows["point"][(rows["op"] == Op.PULSE) & np.isin(rows["bit"], turning)].tolist())


def reads_of(schedule: Schedule) -> NDArray[np.void]:
    """Return who is measured, into which bit."""
    rows = schedule.operations[schedule.operations["op"] == Op.MEASURE]
    reads = np.zeros(len(rows), READ)
    reads["point"], reads["qubit"], reads["bit"], reads["window"] = rows["point"], rows["q"][:, 0], rows["bit"], STATE
    return reads


def measured(reads: NDArray[np.void], point: int) -> list[int]:
    """Return the physical qubits that a point measures, in the order of their bits."""
    mine = reads[reads["point"] == point]
    return [int(q) for q in mine["qubit"][np.argsort(mine["bit"], kind="stable")]]


def _watched(schedule: Schedule, reads: NDArray[np.void]) -> NDArray[np.void]:
    """Return atoms that gates act on and nobody measures: a lost one spoils what others do, and it would not show."""
    rows = schedule.operations[np.isin(schedule.operations["op"], (Op.R, Op.CZ))]
    acting = {(point, q) for point, pair in zip(rows["point"].tolist(), rows["q"].tolist(), strict=True) for q in pair}
    measured = set(zip(reads["point"].tolist(), reads["qubit"].tolist(), strict=True))
    others = sorted((point, q) for point, q in acting - measured if q >= 0)
    return np.array([(point, q, -1, STATE) for point, q in others], READ)


def _refuse(schedule: Schedule, lab: Laboratory) -> None:
    """Refuse gates behind a measurement: all atoms are measured together, by one image at the end."""
    measured: set[tuple[int, int]] = set()
    for point, op, pair in zip(*(schedule.operations[name].tolist() for name in ("point", "op", "q")), strict=True):
        if op == Op.MEASURE:
            measured.add((point, pair[0]))
        elif op not in (Op.BARRIER, Op.DELAY, Op.RZ) and any((point, q) in measured for q in pair if q >= 0):
            raise CompileError(
                f"a gate on {lab.qubit_names[pair[0]]} after its measurement",
                allowed="measurements at the end: one image shows all atoms",
                where=lab.name,
                remedy="defer the measurement",
            )


@dataclass
class Writing:
    """Tables of plays in the making, by line.

    Parameters
    ----------
    schedule : its operations are written by `write`
    gated : when the last light of each point ends, s; as `write` found it
    """

    schedule: Schedule
    known: Known
    lab: Laboratory
    waveforms: dict[str, list[NDArray[np.complex128]]] = field(default_factory=dict)
    carriers: dict[str, list[float]] = field(default_factory=dict)
    rows: dict[str, list[tuple[int, int, int, int, float, float]]] = field(default_factory=dict)
    gated: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    _kept: dict[tuple[object, ...], list[Play]] = field(default_factory=dict)
    _places: dict[tuple[str, int], int] = field(default_factory=dict)

    def write(self, layers: Mapping[int, Layer] = MappingProxyType({})) -> float:
        """Write all operations; return when the longest point ends, s.

        Parameters
        ----------
        layers : by sweep point, a pulse on all atoms with which it begins
        """
        tick = float(self.schedule.tick)
        placed, ends = self._placed(layers)
        for point, layer in layers.items():
            self.put(point, layer.play.start, layer.play)
        self.gated = np.zeros(self.schedule.n_points)
        longest = max(ends, default=0) * tick  # waits count, though nothing is played
        for point, start, op in placed:
            turned = layers[point].turned if point in layers else {}
            for one in self._plays(op):
                self.put(point, start + one.start, one, float(op["phase"]) + turned.get(int(op["q"][0]), 0.0))
                rate = plays.rate_of(self.lab, one.line)
                end = start + one.start + len(one.envelope) / rate
                longest, self.gated[point] = max(longest, end), max(self.gated[point], end)
        array = array_of(self.lab)
        released = self.known[f"{array}.release"]
        if released > 0:
            start = np.ceil((longest + plays.REST) / tick) * tick
            shape = plays.flat(self.lab, "dark", released)
            for point in range(self.schedule.n_points):
                self.put(point, start, Play("dark", 0.0, shape, self.known[f"{array}.switch.level"]), 0.0)
            longest = start + released
        return float(longest)

    def read(self, reads: NDArray[np.void], gated: float, least: float = 0.0) -> tuple[Reading, float]:
        """Write what reads atoms in the zone behind the gates; return when they are seen, and when all are back, s.

        Parameters
        ----------
        gated : when the gates of the longest point end, s
        least : light comes no sooner
        """
        many = [ways(self.known, self.lab, measured(reads, point)) for point in range(self.schedule.n_points)]
        when = reading_of(self.known, max(gated + max((out(one) for one in many), default=0.0), least))
        for point, one in enumerate(many):
            for start, play in read(self.known, self.lab, one, when) if one else ():
                self.put(point, start, play)
        return when, max([when.exposure[1], *(over(one, when) for one in many)])

    def _placed(self, layers: Mapping[int, Layer]) -> tuple[list[tuple[int, float, np.void]], list[int]]:
        """Return (point, start in s, operation), each as soon as its qubits and light are free; and all ends, ticks."""
        rows, tick = self.schedule.operations, float(self.schedule.tick)
        order = np.lexsort((np.arange(len(rows)), rows["start"], rows["point"]))
        now, light, layer, free = -1, 0, None, np.zeros(len(self.lab.qubits), np.int64)
        placed, ends = list[tuple[int, float, np.void]](), list[int]()
        for number, row in zip(order.tolist(), rows[order], strict=True):
            if row["point"] != now:
                now = int(row["point"])
                layer = layers.get(now)
                light = int(np.ceil(layer.seconds / tick)) if layer else 0
                free = np.full(len(self.lab.qubits), light, np.int64)
                ends.append(light)
            if layer and number in layer.rows:
                continue
            op = Op(int(row["op"]))
            if op is Op.CZ and not row["duration"]:
                continue  # stands for its second qubit
            qubits = [q for q in row["q"].tolist() if q >= 0]
            if op is Op.BARRIER or op is Op.RZ:
                if op is Op.BARRIER:
                    free[:] = max(free.max(initial=0), light)
                continue
            shared = op in (Op.R, Op.CZ, Op.PULSE)
            start = max([int(free[q]) for q in qubits] + ([light] if shared else []))
            end = start + int(row["duration"])
            free[qubits] = end
            ends.append(end)
            if shared:
                light = end
            if op not in (Op.DELAY, Op.MEASURE):
                placed.append((now, start * tick, row))
        return placed, ends

    def _plays(self, op: np.void) -> list[Play]:
        kind, (a, b), bit = Op(int(op["op"])), op["q"].tolist(), int(op["bit"])
        half = bool(op["angle"] < 2) if kind is Op.R else False
        key = kind, a, b, half, bit if kind is Op.PULSE else -1
        if key not in self._kept:
            self._kept[key] = self._made(kind, a, b, half, bit)
        return self._kept[key]

    def _made(self, kind: Op, a: int, b: int, half: bool, bit: int) -> list[Play]:
        if kind is Op.CZ:
            return plays.cz(self.lab, self.known, a, b, float(self.schedule.tick))
        if kind is Op.PULSE:
            return plays.pulse(self.lab, self.known, self.schedule.pulses[bit], [q for q in (a, b) if q >= 0])
        return plays.rotation(self.lab, self.known, self.lab.qubit_names[a], "x90" if half else "x180")

    def put(self, point: int, start: float, one: Play, phase: float = 0.0) -> None:
        """Write one play of a sweep point, s after the trigger; what is empty or silent is left out."""
        line, rate = one.line, plays.rate_of(self.lab, one.line)
        if not len(one.envelope) or one.amplitude == 0:
            return
        place = self._places.get((line, id(one.envelope)))
        if place is None:
            shapes = self.waveforms.setdefault(line, [])
            place = next((k for k, shape in enumerate(shapes) if np.array_equal(shape, one.envelope)), len(shapes))
            if place == len(shapes):
                shapes.append(one.envelope)
            self._places[line, id(one.envelope)] = place
        carriers = self.carriers.setdefault(line, [])
        if one.carrier not in carriers:
            carriers.append(one.carrier)
        # Light of phase p turns a qubit about the axis -p (see the convention of the platform).
        turned = one.phase - (phase if one.follows else 0.0)
        row = (point, place, carriers.index(one.carrier), round(start * rate), one.amplitude, turned)
        self.rows.setdefault(line, []).append(row)

    def tracks(self) -> dict[str, Track]:
        """Return the track of every line that an AWG feeds."""
        found = {}
        for name, line in self.lab.lines.items():
            if line.output is None or line.output.marker:
                continue
            table = np.array(self.rows.get(name, []), PLAY)
            table = table[np.lexsort((table["start"], table["point"]))]
            carriers = np.array(self.carriers.get(name, [0.0]))
            rate = plays.rate_of(self.lab, name)
            found[name] = Track((line.output,), rate, tuple(self.waveforms.get(name, ())), table, carriers)
        return found
