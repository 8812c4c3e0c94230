"""Propagate driven systems in steps of constant Hamiltonian, many sweep points at once.

The twin in ``qctl/kernels/propagate.py`` says what each argument is, and the formulas;
``series.h`` says how an exponential is found; ``system.h``, ``ladder.h``, ``pair.h``, ``propagate.h`` and
``lindblad.h`` hold the loops.
"""

import numpy as np

from libc.stdint cimport int32_t
from libc.stdlib cimport free

cdef extern from "lindblad.h" nogil:
    ctypedef double lanes8
    enum: BATCH
    ctypedef struct push_t:
        pass
    ctypedef struct target_t:
        pass
    ctypedef struct series_t:
        pass
    ctypedef struct system_t:
        Py_ssize_t n, m, points, steps, n_controls, n_entries, n_targets
        double* drift
        double* drive
        double dt
        int32_t* row_start
        int32_t* row_middle
        int32_t* column
        int32_t* offset
        target_t* targets
        push_t* pushes
        double* dense
        double* sizes
        double* loss
        int32_t* jump_start
        int32_t* jump_from
        double* jump_factor
        double decay
        double* rates
        int ladder, pair, steady, climbs
        series_t series
    ctypedef struct scratch_t:
        lanes8* drift
        lanes8* h
        lanes8* psi
        lanes8* w
        lanes8* next
        lanes8* drive
    int is_ladder(double* drift, Py_ssize_t points, Py_ssize_t n)
    int is_pair(double* drift, Py_ssize_t points)
    void series_set(series_t* series, Py_ssize_t steps)
    void* lanes_alloc(size_t n_bytes, void** block)
    int propagate_all(system_t* system, scratch_t* scratch, double* state, double* out)
    int lindblad_all(system_t* system, scratch_t* scratch, double* state, double* out)

ROUNDING = 1e-14  # couplings that differ by less are equal: a thousand steps do not tell them apart
PAIR_ENTRIES = ([0, 0, 1, 2, 4, 5], [1, 3, 3, 4, 6, 7])  # above the diagonal: what pair.h keeps
MANY = 16  # levels beyond which exact norms of the controls cost more than they save
FEW = 4  # up to so many levels have loops of their own, for ladders and for full matrices


