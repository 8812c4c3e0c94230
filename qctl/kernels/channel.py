"""The operator of a stretch of driven, coupled and decaying transmons."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

MOST = 64  # levels of all transmons together

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]


def channel(
    energies: Floats,
    fields: Complex,
    exchanges: Floats,
    shifts: Floats,
    pairs: NDArray[np.int64],
    steps: Floats,
    rates: Floats | None,
    longest: float,
) -> Complex:
    """Return the operator of all steps: a unitary, or with decay a superoperator.

    In each step H is constant, ``sum_j E_j + (u_j a_j + h.c.) / 2 + sum_p g_p (a_p b_p^dagger + h.c.) + z_p n_p m_p``:
    a lowers and n counts the first of a pair, b and m the second. Decay and H alternate (Strang) in groups of equal
    steps that last ``longest`` at most, or one step.

    Parameters
    ----------
    energies : of each level of each transmon, rad/s, shape (n_steps, n_transmons, levels)
    fields : u, rad/s, shape (n_steps, n_transmons)
    exchanges : g, rad/s, shape (n_steps, n_pairs)
    shifts : z, rad/s, shape (n_pairs,)
    pairs : first and second transmon, shape (n_pairs, 2)
    steps : length of each step, s
    rates : of each transmon, down from level 1, up from level 0, and of dephasing between them, 1/s, shape
        (n_transmons, 3); None for no decay
    longest : s

    Returns
    -------
    shape (n, n), the first transmon counted slowest, n = levels^n_transmons; or (n^2, n^2), where each transmon's ket
    and bra are one index

    Raises
    ------
    ValueError
        When shapes do not fit each other, there are more than 64 levels in all or 8 of one transmon, or a step is not
        finite or turns by more than 1e6 rad.
    """
    n_steps, places, levels = energies.shape
    if not (
        len(fields) == len(exchanges) == len(steps) == n_steps
        and fields.shape[1] == places > 0
        and exchanges.shape[1] == len(shifts) == len(pairs)
        and (rates is None or np.shape(rates) == (places, 3))
        and all(0 <= a < places and 0 <= b < places and a != b for a, b in pairs)
        and levels > 1
    ):
        raise ValueError("energies, fields, exchanges, shifts, pairs, steps and rates do not fit each other")
    if levels**places > MOST or levels > 8:
        raise ValueError(f"{places} transmons of {levels} levels: at most {MOST} levels in all, 8 of one")
    parts = (energies, fields, exchanges, shifts, steps, np.zeros(0) if rates is None else rates)
    if not all(np.isfinite(x).all() for x in parts):
        raise ValueError(
            "energies, fields, exchanges or rates are not finite, or turn by more than 1e6 rad in one step"
        )
    unitaries = [_unitary(energies[k], fields[k], exchanges[k], shifts, pairs, float(steps[k])) for k in range(n_steps)]
    if rates is None:
        return _in_turn([np.eye(levels**places, dtype=np.complex128), *unitaries])
    generator = _generator(rates, levels)
    found = np.eye(levels ** (2 * places), dtype=np.complex128)
    for first, last in pairwise(_groups(steps, longest)):
        u = _in_turn(unitaries[first:last])
        half = expm(generator * float(steps[first:last].sum()) / 2)
        found = half @ _superoperator(u, levels, places) @ half @ found
    return found


def _in_turn(operators: list[Complex]) -> Complex:
    found = operators[0]
    for operator in operators[1:]:
        found = operator @ found
    return found


def _groups(steps: Floats, longest: float) -> list[int]:
    starts: list[int] = []
    first = 0
    while first < len(steps):
        starts.append(first)
        most = max(1, int(longest / steps[first] + 1e-6))
        alike = np.flatnonzero(np.abs(np.diff(steps[first:])) > 1e-6 * np.abs(steps[first:-1]))
        first += min(most, int(alike[0]) + 1 if len(alike) else len(steps) - first)
    return [*starts, len(steps)]


def _embedded(operator: Complex, place: int, places: int) -> Complex:
    eye = np.eye(len(operator), dtype=np.complex128)
    found: Complex = np.eye(1, dtype=np.complex128)
    for k in range(places):
        found = np.asarray(np.kron(found, operator if k == place else eye), np.complex128)
    return found


def _unitary(
    energies: Floats, fields: Complex, exchanges: Floats, shifts: Floats, pairs: NDArray[np.int64], step: float
) -> Complex:
    places, levels = energies.shape
    a = np.diag(np.sqrt(np.arange(1.0, levels)), 1).astype(np.complex128)
    lower = [_embedded(a, j, places) for j in range(places)]
    number = [x.T @ x for x in lower]
    h = np.zeros_like(lower[0])
    half = np.zeros_like(lower[0])
    for j, e in enumerate(energies):
        h += _embedded(np.diag(e).astype(np.complex128), j, places)
        half += fields[j] / 2 * lower[j]
    for g, z, (p, q) in zip(exchanges, shifts, pairs.tolist(), strict=True):
        half += g * lower[p] @ lower[q].T
        h += z * number[p] @ number[q]
    h += half + half.conj().T
    if np.abs(h).sum(axis=1).max() * abs(step) > 1e6 * levels**places:
        raise ValueError(
            "energies, fields, exchanges or rates are not finite, or turn by more than 1e6 rad in one step"
        )
    return np.asarray(expm(-1j * step * h))


def _generator(rates: Floats, levels: int) -> Complex:
    """Return the decay of all transmons, each one's ket and bra in one index."""
    a = np.diag(np.sqrt(np.arange(1.0, levels)), 1)
    eye = np.eye(levels)
    total: list[Complex] = []
    for down, up, dephasing in rates:
        one = np.zeros((levels**2, levels**2))
        for c in (np.sqrt(down) * a, np.sqrt(up) * a.T, np.sqrt(2 * dephasing) * a.T @ a):
            one += np.kron(c, c) - (np.kron(c.T @ c, eye) + np.kron(eye, c.T @ c)) / 2
        total.append(one.astype(np.complex128))
    return np.asarray(np.sum([_embedded(one, j, len(total)) for j, one in enumerate(total)], axis=0))


def _superoperator(u: Complex, levels: int, places: int) -> Complex:
    both = np.einsum("ab,cd->acbd", u, u.conj()).reshape((levels,) * (4 * places))
    order = [side * 2 * places + half * places + j for side in (0, 1) for j in range(places) for half in (0, 1)]
    return np.asarray(both.transpose(order).reshape(levels ** (2 * places), levels ** (2 * places)))
