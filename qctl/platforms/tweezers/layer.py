"""The first quarter turns of a program as one pulse of the global beam, which turns all atoms at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory
from qctl.core.program import Op
from qctl.core.schedule import Schedule

from .known import array_of
from .plays import EDGE, Play, flat

Known = Mapping[str, float]
LINE = "raman"  # the beam on all atoms
TURNING = (LINE, "raman_local")  # lines without which no atom is turned
BEFORE, AFTER = 1e-6, 1e-6  # s around its pulse


@dataclass(frozen=True)
class Layer:
    """One pulse on all atoms, at the start of a sweep point.

    Parameters
    ----------
    rows : of the schedule that it stands for
    play : what is played
    seconds : for which nothing else turns an atom
    turned : by qubit, rad, by which all later axes of each are turned
    """

    rows: frozenset[int]
    play: Play
    seconds: float
    turned: Mapping[int, float]


def layers(schedule: Schedule, known: Known, lab: Laboratory) -> dict[int, Layer]:
    """Return, by sweep point, what the global beam plays; points that do not begin with it have none.

    An atom that was never turned is in 0, or in 1 by mistake, and light of another phase does the same to it, but for a
    phase of 0 and 1: ``R(t, a + d) = RZ(d) R(t, a) RZ(-d)``. So one pulse begins a program for all atoms, whatever the
    axes and frequencies of each, and later axes follow: RZ passes through CZ. It turns every atom, so each one that
    the program uses must begin with a quarter turn. Without a measured ``ARRAY.global.amplitude`` nothing is gained.
    """
    if not schedule.free or not known[f"{array_of(lab)}.global.amplitude"]:
        return {}
    operations = schedule.operations
    edges = np.searchsorted(operations["point"], np.arange(schedule.n_points + 1))
    found = {}
    for point in range(schedule.n_points):
        rows = operations[edges[point] : edges[point + 1]]
        first = _first(rows)
        if len(first) > 1:
            found[point] = _layer({q: int(edges[point]) + k for q, k in first.items()}, operations, known, lab)
    return found


def _first(rows: NDArray[np.void]) -> dict[int, int]:
    """Return the row with which each qubit of a point begins, when all begin with a quarter turn; else nothing."""
    acting = rows[~np.isin(rows["op"], (Op.RZ, Op.BARRIER))]["q"]
    first: dict[int, int] = {}
    for k, (op, pair, angle) in enumerate(zip(*(rows[name].tolist() for name in ("op", "q", "angle")), strict=True)):
        if op not in (Op.R, Op.RZ):
            break
        if op == Op.R and pair[0] not in first:
            if angle >= 2:
                return {}
            first[pair[0]] = k
    everybody = {int(q) for q in np.unique(acting) if q >= 0}
    return first if everybody == first.keys() else {}


def _layer(first: Mapping[int, int], operations: NDArray[np.void], known: Known, lab: Laboratory) -> Layer:
    array, names = array_of(lab), lab.qubit_names
    seconds = known[f"{array}.global.duration"]
    frequencies = [known[f"{name}.frequency"] for name in names]
    carrier = float(np.mean(frequencies))  # wherever the program is placed: programs that share the pulse must agree
    shape = flat(lab, LINE, seconds, min(EDGE, seconds / 2))
    play = Play(LINE, BEFORE, shape, known[f"{array}.global.amplitude"], carrier, known[f"{array}.global.phase"])
    # Light of phase p turns about the axis -p; at its middle it is ahead of an atom's own frequency by so much.
    middle = BEFORE + seconds / 2
    turned = {
        q: -2 * pi * (carrier - frequencies[q]) * middle - float(operations["phase"][k]) for q, k in first.items()
    }
    return Layer(frozenset(first.values()), play, BEFORE + seconds + AFTER, turned)
