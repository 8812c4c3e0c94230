"""What one piece of a shot does to its qubits: propagators, and superoperators where there is decay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from qctl.core.errors import InstrumentError
from qctl.kernels.channel import channel

from .chip import TWO_PI, Chip
from .memory import Memory
from .operators import Complex, commutator, lowering
from .signals import Signal
from .timeline import Couplings, Energies, Piece

SPLIT_DRIVE = 1e-9  # s; decay and drive alternate in steps no longer than this
SPLIT_COUPLED = 8e-9  # s; the same for coupled qubits, where nothing turns faster than g
LEAK = TWO_PI * 5e6  # rad/s; weaker constant drives are left out while qubits exchange excitations


@dataclass(frozen=True)
class Felt:
    """One line as one qubit feels it: ``factor`` in rad/s per volt, carrier in rad/s."""

    factor: complex
    carrier: float
    signal: Signal


@dataclass(frozen=True)
class _Stretch:
    """What kernel `channel` needs to know of a piece; without exchanges, of one qubit."""

    qubits: tuple[int, ...]
    energies: NDArray[np.float64]
    fields: Complex
    steps: NDArray[np.float64]
    exchanges: NDArray[np.float64] | None = None
    shifts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    pairs: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))

    @property
    def digest(self) -> bytes:
        """Return what tells the operator of this stretch from all others of its world."""
        exchanges = () if self.exchanges is None else (self.exchanges,)
        parts = (np.array(self.qubits), self.steps, self.energies, self.fields, *exchanges)
        return blake2b(b"".join(x.tobytes() for x in parts), digest_size=16).digest()

    def operator(self, chip: Chip, longest: float) -> Complex:
        """Return the unitary, or the superoperator on a chip with decay; decay is taken in steps of ``longest``."""
        exchanges = np.zeros((len(self.steps), 0)) if self.exchanges is None else self.exchanges
        rates = np.array([chip.rates(q) for q in self.qubits]) if chip.dissipative else None
        energies, fields = np.ascontiguousarray(self.energies), np.ascontiguousarray(self.fields)
        return channel(
            energies, fields, np.ascontiguousarray(exchanges), self.shifts, self.pairs, self.steps, rates, longest
        )


@dataclass
class Motion:
    """Makes operators for pieces of one sweep point; propagators are remembered by content.

    Parameters
    ----------
    frames : angular frequency of the frame in which each qubit's state is written, rad/s
    felt : lines that reach each qubit, its own first
    levels : energies of each qubit over time
    exchanges : by coupling
    memory : of propagators, shared by all points of a run
    """

    chip: Chip
    frames: NDArray[np.float64]
    felt: list[list[Felt]]
    levels: list[Energies]
    exchanges: dict[int, Couplings]
    memory: Memory = field(default_factory=Memory)

    def idle(self, qubit: int, start: float, end: float) -> Complex:
        """Return the operator of one qubit under a constant drive or none, shape (1, size, size)."""
        steps = self._steps(qubit, start, end)
        if not len(steps):
            return self._constant(qubit, start, end)
        found = self._constant(qubit, start, steps[0])
        for first, last in pairwise([*steps, end]):
            found = self._constant(qubit, first, last) @ found
        return found

    def _steps(self, qubit: int, start: float, end: float) -> NDArray[np.float64]:
        """Return when, from ``start`` to ``end``, the qubit's own line steps from one constant value to another."""
        own = self._own(qubit)
        if own is None or not len(own.signal.values):
            return np.zeros(0)
        edges, slack = own.signal.edges, own.signal.dt / 4
        return edges[np.searchsorted(edges, start + slack) : np.searchsorted(edges, end - slack)]

    def _constant(self, qubit: int, start: float, end: float) -> Complex:
        d = self.chip.twin.levels
        energies = self.levels[qubit].mean(start, end) - np.arange(d) * self.frames[qubit]
        leak = self._leak(qubit, (start + end) / 2)
        key = ("idle", self.chip.rates(qubit), end - start, energies.tobytes(), leak)
        return self.memory.get(key, lambda: self._waited(qubit, end - start, energies, leak))

    def states_at_rest(self, qubit: int, time: float) -> Complex:
        """Return the eigenstates of an idle qubit as columns, in order of levels: its leaking carrier mixes them."""
        d = self.chip.twin.levels
        energies = self.levels[qubit].rest - np.arange(d) * self.frames[qubit]
        _, states = np.linalg.eigh(_idling(energies, self._leak(qubit, time)))
        states = states[:, np.argmax(np.abs(states), axis=1)]
        return np.asarray(states * np.exp(-1j * np.angle(np.diag(states))))

    def _waited(self, qubit: int, duration: float, energies: NDArray[np.float64], leak: complex) -> Complex:
        h = _idling(energies, leak)
        if self.chip.dissipative:
            found = expm((commutator(h) + self.chip.dissipator(qubit)) * duration)
        else:
            found = expm(-1j * duration * h) if leak else np.diag(np.exp(-1j * energies * duration))
        return np.asarray(found[None])

    def drive(self, piece: Piece) -> Complex:
        """Return the operator of one driven qubit, shape (1, size, size)."""
        (qubit,), d = piece.qubits, self.chip.twin.levels
        edges, times, steps = self._grid(piece)
        fields = self._drive_at(qubit, times, steps, self.frames[qubit])[:, None]
        energies = (self.levels[qubit].means(edges) - np.arange(d) * self.frames[qubit])[:, None]
        return self._through(_Stretch(piece.qubits, energies, fields, steps), SPLIT_DRIVE)

    def couple(self, piece: Piece) -> Complex:
        """Return the operator of qubits that exchange excitations, shape (1, size^k, size^k).

        All are carried to one frame and back, so that the Hamiltonian is constant within a sample.
        """
        qubits, d = piece.qubits, self.chip.twin.levels
        self._check_cluster(piece)
        edges, times, steps = self._grid(piece)
        frame = float(np.mean([self.levels[q].rest[1] for q in qubits]))
        energies = np.stack([self.levels[q].means(edges) - np.arange(d) * frame for q in qubits], axis=1)
        fields = np.stack([self._drive_at(q, times, steps, frame, steady=False) for q in qubits], axis=1)
        inside = self._inside(qubits)
        pairs = [[qubits.index(q) for q in self.chip.pairs[c]] for c in inside]
        exchanges = np.stack([self.exchanges[c].signal.at(times).real for c in inside], axis=1)
        shifts = TWO_PI * np.array([self.chip.couplers[c].zz for c in inside])
        stretch = _Stretch(qubits, energies, fields, steps, exchanges, shifts, np.array(pairs, np.int64))
        return self._framed(self._through(stretch, SPLIT_COUPLED), piece, frame)

    def _inside(self, qubits: tuple[int, ...]) -> list[int]:
        """Return the couplings whose two qubits are both among ``qubits``."""
        near = sorted({c for q in qubits for c in self.chip.near[q]})
        return [c for c in near if set(self.chip.pairs[c]) <= set(qubits)]

    def exchange(self, piece: Piece) -> float:
        """Return the largest change of an exchange from its value at rest during a piece, rad/s."""
        _, times, _ = self._grid(piece)
        acting = (self.exchanges[c] for c in self._inside(piece.qubits))
        return max(float(np.abs(e.signal.at(times).real - e.rest).max()) for e in acting)

    def _check_cluster(self, piece: Piece) -> None:
        most = 3 if self.chip.dissipative else 4
        if len(piece.qubits) > most:
            names = ", ".join(self.chip.names[q] for q in piece.qubits)
            raise InstrumentError(
                f"{names} are all coupled at once, {piece.start * 1e9:.1f} to {piece.end * 1e9:.1f} ns into the shot",
                allowed=f"the simulated chip joins {most} qubits in one exchange",
                remedy="play the couplers' pulses one after another",
            )

    def _framed(self, moved: Complex, piece: Piece, frame: float) -> Complex:
        d, density = self.chip.twin.levels, self.chip.dissipative
        number = np.arange(d)
        count = (number[:, None] - number[None, :]).ravel() if density else number
        angles = [count * (frame - self.frames[q]) for q in piece.qubits]
        total = reduce(lambda x, y: np.add.outer(x, y).ravel(), angles)
        return np.asarray(np.exp(-1j * total * piece.end)[:, None] * moved * np.exp(1j * total * piece.start))

    def _through(self, stretch: _Stretch, longest: float) -> Complex:
        key = stretch.digest, *(self.chip.rates(q) for q in stretch.qubits)
        return self.memory.get(key, lambda: stretch.operator(self.chip, longest)[None])

    def _grid(self, piece: Piece) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the edges, middles and lengths of the time steps of a piece, s.

        Steps end where the samples of the finest line end, its own line before all others: fields and exchanges of
        lines with other delays are looked up in the middle of a step, so each of their samples counts once. What is
        left at the ends is shorter. Levels are averaged over each step: a shift of theirs by a fraction of a sample
        would turn a qubit that is pulsed by hundreds of MHz by half a radian.
        """
        finest = min(self._signals(piece), key=lambda s: s.dt)
        first = np.floor((piece.start - finest.start) / finest.dt + 1e-6) + 1
        last = np.ceil((piece.end - finest.start) / finest.dt - 1e-6)
        inside = finest.start + np.arange(first, last) * finest.dt
        edges = np.concatenate([[piece.start], inside, [piece.end]])
        return edges, (edges[1:] + edges[:-1]) / 2, np.asarray(np.diff(edges), np.float64)

    def _signals(self, piece: Piece) -> Iterable[Signal]:
        for q in piece.qubits:
            yield from (f.signal for f in self.felt[q])
        if piece.kind == "couple":
            inside = (self.exchanges[c].signal for c in self._inside(piece.qubits))
            yield from (signal for signal in inside if len(signal.values))

    def _leak(self, qubit: int, time: float) -> complex:
        """Return the constant drive of an idle qubit by its own line, mostly its leaking carrier, rad/s."""
        own = self._own(qubit)
        return 0j if own is None else complex(own.factor * own.signal.at(np.array([time]))[0])

    def _own(self, qubit: int) -> Felt | None:
        return next((f for f in self.felt[qubit] if f.carrier == self.frames[qubit]), None)

    def _drive_at(
        self, qubit: int, times: NDArray[np.float64], steps: NDArray[np.float64], frame: float, *, steady: bool = True
    ) -> Complex:
        """Return what multiplies a / 2 in the Hamiltonian, rad/s.

        A line whose carrier is not the frame turns within a sample; its mean over the sample is taken (first order of
        the Magnus series). ``steady=False`` leaves leaking carriers out: lines that are weak and constant for all times
        asked.
        """
        total = np.zeros(len(times), np.complex128)
        by_carrier: dict[float, Complex] = {}
        for felt in self.felt[qubit]:
            z = felt.signal.at(times)
            if not steady and np.all(z == z[0]) and abs(felt.factor * z[0]) < LEAK:
                continue
            by_carrier[felt.carrier] = by_carrier.get(felt.carrier, np.zeros(1)) + felt.factor * z
        for carrier, sum_of in by_carrier.items():
            apart = carrier - frame
            total += sum_of * np.exp(1j * apart * times) * np.sinc(apart * steps / TWO_PI) if apart else sum_of
        return total


def _idling(energies: NDArray[np.float64], leak: complex) -> Complex:
    """Return the Hamiltonian of one qubit under a constant drive, rad/s."""
    h = np.diag(energies).astype(np.complex128)
    if leak:
        h += leak / 2 * lowering(len(energies)) + np.conj(leak) / 2 * lowering(len(energies)).T
    return h
