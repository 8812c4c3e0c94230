"""Operators and superoperators of one transmon or a few; rows of a matrix count the first transmon slowest."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]


@lru_cache(maxsize=8)
def lowering(n_levels: int) -> Complex:
    """Return a, with a|n> = sqrt(n)|n-1>."""
    return _frozen(np.diag(np.sqrt(np.arange(1, n_levels)), k=1).astype(np.complex128))


def _product(a: Complex, b: Complex) -> Complex:
    """Return the Kronecker product; NumPy's own takes 30 times as long for small matrices."""
    n, m = len(a) * len(b), a.shape[1] * b.shape[1]
    return np.asarray((a[:, None, :, None] * b[None, :, None, :]).reshape(n, m))


def collapse_operators(n_levels: int, down: float, up: float, dephasing: float) -> Complex:
    """Return sqrt(down) a, sqrt(up) a^dagger and sqrt(2 dephasing) n; rates in 1/s, shape (3, n, n)."""
    a = lowering(n_levels)
    number = np.diag(np.arange(n_levels)).astype(np.complex128)
    return np.stack([np.sqrt(down) * a, np.sqrt(up) * a.T, np.sqrt(2 * dephasing) * number])


def dissipator(collapse: Complex) -> Complex:
    """Return the matrix of ``sum_c D[c]`` on row-major vec(rho), shape (n^2, n^2)."""
    n = collapse.shape[-1]
    loss = np.einsum("cji,cjk->ik", collapse.conj(), collapse) / 2
    jump = np.einsum("cij,ckl->ikjl", collapse, collapse.conj()).reshape(n * n, n * n)
    return np.asarray(jump - np.kron(loss, np.eye(n)) - np.kron(np.eye(n), loss.conj()))


def commutator(h: Complex) -> Complex:
    """Return the matrix of ``-i [H, rho]`` on row-major vec(rho)."""
    eye = np.eye(len(h), dtype=np.complex128)
    return -1j * (_product(h, eye) - _product(eye, h.T))


def superoperator(u: Complex, n_levels: int, n_places: int) -> Complex:
    """Return ``rho -> U rho U^dagger`` with each transmon's (ket, bra) in one index, shape (..., n^2m, n^2m)."""
    m = n_places
    shape = u.shape[:-2]
    both = np.einsum("...ab,...cd->...acbd", u, u.conj()).reshape(*shape, *(n_levels,) * (4 * m))
    order = [side * 2 * m + half * m + place for side in (0, 1) for place in range(m) for half in (0, 1)]
    lead = len(shape)
    moved = both.transpose(*range(lead), *(lead + k for k in order))
    return np.ascontiguousarray(moved).reshape(*shape, n_levels ** (2 * m), n_levels ** (2 * m))


def _frozen(values: Complex) -> Complex:
    values.setflags(write=False)
    return values
