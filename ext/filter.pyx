"""Filter one output's samples: a cascade of first-order sections, or a short FIR.

The twin in ``qctl/kernels/filter.py`` says what each argument is; ``filter.h`` holds the loops.
"""

from libc.stdint cimport uintptr_t
from libc.stdlib cimport free
from libc.string cimport memmove

cdef extern from "filter.h" nogil:
    enum: STATES, PASS
    ctypedef struct cascade_t:
        pass
    void* lanes_alloc(size_t n_bytes, void** block)
    void cascade_set(cascade_t* cascade, const double* sections, int count)
    void cascade_run(const cascade_t* cascade, const double* x, double* out, Py_ssize_t n, double* states)
    void fir_run(const double* x, const double* taps, Py_ssize_t m, double* out, Py_ssize_t n)


def filter_sections(const double[::1] x, const double[:, ::1] sections, double[::1] out):
    """Fill ``out`` with ``x`` after every section; ``out`` may be ``x``."""
    if sections.shape[1] != 3 or x.shape[0] != out.shape[0]:
        raise ValueError("x, sections and out do not fit each other")
    cdef Py_ssize_t n = x.shape[0], count = sections.shape[0], groups = (count + STATES - 1) // STATES, at, size, g, k
    if n == 0:
        return
    if &x[0] != &out[0] and share(&x[0], &out[0], n):
        raise ValueError("x and out share memory without being the same")
    if count == 0:
        memmove(&out[0], &x[0], n * sizeof(double))
        return
    cdef void* block
    cdef cascade_t* cascades = <cascade_t*> lanes_alloc(
        groups * (sizeof(cascade_t) + STATES * sizeof(double)), &block
    )
    if cascades == NULL:
        raise MemoryError
    cdef double* states = <double*> (cascades + groups)
    cdef const double* source
    with nogil:
        for k in range(groups * STATES):
            states[k] = 0
        for g in range(groups):
            cascade_set(cascades + g, &sections[g * STATES, 0], <int> min(STATES, count - g * STATES))
        at = 0
        while at < n:  # all groups while the samples are in the cache
            size = PASS if n - at > PASS else n - at
            for g in range(groups):
                source = &x[at]
                if g:
                    source = &out[at]
                cascade_run(cascades + g, source, &out[at], size, states + g * STATES)
            at += size
        free(block)


def filter_fir(const double[::1] x, const double[::1] taps, double[::1] out):
    """Fill ``out`` with ``x`` convolved with ``taps``."""
    if taps.shape[0] < 1 or x.shape[0] != out.shape[0]:
        raise ValueError("x, taps and out do not fit each other")
    cdef Py_ssize_t n = x.shape[0], m = taps.shape[0], k, j
    cdef double total
    if n == 0:
        return
    if share(&x[0], &out[0], n):
        raise ValueError("x and out share memory")
    with nogil:
        for k in range(min(n, m - 1)):
            total = 0
            for j in range(k + 1):
                total += taps[j] * x[k - j]
            out[k] = total
        if n >= m:
            fir_run(&x[0], &taps[0], m, &out[0], n)


cdef bint share(const double* x, const double* out, Py_ssize_t n) noexcept nogil:
    return <uintptr_t> x < <uintptr_t> (out + n) and <uintptr_t> out < <uintptr_t> (x + n)
