"""Chains of 171Yb+ ions: addressed rotations, virtual Z, Molmer-Sorensen XX on any pair; detection ends the shot."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.answers import used_after_measurement
from qctl.core.bounds import Bounds
from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory
from qctl.core.lines import Lines
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.protocols import InParts
from qctl.core.schedule import Schedule
from qctl.core.sequence import Sequence
from qctl.core.units import to_ticks

from . import ion_parts
from .ion_known import COOLING, DETECTION, FOCUS, FOCUS_PUMPING, MODES, PUMPING, TRAP, defaults
from .ion_pulses import check_pair
from .ion_shot import counting_of, digital_of, lights_of, shot_of
from .ion_tracks import beams, kind_of, kinds
from .pulses import coupling_of
from .ringdown import end_of
from .waits import waits
from .wiring import arrival

Known = Mapping[str, float]


class TrappedIon:
    """Native operations R(+-pi/2), R(+-pi), virtual RZ, RXX of up to a quarter turn, MEASURE.

    Signs: a pulse of phase ``phi`` is the rotation ``R(theta, phi)``; ``RZ(l)`` takes ``l`` from the phase of later
    pulses. Who counts light as ``exp(-i w t)`` sees the complex conjugate of all this, RXX included, whose sign
    ``ms.phase_a`` sets: the answers are the same. After each RXX the frames turn as if ``RZ(ms.shift_a)`` and
    ``RZ(ms.shift_b)`` stood behind it: the two parameters are the corrections, not the errors. All measurements happen
    together, when everything else is over.
    """

    name: ClassVar[str] = "trapped_ion"
    natives: ClassVar[frozenset[int]] = frozenset({Op.R, Op.RZ, Op.RXX, Op.MEASURE, Op.DELAY, Op.BARRIER, Op.PULSE})
    measures_last: ClassVar[bool] = True
    exclusive: ClassVar[frozenset[int]] = frozenset({Op.RXX})  # all pairs use one mode of motion
    steps: ClassVar[str] = "qctl.experiments.ions.nodes"
    bounds: ClassVar[Bounds] = Bounds(ideal=0.06, lost=0.05)
    lines: ClassVar[Lines] = Lines(
        serve={"drive": "beam", "readout": "counter"},
        lights=(COOLING, PUMPING, DETECTION),
        carried=(TRAP,),
        steering=(FOCUS, FOCUS_PUMPING),
        of_lines=(f"{TRAP}.mode_1",),
        most_qubits=len(MODES),
    )
    in_parts: ClassVar[InParts | None] = ion_parts

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
        keys, code = kinds(events["op"], events["q"], events["bit"], np.abs(events["angle"][:, 0]), follows)
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
        tracks = beams(schedule, known, lab, arrive, shot, schedule.n_points)
        digital, lead = digital_of(lab, shot, lights_of(shot, lab, known), arrive.chip)
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


def _span(
    key: np.void, program: Program, known: Known, lab: Laboratory, tick: Fraction
) -> tuple[int, tuple[float, float]]:
    """Return how long an operation lasts, ticks, and what it adds to the frames of its qubits, rad."""
    a, b = key["q"].tolist()
    if key["op"] == Op.PULSE:
        return to_ticks(program.pulses[int(key["bit"])].duration, tick, f"pulse {key['bit']}"), (0.0, 0.0)
    if key["op"] == Op.R:
        name = f"{lab.qubit_names[a]}.{kind_of(key['angle'])}.duration"
        return to_ticks(known[name], tick, name), (0.0, 0.0)
    if key["op"] == Op.RXX and not key["silent"]:
        pair = coupling_of(lab, a, b)
        shifts = -known[f"{pair}.ms.shift_a"], -known[f"{pair}.ms.shift_b"]
        turned = shifts if lab.qubit_names[a] == lab.couplings[pair].pair[0] else shifts[::-1]
        share = float(key["angle"]) / (np.pi / 2)  # light shifts grow with the intensity, as the angle does
        return to_ticks(check_pair(known, pair), tick, f"{pair}.ms.duration"), (turned[0] * share, turned[1] * share)
    return 0, (0.0, 0.0)


def _refuse_after_measurement(program: Program) -> None:
    """Refuse what acts on a qubit behind its measurement: one light detects all ions, and comes last."""
    late = used_after_measurement(program)
    if len(late):
        raise CompileError(
            f"event {late[0]} acts on a qubit behind its measurement",
            allowed="measurements at the end of a qubit's operations",
            remedy="let the host decide within shots, which measures single ions: Lab.run does",
        )
