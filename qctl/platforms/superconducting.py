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
        kind = _KIND[op]
        kind[(op == Op.R) & (np.abs(angle[:, 0]) > 2.0)] = 1  # native angles are +-pi / 2 and +-pi
        duration = _by_qubit(kind, q[:, 0], known, lab, tick)
        frame = np.zeros((len(events), 2))
        wait, virtual, cz = (np.flatnonzero(op == one) for one in (Op.DELAY, Op.RZ, Op.CZ))
        duration[wait] = _waits(angle[wait, 0], tick)
        frame[virtual, 0] = -angle[virtual, 0]
        if len(cz):
            duration[cz], frame[cz, 0], frame[cz, 1] = _cz(q[cz, 0], q[cz, 1], known, lab, tick)
        return duration, frame

    def sequence(self, schedule: Schedule, known: Mapping[str, float], lab: Laboratory, shots: int) -> Sequence:
        """Turn native operations into what each line plays and each input hears."""
        return sequence(schedule, known, lab, shots)


_PARTS = (("x90.duration",), ("x180.duration",), ("readout.duration", "readout.depletion"), ())
_KIND = np.full(max(Op) + 1, 3, np.int8)  # index into _PARTS
_KIND[Op.R], _KIND[Op.MEASURE] = 0, 2


def _by_qubit(
    kind: NDArray[np.int8], qubits: NDArray[np.int32], known: Mapping[str, float], lab: Laboratory, tick: Fraction
) -> NDArray[np.int64]:
    """Return the duration of each row in ticks, as kind and qubit say; reads what is there only."""
    n = len(lab.qubits)
    code = kind * np.int32(n) + qubits
    table = np.zeros(len(_PARTS) * n, np.int64)
    for one in np.flatnonzero(np.bincount(code, minlength=len(table))).tolist():
        for name in _PARTS[one // n]:
            full = f"{lab.qubit_names[one % n]}.{name}"
            ticks = to_ticks(known[full], tick, full)
            if ticks < 0:
                raise LimitError(f"{known[full]:g} s", allowed="0 or more", where=full)
            table[one] += ticks
    return np.asarray(table[code])


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
    first: NDArray[np.int32], second: NDArray[np.int32], known: Mapping[str, float], lab: Laboratory, tick: Fraction
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return durations in ticks and the frame changes of the first and the second qubit of each CZ."""
    n = len(lab.qubits)
    code = first * np.int32(n) + second
    duration, frame = np.zeros(n * n, np.int64), np.zeros((2, n * n))
    for one in np.flatnonzero(np.bincount(code, minlength=n * n)).tolist():
        a, b = divmod(one, n)
        name = coupling_of(lab, a, b)
        duration[one] = to_ticks(known[f"{name}.cz.duration"], tick, f"{name}.cz.duration")
        if duration[one] <= 0:
            raise CompileError(f"a CZ of {known[f'{name}.cz.duration']:g} s", allowed="above 0 s", where=name)
        high = high_qubit(lab, known, a, b)
        corrections = (known[f"{name}.cz.phase_low"], known[f"{name}.cz.phase_high"])
        frame[:, one] = [-corrections[int(qubit == high)] for qubit in (a, b)]
    return duration[code], frame[0][code], frame[1][code]
