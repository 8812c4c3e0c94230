"""The quantum state of a chip: clusters of entangled transmons, in one or more versions at once."""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import NDArray

from .operators import Complex

Ints = NDArray[np.int64]


class Register:
    """Clusters of entangled qubits; each holds a tensor of shape (n_rows, size, size, ...), one axis per qubit.

    Rows are versions of the chip that differ in slow noise or in what was measured. An axis counts levels (pure states)
    or pairs of levels, ket first (density matrices). One-qubit operators are kept back until a neighbour, a measurement
    or an expectation value needs them, so that runs of them cost one product.

    Parameters
    ----------
    initial : probability of each level, shape (n_qubits, levels); one level only for pure states
    n_rows : versions to begin with
    density : hold density matrices
    """

    def __init__(self, initial: NDArray[np.float64], n_rows: int, *, density: bool) -> None:
        n_qubits, self.levels = initial.shape
        self.density, self.n_rows = density, n_rows
        self.size = self.levels**2 if density else self.levels
        self.diagonal = np.arange(self.levels) * (self.levels + 1 if density else 1)
        self._members: list[list[int]] = [[q] for q in range(n_qubits)]
        self._tensors = [self._prepared(initial[q], n_rows) for q in range(n_qubits)]
        self._cluster = list(range(n_qubits))
        self._kept: list[Complex | None] = [None] * n_qubits
        self._angles: list[NDArray[np.float64] | None] = [None] * n_qubits  # turns kept back behind ``_kept``
        self._known: list[NDArray[np.float64] | None] = [None] * n_qubits  # populations, until something changes them
        self._eye = np.eye(self.size, dtype=np.complex128)
        number = np.arange(self.levels)
        self._per_angle = -1j * (np.subtract.outer(number, number).ravel() if density else number)

    def _prepared(self, weights: NDArray[np.float64], n_rows: int) -> Complex:
        state = np.zeros((n_rows, self.size), np.complex128)
        state[:, self.diagonal] = weights if self.density else np.sqrt(weights)
        return state

    def prepare(self, qubits: tuple[int, ...], tensor: Complex) -> None:
        """Replace the joint state of qubits to which nothing has happened yet; shape (n_rows, size, size, ...)."""
        cluster = self._merge(qubits)
        self._tensors[cluster] = tensor
        self._known = [None] * len(self._known)

    def reduced(self, qubits: tuple[int, ...]) -> Complex:
        """Return the joint density matrices of some qubits.

        Returns
        -------
        complex128, shape (n_rows, size, size, ...); all others are traced out
        """
        for q in range(len(self._kept)):
            self._flush(q)
        cluster = self._merge(qubits)
        block = self._front(cluster, qubits)
        rest = block.reshape(*block.shape[:2], *(self.size,) * (len(self._members[cluster]) - len(qubits)))
        while rest.ndim > 2:
            rest = rest[..., self.diagonal].sum(axis=-1)
        return np.asarray(rest.reshape(self.n_rows, *(self.size,) * len(qubits)))

    def together(self, a: int, b: int) -> bool:
        """Return whether two qubits are in one cluster."""
        return self._cluster[a] == self._cluster[b]

    def apply(self, qubit: int, operator: Complex) -> None:
        """Apply ``operator``, shape (1 or n_rows, size, size), to one qubit."""
        angles, self._angles[qubit], self._known[qubit] = self._angles[qubit], None, None
        if angles is not None:
            operator = operator * self._turned(angles)[:, None, :]
        kept = self._kept[qubit]
        self._kept[qubit] = operator if kept is None else operator @ kept

    def turn(self, qubit: int, angles: NDArray[np.float64]) -> None:
        """Turn one qubit about Z: level n by ``exp(-i n angle)``; rad, shape (1 or n_rows,)."""
        before = self._angles[qubit]
        self._angles[qubit] = angles if before is None else before + angles

    def _turned(self, angles: NDArray[np.float64]) -> Complex:
        return np.asarray(np.exp(angles[:, None] * self._per_angle))

    def _settle(self, qubit: int) -> None:
        """Join turns that are kept back with the operator that is."""
        angles, self._angles[qubit] = self._angles[qubit], None
        if angles is not None:
            kept = self._kept[qubit]
            self._kept[qubit] = self._turned(angles)[:, :, None] * (self._eye if kept is None else kept)

    def apply_joint(self, qubits: tuple[int, ...], operator: Complex) -> None:
        """Apply ``operator``, shape (1 or n_rows, size^k, size^k), to k qubits, the first counted slowest."""
        for place, qubit in enumerate(qubits):
            self._known[qubit] = None
            if self._tensors[self._cluster[qubit]].size <= self.n_rows * operator[0].size:
                self._flush(qubit)
            else:
                operator = self._with_kept(operator, qubit, place, len(qubits))
        self._act(qubits, operator)

    def _act(self, qubits: tuple[int, ...], operator: Complex) -> None:
        cluster = self._merge(qubits)
        block = self._front(cluster, qubits)
        found = np.matmul(operator if len(operator) > 1 or self.n_rows == 1 else operator[0], block)
        self._tensors[cluster] = found.reshape(self.n_rows, *(self.size,) * len(self._members[cluster]))

    def apply_diagonal(self, a: int, b: int, factors: Complex) -> None:
        """Multiply by ``factors``, shape (size, size), over the axes of two qubits of one cluster."""
        cluster = self._cluster[a]
        if self._tensors[cluster].size <= self.n_rows * factors.size**2:
            self._flush(a)
            self._flush(b)
        if self._kept[a] is None and self._kept[b] is None:
            self._tensors[cluster] = (self._front(cluster, (a, b)) * factors.reshape(1, -1, 1)).reshape(
                self._tensors[cluster].shape
            )
        else:  # one product with all that was kept is cheaper than three
            self.apply_joint((a, b), np.diag(factors.ravel())[None])

    def populations(self, qubit: int) -> NDArray[np.float64]:
        """Return the probability of each level, shape (n_rows, levels)."""
        known = self._known[qubit]
        if known is None:
            known = self._known[qubit] = self._populations(qubit)
        return known

    def _populations(self, qubit: int) -> NDArray[np.float64]:
        if len(self._members[self._cluster[qubit]]) > 1:
            return self.joint((qubit,))
        if self._kept[qubit] is not None:
            self._flush(qubit)
        state = self._tensors[self._cluster[qubit]]
        weights = np.maximum(state[:, self.diagonal].real, 0) if self.density else state.real**2 + state.imag**2
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def joint(self, qubits: tuple[int, ...]) -> NDArray[np.float64]:
        """Return joint probabilities of qubits of one cluster, shape (n_rows, levels, levels, ...)."""
        for q in self._members[self._cluster[qubits[0]]]:
            self._flush(q)
        cluster = self._cluster[qubits[0]]
        self._front(cluster, qubits)
        weights = self._weights(cluster)
        traced = np.maximum(weights.sum(axis=tuple(range(1 + len(qubits), weights.ndim))), 0)
        return np.asarray(traced / traced.reshape(self.n_rows, -1).sum(axis=1).reshape(-1, *(1,) * len(qubits)))

    def clusters_of(self, qubits: list[int]) -> list[tuple[int, ...]]:
        """Return ``qubits`` grouped by cluster."""
        groups: dict[int, list[int]] = {}
        for q in qubits:
            groups.setdefault(self._cluster[q], []).append(q)
        return [tuple(group) for group in groups.values()]

    def only(self, rows: Ints) -> Register:
        """Return a register that holds some of the rows; this one stays as it is."""
        found = copy(self)
        found.n_rows = len(rows)
        found._members, found._cluster = [list(members) for members in self._members], self._cluster.copy()
        found._tensors = [t[rows] if m else t for t, m in zip(self._tensors, self._members, strict=True)]
        found._kept = [None if k is None else (k[rows] if len(k) > 1 else k) for k in self._kept]
        found._angles = [None if a is None else (a[rows] if len(a) > 1 else a) for a in self._angles]
        found._known = [None] * len(self._known)
        return found

    def branch(self, qubit: int, rows: Ints, found: Ints, after: Ints) -> None:
        """Split rows by what was measured: new row k is old row ``rows[k]`` with ``qubit`` found in ``found[k]``.

        The qubit then stands alone, in level ``after[k]``.
        """
        self._flush(qubit)
        cluster = self._cluster[qubit]
        self._front(cluster, (qubit,))
        tensor = self._tensors[cluster][rows, self.diagonal[found]]
        for other in range(len(self._tensors)):
            if other != cluster and self._members[other]:
                self._tensors[other] = self._tensors[other][rows]
        self._kept = [None if k is None else (k[rows] if len(k) > 1 else k) for k in self._kept]
        self._angles = [None if a is None else (a[rows] if len(a) > 1 else a) for a in self._angles]
        self._known = [None] * len(self._known)
        self.n_rows = len(rows)
        self._members[cluster].remove(qubit)
        self._tensors[cluster] = tensor
        if self._members[cluster]:
            self._normalise(cluster)
        alone = next(k for k, members in enumerate(self._members) if not members)
        self._members[alone], self._cluster[qubit] = [qubit], alone
        self._tensors[alone] = self._prepared(np.eye(self.levels)[after], self.n_rows)

    def _normalise(self, cluster: int) -> None:
        tensor = self._tensors[cluster]
        norm = self._weights(cluster).reshape(self.n_rows, -1).sum(axis=1)
        norm = norm if self.density else np.sqrt(norm)
        self._tensors[cluster] = tensor / norm.reshape(-1, *(1,) * (tensor.ndim - 1))

    def _weights(self, cluster: int) -> NDArray[np.float64]:
        """Return the probability of every combination of levels, one axis per member, rows first."""
        tensor = self._tensors[cluster]
        if self.density:
            rows = np.arange(self.n_rows)
            return np.asarray(tensor[np.ix_(rows, *(self.diagonal,) * (tensor.ndim - 1))].real)
        return np.asarray(tensor.real**2 + tensor.imag**2)

    def _flush(self, qubit: int) -> None:
        self._settle(qubit)
        kept, self._kept[qubit] = self._kept[qubit], None
        if kept is not None:
            self._act((qubit,), kept)

    def _with_kept(self, operator: Complex, qubit: int, place: int, n_places: int) -> Complex:
        self._settle(qubit)
        kept, self._kept[qubit] = self._kept[qubit], None
        if kept is None:
            return operator
        split = operator.reshape(len(operator), -1, self.size, self.size ** (n_places - place - 1))
        joined: Complex = np.matmul(kept.swapaxes(1, 2)[:, None], split)
        return joined.reshape(-1, *operator.shape[1:])

    def _front(self, cluster: int, qubits: tuple[int, ...]) -> Complex:
        """Bring the axes of ``qubits`` to the front; return the tensor as (n_rows, size^k, rest)."""
        members = self._members[cluster]
        order = [*qubits, *(q for q in members if q not in qubits)]
        if order != members:
            axes = [1 + members.index(q) for q in order]
            self._tensors[cluster] = np.ascontiguousarray(self._tensors[cluster].transpose(0, *axes))
            self._members[cluster] = order
        return self._tensors[cluster].reshape(self.n_rows, self.size ** len(qubits), -1)

    def _merge(self, qubits: tuple[int, ...]) -> int:
        first = self._cluster[qubits[0]]
        for q in qubits[1:]:
            other = self._cluster[q]
            if other == first:
                continue
            a, b = self._tensors[first], self._tensors[other]
            outer = a.reshape(self.n_rows, -1, 1) * b.reshape(self.n_rows, 1, -1)
            self._tensors[first] = outer.reshape(self.n_rows, *a.shape[1:], *b.shape[1:])
            self._members[first] += self._members[other]
            for member in self._members[other]:
                self._cluster[member] = first
            self._members[other], self._tensors[other] = [], np.zeros((0,), np.complex128)
        return first
