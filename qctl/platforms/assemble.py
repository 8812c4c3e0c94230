"""Put a sequence together: tracks, acquisition windows, the length of a shot."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.core.schedule import Schedule
from qctl.core.sequence import WINDOW, Listening, Port, Sequence, Track

from .ringdown import end_of
from .tables import tracks_of
from .wiring import Arrival, arrival, sample_rate

Known = Mapping[str, float]


def sequence(schedule: Schedule, known: Known, lab: Laboratory, shots: int) -> Sequence:
    """Return what each line plays and each input hears; compile, which knows what it came from, adds the digest."""
    arrive = arrival(lab, known)
    tracks = tracks_of(schedule, known, lab, arrive)
    listening = _listening(schedule, known, lab, arrive)
    return Sequence(
        tracks=tracks,
        listening=listening,
        triggers=tuple(line.output for line in lab.lines.values() if line.starts and line.output is not None),
        n_points=schedule.n_points,
        shots=shots,
        n_bits=schedule.n_bits,
        tick=schedule.tick,
        period=lab.period,
        length=_length(schedule, tracks, arrive),
        qubits=schedule.qubits,
        placement=schedule.placement,
        digest="",
    )


def _listening(schedule: Schedule, known: Known, lab: Laboratory, arrive: Arrival) -> dict[str, Listening]:
    """Return the windows of each feedline: as long as the readout pulse, later by the way to the chip and back."""
    rows = schedule.operations
    measured = np.flatnonzero(rows["op"] == Op.MEASURE)
    qubits = rows["q"][measured, 0]
    line_of = [lab.qubits[name].readout for name in lab.qubit_names]
    heard = np.flatnonzero(np.bincount(qubits, minlength=len(line_of))).tolist()
    inputs = {line: _inputs(line, lab) for line in dict.fromkeys(line_of[qubit] for qubit in heard)}
    number = {line: k for k, line in enumerate(inputs)}
    rates = {line: sample_rate(lab, back[0]) for line, back in inputs.items()}
    facts = np.zeros((4, len(line_of)), np.int64)  # by qubit: feedline, samples in a tick, delay, length
    for qubit, line in ((qubit, line_of[qubit]) for qubit in heard):
        rate, seconds = rates[line], known[f"{lab.qubit_names[qubit]}.readout.duration"]
        delay = round(arrive.listen[line] * rate)
        facts[:, qubit] = number[line], round(rate * schedule.tick), delay, round(seconds * rate)
    # Rows come almost in order of time, and few feedlines sort by radix: much faster than one sort by three keys.
    order = np.argsort((rows["point"][measured].astype(np.int64) << 40) + rows["start"][measured], kind="stable")
    order = order[np.argsort(facts[0].astype(np.int16)[qubits[order]], kind="stable")]
    measured, qubits, windows = measured[order], qubits[order], np.empty(len(order), WINDOW)
    feedline, per_tick, delays, windows["length"] = facts[:, qubits]
    windows["point"], windows["qubit"], windows["bit"] = rows["point"][measured], qubits, rows["bit"][measured]
    windows["start"] = rows["start"][measured] * per_tick + delays
    edges = np.searchsorted(feedline, np.arange(len(inputs) + 1)).tolist()
    return {
        line: _listen(inputs[line], rates[line], windows[first:last])
        for line, (first, last) in zip(inputs, pairwise(edges), strict=True)
    }


def _inputs(line: str, lab: Laboratory) -> tuple[Port, Port]:
    back = lab.lines[line].back
    if back is None:
        raise LimitError(f"{line} has no way back", allowed="a line with inputs", where=line, remedy="wire `back`")
    return back


def _listen(inputs: tuple[Port, Port], rate: float, windows: NDArray[np.void]) -> Listening:
    """Return one segment over all windows of a feedline."""
    first = int(windows["start"].min())
    return Listening(inputs, rate, windows, first, int((windows["start"] + windows["length"]).max()) - first)


def _length(schedule: Schedule, tracks: Mapping[str, Track], arrive: Arrival) -> float:
    """Return when the last sample of the longest point has been played, ring-down included, s."""
    operations = float(schedule.length_ticks.max(initial=0) * schedule.tick) + arrive.chip
    ends = (end_of(track) / track.sample_rate for track in tracks.values())
    return float(max([operations, *ends]))
