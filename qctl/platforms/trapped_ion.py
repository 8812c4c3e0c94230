"""Chains of 171Yb+ ions: addressed rotations, virtual Z, Molmer-Sorensen XX on any pair; detection ends the shot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.schedule import Schedule
from qctl.core.sequence import PLAY, Sequence, Track
from qctl.core.units import to_ticks

from .ion_known import defaults
from .ion_pulses import check_pair, half_of_xx, rotation, sideband_cooling
from .ion_shot import Shot, counting_of, digital_of, shot_of
from .pulses import Pulse, coupling_of, tones
from .ringdown import end_of
from .tables import tracks_from
from .waits import waits
from .wiring import Arrival, arrival

Known = Mapping[str, float]

_KEY = np.dtype(
    [("op", np.int16), ("q", np.int32, (2,)), ("bit", np.int32), ("angle", np.float64), ("silent", np.bool_)]
)
"""What tells operations apart that play or last differently."""


class TrappedIon:
    """Native operations R(+-pi/2), R(+-pi), virtual RZ, RXX of up to a quarter turn, MEASURE.

    Signs: a pulse of phase ``phi`` is the rotation ``R(theta, phi)``; ``RZ(l)`` takes ``l`` from the phase of later
    pulses. After each RXX the frames turn as if ``RZ(ms.shift_a)`` and ``RZ(ms.shift_b)`` stood behind it: the two
    parameters are the corrections, not the errors. All measurements happen together, when everything else is over.
    """

    name: ClassVar[str] = "trapped_ion"
    natives: ClassVar[frozenset[int]] = frozenset({Op.R, Op.RZ, Op.RXX, Op.MEASURE, Op.DELAY, Op.BARRIER, Op.PULSE})
    measures_last: ClassVar[bool] = True
    exclusive: ClassVar[frozenset[int]] = frozenset({Op.RXX})  # all pairs use one mode of motion

    def defaults(self, lab: Laboratory) -> Parameters:
        """Return the first guesses of a laboratory file, completed by what the platform assumes."""
        return defaults(lab)

    def spans(
        self, program: Program, known: Known, lab: Laboratory, tick: Fraction
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return durations (n_events,) in ticks and frame changes (n_events, 2) in rad.

        Raises
        ------
        LimitError
            When a duration or wait is no whole number of ticks, or negative.
        CompileError
            When an RXX joins qubits that are not coupled, or a qubit is used after it was measured.
        """
        events = program.events
        _refuse_after_measurement(program)
        follows = (events["op"] == Op.RXX) & (events["angle"][:, 1] != 0)
        keys, code = _kinds(events["op"], events["q"], events["bit"], np.abs(events["angle"][:, 0]), follows)
        spans = [_span(key, program, known, lab, tick) for key in keys]
        duration = np.array([ticks for ticks, _ in spans], np.int64)[code]
        frame = np.array([frames for _, frames in spans], np.float64).reshape(-1, 2)[code]
        wait, virtual = (np.flatnonzero(events["op"] == one) for one in (Op.DELAY, Op.RZ))
        duration[wait] = waits(events["angle"][wait, 0], tick)
        frame[virtual, 0] = -events["angle"][virtual, 0]
        return duration, frame

    def sequence(self, schedule: Schedule, known: Known, lab: Laboratory, shots: int) -> Sequence:
        """Turn native operations into what each beam plays, when lights shine and photons are counted."""
        arrive = arrival(lab, known)
        shot = shot_of(known, float(schedule.length_ticks.max(initial=0) * schedule.tick), schedule.tick)
        tracks = _tracks(schedule, known, lab, arrive, shot)
        digital, lead = digital_of(lab, shot, arrive.chip)
        ends = [end_of(track) / track.sample_rate for track in tracks.values()]
        return Sequence(
            tracks=tracks,
            listening={},
            triggers=(),
            n_points=schedule.n_points,
            shots=shots,
            n_bits=schedule.n_bits,
            tick=schedule.tick,
            period=lab.period,
            length=float(max([shot.detection[1] + arrive.chip, *ends])),
            qubits=schedule.qubits,
            placement=schedule.placement,
            digest="",
            digital=digital,
            counting=counting_of(lab, schedule, digital),
            lead=lead,
        )


def _kinds(
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


def _span(
    key: np.void, program: Program, known: Known, lab: Laboratory, tick: Fraction
) -> tuple[int, tuple[float, float]]:
    """Return how long an operation lasts, ticks, and what it adds to the frames of its qubits, rad."""
    a, b = key["q"].tolist()
    if key["op"] == Op.PULSE:
        return to_ticks(program.pulses[int(key["bit"])].duration, tick, f"pulse {key['bit']}"), (0.0, 0.0)
    if key["op"] == Op.R:
        name = f"{lab.qubit_names[a]}.{_kind(key['angle'])}.duration"
        return to_ticks(known[name], tick, name), (0.0, 0.0)
    if key["op"] == Op.RXX and not key["silent"]:
        pair = coupling_of(lab, a, b)
        shifts = -known[f"{pair}.ms.shift_a"], -known[f"{pair}.ms.shift_b"]
        turned = shifts if lab.qubit_names[a] == lab.couplings[pair].pair[0] else shifts[::-1]
        share = float(key["angle"]) / (np.pi / 2)  # light shifts grow with the intensity, as the angle does
        return to_ticks(check_pair(known, pair), tick, f"{pair}.ms.duration"), (turned[0] * share, turned[1] * share)
    return 0, (0.0, 0.0)


def _kind(angle: float) -> str:
    return "x180" if abs(angle) > 2.0 else "x90"


def _refuse_after_measurement(program: Program) -> None:
    """Refuse what acts on a qubit behind its measurement: one light detects all ions, and comes last."""
    events = program.events
    rows = np.arange(len(events))
    point = np.repeat(np.arange(program.n_points), np.diff(program.starts))
    first = np.full((program.n_points, int(events["q"].max(initial=0)) + 1), len(events))
    measured = events["op"] == Op.MEASURE
    np.minimum.at(first, (point[measured], events["q"][measured, 0]), rows[measured])
    acts = ~np.isin(events["op"], (Op.BARRIER, Op.DELAY, Op.MEASURE, Op.ID))
    for column in range(2):
        here = np.flatnonzero(acts & (events["q"][:, column] >= 0))
        late = here[first[point[here], events["q"][here, column]] < here]
        if len(late):
            raise CompileError(
                f"event {late[0]} acts on qubit {events['q'][late[0], column]} after its measurement",
                allowed="measurements at the end of a qubit's operations",
                remedy="defer it: the light that detects one ion reaches all of them, so this machine measures last",
            )


def _tracks(schedule: Schedule, known: Known, lab: Laboratory, arrive: Arrival, shot: Shot) -> dict[str, Track]:
    """Return what every beam plays: sideband cooling, then the program."""
    rows = schedule.operations
    keys, code = _kinds(rows["op"], rows["q"], rows["bit"], rows["angle"], np.zeros(len(rows), bool))
    played = {k: _played(key, schedule, known, lab) for k, key in enumerate(keys)}
    tracks = tracks_from(schedule, code, played, len(keys), known, lab, arrive)
    cooling: dict[str, list[Pulse]] = {}
    for pulse in sideband_cooling(lab, known):
        cooling.setdefault(pulse.line, []).append(pulse)
    return {
        line: _behind(track, cooling.get(line, []), round(shot.program * track.sample_rate), schedule.n_points)
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
        return rotation(lab, known, a, _kind(key["angle"]))
    return half_of_xx(lab, known, a, b, float(key["angle"])) if key["op"] == Op.RXX else ()
