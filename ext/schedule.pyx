"""Start every native operation as soon as its qubits are free, and count up the virtual-Z frames.

One sweep over the rows: cost per row is constant. The twin in ``qctl/kernels/schedule.py`` says what each argument is.
"""

from libc.stdint cimport int16_t, int32_t, int64_t
from libc.stdlib cimport calloc, free

cdef int64_t LAST = 0x7FFFFFFFFFFFFFFF


def schedule(
    const int16_t[:] op,
    const int32_t[:, :] q,
    const int32_t[:] bit,
    const int64_t[::1] duration,
    const double[:, ::1] frame,
    const int64_t[::1] starts,
    Py_ssize_t n_qubits,
    int16_t barrier,
    int64_t[:] start,
    double[:] phase,
    int64_t[::1] length,
):
    """Fill ``start``, ``phase`` and ``length``."""
    cdef Py_ssize_t n = op.shape[0], point, bad = -1
    if not n == q.shape[0] == bit.shape[0] == duration.shape[0] == frame.shape[0] == start.shape[0] == phase.shape[0]:
        raise ValueError("op, q, bit, duration, frame, start and phase do not fit each other")
    if q.shape[1] != 2 or frame.shape[1] != 2:
        raise ValueError("q and frame need two columns")
    if n_qubits < 0 or starts.shape[0] < 1 or starts.shape[0] != length.shape[0] + 1:
        raise ValueError("starts, length and n_qubits do not fit each other")
    if starts[0] != 0 or starts[starts.shape[0] - 1] != n:
        raise ValueError("starts must rise from 0 to the number of rows")
    for point in range(length.shape[0]):
        if starts[point + 1] < starts[point]:
            raise ValueError("starts must rise from 0 to the number of rows")
    cdef int64_t* free_at = <int64_t*> calloc(n_qubits + 1, sizeof(int64_t))
    cdef double* frames = <double*> calloc(n_qubits + 1, sizeof(double))
    if free_at == NULL or frames == NULL:
        free(free_at)
        free(frames)
        raise MemoryError
    with nogil:
        for point in range(length.shape[0]):
            bad = schedule_point(
                op, q, bit, duration, frame, starts[point], starts[point + 1], n_qubits, barrier,
                free_at, frames, start, phase, &length[point],
            )
            if bad >= 0:
                break
    free(free_at)
    free(frames)
    if bad >= 0:
        raise ValueError(f"row {bad} names a qubit that is not there, lasts less than nothing, or ends beyond int64")


cdef Py_ssize_t schedule_point(
    const int16_t[:] op, const int32_t[:, :] q, const int32_t[:] bit, const int64_t[::1] duration,
    const double[:, ::1] frame, Py_ssize_t row, Py_ssize_t end, Py_ssize_t n_qubits, int16_t barrier,
    int64_t* free_at, double* frames, int64_t[:] start, double[:] phase, int64_t* length,
) noexcept nogil:
    """Return the first bad row, or -1."""
    cdef Py_ssize_t k, after
    cdef int64_t now
    cdef int32_t a, b
    for k in range(n_qubits):
        free_at[k] = 0
        frames[k] = 0
    while row < end:
        a, b = q[row, 0], q[row, 1]
        if op[row] == barrier:
            after, now = row, 0
            while after < end and op[after] == barrier and bit[after] == bit[row]:
                if q[after, 0] < 0 or q[after, 0] >= n_qubits:
                    return after
                now = max(now, free_at[q[after, 0]])
                after += 1
            while row < after:
                start[row] = free_at[q[row, 0]] = now
                phase[row] = frames[q[row, 0]]
                row += 1
            continue
        if a < 0 or a >= n_qubits or b < -1 or b >= n_qubits or duration[row] < 0:
            return row
        now = free_at[a] if b < 0 else max(free_at[a], free_at[b])
        if now > LAST - duration[row]:
            return row
        start[row] = now
        phase[row] = frames[a]
        now += duration[row]
        free_at[a] = now
        frames[a] += frame[row, 0]
        if b >= 0:
            free_at[b] = now
            frames[b] += frame[row, 1]
        row += 1
    now = 0
    for k in range(n_qubits):
        now = max(now, free_at[k])
    length[0] = now
    return -1