cdef class System:
    """Owns the tables that the loops read."""

    cdef system_t c
    cdef object owned

    def __init__(self, drift, controls, drive, double dt, Py_ssize_t m, collapse=None):
        n = drift.shape[1]
        self.owned = []
        self.c.n, self.c.m, self.c.dt = n, m, dt
        self.c.points, self.c.steps, self.c.n_controls = drive.shape
        self.c.drift = <double*> self.own(drift, np.complex128)
        self.c.drive = <double*> self.own(drive, np.complex128)
        near = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) < 2
        self.c.ladder = (
            1 < n <= FEW and (near | (controls == 0)).all() and is_ladder(self.c.drift, self.c.points, n)
        )
        loss = None
        if collapse is not None:
            loss = np.einsum("cji,cjk->ik", collapse.conj(), collapse) * (dt / 2)
            self.c.loss = <double*> self.own(loss, np.complex128)
            self.set_jumps(collapse, loss)
        adjoint = controls.conj().swapaxes(1, 2)
        driven = (controls != 0).any(axis=0) | (adjoint != 0).any(axis=0)
        self.c.steady = not driven.diagonal().any()
        turned = driven
        pair = None
        if n == 9 and loss is None and is_pair(self.c.drift, self.c.points):
            pair = pair_sizes(controls, adjoint)
        self.c.pair = pair is not None
        if self.c.pair:
            pattern = np.eye(n, dtype=bool)
            pattern[PAIR_ENTRIES] = True
            self.c.dense = <double*> self.own(pair, np.float64)
        elif self.c.ladder:
            pattern = np.eye(n, dtype=bool) | np.eye(n, k=1, dtype=bool)
        elif n <= FEW:
            pattern = np.ones((n, n), bool)
        else:
            pattern = np.eye(n, dtype=bool) | driven | (drift != 0).any(axis=0)
            if loss is not None:
                pattern |= loss != 0
            turned = driven | (drift.imag != 0).any(axis=0)
        rows, columns = np.nonzero(pattern)
        if n > FEW and not self.c.pair:  # within each row, entries that stay real come first
            order = np.lexsort((columns, turned[rows, columns], rows))
            rows, columns = rows[order], columns[order]
        starts = np.searchsorted(rows, np.arange(n + 1))
        self.c.n_entries = len(rows)
        self.c.row_start = <int32_t*> self.own(starts, np.int32)
        real = np.bincount(rows[~turned[rows, columns]], minlength=n)
        self.c.row_middle = <int32_t*> self.own(starts[:n] + real, np.int32)
        self.c.column = <int32_t*> self.own(columns, np.int32)
        self.c.offset = <int32_t*> self.own(2 * m * columns, np.int32)
        factors = factors_of(controls[:, rows, columns] * dt, adjoint[:, rows, columns] * dt)
        if self.c.ladder and loss is not None:
            coupled = np.flatnonzero(rows != columns)
            multiples = None if drift[:, rows[coupled], columns[coupled]].any() else real_multiples(factors[coupled])
            if multiples is not None:
                self.c.dense = <double*> self.own(multiples, np.float64)
                factors[coupled[1:]] = 0.0
        elif self.c.ladder and n == 3:
            self.c.dense = <double*> self.own(factors[1::2].transpose(2, 3, 0, 1), np.float64)
        targets, pushes = pushes_of(factors)
        self.c.n_targets = len(targets)
        self.c.targets = <target_t*> self.own(targets, targets.dtype)
        self.c.pushes = <push_t*> self.own(pushes, pushes.dtype)
        self.c.sizes = <double*> self.own(control_sizes(controls, adjoint) * abs(dt), np.float64)
        series_set(&self.c.series, self.c.steps)

    cdef size_t own(self, array, dtype):
        """Keep an array as long as the tables; return where its numbers are."""
        kept = np.ascontiguousarray(array, dtype)
        self.owned.append(kept)
        return kept.ctypes.data

    cdef set_jumps(self, collapse, loss):
        """List, for each element i <= j of rho, what ``c rho c^dagger`` takes from which element."""
        n = self.c.n
        jump = np.einsum("cij,ckl->ikjl", collapse, collapse.conj()).reshape(n, n, n * n) * self.c.dt
        upper = jump[np.triu_indices(n)]
        elements, sources = np.nonzero(upper)
        self.c.jump_start = <int32_t*> self.own(np.searchsorted(elements, np.arange(len(upper) + 1)), np.int32)
        self.c.jump_from = <int32_t*> self.own(sources, np.int32)
        self.c.jump_factor = <double*> self.own(upper[elements, sources], np.complex128)
        rates = ladder_rates(jump.reshape(n, n, n, n), loss) if self.c.ladder else None
        self.c.ladder = rates is not None
        if rates is not None:
            self.c.rates = <double*> self.own(rates, np.float64)
            self.c.climbs = rates[2].any()
        sizes = np.abs(jump).reshape(n * n, n * n)
        jumps = max(sizes.sum(axis=0).max(initial=0.0), sizes.sum(axis=1).max(initial=0.0))
        self.c.decay = jumps + 2 * np.abs(loss).sum(axis=0).max(initial=0.0)

    cdef run(self, bint lindblad, state):
        """Return the state after all steps, or None when a step is not finite or too long."""
        out = np.empty_like(state)
        cdef double* source = <double*> <size_t> state.ctypes.data
        cdef double* target = <double*> <size_t> out.ctypes.data
        cdef Py_ssize_t n = self.c.n, m = self.c.m
        cdef scratch_t s
        cdef void* block
        cdef int bad
        cdef Py_ssize_t count = 4 * self.c.n_entries + 6 * n * m + 2 * BATCH * self.c.n_controls
        s.drift = <lanes8*> lanes_alloc(count * 64, &block)
        if s.drift == NULL:
            raise MemoryError
        s.h = next_lanes(s.drift, 2 * self.c.n_entries)
        s.psi = next_lanes(s.h, 2 * self.c.n_entries)
        s.w = next_lanes(s.psi, 2 * n * m)
        s.next = next_lanes(s.w, 2 * n * m)
        s.drive = next_lanes(s.next, 2 * n * m)
        with nogil:
            bad = lindblad_all(&self.c, &s, source, target) if lindblad else propagate_all(&self.c, &s, source, target)
            free(block)
        return None if bad else out


