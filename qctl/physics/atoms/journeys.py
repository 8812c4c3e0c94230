"""Movable tweezers: which atoms they pick up, where they put them down, and how many arrive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..memory import Memory
from ..stage import Playing
from .tones import HOP, Tones, journeys
from .twin import Deflector, Tweezers

Floats = NDArray[np.float64]

REACH = 0.7  # waists within which an atom feels the other trap
HOLDS = 0.3  # of the full depth: a movable trap of so much holds an atom without a static one
DARK = 0.02  # of the full depth: below it a movable trap holds nothing


@dataclass(frozen=True)
class Places:
    """Static tweezers: shape (n, 2) in m, and depths in K."""

    xy: Floats
    depths: Floats


@dataclass(frozen=True)
class Journey:
    """What one journey does to atoms, by the place at which they stand before it.

    Parameters
    ----------
    start, end : s after the start of the shot
    goal : int64, the place behind it; -1 where the atom is dropped
    moved : whether it was picked up at all
    loss : probability that it does not arrive
    times, held : at each hop (s), whether a movable trap stands over a place, shape (n_hops, n_places)
    """

    start: float
    end: float
    goal: NDArray[np.int64]
    moved: NDArray[np.bool_]
    loss: Floats
    times: Floats
    held: NDArray[np.bool_]

    def holds(self, start: float, end: float) -> NDArray[np.bool_]:
        """Return over which places a movable trap stands all the time between two moments."""
        inside = (self.times >= start) & (self.times <= end)
        return np.asarray(self.held[inside].all(axis=0) & inside.any())

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.goal.nbytes + self.moved.nbytes + self.loss.nbytes + self.held.nbytes


def journeys_of(
    x: Playing | None,
    y: Playing | None,
    truth: Deflector,
    tweezers: Tweezers,
    places: Places,
    memory: Memory | None = None,
) -> list[Journey]:
    """Return what two crossed deflectors do; without tones on both there is no beam."""
    if x is None or y is None:
        return []
    across, up = journeys(x, memory), journeys(y, memory)
    return [_journey(one, up, truth, tweezers, places) for one in across]


def beams(x: Tones, along_y: list[Tones], truth: Deflector) -> tuple[Floats, Floats]:
    """Return positions (n_hops, n_beams, 2), m, and depths (n_hops, n_beams), relative to full tones."""
    xs, y = x.times, _at(along_y, x.times)
    f, g = x.frequencies[:, :, None], y.frequencies[:, None, :]
    xy = np.stack(
        np.broadcast_arrays(truth.x0 + truth.slope_x * f + truth.shear * g, truth.y0 + truth.slope_y * g), axis=-1
    )
    efficiency = [np.sin(np.pi / 2 * np.minimum(a / truth.full, 1)) ** 2 for a in (x.amplitudes, y.amplitudes)]
    depth = efficiency[0][:, :, None] * efficiency[1][:, None, :]
    return xy.reshape(len(xs), -1, 2), depth.reshape(len(xs), -1)


def _at(parts: list[Tones], times: Floats) -> Tones:
    """Return the tones of the other axis at the same moments (the nearest hop)."""
    columns: list[tuple[Floats, Floats]] = []
    for part in parts:
        index = np.rint((times - part.times[0]) / HOP).astype(int)
        inside = (index >= 0) & (index < len(part.times)) | (np.abs(times - part.times[0]) < HOP)
        if inside.any():
            index = np.clip(index, 0, len(part.times) - 1)
            columns.append((part.frequencies[index], part.amplitudes[index] * inside[:, None]))
    if not columns:
        return Tones(times, np.zeros((len(times), 0)), np.zeros((len(times), 0)))
    return Tones(times, np.hstack([c[0] for c in columns]), np.hstack([c[1] for c in columns]))


def _journey(x: Tones, up: list[Tones], truth: Deflector, tweezers: Tweezers, places: Places) -> Journey:
    xy, depth = beams(x, up, truth)
    standing = {place: [place] for place in range(len(places.xy))}  # by place: where its atoms stood before
    held: dict[int, list[int]] = {}
    risk = np.zeros(len(places.xy))
    moved = np.zeros(len(places.xy), bool)
    speeds = _speeds(xy, depth)
    for hop, beam, near, distance, deeper in _changes(xy, depth, tweezers, places):
        if near >= 0 and deeper:
            for atom in standing[near]:
                moved[atom] = True
                risk[atom] += _handover(distance, tweezers.waist)
            held.setdefault(beam, []).extend(standing[near])
            standing[near] = []
        elif near >= 0:
            for atom in held.get(beam, []):
                risk[atom] += _handover(distance, tweezers.waist)
            standing[near].extend(held.pop(beam, []))
        elif depth[hop, beam] < DARK:
            held.pop(beam, None)
    goal = np.full(len(places.xy), -1, np.int64)
    for place, atoms in standing.items():
        goal[atoms] = place
    fastest = float(speeds.max(initial=0.0))
    hurry = 1 / (1 + np.exp(-(fastest - tweezers.fastest) / (0.1 * tweezers.fastest)))
    arrive = (1 - tweezers.move_loss) * np.exp(-risk) * (1 - hurry)
    apart = np.linalg.norm(xy[:, :, None] - places.xy, axis=3)
    over = ((apart < REACH * tweezers.waist) & (depth[:, :, None] > HOLDS)).any(axis=1)
    loss = np.where(moved, 1 - arrive, 0.0)
    return Journey(float(x.times[0]), float(x.times[-1]), goal, moved, loss, x.times, over)


def _changes(xy: Floats, depth: Floats, tweezers: Tweezers, places: Places) -> list[tuple[int, int, int, float, bool]]:
    """Return (hop, beam, nearest place or -1, distance, whether the beam is the deeper) whenever that changes."""
    found = []
    for beam in range(xy.shape[1]):
        apart = np.linalg.norm(xy[:, beam, None, :] - places.xy, axis=2)
        nearest = apart.argmin(axis=1)
        distance = np.take_along_axis(apart, nearest[:, None], axis=1)[:, 0]
        lit = depth[:, beam] >= DARK
        near = np.where((distance < REACH * tweezers.waist) & lit, nearest, -1)
        deeper = (near >= 0) & (depth[:, beam] * tweezers.depth > places.depths[nearest])
        state = near * 4 + deeper * 2 + lit
        edges = np.concatenate([[0], np.flatnonzero(np.diff(state)) + 1])
        # A beam that comes over an atom at full depth takes it along smoothly; only one that grows beside it jolts it.
        arrives = np.concatenate([[False], (near[:-1] < 0) & lit[:-1]])
        jolt = np.where(arrives, 0.0, distance)
        found += [(int(h), beam, int(near[h]), float(jolt[h]), bool(deeper[h])) for h in edges]
    return sorted(found, key=lambda change: (change[0], change[4]))


def _handover(distance: float, waist: float) -> float:
    """Return what being off by ``distance`` adds to the risk: little up to a third of a waist, much beyond a half."""
    return float((distance / (0.5 * waist)) ** 4) * 0.3


def _speeds(xy: Floats, depth: Floats) -> Floats:
    """Return the speed of each beam at each hop while it is on, m/s, smoothed over the window of the spectrum."""
    lit = depth > 0.3
    steps = np.linalg.norm(xy[4:] - xy[:-4], axis=2) / (4 * HOP)
    return np.where(lit[4:] & lit[:-4], steps, 0.0)
