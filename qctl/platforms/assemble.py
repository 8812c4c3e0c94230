"""Put a sequence together: tracks, acquisition windows, the length of a shot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qctl.core.errors import LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.core.schedule import Schedule
from qctl.core.sequence import WINDOW, Listening, Sequence, Track

from .ringdown import ends_of_points
from .tables import plays_of, tracks_of
from .wiring import Arrival, arrival, sample_rate

Known = Mapping[str, float]


def sequence(schedule: Schedule, known: Known, lab: Laboratory, shots: int) -> Sequence:
    """Return what each line plays and each input hears; compile, which knows what it came from, adds the digest."""
    arrive = arrival(lab, known)
    tracks = tracks_of(plays_of(schedule, known, lab), schedule, known, lab, arrive)
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
    rows = schedule.operations[schedule.operations["op"] == Op.MEASURE]
    qubits = rows["q"][:, 0]
    line_of = [lab.qubits[name].readout for name in lab.qubit_names]
    heard = np.flatnonzero(np.bincount(qubits, minlength=len(line_of))).tolist() if len(rows) else []
    listening = {}
    for line in dict.fromkeys(line_of[qubit] for qubit in heard):
        back = lab.lines[line].back
        if back is None:
            raise LimitError(f"{line} has no way back", allowed="a line with inputs", where=line, remedy="wire `back`")
        rate = sample_rate(lab, back[0])
        length = np.zeros(len(line_of), np.int64)
        for qubit in (qubit for qubit in heard if line_of[qubit] == line):
            length[qubit] = round(known[f"{lab.qubit_names[qubit]}.readout.duration"] * rate)
        here = rows[length[qubits] > 0]
        windows = np.empty(len(here), WINDOW)
        windows["point"], windows["qubit"], windows["bit"] = here["point"], here["q"][:, 0], here["bit"]
        windows["start"] = here["start"] * round(rate * schedule.tick) + round(arrive.listen[line] * rate)
        windows["length"] = length[here["q"][:, 0]]
        windows = windows[np.lexsort((windows["start"], windows["point"]))]
        first = int(windows["start"].min())
        last = int((windows["start"] + windows["length"]).max())
        listening[line] = Listening(back, rate, windows, first, last - first)
    return listening


def _length(schedule: Schedule, tracks: Mapping[str, Track], arrive: Arrival) -> float:
    """Return when the last sample of the longest point has been played, ring-down included, s."""
    operations = float(schedule.length_ticks.max(initial=0) * schedule.tick) + arrive.chip
    ends = (ends_of_points(track, schedule.n_points).max() / track.sample_rate for track in tracks.values())
    return float(max([operations, *ends]))
