"""Ways of movable tweezers between places, in pixels of the camera: along lanes halfway between sites, past nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from qctl.core.laboratory import Laboratory

from .known import array_of

Known = Mapping[str, float]
Point = tuple[float, float]  # row, column

EDGE = 60e-6  # s in which a trap grows at the start of a way, and fades at its end
SHORTEST = 40e-6  # s for a leg of any length
APPROACH = 4.0  # pixels before the zone where a way turns along it


@dataclass(frozen=True)
class Way:
    """Corners of a way, and when each is reached, s after its start; the trap rests at both ends for an `EDGE`."""

    points: tuple[Point, ...]
    times: tuple[float, ...]

    @property
    def duration(self) -> float:
        """Return how long it takes, s."""
        return self.times[-1] + EDGE

    @property
    def back(self) -> Way:
        """Return the same way in the other direction."""
        legs = np.diff(self.times)[::-1]
        return Way(self.points[::-1], tuple((EDGE + np.concatenate([[0.0], np.cumsum(legs)])).tolist()))


@dataclass(frozen=True)
class Array:
    """Where everything is, pixels.

    Parameters
    ----------
    sites : of the qubits
    zone : places where atoms are gated
    half : half the distance between neighbouring sites
    pace : s for one pixel
    """

    sites: tuple[Point, ...]
    zone: tuple[Point, Point]
    half: float
    pace: float

    @classmethod
    def of(cls, lab: Laboratory, known: Known) -> Array:
        """Return what is known of a laboratory."""
        sites = tuple((known[f"{q}.site.row"], known[f"{q}.site.column"]) for q in lab.qubit_names)
        array = array_of(lab)
        first, second = ((known[f"{array}.zone.row_{k}"], known[f"{array}.zone.column_{k}"]) for k in (1, 2))
        apart = min((hypot(a[0] - b[0], a[1] - b[1]) for k, a in enumerate(sites) for b in sites[:k]), default=6.0)
        return cls(sites, (first, second), apart / 2, known[f"{array}.pace"])

    def to_zone(self, qubit: int, place: int) -> Way:
        """Return the way of an atom to one of the places where atoms are gated."""
        return self.way_to(qubit, self.zone[place])

    def way_to(self, qubit: int, goal: Point) -> Way:
        """Return the way of an atom to a place of the zone, down the lane beside its column."""
        row, column = self.sites[qubit]
        turn = goal[0] + (APPROACH if row > goal[0] else -APPROACH)
        lane = column + self.half
        return self._way([(row, column), (row, lane), (turn, lane), (turn, goal[1]), goal])

    def between(self, source: int, target: int) -> Way:
        """Return the way of an atom from its site to an empty one: beside its column, then beside the other's row."""
        row, column = self.sites[source]
        goal_row, goal_column = self.sites[target]
        lane, cross = column + self.half, goal_row + self.half
        beside = goal_column + self.half
        way = [(row, column), (row, lane), (cross, lane), (cross, beside), (goal_row, beside)]
        return self._way([*way, (goal_row, goal_column)])

    def _way(self, corners: list[Point]) -> Way:
        points, times = [corners[0]], [EDGE]
        for point in corners[1:]:
            length = hypot(point[0] - points[-1][0], point[1] - points[-1][1])
            if length > 0:
                points.append(point)
                times.append(times[-1] + max(SHORTEST, length * self.pace))
        return Way(tuple(points), tuple(times))


def wave(way: Way, axis: tuple[float, float, float], rate: float) -> NDArray[np.complex128]:
    """Return the tone of one deflector along a way: a chirp whose phase never jumps, peak 1.

    Each leg follows ``10 s^3 - 15 s^4 + 6 s^5``, which starts and ends with no speed and no acceleration (Flash and
    Hogan, J. Neurosci. 5, 1688: least jerk).

    Parameters
    ----------
    axis : map_1, map_2, map_3 of the deflector, Hz
    rate : samples per second
    """
    n = round(way.duration * rate)
    t = (np.arange(n) + 0.5) / rate
    tones = np.array([axis[0] + axis[1] * column + axis[2] * row for row, column in way.points])
    leg = np.clip(np.searchsorted(way.times, t, side="right") - 1, 0, max(0, len(tones) - 2))
    starts, lengths = np.array(way.times), np.diff(way.times)
    s = np.clip((t - starts[leg]) / lengths[leg], 0, 1) if len(lengths) else np.zeros(n)
    smooth = s**3 * (10 - 15 * s + 6 * s**2)
    frequency = tones[leg] + (tones[np.minimum(leg + 1, len(tones) - 1)] - tones[leg]) * smooth
    rise = np.clip(np.minimum(t, way.duration - t) / EDGE, 0, 1)
    phase = 2 * np.pi * (np.cumsum(frequency) - frequency / 2) / rate
    return np.asarray(np.sin(np.pi / 2 * rise) ** 2 * np.exp(1j * phase))


def assign(array: Array, loaded: Sequence[int], wanted: Sequence[int]) -> list[tuple[int, int]] | None:
    """Return moves (from, to) that fill every wanted site, the shortest in all; None when atoms are too few.

    Atoms that stand where they are wanted stay. A move ends on an empty site and runs in lanes, so that the order of
    moves does not matter. Assignment: Jonker and Volgenant's algorithm, as SciPy has it.
    """
    empty = [site for site in wanted if site not in set(loaded)]
    spare = [site for site in loaded if site not in set(wanted)]
    if len(spare) < len(empty):
        return None
    if not empty:
        return []
    sites = np.array(array.sites)
    cost = np.linalg.norm(sites[spare][:, None] - sites[empty][None, :], axis=2) ** 2
    from scipy.optimize import linear_sum_assignment  # half a second of loading, for racks of tweezers only

    rows, columns = linear_sum_assignment(cost)
    return [(spare[r], empty[c]) for r, c in zip(rows.tolist(), columns.tolist(), strict=True)]
