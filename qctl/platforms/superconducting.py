"""Transmons: DRAG pulses, virtual Z, flux-pulse CZ through tunable couplers, multiplexed readout."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.errors import CompileError, LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.schedule import Schedule
from qctl.core.sequence import Sequence
from qctl.core.units import to_ticks

from .assemble import sequence
from .known import defaults
from .pulses import coupling_of, high_qubit


class Superconducting:
    """Native operations R(pi/2), R(pi), virtual RZ, CZ, MEASURE; durations from ``qN.x90.duration`` and so on.

    Signs: a pulse of phase ``phi`` is the rotation ``R(theta, phi)``. ``RZ(l)`` takes ``l`` from the phase of later
    pulses. After each CZ the frames turn as if ``RZ(phase_low)`` and ``RZ(phase_high)`` stood behind it: the two
    parameters are the corrections, not the errors.
    """

    name: ClassVar[str] = "superconducting"
    natives: ClassVar[frozenset[int]] = frozenset({Op.R, Op.RZ, Op.CZ, Op.MEASURE, Op.DELAY, Op.BARRIER})

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
        op, q, angle = np.ascontiguousarray(events["op"]), events["q"], events["angle"]
        duration = np.zeros(len(events), np.int64)
        frame = np.zeros((len(events), 2))
        pulse = np.flatnonzero(op == Op.R)
        half = np.abs(angle[pulse, 0]) < 2.0  # native angles are +-pi / 2 and +-pi
        for rows, kind in ((pulse[half], "x90"), (pulse[~half], "x180")):
            duration[rows] = _by_qubit(q[rows, 0], f"{kind}.duration", known, lab, tick)
        measure = np.flatnonzero(op == Op.MEASURE)
        duration[measure] = _by_qubit(q[measure, 0], "readout.duration", known, lab, tick)
        duration[measure] += _by_qubit(q[measure, 0], "readout.depletion", known, lab, tick)
        wait, virtual = np.flatnonzero(op == Op.DELAY), np.flatnonzero(op == Op.RZ)
        duration[wait] = _waits(angle[wait, 0], tick)
        frame[virtual, 0] = -angle[virtual, 0]
        cz = np.flatnonzero(op == Op.CZ)
        if len(cz):
            duration[cz], frame[cz] = _cz(q[cz], known, lab, tick)
        return duration, frame

    def sequence(self, schedule: Schedule, known: Mapping[str, float], lab: Laboratory, shots: int) -> Sequence:
        """Turn native operations into what each line plays and each input hears."""
        return sequence(schedule, known, lab, shots)


def _by_qubit(
    qubits: NDArray[np.int32], name: str, known: Mapping[str, float], lab: Laboratory, tick: Fraction
) -> NDArray[np.int64]:
    """Return one parameter in ticks for each row; reads it for the qubits that are there only."""
    table = np.zeros(len(lab.qubits), np.int64)
    for qubit in np.flatnonzero(np.bincount(qubits, minlength=len(table))).tolist():
        full = f"{lab.qubit_names[qubit]}.{name}"
        table[qubit] = to_ticks(known[full], tick, full)
        if table[qubit] < 0:
            raise LimitError(f"{known[full]:g} s", allowed="0 or more", where=full)
    return table[qubits]


def _waits(seconds: NDArray[np.float64], tick: Fraction) -> NDArray[np.int64]:
    exact = seconds / float(tick)
    whole = np.rint(exact)
    wrong = ~((np.abs(exact - whole) <= 1e-6) & (whole >= 0) & (whole < 2**53))
    if np.any(wrong):
        first = float(seconds[wrong][0])
        to_ticks(first, tick, "delay")
        raise LimitError(f"a wait of {first:g} s", allowed="0 s or more", where="delay")
    return whole.astype(np.int64)


def _cz(
    pairs: NDArray[np.int32], known: Mapping[str, float], lab: Laboratory, tick: Fraction
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    n = len(lab.qubits)
    code = pairs[:, 0].astype(np.int64) * n + pairs[:, 1]
    duration, frame = np.zeros(n * n, np.int64), np.zeros((n * n, 2))
    for one in np.flatnonzero(np.bincount(code, minlength=n * n)).tolist():
        a, b = divmod(one, n)
        name = coupling_of(lab, a, b)
        duration[one] = to_ticks(known[f"{name}.cz.duration"], tick, f"{name}.cz.duration")
        if duration[one] <= 0:
            raise CompileError(f"a CZ of {known[f'{name}.cz.duration']:g} s", allowed="above 0 s", where=name)
        high = high_qubit(lab, known, a, b)
        corrections = (known[f"{name}.cz.phase_low"], known[f"{name}.cz.phase_high"])
        frame[one] = [-corrections[int(qubit == high)] for qubit in (a, b)]
    return duration[code], frame[code]
