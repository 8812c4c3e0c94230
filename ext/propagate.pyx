"""Propagate driven systems in steps of constant Hamiltonian, many sweep points at once, by Taylor series.

The twin in ``qctl/kernels/propagate.py`` says what each argument is, and the formulas.
"""

from libc.math cimport ceil, isfinite
from libc.stdlib cimport free, malloc

cdef double LONGEST = 1e6  # radians in one step; beyond it the caller has mixed up units


def propagate(
    const double complex[:, :, ::1] drift,
    const double complex[:, :, ::1] controls,
    const double complex[:, :, ::1] drive,
    double dt,
    double complex[:, :, ::1] psi,
):
    """Carry ``psi`` through all steps, in place."""
    cdef Py_ssize_t n = drift.shape[1], m = psi.shape[2], p, k, points = drift.shape[0], steps = drive.shape[1]
    cdef Py_ssize_t r, c, j, s, l, x, order, parts
    if not (n == drift.shape[2] == controls.shape[1] == controls.shape[2] == psi.shape[1]):
        raise ValueError("drift, controls and psi do not have the same levels")
    if not points == drive.shape[0] == psi.shape[0] or controls.shape[0] != drive.shape[2]:
        raise ValueError("drift, controls, drive and psi do not fit each other")
    cdef double complex* h = <double complex*> malloc((n * n + 2 * n * m + 1) * sizeof(double complex))
    if h == NULL:
        raise MemoryError
    cdef double complex* term = h + n * n
    cdef double complex* new = term + n * m
    cdef double complex total
    cdef double norm, row
    cdef bint bad = False
    with nogil:
        for p in range(points):
            for k in range(steps):
                norm = 0
                for r in range(n):
                    row = 0
                    for c in range(n):
                        total = drift[p, r, c]
                        for j in range(controls.shape[0]):
                            total = total + drive[p, k, j] * controls[j, r, c] + (
                                drive[p, k, j] * controls[j, c, r]
                            ).conjugate()
                        h[r * n + c] = -1j * dt * total
                        row += abs(total) * abs(dt)
                    norm = norm if norm > row else row
                if not isfinite(norm) or norm > LONGEST:
                    bad = True
                    break
                parts = <Py_ssize_t> ceil(norm)
                parts = parts if parts > 0 else 1
                for s in range(parts):
                    for x in range(n * m):
                        term[x] = (&psi[p, 0, 0])[x]
                    for l in range(1, 19):
                        for r in range(n):
                            for x in range(m):
                                total = 0
                                for c in range(n):
                                    total = total + h[r * n + c] * term[c * m + x]
                                new[r * m + x] = total / (l * parts)
                        for x in range(n * m):
                            term[x] = new[x]
                            (&psi[p, 0, 0])[x] = (&psi[p, 0, 0])[x] + new[x]
            if bad:
                break
    free(h)
    if bad:
        raise ValueError("drift, controls, drive or dt are not finite, or turn by more than 1e6 rad in one step")


def propagate_lindblad(
    const double complex[:, :, ::1] drift,
    const double complex[:, :, ::1] controls,
    const double complex[:, :, ::1] drive,
    double dt,
    const double complex[:, :, ::1] collapse,
    double complex[:, :, ::1] rho,
):
    """Carry ``rho`` through all steps, in place."""
    cdef Py_ssize_t n = drift.shape[1], p, k, points = drift.shape[0], steps = drive.shape[1]
    cdef Py_ssize_t r, c, j, s, l, x, order, parts
    if not (n == drift.shape[2] == controls.shape[1] == controls.shape[2] == rho.shape[1] == rho.shape[2]):
        raise ValueError("drift, controls, collapse and rho do not have the same levels")
    if collapse.shape[1] != n or collapse.shape[2] != n:
        raise ValueError("drift, controls, collapse and rho do not have the same levels")
    if not points == drive.shape[0] == rho.shape[0] or controls.shape[0] != drive.shape[2]:
        raise ValueError("drift, controls, drive and rho do not fit each other")
    import numpy as np
    from scipy.linalg import expm
    cs = np.asarray(collapse)
    loss = np.einsum("cji,cjk->ik", cs.conj(), cs) / 2
    jump = np.einsum("cij,ckl->ikjl", cs, cs.conj()).reshape(n * n, n * n)
    eye = np.eye(n)
    state = np.asarray(rho).reshape(points, n * n, 1).copy()
    for k in range(steps):
        half = np.einsum("pj,jrc->prc", np.asarray(drive)[:, k], np.asarray(controls))
        g = -1j * (np.asarray(drift) + half + half.conj().swapaxes(1, 2)) - loss
        if not np.isfinite(g).all():
            raise ValueError("drift, controls, drive or dt are not finite, or turn by more than 1e6 rad in one step")
        state = expm(dt * (np.kron(g, eye) + np.kron(eye, g.conj()) + jump)) @ state
    np.asarray(rho)[:] = state.reshape(points, n, n)
