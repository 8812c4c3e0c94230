"""Transmons: DRAG pulses, virtual Z, flux-pulse CZ through tunable couplers, multiplexed readout."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.bounds import Bounds
from qctl.core.errors import CompileError, LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.lines import Lines
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.protocols import InParts
from qctl.core.pulse import Pulse
from qctl.core.schedule import Schedule
from qctl.core.sequence import Sequence
from qctl.core.units import to_ticks

from .assemble import sequence
from .known import defaults
from .natives import Kind, codes, meaning, n_codes, present
from .pulses import coupling_of, high_qubit
from .waits import waits


class Superconducting:
    """Native operations R(pi/2), R(pi), virtual RZ, CZ, MEASURE; durations from ``qN.x90.duration`` and so on.

    Signs: a pulse of phase ``phi`` is the rotation ``R(theta, phi)``. ``RZ(l)`` takes ``l`` from the phase of later
    pulses. After each CZ the frames turn as if ``RZ(phase_low)`` and ``RZ(phase_high)`` stood behind it: the two
    parameters are the corrections, not the errors.
    """

    name: ClassVar[str] = "superconducting"
    natives: ClassVar[frozenset[int]] = frozenset({Op.R, Op.RZ, Op.CZ, Op.MEASURE, Op.DELAY, Op.BARRIER, Op.PULSE})
    measures_last: ClassVar[bool] = False
    exclusive: ClassVar[frozenset[int]] = frozenset()
    steps: ClassVar[str] = "qctl.experiments.transmon"
    bounds: ClassVar[Bounds] = Bounds(ideal=0.18)
    lines: ClassVar[Lines] = Lines(
        serve={"drive": "drive", "readout": "readout", "flux": "flux"},
        shared=("readout",),
        single="flux",
        of_qubits=("frequency", "anharmonicity", "readout.frequency"),
    )
    in_parts: ClassVar[InParts | None] = None  # instruments decide, or nobody

    def defaults(self, lab: Laboratory) -> Parameters:
        """Return the first guesses of a laboratory file, completed by what the platform assumes."""
        return defaults(lab)

    def spans(
        self, program: Program, known: Mapping[str, float], lab: Laboratory, tick: Fraction
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return durations (n_events,) in ticks and frame changes (n_events, 2) in rad.

        Raises
        ------
        LimitError
            When a duration or wait is no whole number of ticks, or negative.
        CompileError
            When a CZ joins qubits that are not coupled.
        """
        events = program.events
        op, angle = np.ascontiguousarray(events["op"]), events["angle"]
        code = codes(op, events["q"], events["bit"], angle[:, 0], len(lab.qubits))
        durations, frames = _spans_of_codes(code, program.pulses, known, lab, tick)
        duration, frame = durations[code], frames[code]
        wait, virtual = (np.flatnonzero(op == one) for one in (Op.DELAY, Op.RZ))
        duration[wait] = waits(angle[wait, 0], tick)
        frame[virtual, 0] = -angle[virtual, 0]
        return duration, frame

    def sequence(self, schedule: Schedule, known: Mapping[str, float], lab: Laboratory, shots: int) -> Sequence:
        """Turn native operations into what each line plays and each input hears."""
        return sequence(schedule, known, lab, shots)


def _spans_of_codes(
    code: NDArray[np.int32], pulses: tuple[Pulse, ...], known: Mapping[str, float], lab: Laboratory, tick: Fraction
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return by code the duration in ticks and the frame changes of its two qubits; reads what is there only."""
    n = len(lab.qubits)
    total = n_codes(n, len(pulses))
    durations, frames = np.zeros(total, np.int64), np.zeros((total, 2))
    for one in present(code):
        kind, a, b = meaning(one, n)
        if kind is Kind.PULSE:
            durations[one] = to_ticks(pulses[a].duration, tick, f"pulse {a}")
            continue
        for name in (f"{lab.qubit_names[a]}.{part}" for part in _PARTS[kind]):
            ticks = to_ticks(known[name], tick, name)
            if ticks < 0:
                raise LimitError(f"{known[name]:g} s", allowed="0 or more", where=name)
            durations[one] += ticks
        if kind is Kind.CZ:
            durations[one], frames[one] = _cz(a, b, known, lab, tick)
    return durations, frames


_PARTS = {
    Kind.X90: ("x90.duration",),
    Kind.X180: ("x180.duration",),
    Kind.MEASURE: ("readout.duration", "readout.depletion"),
    Kind.SILENT: (),
    Kind.CZ: (),
}


def _cz(a: int, b: int, known: Mapping[str, float], lab: Laboratory, tick: Fraction) -> tuple[int, tuple[float, float]]:
    """Return the duration of a CZ in ticks and the frame changes of its qubits a and b."""
    name = coupling_of(lab, a, b)
    duration = to_ticks(known[f"{name}.cz.duration"], tick, f"{name}.cz.duration")
    if duration <= 0:
        raise CompileError(f"a CZ of {known[f'{name}.cz.duration']:g} s", allowed="above 0 s", where=name)
    low, high = -known[f"{name}.cz.phase_low"], -known[f"{name}.cz.phase_high"]
    return duration, (high, low) if high_qubit(lab, known, a, b) == a else (low, high)
