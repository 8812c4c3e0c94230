"""Propagate driven systems in steps of constant Hamiltonian, many sweep points at once, by Taylor series.

The twin in ``qctl/kernels/propagate.py`` says what each argument is, and the formulas;
``propagate.h`` and ``lindblad.h`` hold the loops.
"""

import numpy as np

from libc.stdint cimport int32_t
from libc.stdlib cimport free

cdef extern from "lindblad.h" nogil:
    ctypedef double lanes8
    enum: BATCH
    ctypedef struct push_t:
        int32_t to
        # the C field is called "from", a word that Python keeps for itself
        int32_t source "from"
        double factor
    ctypedef struct system_t:
        Py_ssize_t n, m, points, steps, n_controls, n_entries, n_pushes
        double* drift
        double* drive
        double dt
        int32_t* row_start
        int32_t* column
        int32_t* offset
        push_t* pushes
        double* sizes
        double* loss
        int32_t* jump_start
        int32_t* jump_from
        double* jump_factor
        double jump_bound, loss_size
        double* rates
        int ladder
    ctypedef struct scratch_t:
        lanes8* drift
        lanes8* h
        lanes8* psi
        lanes8* w
        lanes8* next
        lanes8* drive
        lanes8* size
    void set_reach(system_t* system)
    void* lanes_alloc(size_t n_bytes, void** block)
    int propagate_all(system_t* system, scratch_t* scratch, double* state, double* out)
    int lindblad_all(system_t* system, scratch_t* scratch, double* state, double* out)

DEF_FULL = 4  # up to so many levels, every entry of H counts


cdef class System:
    """Owns the tables that the loops read."""

    cdef system_t c
    cdef object owned

    def __init__(self, drift, controls, drive, double dt, Py_ssize_t m, loss=None):
        n = drift.shape[1]
        adjoint = controls.conj().swapaxes(1, 2)
        pattern = np.eye(n, dtype=bool) | (controls != 0).any(axis=0) | (adjoint != 0).any(axis=0)
        if n <= DEF_FULL:
            pattern[:] = True
        else:
            pattern |= (drift != 0).any(axis=0)
            if loss is not None:
                pattern |= loss != 0
        rows, columns = np.nonzero(pattern)
        self.c.n, self.c.m, self.c.dt = n, m, dt
        self.c.points, self.c.steps, self.c.n_controls = drive.shape
        self.c.n_entries = len(rows)
        self.owned = [
            drift.view(np.float64),
            drive.view(np.float64),
            np.searchsorted(rows, np.arange(n + 1)).astype(np.int32),
            columns.astype(np.int32),
            pushes_of(controls[:, rows, columns] * dt, adjoint[:, rows, columns] * dt),
            control_sizes(controls, adjoint) * abs(dt),
            None if loss is None else (loss * dt).view(np.float64),
            (2 * m * columns).astype(np.int32),
        ]
        self.c.n_pushes = len(self.owned[4])
        self.c.drift = <double*> address(self.owned[0])
        self.c.drive = <double*> address(self.owned[1])
        self.c.row_start = <int32_t*> address(self.owned[2])
        self.c.column = <int32_t*> address(self.owned[3])
        self.c.pushes = <push_t*> address(self.owned[4])
        self.c.sizes = <double*> address(self.owned[5])
        self.c.loss = NULL if loss is None else <double*> address(self.owned[6])
        self.c.offset = <int32_t*> address(self.owned[7])
        near = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) < 2
        self.c.ladder = (
            np.array_equal(drift, drift.conj().swapaxes(1, 2))
            and not drift[:, ~near].any()
            and not controls[:, ~near].any()
        )
        set_reach(&self.c)

    cdef set_jumps(self, collapse, loss):
        """List, for each element i <= j of rho, what ``c rho c^dagger`` takes from which element."""
        n = self.c.n
        jump = np.einsum("cij,ckl->ikjl", collapse, collapse.conj()).reshape(n, n, n * n) * self.c.dt
        upper = jump[np.triu_indices(n)]
        elements, sources = np.nonzero(upper)
        starts = np.searchsorted(elements, np.arange(len(upper) + 1)).astype(np.int32)
        factors = np.ascontiguousarray(upper[elements, sources]).view(np.float64)
        self.owned += [starts, sources.astype(np.int32), factors]
        self.c.jump_start = <int32_t*> address(self.owned[8])
        self.c.jump_from = <int32_t*> address(self.owned[9])
        self.c.jump_factor = <double*> address(self.owned[10])
        rates = ladder_rates(jump.reshape(n, n, n, n), self.c.dt * loss) if self.c.ladder else None
        self.c.ladder = rates is not None
        if rates is not None:
            self.owned.append(rates)
            self.c.rates = <double*> address(rates)
        self.c.loss_size = np.abs(loss).sum(axis=0).max() * abs(self.c.dt)
        self.c.jump_bound = np.abs(jump).sum(axis=2).max(initial=0.0)

    cdef run(self, bint lindblad, state):
        """Return the state after all steps, or None when a step is not finite or too long."""
        out = np.empty_like(state)
        cdef double* source = <double*> address(state)
        cdef double* target = <double*> address(out)
        cdef Py_ssize_t n = self.c.n, m = self.c.m
        cdef scratch_t s
        cdef void* block
        cdef int bad
        cdef Py_ssize_t count = 4 * self.c.n_entries + self.c.n_controls + 6 * n * m + 2 * BATCH * self.c.n_controls + 1
        s.drift = <lanes8*> lanes_alloc(count * 64, &block)
        if s.drift == NULL:
            raise MemoryError
        s.h = next_lanes(s.drift, 2 * self.c.n_entries)
        s.psi = next_lanes(s.h, 2 * self.c.n_entries + self.c.n_controls)
        s.w = next_lanes(s.psi, 2 * n * m)
        s.next = next_lanes(s.w, 2 * n * m)
        s.drive = next_lanes(s.next, 2 * n * m)
        s.size = next_lanes(s.drive, 2 * BATCH * self.c.n_controls)
        with nogil:
            bad = lindblad_all(&self.c, &s, source, target) if lindblad else propagate_all(&self.c, &s, source, target)
            free(block)
        return None if bad else out


