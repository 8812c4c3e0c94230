"""Exact mixed states of a few qubits: gates, channels, and the probabilities of what is measured last."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from qctl.compile.isolate import FOLLOWER
from qctl.core.errors import UsageError
from qctl.core.gates import matrix, n_qubits
from qctl.core.program import Op

Complex = NDArray[np.complex128]
MOST_QUBITS = 10  # 4^10 numbers are 16 MB
IDLE = (Op.ID, Op.DELAY, Op.BARRIER)


class Density:
    """Density matrices side by side; qubits are counted as given, one axis each for ket and bra behind that of copies.

    Parameters
    ----------
    qubits : numbers by which events name them; all start in 0
    copies : how many; slow noise tells them apart, everything else happens to all of them
    """

    def __init__(self, qubits: tuple[int, ...], copies: int = 1) -> None:
        if len(qubits) > MOST_QUBITS:
            raise UsageError(f"{len(qubits)} qubits in one exact state", allowed=f"at most {MOST_QUBITS}")
        self.place = {qubit: 1 + k for k, qubit in enumerate(qubits)}
        self.n = len(qubits)
        self.rho: Complex = np.zeros((copies, *(2,) * (2 * self.n)), np.complex128)
        self.rho.reshape(copies, -1)[:, 0] = 1.0

    def apply(self, operator: Complex, qubits: tuple[int, ...]) -> None:
        """Apply a gate, or what is known to have happened: ``rho -> K rho K^+``."""
        self._contract(operator, [self.place[q] for q in qubits])
        self._contract(operator.conj(), [self.n + self.place[q] for q in qubits])

    def turn(self, qubit: int, angles: NDArray[np.float64]) -> None:
        """Turn one qubit about z, each copy by an angle of its own (rad): ``exp(-i angle Z / 2)``."""
        phase = np.exp(1j * angles)
        turned = np.stack(
            [np.stack([np.ones_like(phase), phase.conj()], 1), np.stack([phase, np.ones_like(phase)], 1)], 1
        )
        k, shape = self.place[qubit], [1] * self.rho.ndim
        shape[0], shape[k], shape[self.n + k] = len(angles), 2, 2
        self.rho = self.rho * turned.reshape(shape)

    def channel(self, superoperator: Complex, qubit: int) -> None:
        """Apply a map of one qubit, shape (4, 4), on vec(rho) with the bra counted fastest."""
        k = self.place[qubit]
        self._contract(superoperator, [k, self.n + k])

    def depolarise(self, p: float, qubits: tuple[int, ...]) -> None:
        """Replace the state of some qubits by the maximally mixed one with probability ``p``."""
        kets = [self.place[q] for q in qubits]
        order = [*kets, *(self.n + k for k in kets)]
        d = 2 ** len(kets)
        rest = np.moveaxis(self.rho, order, range(len(order)))
        flat = rest.reshape(d, d, -1)
        mixed = np.einsum("iix->x", flat)[None, None] * (np.eye(d) / d)[:, :, None]
        self.rho = np.moveaxis(((1 - p) * flat + p * mixed).reshape(rest.shape), range(len(order)), order)

    def dephase(self, p: float, qubits: tuple[int, ...]) -> None:
        """Take every phase between states of some qubits with probability ``p``; populations stay."""
        for a, b in product(product((0, 1), repeat=len(qubits)), repeat=2):
            if a != b:
                place: list[int | slice] = [slice(None)] * self.rho.ndim
                for qubit, ket, bra in zip(qubits, a, b, strict=True):
                    place[self.place[qubit]], place[self.n + self.place[qubit]] = ket, bra
                self.rho[tuple(place)] *= 1 - p

    def populations(self, qubits: tuple[int, ...]) -> NDArray[np.float64]:
        """Return the probability of each state of some qubits, shape (2,) * len(qubits).

        Over all copies, and of what was kept: it is 1 in all.
        """
        n, copies = self.n, len(self.rho)
        diagonals = self.rho.reshape(copies, 2**n, 2**n).diagonal(axis1=1, axis2=2).real
        diagonal = (diagonals.sum(axis=0) / diagonals.sum()).reshape((2,) * n)
        kept = [self.place[q] - 1 for q in qubits]
        summed = diagonal.sum(axis=tuple(k for k in range(n) if k not in kept))
        return np.asarray(np.transpose(summed, np.argsort(np.argsort(kept))))

    def _contract(self, operator: Complex, axes: list[int]) -> None:
        k = len(axes)
        shaped = operator.reshape((2,) * (2 * k))
        found = np.tensordot(shaped, self.rho, axes=(range(k, 2 * k), axes))
        self.rho = np.moveaxis(found, range(k), axes)


def acted_on(events: NDArray[np.void]) -> tuple[int, ...]:
    """Return the qubits that anything but idling happens to, in rising order."""
    busy = events["q"][~np.isin(events["op"], IDLE)]
    return tuple(int(q) for q in np.unique(busy[busy >= 0]))


def measured_last(events: NDArray[np.void]) -> dict[int, int]:
    """Return which qubit each bit holds in the end.

    Raises
    ------
    UsageError
        When something happens to a qubit after its measurement: the kit has only programs that end with it.
    """
    found: dict[int, int] = {}
    over: set[int] = set()
    for event in events:
        qubits = [int(q) for q in event["q"] if q >= 0]
        if event["op"] == Op.MEASURE:
            over.add(qubits[0])
            if event["bit"] >= 0:  # a bit that is overwritten later is -1 in native programs
                found[int(event["bit"])] = qubits[0]
        elif event["op"] not in IDLE and over.intersection(qubits):
            raise UsageError("a gate after a measurement", allowed="programs that end with their measurements")
    return found


def second(event: np.void) -> bool:
    """Say whether a row only stands for the second qubit of a gate that has the machine for itself."""
    return bool(event["op"] in (Op.CZ, Op.RXX) and event["angle"][1] == FOLLOWER)


def gate_of(event: np.void) -> tuple[Complex, tuple[int, ...]]:
    """Return the matrix of a gate and its qubits."""
    op = Op(int(event["op"]))
    return matrix(op, event["angle"].tolist()), tuple(int(q) for q in event["q"][: n_qubits(op)])


def keyed(populations: NDArray[np.float64], bits: tuple[int, ...], n_bits: int) -> dict[str, float]:
    """Return probabilities by key; axis k of ``populations`` is bit ``bits[k]``, bits never measured are 0."""
    found: dict[str, float] = {}
    for state in product((0, 1), repeat=len(bits)):
        key = ["0"] * n_bits
        for bit, value in zip(bits, state, strict=True):
            key[bit] = str(value)
        found["".join(key)] = float(populations[state])
    return found


def probabilities(events: NDArray[np.void], n_bits: int) -> dict[str, float]:
    """Return the exact distribution of a program without noise; keys as in counts."""
    holds = measured_last(events)
    state = Density(acted_on(events))
    for event in events:
        if event["op"] < Op.MEASURE:
            state.apply(*gate_of(event))
    return keyed(state.populations(tuple(holds.values())), tuple(holds), n_bits)