cdef inline lanes8* next_lanes(lanes8* place, Py_ssize_t count) noexcept:
    return <lanes8*> (<char*> place + 64 * count)


cdef control_sizes(controls, adjoint):
    """Return a bound on the norm of each ``C exp(i x) + h.c.`` for any x, from 32: a tenth of a per cent too large.

    The norm as a function of x supports a convex set, which lies inside the polygon of the tangents.
    """
    if controls.shape[1] > MANY:  # Gershgorin: somewhat too large, but found at once
        return (np.abs(controls) + np.abs(adjoint)).sum(axis=2).max(axis=1, initial=0.0)
    turns = np.exp(1j * np.pi / 32 * np.arange(32))[:, None, None, None]  # beyond half a turn only the sign changes
    sizes = np.abs(np.linalg.eigvalsh(controls * turns + adjoint * turns.conj()))
    return sizes.max(axis=(0, 2), initial=0.0) / np.cos(np.pi / 64)


cdef factors_of(forward, adjoint):
    """Return what a part of the drive adds to a part of H; axes: entry, part of H, control, part of the drive.

    ``u a + conj(u) b`` with u = x + iy is ``x (a + b).real - y (a - b).imag + i (x (a + b).imag + y (a - b).real)``.
    """
    total, difference = forward + adjoint, forward - adjoint
    factors = np.stack([[total.real, total.imag], [-difference.imag, difference.real]])
    return factors.transpose(3, 1, 2, 0)


cdef real_multiples(factors):
    """Return what each entry of H is in units of the first, or None when one is no real multiple of it."""
    parts = factors.reshape(len(factors), -1)
    if not parts.any():
        return np.ones(len(parts))
    largest = np.abs(parts[0]).argmax()
    if parts[0, largest] == 0:
        return None
    multiples = parts[:, largest] / parts[0, largest]
    apart = np.abs(parts - multiples[:, None] * parts[0]).max()
    return multiples if apart <= ROUNDING * np.abs(parts).max() else None


cdef pair_sizes(controls, adjoint):
    """Return the couplings of both ladders of a pair in units of each one's first, or None when it is no pair.

    Those of one ladder must not depend on the level of the other, and differ from each other by a real factor.
    """
    driven = (controls != 0).any(axis=0) | (adjoint != 0).any(axis=0)
    known = np.eye(9, dtype=bool)
    known[[1, 2, 4, 5], [3, 4, 6, 7]] = True
    sizes = np.empty((2, 2))
    for ladder, rows, step in ((0, [0, 1, 2, 3, 4, 5], 3), (1, [0, 3, 6, 1, 4, 7], 1)):
        columns = np.add(rows, step)
        known[rows, columns] = True
        multiples = real_multiples(factors_of(controls[:, rows, columns], adjoint[:, rows, columns]))
        if multiples is None:
            return None
        sizes[ladder] = multiples[::3]
        if np.abs(multiples - np.repeat(sizes[ladder], 3)).max() > ROUNDING * np.abs(multiples).max():
            return None
    return None if (driven & ~(known | known.T)).any() else sizes


cdef pushes_of(factors):
    """Return which parts of H the drive changes, and what adds how much to them."""
    entry, side, control, component = np.nonzero(factors)
    pushes = np.empty(len(entry), np.dtype([("from", np.int32), ("factor", np.float64)], align=True))
    pushes["from"], pushes["factor"] = 2 * control + component, factors[entry, side, control, component]
    to, counts = np.unique(2 * entry + side, return_counts=True)
    targets = np.empty(len(to), [("to", np.int32), ("end", np.int32)])
    targets["to"], targets["end"] = to, np.cumsum(counts)
    return targets, pushes