cdef inline lanes8* next_lanes(lanes8* place, Py_ssize_t count) noexcept:
    return <lanes8*> (<char*> place + 64 * count)


cdef size_t address(array):
    return array.ctypes.data


cdef control_sizes(controls, adjoint):
    """Return a bound on the norm of each ``C exp(i x) + h.c.`` for any x, from 32 of them: half a per cent too large.

    The norm as a function of x supports a convex set, which lies inside the polygon of the tangents.
    """
    turns = np.exp(2j * np.pi / 32 * np.arange(32))[:, None, None, None]
    return np.linalg.norm(controls * turns + adjoint * turns.conj(), 2, axis=(2, 3)).max(axis=0) / np.cos(np.pi / 32)


cdef pushes_of(forward, adjoint):
    """Return what each real component of the drive adds to each real component of H, where that is anything.

    ``u a + conj(u) b`` with u = x + iy is ``x (a + b).real - y (a - b).imag + i (x (a + b).imag + y (a - b).real)``.
    """
    total, difference = forward + adjoint, forward - adjoint
    # axes: control, component of u, entry, component of H
    factors = np.stack(
        [np.stack([total.real, total.imag], axis=-1), np.stack([-difference.imag, difference.real], axis=-1)], axis=1
    )
    control, component, entry, side = np.nonzero(factors)
    pushes = np.empty(len(control), [("to", np.int32), ("from", np.int32), ("factor", np.float64)])
    pushes["to"], pushes["from"] = 2 * entry + side, 2 * control + component
    pushes["factor"] = factors[control, component, entry, side]
    return pushes


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
    loss = np.ascontiguousarray(np.einsum("cji,cjk->ik", operators.conj(), operators) / 2)
    cdef System system = System(np.asarray(drift), np.asarray(controls), np.asarray(drive), dt, n, loss)
    system.set_jumps(operators, loss)
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
