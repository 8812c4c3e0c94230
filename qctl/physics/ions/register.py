"""Internal states of all ions, shot by shot: state vectors of those that are entangled, grown and cut as they go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]
Bits = NDArray[np.int8]


class Register:
    """Pure states of ``n_ions`` ions in each of ``n_shots`` shots; index 0 is the dark state.

    Every cluster is an array of shape (n_shots, 2, 2, ...), one axis for each of its ions.
    """

    def __init__(self, bits: Bits) -> None:
        self.n_shots, self.n_ions = bits.shape
        self._clusters: dict[tuple[int, ...], Complex] = {}
        for ion in range(self.n_ions):
            self.put(ion, bits[:, ion])

    def repeated(self, shot: int, n_shots: int) -> Register:
        """Return the states of one shot, in many."""
        other = Register(np.zeros((n_shots, 0), np.int8))
        other.n_ions = self.n_ions
        other._clusters = {ions: np.repeat(s[shot : shot + 1], n_shots, axis=0) for ions, s in self._clusters.items()}
        return other

    def put(self, ion: int, bits: Bits) -> None:
        """Place an ion that is not entangled into basis states, ``bits`` of shape (n_shots,)."""
        state = np.zeros((self.n_shots, 2), np.complex128)
        state[np.arange(self.n_shots), bits] = 1
        self._clusters[(ion,)] = state

    def cluster(self, ions: Sequence[int]) -> tuple[int, ...]:
        """Join the clusters of some ions; return all ions of it in the order of its axes."""
        parts = [part for part in self._clusters if set(part) & set(ions)]
        if len(parts) == 1:
            return parts[0]
        state = self._clusters.pop(parts[0])
        for part in parts[1:]:
            other = self._clusters.pop(part)
            grown = state.reshape(self.n_shots, -1, 1) * other.reshape(self.n_shots, 1, -1)
            state = grown.reshape(self.n_shots, *(2,) * (state.ndim + other.ndim - 2))
        whole = tuple(ion for part in parts for ion in part)
        self._clusters[whole] = state
        return whole

    def turn(self, ion: int, gate: Complex) -> None:
        """Apply a gate on one ion, shape (2, 2) or (n_shots, 2, 2)."""
        self.act((ion,), gate)

    def twist(self, ion: int, angle: Floats) -> None:
        """Multiply state 1 by ``exp(-i angle)``, shape (n_shots,)."""
        part = self.cluster((ion,))
        view = np.moveaxis(self._clusters[part], part.index(ion) + 1, 1)
        view[:, 1] *= np.exp(-1j * angle).reshape(-1, *(1,) * (view.ndim - 2))

    def act(self, ions: Sequence[int], gate: Complex) -> None:
        """Apply a gate on some ions, shape (d, d) or (n_shots, d, d); its first index is that of ``ions[0]``."""
        part, front, rest = self._front(ions)
        self._back(part, ions, gate @ front, rest)

    def branch(self, ions: Sequence[int], gates: Complex, which: NDArray[np.int64], rng: np.random.Generator) -> Bits:
        """Let one of several operators happen in each shot, as likely as it leaves norm; return which one.

        Parameters
        ----------
        gates : Kraus operators, shape (n_kinds, n_outcomes, d, d)
        which : kind of each shot, shape (n_shots,)
        """
        part, front, rest = self._front(ions)
        density = np.einsum("sar,sbr->sab", front, front.conj())
        weights = np.einsum("koca,kocb->koab", gates.conj(), gates)
        chances = np.einsum("soab,sba->so", weights[which], density).real
        found = drawn(chances, rng)
        front = gates[which, found] @ front
        norm = np.sqrt(np.sum(np.abs(front) ** 2, axis=(1, 2), keepdims=True))
        self._back(part, ions, front / norm, rest)
        return found.astype(np.int8)

    def measure(self, ions: Sequence[int], rng: np.random.Generator) -> Bits:
        """Project ions on 0 and 1; they are not entangled any more. Return what was found, shape (n_shots, n_ions)."""
        found = np.zeros((self.n_shots, len(ions)), np.int8)
        for part in [p for p in self._clusters if set(p) & set(ions)]:
            mine = [ion for ion in part if ion in set(ions)]
            _, front, _ = self._front(mine)
            outcome = drawn(np.sum(np.abs(front) ** 2, axis=2), rng)
            left = [ion for ion in part if ion not in set(ions)]
            del self._clusters[part]
            if left:
                rest = front[np.arange(self.n_shots), outcome]
                rest /= np.linalg.norm(rest, axis=1, keepdims=True)
                self._clusters[tuple(left)] = rest.reshape(self.n_shots, *(2,) * len(left))
            for place, ion in enumerate(mine):
                bits = ((outcome >> (len(mine) - 1 - place)) & 1).astype(np.int8)
                self.put(ion, bits)
                found[:, list(ions).index(ion)] = bits
        return found

    def probabilities(self, ions: Sequence[int]) -> Floats:
        """Return the probability of every outcome, shape (n_shots, 2^k); the first ion is the highest bit."""
        _, front, _ = self._front(ions)
        return np.asarray(np.sum(np.abs(front) ** 2, axis=2))

    def _front(self, ions: Sequence[int]) -> tuple[tuple[int, ...], Complex, tuple[int, ...]]:
        """Return the state with ``ions`` first, shape (n_shots, d, rest)."""
        part = self.cluster(ions)
        axes = [part.index(ion) + 1 for ion in ions]
        state = np.moveaxis(self._clusters[part], axes, range(1, len(ions) + 1))
        return part, state.reshape(self.n_shots, 2 ** len(ions), -1), state.shape

    def _back(self, part: tuple[int, ...], ions: Sequence[int], front: Complex, shape: tuple[int, ...]) -> None:
        axes = [part.index(ion) + 1 for ion in ions]
        self._clusters[part] = np.ascontiguousarray(np.moveaxis(front.reshape(shape), range(1, len(ions) + 1), axes))


def drawn(chances: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return one outcome of each row of relative probabilities."""
    summed = np.cumsum(chances, axis=1)
    uniform = rng.random((len(chances), 1)) * summed[:, -1:]
    return np.asarray(np.minimum((summed <= uniform).sum(axis=1), chances.shape[1] - 1), np.int64)
