"""What the beams of an ion chain play: sideband cooling, then the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.core.schedule import Schedule
from qctl.core.sequence import PLAY, Track

from .ion_pulses import half_of_xx, rotation, sideband_cooling
from .ion_shot import Shot
from .pulses import Pulse, tones
from .tables import tracks_from
from .wiring import Arrival

Known = Mapping[str, float]

_KEY = np.dtype(
    [("op", np.int16), ("q", np.int32, (2,)), ("bit", np.int32), ("angle", np.float64), ("silent", np.bool_)]
)
"""What tells operations apart that play or last differently."""


def kinds(
    op: NDArray[np.int16],
    q: NDArray[np.int32],
    bit: NDArray[np.int32],
    angle: NDArray[np.float64],
    silent: NDArray[np.bool_],
) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """Return the different operations, and which of them each row is; what does not matter counts as 0."""
    rows = np.zeros(len(op), _KEY)
    sized = (op == Op.R) | (op == Op.RXX)
    rows["op"], rows["q"], rows["silent"] = op, q, silent
    rows["angle"], rows["bit"] = np.where(sized, angle, 0.0), np.where(op == Op.PULSE, bit, 0)
    keys, code = np.unique(rows, return_inverse=True)
    return keys, code.astype(np.int32)


def kind_of(angle: float) -> str:
    """Return the pulse of a rotation by a half or a quarter turn."""
    return "x180" if abs(angle) > 2.0 else "x90"


def beams(
    schedule: Schedule, known: Known, lab: Laboratory, arrive: Arrival, shot: Shot, n_cooled: int
) -> dict[str, Track]:
    """Return what every beam plays: sideband cooling at the first ``n_cooled`` points, then the program."""
    rows = schedule.operations
    keys, code = kinds(rows["op"], rows["q"], rows["bit"], rows["angle"], np.zeros(len(rows), bool))
    played = {k: _played(key, schedule, known, lab) for k, key in enumerate(keys)}
    tracks = tracks_from(schedule, code, played, len(keys), known, lab, arrive)
    cooling: dict[str, list[Pulse]] = {}
    for pulse in sideband_cooling(lab, known):
        cooling.setdefault(pulse.line, []).append(pulse)
    return {
        line: _behind(track, cooling.get(line, []), round(shot.program * track.sample_rate), n_cooled)
        for line, track in tracks.items()
    }


def _behind(track: Track, cooling: list[Pulse], shift: int, n_points: int) -> Track:
    """Return a track whose plays begin ``shift`` samples later, behind the tones that cool."""
    late = track.plays.copy()
    late["start"] += shift
    if not cooling:
        return replace(track, plays=late)
    first = np.zeros(len(cooling), PLAY)
    first["waveform"] = len(track.waveforms)
    first["carrier"] = len(track.carriers) + np.arange(len(cooling))
    first["amplitude"], first["phase"] = [p.amplitude for p in cooling], [p.phase for p in cooling]
    before = np.tile(first, n_points)
    before["point"] = np.repeat(np.arange(n_points), len(cooling))
    plays = np.concatenate([before, late])
    return replace(
        track,
        waveforms=(*track.waveforms, cooling[0].envelope),
        carriers=np.append(track.carriers, [pulse.carrier for pulse in cooling]),
        plays=plays[np.lexsort((plays["start"], plays["point"]))],
    )


def _played(key: np.void, schedule: Schedule, known: Known, lab: Laboratory) -> tuple[Pulse, ...]:
    a, b = key["q"].tolist()
    if key["op"] == Op.PULSE:
        return tones(lab, schedule.pulses[int(key["bit"])])
    if key["op"] == Op.R:
        return rotation(lab, known, a, kind_of(key["angle"]))
    return half_of_xx(lab, known, a, b, float(key["angle"])) if key["op"] == Op.RXX else ()
