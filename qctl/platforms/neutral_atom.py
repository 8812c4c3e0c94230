"""Neutral atoms in tweezers: local Raman pulses, virtual Z, Rydberg CZ in a zone to which atoms are carried, images."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import pi
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qctl.core.bounds import Bounds
from qctl.core.errors import LimitError
from qctl.core.laboratory import Laboratory
from qctl.core.lines import Lines
from qctl.core.names import DEFLECTORS
from qctl.core.parameters import Parameters
from qctl.core.program import Op, Program
from qctl.core.protocols import InParts
from qctl.core.schedule import Schedule
from qctl.core.sequence import Sequence
from qctl.core.units import to_ticks

from . import atom_parts
from .tweezers.assemble import sequence
from .tweezers.known import array_of, defaults
from .tweezers.lights import TIMED
from .tweezers.plays import pulse_time, rotation_time, visit
from .tweezers.reading import LIGHTS


class NeutralAtom:
    """Native: R(pi/2), R(pi) on any atom, R(pi/2) on all at first, virtual RZ, CZ on any pair, MEASURE at the end.

    Signs: light of phase ``p`` is the rotation about the axis ``-p``, so a rotation ``R(theta, phi)`` plays the phase
    ``-phi``. A CZ carries both atoms to the zone and back; meanwhile they run at ``ARRAY.away`` instead of their
    own frequencies, and the Rydberg pulse adds ``ARRAY.gate.phase`` to each: frames take both back.
    """

    name: ClassVar[str] = "neutral_atom"
    natives: ClassVar[frozenset[int]] = frozenset({Op.R, Op.RZ, Op.CZ, Op.MEASURE, Op.DELAY, Op.BARRIER, Op.PULSE})
    measures_last: ClassVar[bool] = True
    one_light: ClassVar[bool] = True  # turns, gates and pulses follow one another
    exclusive: ClassVar[frozenset[int]] = frozenset({Op.CZ})  # one pair of movable traps, one zone
    steps: ClassVar[str] = "qctl.experiments.atom_array"
    bounds: ClassVar[Bounds] = Bounds(ideal=0.12, lost=0.35)
    lines: ClassVar[Lines] = Lines(
        serve={"drive": "beam", "readout": "camera"},
        shared=("drive", "readout"),
        lights=TIMED,
        outputs=(*DEFLECTORS, "rydberg_blue", "rydberg_red", "dark"),
        optional=("raman",),
        steering=LIGHTS,
        of_qubits=("frequency", "site.row", "site.column"),
        of_readout=(
            *(f"{deflector}.map_{k}" for deflector in DEFLECTORS for k in (1, 2, 3)),
            *(f"zone.{axis}_{k}" for k in (1, 2) for axis in ("row", "column")),
            "rydberg.resonance",
        ),
    )
    in_parts: ClassVar[InParts | None] = atom_parts

    def defaults(self, lab: Laboratory) -> Parameters:
        """Return the first guesses of a laboratory file, completed by what the platform assumes."""
        return defaults(lab)

    def spans(
        self, program: Program, known: Mapping[str, float], lab: Laboratory, tick: Fraction
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return durations (n_events,) in ticks and frame changes (n_events, 2) in rad."""
        events = program.events
        durations, frames = np.zeros(len(events), np.int64), np.zeros((len(events), 2))
        made: dict[tuple[int, int, int, bool], tuple[int, tuple[float, float]]] = {}
        for k, (op, pair, bit, angle) in enumerate(
            zip(*(events[name].tolist() for name in ("op", "q", "bit", "angle")), strict=True)
        ):
            if op == Op.RZ:
                frames[k, 0] = -angle[0]
            elif op == Op.DELAY:
                durations[k] = _wait(angle[0], tick)
            elif op == Op.PULSE:
                durations[k] = to_ticks(pulse_time(program.pulses[bit]), tick, f"pulse {bit}")
            elif op in (Op.R, Op.CZ) and not (op == Op.CZ and angle[1]):  # the second row of a CZ takes no time
                key = op, pair[0], pair[1], abs(angle[0]) < 2
                if key not in made:
                    made[key] = _span(Op(op), pair[0], pair[1], key[3], known, lab, tick)
                durations[k], frames[k] = made[key]
        return durations, frames

    def sequence(self, schedule: Schedule, known: Mapping[str, float], lab: Laboratory, shots: int) -> Sequence:
        """Turn native operations into what each line plays, and when each light is on."""
        return sequence(schedule, known, lab, shots)


def _span(
    op: Op, a: int, b: int, half: bool, known: Mapping[str, float], lab: Laboratory, tick: Fraction
) -> tuple[int, tuple[float, float]]:
    if op is Op.R:
        qubit, kind = lab.qubit_names[a], "x90" if half else "x180"
        seconds = rotation_time(known, qubit, kind)
        return to_ticks(seconds, tick, f"{qubit}.{kind}.duration"), (0.0, 0.0)
    plan = visit(lab, known, a, b, float(tick))
    array = array_of(lab)
    away, phase = known[f"{array}.away"], known[f"{array}.gate.phase"]
    turned = [2 * pi * (away - known[f"{lab.qubit_names[q]}.frequency"]) * plan.away(k) for k, q in enumerate((a, b))]
    return to_ticks(plan.total, tick, "a CZ"), (phase - turned[0], phase - turned[1])


def _wait(seconds: float, tick: Fraction) -> int:
    ticks = to_ticks(seconds, tick, "delay")
    if ticks < 0:
        raise LimitError(f"a wait of {seconds:g} s", allowed="0 s or more", where="delay")
    return ticks
