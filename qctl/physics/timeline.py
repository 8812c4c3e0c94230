"""Cut one shot into what happens to its qubits: driven, coupled, measured. Only waveforms are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .chip import TWO_PI, Chip
from .signals import Signal

DRIVE_FLOOR = TWO_PI * 20e3  # rad/s; weaker drives from other lines are left out
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

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the levels at each time, shape (n_times, levels), rad/s."""
        if not len(self.change):
            return np.broadcast_to(self.rest, (len(times), len(self.rest)))
        index = np.floor((times - self.start) / self.dt + 1e-6).astype(np.int64)
        inside = (index >= 0) & (index < len(self.change))
        return self.rest + np.where(inside[:, None], self.change[np.clip(index, 0, len(self.change) - 1)], 0.0)

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
    """Return all pieces by start, where those that overlap in time and share a qubit have become one."""
    of: dict[int, list[Piece]] = {}  # by qubit, in order of time: they never overlap
    for piece in sorted([*driven, *coupled], key=lambda p: (p.start, p.end)):
        merged = piece
        while clash := next((p for q in merged.qubits for p in of.get(q, ())[-1:] if _overlap(p, merged)), None):
            for q in clash.qubits:
                of[q].remove(clash)  # the union may reach further back and clash with pieces that ended long ago
            merged = _hull(clash, merged)
        for q in merged.qubits:
            of.setdefault(q, []).append(merged)
    found = {id(p): p for pieces in of.values() for p in pieces}
    return sorted(found.values(), key=lambda p: (p.start, p.end, p.qubits))


def _overlap(a: Piece, b: Piece) -> bool:
    slack = 1e-12  # pieces that touch do not overlap
    return a.end > b.start + slack and b.end > a.start + slack


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
