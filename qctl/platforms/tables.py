"""A schedule becomes play tables and acquisition windows, in columns: a few passes over everything, none per gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.core.schedule import Schedule
from qctl.core.sequence import PLAY, Track

from .distortion import mixer_correction, predistortion
from .pulses import Pulse, coupling_of, cz, readout, rotation
from .wiring import Arrival, sample_rate

Known = Mapping[str, float]

_NO_MIXER, _NO_OFFSET = np.eye(2), np.zeros(2)
_NO_MIXER.setflags(write=False)
_NO_OFFSET.setflags(write=False)


@dataclass(frozen=True)
class Plays:
    """Plays of all lines in columns; ``pulse`` indexes ``pulses``, ``start`` counts ticks."""

    pulses: tuple[Pulse, ...]
    pulse: NDArray[np.int64]
    point: NDArray[np.int32]
    start: NDArray[np.int64]
    phase: NDArray[np.float64]


def plays_of(schedule: Schedule, known: Known, lab: Laboratory) -> Plays:
    """Return what all operations play, line by line not yet told apart."""
    rows, n = schedule.operations, len(lab.qubits)
    op, q = np.ascontiguousarray(rows["op"]), rows["q"]
    gates = np.flatnonzero(op == Op.R)
    half = rows["angle"][gates] < 2.0  # native angles are exactly pi / 2 and pi
    kinds = (
        (gates, q[gates, 0] + n * half, lambda code: rotation(lab, known, code % n, ("x180", "x90")[code // n])),
        _kind(op, Op.MEASURE, q, (1, 0), lambda code: readout(lab, known, code)),
        _kind(op, Op.CZ, q, (n, 1), lambda code: cz(lab, known, coupling_of(lab, *divmod(code, n)))),
    )
    pulses: list[Pulse] = []
    chosen, which = [], []
    for row, code, make in kinds:
        made = {one: make(one) for one in np.flatnonzero(np.bincount(code)).tolist()} if len(code) else {}
        for k in range(max(map(len, made.values()), default=0)):
            table = np.full(max(made) + 1, -1)
            for one, several in made.items():
                if k < len(several):
                    table[one] = len(pulses)
                    pulses.append(several[k])
            there = table[code]
            chosen.append(row if there.min() >= 0 else row[there >= 0])
            which.append(there if there.min() >= 0 else there[there >= 0])
    every = np.concatenate([*chosen, np.zeros(0, np.intp)])
    pulse = np.concatenate([*which, np.zeros(0, np.int64)])
    return Plays(tuple(pulses), pulse, rows["point"][every], rows["start"][every], rows["phase"][every])


def _kind(
    ops: NDArray[np.int16],
    op: Op,
    q: NDArray[np.int32],
    factors: tuple[int, int],
    make: Callable[[int], tuple[Pulse, ...]],
) -> tuple[NDArray[np.intp], NDArray[np.int32], Callable[[int], tuple[Pulse, ...]]]:
    chosen = np.flatnonzero(ops == op)
    return chosen, q[chosen] @ np.array(factors, np.int32), make


def tracks_of(plays: Plays, schedule: Schedule, known: Known, lab: Laboratory, arrive: Arrival) -> dict[str, Track]:
    """Return the track of every line that an AWG feeds; lines without plays idle at their offset."""
    lines = list(arrive.tracks)
    index = {line: k for k, line in enumerate(lines)}
    rates = np.array([sample_rate(lab, lab.lines[line].outputs[0]) for line in lines])
    line_of = np.array([index[pulse.line] for pulse in plays.pulses], np.int16)
    per_tick = np.rint(rates * float(schedule.tick)).astype(np.int64)  # whole by the choice of the tick
    waveforms, carriers, local = _unique(plays.pulses)
    table = np.empty(len(plays.pulse), PLAY)
    order = _order(line_of[plays.pulse], plays) if len(plays.pulse) else np.zeros(0, np.intp)
    pulse = plays.pulse[order]
    facts = zip(local, plays.pulses, line_of.tolist(), strict=True)
    columns = np.array([(w, c, p.shift, per_tick[k]) for (w, c), p, k in facts], np.int64).reshape(-1, 4)
    waveform, carrier, shift, factor = (np.ascontiguousarray(column) for column in columns.T)
    table["point"] = plays.point[order]
    table["waveform"], table["carrier"] = waveform[pulse], carrier[pulse]
    table["start"] = plays.start[order] * factor[pulse] + shift[pulse]
    table["amplitude"] = np.array([p.amplitude for p in plays.pulses], np.float64)[pulse]
    table["phase"] = plays.phase[order]
    ends = np.cumsum(np.bincount(line_of[pulse], minlength=len(lines))) if len(pulse) else np.zeros(len(lines), int)
    tracks, first = {}, 0
    for k, line in enumerate(lines):
        rows, first = table[first : ends[k]], int(ends[k])
        tracks[line] = _track(
            line, known, lab, rows, tuple(waveforms.get(line, ())), carriers.get(line, [0.0]), arrive, float(rates[k])
        )
    return tracks


def _unique(
    pulses: tuple[Pulse, ...],
) -> tuple[dict[str, list[NDArray[np.complex128]]], dict[str, list[float]], list[tuple[int, int]]]:
    """Return each line's distinct envelopes and carriers, and where each pulse finds its own among them."""
    waveforms: dict[str, list[NDArray[np.complex128]]] = {}
    carriers: dict[str, list[float]] = {}
    local = []
    for pulse in pulses:
        shapes, tones = waveforms.setdefault(pulse.line, []), carriers.setdefault(pulse.line, [])
        same = (k for k, shape in enumerate(shapes) if shape is pulse.envelope or np.array_equal(shape, pulse.envelope))
        w = next(same, len(shapes))
        if w == len(shapes):
            shapes.append(pulse.envelope)
        if pulse.carrier not in tones:
            tones.append(pulse.carrier)
        local.append((w, tones.index(pulse.carrier)))
    return waveforms, carriers, local


def _order(line: NDArray[np.int16], plays: Plays) -> NDArray[np.intp]:
    """Return the order by line, point, start; one qubit's operations come in order, only shared lines need a sort."""
    order = np.argsort(line, kind="stable")
    when = (plays.point.astype(np.int64) << 40) + plays.start
    sorted_line, sorted_when = line[order], when[order]
    if np.any((np.diff(sorted_when) < 0) & (np.diff(sorted_line) == 0)):
        return np.lexsort((when, line))
    return order


def _track(
    line: str,
    known: Known,
    lab: Laboratory,
    rows: NDArray[np.void],
    waveforms: tuple[NDArray[np.complex128], ...],
    carriers: list[float],
    arrive: Arrival,
    rate: float,
) -> Track:
    outputs = lab.lines[line].outputs
    delay, tones = arrive.tracks[line], np.array(carriers)
    if len(outputs) == 2:
        mixer, offset = mixer_correction(line, known)
        return Track(outputs, rate, waveforms, rows, tones, mixer, offset, delay=delay)
    sections, fir = predistortion(line, known, rate)
    return Track(outputs, rate, waveforms, rows, tones, _NO_MIXER, _NO_OFFSET, sections, fir, delay)
