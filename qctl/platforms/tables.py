"""A schedule becomes play tables: one sweep over all operations, none of it per gate in Python."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.schedule import Schedule
from qctl.core.sequence import PLAY, Track
from qctl.kernels.emit import emit

from .distortion import mixer_correction, predistortion
from .natives import Kind, codes, meaning, n_codes, present
from .pulses import Pulse, coupling_of, cz, readout, rotation, tones
from .wiring import Arrival, sample_rate

Known = Mapping[str, float]

PULSE = np.dtype(
    [
        ("line", np.int32),
        ("waveform", np.int32),
        ("carrier", np.int32),
        ("factor", np.int64),  # samples of the line in a tick
        ("shift", np.int64),  # samples from the start of the operation
        ("amplitude", np.float64),
        ("phase", np.float64),  # rad, beside that of the operation
    ],
    align=True,
)
"""What the kernel `emit` needs to know of a pulse."""

_NO_MIXER, _NO_OFFSET = np.eye(2), np.zeros(2)
_NO_MIXER.setflags(write=False)
_NO_OFFSET.setflags(write=False)


def tracks_of(schedule: Schedule, known: Known, lab: Laboratory, arrive: Arrival) -> dict[str, Track]:
    """Return the track of every line that an AWG feeds; lines without plays idle at their offset."""
    rows, n = schedule.operations, len(lab.qubits)
    code = codes(np.ascontiguousarray(rows["op"]), rows["q"], rows["bit"], rows["angle"], n)
    played = {one: _pulses(one, schedule, known, lab) for one in present(code)}
    return tracks_from(schedule, code, played, n_codes(n, len(schedule.pulses)), known, lab, arrive)


def tracks_from(
    schedule: Schedule,
    code: NDArray[np.int32],
    played: Mapping[int, tuple[Pulse, ...]],
    most: int,
    known: Known,
    lab: Laboratory,
    arrive: Arrival,
) -> dict[str, Track]:
    """Return the same, where each row of the schedule has a code below ``most``, and ``played`` is what codes play."""
    rows, used = schedule.operations, list(played)
    pulses = [pulse for several in played.values() for pulse in several]
    waveforms, carriers, local = _unique(pulses)
    lines = {line: k for k, line in enumerate(arrive.tracks)}
    rates = [sample_rate(lab, lab.lines[line].outputs[0]) for line in lines]
    tick = float(schedule.tick)
    per_tick = [round(rate * tick) for rate in rates]  # whole by the choice of the tick
    facts = np.array(
        [
            (lines[pulse.line], *where, per_tick[lines[pulse.line]], pulse.shift, pulse.amplitude, pulse.phase)
            for where, pulse in zip(local, pulses, strict=True)
        ],
        PULSE,
    )
    count = np.zeros(most, np.int64)
    count[used] = [len(several) for several in played.values()]
    plays, starts = _emit(rows, code, count, facts, len(lines))
    return {
        line: _track(
            line, known, lab, plays[first:last], waveforms.get(line, []), carriers.get(line, [0.0]), arrive, rate
        )
        for line, (first, last), rate in zip(lines, pairwise(starts.tolist()), rates, strict=True)
    }


def _pulses(code: int, schedule: Schedule, known: Known, lab: Laboratory) -> tuple[Pulse, ...]:
    kind, a, b = meaning(code, len(lab.qubits))
    if kind is Kind.PULSE:
        return tones(lab, schedule.pulses[a])
    if kind is Kind.CZ:
        return cz(lab, known, coupling_of(lab, a, b))
    if kind is Kind.MEASURE:
        return readout(lab, known, a)
    return () if kind is Kind.SILENT else rotation(lab, known, a, kind.name.lower())


def _emit(
    rows: NDArray[np.void], code: NDArray[np.int32], count: NDArray[np.int64], pulses: NDArray[np.void], n_lines: int
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Return the plays of all lines, line after line, each by point and start, and where each line begins."""
    first = np.concatenate([[0], np.cumsum(count)])
    times = np.bincount(code, minlength=len(count)).repeat(count)
    starts = np.zeros(n_lines + 1, np.int64)
    np.add.at(starts, pulses["line"] + 1, times)
    starts = np.cumsum(starts)
    plays, jumps = np.empty(starts[-1], PLAY), np.zeros(n_lines, np.uint8)
    emit(rows, code, first, pulses, starts, plays, jumps)
    for line in np.flatnonzero(jumps):  # one qubit's operations come in order, only shared lines need a sort
        here = plays[starts[line] : starts[line + 1]]
        here[:] = here[np.lexsort((here["start"], here["point"]))]
    return plays, starts


def _unique(
    pulses: list[Pulse],
) -> tuple[dict[str, list[NDArray[np.complex128]]], dict[str, list[float]], list[tuple[int, int]]]:
    """Return each line's distinct envelopes and carriers, and where each pulse finds its own among them."""
    waveforms: dict[str, list[NDArray[np.complex128]]] = {}
    carriers: dict[str, list[float]] = {}
    local = []
    for pulse in pulses:
        shapes, found = waveforms.setdefault(pulse.line, []), carriers.setdefault(pulse.line, [])
        same = (k for k, shape in enumerate(shapes) if shape is pulse.envelope or np.array_equal(shape, pulse.envelope))
        w = next(same, len(shapes))
        if w == len(shapes):
            shapes.append(pulse.envelope)
        if pulse.carrier not in found:
            found.append(pulse.carrier)
        local.append((w, found.index(pulse.carrier)))
    return waveforms, carriers, local


def _track(
    line: str,
    known: Known,
    lab: Laboratory,
    rows: NDArray[np.void],
    waveforms: list[NDArray[np.complex128]],
    carriers: list[float],
    arrive: Arrival,
    rate: float,
) -> Track:
    outputs = lab.lines[line].outputs
    delay, frequencies = arrive.tracks[line], np.array(carriers)
    if len(outputs) == 2:
        mixer, offset = mixer_correction(line, known)
        return Track(outputs, rate, tuple(waveforms), rows, frequencies, mixer, offset, delay=delay)
    if np.any(frequencies):  # a carrier of its own, in front of an acousto-optic modulator
        return Track(outputs, rate, tuple(waveforms), rows, frequencies, _NO_MIXER, _NO_OFFSET, delay=delay)
    rows["phase"] = 0.0  # a line without carrier has no phase to turn
    sections, fir = predistortion(line, known, rate)
    return Track(outputs, rate, tuple(waveforms), rows, frequencies, _NO_MIXER, _NO_OFFSET, sections, fir, delay)
