"""Measuring in the middle of a shot: atoms are carried to the zone; seen, cooled, emptied there; and carried back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qctl.core.errors import CompileError
from qctl.core.laboratory import Laboratory

from .known import READING, array_of
from .lights import CLEAR, GRID, SOON, Span
from .paths import Array, Way
from .plays import REST, Play, carried, flat

Known = Mapping[str, float]

LIGHT, COOLING, PUMPING = LIGHTS = "zone_light", "zone_cooling", "zone_pumping"
AT_ONCE = len(READING)


@dataclass(frozen=True)
class Reading:
    """When atoms are seen, the same in all parts: s after the trigger.

    Parameters
    ----------
    exposure : of the camera, around the light
    """

    light: Span
    exposure: Span
    cooling: Span
    pumping: Span


def reading_of(known: Known, start: float) -> Reading:
    """Return when atoms are seen that stand in the zone from ``start`` on."""
    begin = float(np.ceil(start / GRID - 1e-6)) * GRID
    light = begin + SOON, begin + SOON + known[f"{LIGHT}.duration"]
    exposure = begin, float(np.ceil((light[1] + SOON) / GRID - 1e-6)) * GRID
    cooling = exposure[1] + SOON, exposure[1] + SOON + known[f"{COOLING}.duration"]
    return Reading(light, exposure, cooling, (cooling[1] + SOON, cooling[1] + SOON + known[f"{PUMPING}.duration"]))


def place(known: Known, lab: Laboratory, answer: int) -> tuple[float, float]:
    """Return where in the zone the atom of one answer of a part stands, row and column."""
    array, number = array_of(lab), READING[answer]
    return known[f"{array}.zone.row_{number}"], known[f"{array}.zone.column_{number}"]


def ways(known: Known, lab: Laboratory, qubits: list[int]) -> list[Way]:
    """Return the ways of atoms into the zone, one for each answer of a part.

    Raises
    ------
    CompileError
        When there are more of them than places.
    """
    if len(qubits) > AT_ONCE:
        raise CompileError(f"{len(qubits)} atoms measured in the zone", allowed=f"{AT_ONCE} at once", where=lab.name)
    array = Array.of(lab, known)
    return [array.way_to(qubit, place(known, lab, answer)) for answer, qubit in enumerate(qubits)]


def out(many: list[Way]) -> float:
    """Return how long it takes until all atoms stand in the zone, s."""
    return sum(way.duration + REST for way in many)


def read(known: Known, lab: Laboratory, many: list[Way], when: Reading) -> list[tuple[float, Play]]:
    """Return what is played to read atoms, each with its start: out in their order, back in the opposite one."""
    found, now = list[tuple[float, Play]](), when.exposure[0] - out(many)
    for way in many:
        found += _travel(known, lab, way, now)
        now += way.duration + REST
    now = when.pumping[1] + REST
    for way in reversed(many):
        found += _travel(known, lab, way.back, now)
        now += way.duration + REST
    level = known[f"{array_of(lab)}.switch.level"]
    for line, (first, last) in zip(LIGHTS, (when.light, when.cooling, when.pumping), strict=True):
        found.append((first, Play(line, 0.0, flat(lab, line, last - first), level)))
    return found


def over(many: list[Way], when: Reading) -> float:
    """Return when all atoms are back, s."""
    return when.pumping[1] + REST + out(many) + CLEAR


def _travel(known: Known, lab: Laboratory, way: Way, start: float) -> list[tuple[float, Play]]:
    return [(start, play) for play in carried(lab, known, way)]
