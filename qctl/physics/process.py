"""What a stretch of a shot does to some of its qubits, as a map of density matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .operators import Complex
from .scene import Scenery
from .shot import Shot
from .timeline import Piece

SLACK = 1e-12  # s; pieces that touch a stretch from outside are none of it


def process(scenery: Scenery, point: int, qubits: tuple[int, ...], start: float, end: float) -> Complex:
    """Return the map of one sweep point from ``start`` to ``end`` (chip time, s), all other qubits in level 0.

    States are written in the frames of the scenery, levels are those at rest: where a carrier leaks, its eigenstates,
    which idling leaves alone. Slow noise, readout tones and the static shift of qubits outside
    ``qubits`` are left out; decay is not.

    Returns
    -------
    complex128, shape (D, D, L, L) with D = 2^k and L = levels^k for k qubits, the first counted slowest:
    ``found[i, j, k, l]`` is ``<k| map(|i><j|) |l>`` for i, j in levels 0 and 1 of each qubit

    Raises
    ------
    ValueError
        When the chip has no decay at all: then its states are no density matrices.
    """
    chip = scenery.chip
    if not chip.dissipative:
        raise ValueError("the chip has no decay")
    d, k, n = chip.twin.levels, len(qubits), len(chip.names)
    inside = np.array([set(pair) <= set(qubits) for pair in chip.pairs], bool)
    n_rows = 4**k
    scene = scenery.scene(scenery.stage.waveforms[point])
    ground = np.zeros((n, d))
    ground[:, 0] = 1.0
    zz = np.where(inside, scenery.zz, 0.0)
    shot = Shot(scene.motion, ground, np.zeros((n_rows, n)), np.zeros(0, np.int64), zz, np.random.default_rng)
    at_rest = [scene.motion.states_at_rest(q, start - SLACK) for q in qubits]
    shot.register.prepare(qubits, _basis(at_rest))
    pieces = [p for p in scene.pieces if p.end > start + SLACK and p.start < end - SLACK and _moves(p, qubits)]
    shot.carry(pieces, qubits, start, end)
    found = shot.register.reduced(qubits).reshape(*(2, 2) * k, *(d, d) * k)
    for place, states in enumerate(at_rest):
        axes = (2 * (k + place), 2 * (k + place) + 1)
        moved = np.moveaxis(found, axes, (-2, -1))
        found = np.moveaxis(states.conj().T @ moved @ states, (-2, -1), axes)
    order = [*range(0, 2 * k, 2), *range(1, 2 * k, 2)]
    whole = found.transpose(*order, *(2 * k + axis for axis in order))
    return np.ascontiguousarray(whole).reshape(2**k, 2**k, d**k, d**k)


def _basis(states: Sequence[Complex]) -> Complex:
    """Return the operators |i><j| of all qubits in levels 0 and 1, one a row, shape (4^k, d^2, d^2, ...)."""
    found = np.ones((1, 1), np.complex128)
    for own in states:
        pair = own[:, :2]
        one = np.einsum("ki,lj->ijkl", pair, pair.conj()).reshape(4, -1)
        found = np.einsum("ra,sb->rsab", found, one).reshape(4 * len(found), -1)
    return found.reshape(len(found), *(len(states[0]) ** 2,) * len(states))


def _moves(piece: Piece, qubits: tuple[int, ...]) -> bool:
    return bool(set(piece.qubits) & set(qubits))