cdef ladder_rates(jump, loss):
    """Return what keeps, moves down and moves up each element of rho, or None when the collapse does anything else."""
    n = len(loss)
    i, j = np.indices((n, n))
    rates = np.zeros((3, n, n), complex)
    rates[0] = jump[i, j, i, j] - loss.diagonal()[:, None] - loss.diagonal()[None, :].conj()
    rates[1, :-1, :-1] = jump[i, j, (i + 1) % n, (j + 1) % n][:-1, :-1]
    rates[2, 1:, 1:] = jump[i, j, i - 1, j - 1][1:, 1:]
    step = np.subtract.outer(np.arange(n), np.arange(n))
    k_i, l_j = step.T[:, None, :, None], step.T[None, :, None, :]
    known = (k_i == l_j) & (np.abs(k_i) < 2)
    if rates.imag.any() or jump[~known].any() or (loss * (step != 0)).any():
        return None
    return np.ascontiguousarray(rates.real)


cdef check_points(drift, controls, drive, state):
    if not len(drift) == len(drive) == len(state) or len(controls) != drive.shape[2]:
        raise ValueError("drift, controls, drive and states do not fit each other")


cdef refuse():
    raise ValueError("drift, controls, drive or dt are not finite, or turn by more than 1e6 rad in one step")


def propagate(
    const double complex[:, :, ::1] drift,
    const double complex[:, :, ::1] controls,
    const double complex[:, :, ::1] drive,
    double dt,
    double complex[:, :, ::1] psi,
):
    """Carry ``psi`` through all steps, in place."""
    cdef Py_ssize_t n = drift.shape[1]
    if not n == drift.shape[2] == controls.shape[1] == controls.shape[2] == psi.shape[1]:
        raise ValueError("drift, controls and psi do not have the same levels")
    check_points(drift, controls, drive, psi)
    state = np.asarray(psi)
    if state.size == 0:
        return
    if not (np.isfinite(dt) and np.isfinite(controls).all()):
        refuse()
    cdef System system = System(np.asarray(drift), np.asarray(controls), np.asarray(drive), dt, psi.shape[2])
    found = system.run(False, state)
    if found is None:
        refuse()
    state[...] = found


def propagate_lindblad(
    const double complex[:, :, ::1] drift,
    const double complex[:, :, ::1] controls,
    const double complex[:, :, ::1] drive,
    double dt,
    const double complex[:, :, ::1] collapse,
    double complex[:, :, ::1] rho,
):
    """Carry ``rho`` through all steps, in place."""
    cdef Py_ssize_t n = drift.shape[1]
    if not n == drift.shape[2] == controls.shape[1] == controls.shape[2] == rho.shape[1] == rho.shape[2]:
        raise ValueError("drift, controls, collapse and rho do not have the same levels")
    if not n == collapse.shape[1] == collapse.shape[2]:
        raise ValueError("drift, controls, collapse and rho do not have the same levels")
    check_points(drift, controls, drive, rho)
    state = np.asarray(rho)
    if state.size == 0:
        return
    if not (np.isfinite(dt) and np.isfinite(controls).all() and np.isfinite(collapse).all()):
        refuse()
    operators = np.asarray(collapse)
    cdef System system = System(np.asarray(drift), np.asarray(controls), np.asarray(drive), dt, n, operators)
    adjoint = state.conj().swapaxes(1, 2)
    if np.array_equal(state, adjoint, equal_nan=True):
        found = system.run(True, state)
    else:  # rho = a + i b with a and b Hermitian, which is all that the loops can carry
        found = system.run(True, np.ascontiguousarray((state + adjoint) / 2))
        other = system.run(True, np.ascontiguousarray((state - adjoint) / 2j))
        found = None if found is None or other is None else found + 1j * other
    if found is None:
        refuse()
    state[...] = found
