"""Shots of an atom array in parts: who is measured is carried to the zone and seen there, while others remember.

Light that images the whole array ends the shot of all atoms. So an atom is carried away from it before local light
makes it shine, and the camera is exposed to that light alone: D. Bluvstein et al., Nature 626, 58 (2024), extended
data figure 3. Their atoms are pushed out first; here a probe is scattered by atoms in 1 alone and leaves them in their
traps (M. N. H. Chow et al., arXiv:2206.00144), then light in the zone cools them again and pumps them into 0, and they
are carried back to be used anew (the same on a larger scale: arXiv:2506.09936).

Atoms at rest forget with T2*, mostly since each has a frequency of its own in each shot. Two half turns about one axis
refocus that (E. L. Hahn, Phys. Rev. 80, 580; in tweezers: Bluvstein et al., Nature 604, 451 (2022)): behind the gates
of a part an atom spends as long in the one order as in the other until the next part begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.course import Measuring
from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.core.schedule import Schedule
from qctl.core.sequence import Sequence

from .tweezers.assemble import Writing, measured, reads_of
from .tweezers.gather import gathering, moves_of
from .tweezers.known import READING, array_of
from .tweezers.lights import Lights, digital, exposing
from .tweezers.plays import carried, rotation, rotation_time
from .tweezers.reading import AT_ONCE, LIGHTS

Known = Mapping[str, float]

REFOCUSED = 10.0  # slots; atoms whose T2* is longer are left alone while they wait


def measuring(lab: Laboratory) -> Measuring | None:
    """Return how atoms are measured in the middle of a shot; None without light for the zone, or places in it."""
    wired = all(name in lab.lines and lab.lines[name].output is not None for name in LIGHTS)
    places = all(f"{array_of(lab)}.zone.row_{number}" in lab.first_guess for number in READING)
    return Measuring(AT_ONCE, grounded=True) if wired and places else None


def turned(lab: Laboratory, known: Known, seconds: float) -> NDArray[np.float64]:
    """Return by how much frames turn from the start of one part to that of the next, rad, shape (n_qubits,).

    The tones of each part count their phase from its own start; the atoms go on at their frequencies.
    """
    return np.array([2 * pi * ((known[f"{name}.frequency"] * seconds) % 1.0) for name in lab.qubit_names])


def misread(lab: Laboratory, known: Known, qubit: int) -> tuple[float, float]:
    """Return the probabilities to read 1 of an atom in 0, and 0 of one in 1, in the zone."""
    array = array_of(lab)
    return known[f"{array}.zone.p01"], known[f"{array}.zone.p10"]


def refocused(lab: Laboratory, known: Known, qubit: int, slot: float) -> bool:
    """Say whether two half turns refocus an atom that waits for the rest of a slot: its T2* demands it."""
    return known[f"{lab.qubit_names[qubit]}.t2_ramsey"] < REFOCUSED * slot


def sequence(schedule: Schedule, known: Known, lab: Laboratory, slot: float) -> Sequence:
    """Return parts as sweep points, each of which lasts ``slot`` seconds; behind them moves that sort atoms."""
    writing = Writing(schedule, known, lab)
    gated = writing.write()
    reads = reads_of(schedule)
    acting = schedule.operations[np.isin(schedule.operations["op"], (Op.R, Op.CZ, Op.MEASURE))]
    filled = tuple(sorted({q for q in acting["q"].ravel().tolist() if q >= 0}))
    moves = moves_of(known, lab, filled)
    when, length = writing.read(reads, gated, least=max((way.duration for _, _, way in moves), default=0.0))
    length = max(length, _refocus(writing, slot, filled, reads))
    for step, (_, _, way) in enumerate(moves, start=schedule.n_points):
        for play in carried(lab, known, way):
            writing.put(step, 0.0, play)
    around = Lights({}, (when.exposure,), 0.0)
    return Sequence(
        tracks=writing.tracks(),
        listening={},
        triggers=(),
        n_points=schedule.n_points + len(moves),
        shots=1,
        n_bits=schedule.n_bits,
        tick=schedule.tick,
        period=slot,
        length=length,
        qubits=schedule.qubits,
        placement=schedule.placement,
        digest="",
        digital=digital(lab, around),
        exposing=exposing(lab, around, reads, reads[:0]),
        filled=filled,
        gathering=gathering(known, lab, moves, schedule.n_points, slot),
    )


def _refocus(writing: Writing, slot: float, filled: tuple[int, ...], reads: NDArray[np.void]) -> float:
    """Write two half turns on each atom that waits; return when the last one ends, s.

    The second comes at the same time in all parts, ``t``; with gates that end at ``g``, the first at ``t - (slot -
    g) / 2``: it is turned for half of what is left of the slot. Several atoms follow one another.
    """
    lab, known, end = writing.lab, writing.known, 0.0
    second = (slot + float(writing.gated.max(initial=0.0))) / 2
    for point, gated in enumerate(writing.gated.tolist()):
        waiting = [q for q in filled if q not in measured(reads, point) and refocused(lab, known, q, slot)]
        start = second
        for name in (lab.qubit_names[q] for q in waiting):
            for one in rotation(lab, known, name, "x180"):
                writing.put(point, start - (slot - gated) / 2 + one.start, one)
                writing.put(point, start + one.start, one)
            start += rotation_time(known, name, "x180")
            end = max(end, start)
    return end
