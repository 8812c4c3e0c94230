"""Cut one shot into what happens to its qubits: driven, coupled, measured. Only waveforms are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .chip import TWO_PI, Chip
from .signals import Signal

DRIVE_FLOOR = TWO_PI * 20e3  # rad/s; weaker drives from other lines are left out
SLACK = 1e-12  # s; pieces that touch do not overlap
COUPLING_FLOOR = TWO_PI * 20e3  # rad/s; nearer to its value at rest an exchange is left out


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time of one or more qubits; ``kind`` is ``drive`` or ``couple``."""

    start: float
    end: float
    qubits: tuple[int, ...]
    kind: str


@dataclass(frozen=True)
class Energies:
    """Levels of one qubit over time: ``rest + change[k]`` (rad/s) from ``start + k dt``.

    Parameters
    ----------
    rest : shape (levels,)
    change : shape (n_samples, levels)
    summed : integral of ``change`` up to each sample's start, shape (n_samples + 1, levels), rad
    """

    rest: NDArray[np.float64]
    start: float
    dt: float
    change: NDArray[np.float64]
    summed: NDArray[np.float64]

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.change.nbytes + self.summed.nbytes

    def mean(self, start: float, end: float) -> NDArray[np.float64]:
        """Return the levels averaged from ``start`` to ``end``, rad/s."""
        if not len(self.change) or end <= start:
            return self.rest
        return self.rest + (self._sum(end) - self._sum(start)) / (end - start)

    def means(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the levels averaged between each edge and the next, shape (n_edges - 1, levels), rad/s."""
        if not len(self.change):
            return np.broadcast_to(self.rest, (len(edges) - 1, len(self.rest)))
        place = np.clip((edges - self.start) / self.dt, 0.0, float(len(self.change)))
        k = np.minimum(place.astype(np.int64), len(self.change) - 1)
        summed = self.summed[k] + (place - k)[:, None] * self.change[k] * self.dt
        return np.asarray(self.rest + np.diff(summed, axis=0) / np.diff(edges)[:, None])

    def _sum(self, time: float) -> NDArray[np.float64]:
        place = min(max((time - self.start) / self.dt, 0.0), float(len(self.change)))
        k = min(int(place), len(self.change) - 1)
        return np.asarray(self.summed[k] + (place - k) * (self.summed[k + 1] - self.summed[k]))


@dataclass(frozen=True)
class Couplings:
    """g of one coupling over time, rad/s, on the grid of its flux line."""

    rest: float
    signal: Signal

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.signal.nbytes


def energies_over_time(chip: Chip, qubit: int, resting: float, pulsed: Signal | None) -> Energies:
    """Return the levels of one qubit during the shot, without what drift and defects add."""
    rest = chip.spectrum(qubit, np.array(resting))
    if pulsed is None:
        empty = np.zeros((0, len(rest)))
        return Energies(rest, 0.0, 1.0, empty, empty)
    fluxes, where = np.unique(pulsed.values.real, return_inverse=True)
    change = (chip.spectrum(qubit, resting + fluxes) - rest)[where]
    summed = np.concatenate([np.zeros((1, len(rest))), np.cumsum(change, axis=0) * pulsed.dt])
    return Energies(rest, pulsed.start, pulsed.dt, change, summed)


def exchange_over_time(chip: Chip, coupling: int, resting: float, pulsed: Signal | None) -> Couplings:
    """Return g of one coupling during the shot."""
    rest = float(chip.exchange(coupling, np.array(resting)))
    if pulsed is None:
        return Couplings(rest, Signal(0.0, 1.0, np.zeros(0, np.complex128), rest))
    fluxes, where = np.unique(pulsed.values.real, return_inverse=True)
    values = chip.exchange(coupling, resting + fluxes)[where].astype(np.complex128)
    return Couplings(rest, Signal(pulsed.start, pulsed.dt, values, rest))


def driven_pieces(qubit: int, felt: list[Signal]) -> list[Piece]:
    """Return where one qubit is driven by the lines that it feels; constant stretches, driven or not, are idling."""
    spans = [
        (signal.start + first * signal.dt, signal.start + last * signal.dt)
        for signal in felt
        for first, last in signal.stretches.tolist()
    ]
    return [Piece(start, end, (qubit,), "drive") for start, end in _united(spans)]


def coupled_pieces(pairs: Mapping[int, tuple[int, int]], exchanges: Mapping[int, Couplings]) -> list[Piece]:
    """Return where couplings act, by coupling."""
    pieces = []
    for coupling, exchange in exchanges.items():
        signal = exchange.signal
        away = np.abs(signal.values.real - exchange.rest) > COUPLING_FLOOR
        edges = np.flatnonzero(np.diff(np.concatenate([[False], away, [False]]).astype(np.int8)))
        for first, last in edges.reshape(-1, 2):
            start, end = signal.start + first * signal.dt, signal.start + last * signal.dt
            pieces.append(Piece(start, end, tuple(pairs[coupling]), "couple"))
    return pieces


def joined(driven: list[Piece], coupled: list[Piece]) -> list[Piece]:
    """Return all pieces by start, where those that share a qubit are one while they overlap, and only then.

    A pulse that a neighbour feels does not make its own gate part of a coupling: at each moment the fewest qubits that
    act on each other are looked at together.
    """
    parts = sorted([*driven, *coupled], key=lambda p: (p.start, p.end))
    whole = (piece for chain in _chains(parts) for piece in (chain if len(chain) == 1 else _cut(chain)))
    return sorted(whole, key=lambda p: (p.start, p.end, p.qubits))


def _chains(parts: list[Piece]) -> list[list[Piece]]:
    """Return pieces, given by start, in sets that overlap and share qubits, directly or through others."""
    found: list[list[Piece]] = []
    for piece in parts:
        near = [c for c in found if any(_overlap(p, piece) and set(p.qubits) & set(piece.qubits) for p in c)]
        found = [c for c in found if not any(c is one for one in near)]
        found.append([p for c in near for p in c] + [piece])
    return found


def _cut(members: list[Piece]) -> list[Piece]:
    """Return a chain cut where one of its members begins or ends; neighbours in time of the same qubits are one."""
    found: list[Piece] = []
    last: dict[tuple[int, ...], Piece] = {}
    for start, end in pairwise(sorted({edge for p in members for edge in (p.start, p.end)})):
        if end - start < SLACK:
            continue
        here = Piece(start, end, (), "")
        parts = (replace(here, qubits=p.qubits, kind=p.kind) for p in members if _overlap(p, here))
        now = {p.qubits: p for p in _groups(parts)}
        for qubits, piece in now.items():
            before = last.get(qubits)
            if before is not None and before.kind == piece.kind:
                found.remove(before)
                now[qubits] = _hull(before, piece)
        found += now.values()
        last = now
    return found


def _groups(pieces: Iterable[Piece]) -> list[Piece]:
    """Return pieces of one interval, those that share a qubit as one."""
    found: list[Piece] = []
    for piece in pieces:
        near = [p for p in found if set(p.qubits) & set(piece.qubits)]
        found = [p for p in found if p not in near]
        found.append(reduce(_hull, near, piece))
    return found


def _overlap(a: Piece, b: Piece) -> bool:
    return a.end > b.start + SLACK and b.end > a.start + SLACK


def _hull(a: Piece, b: Piece) -> Piece:
    kind = "couple" if "couple" in (a.kind, b.kind) else "drive"
    return Piece(min(a.start, b.start), max(a.end, b.end), tuple(sorted({*a.qubits, *b.qubits})), kind)


def _united(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + 1e-12:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
