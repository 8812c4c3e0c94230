"""Write what every operation plays to the table of its line: a counting sort by line, in one sweep.

Cost per row is constant. The twin in ``qctl/kernels/emit.py`` says what each argument is.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc

cdef struct Operation:  # qctl.core.schedule.OPERATION
    int32_t point
    int16_t op
    int32_t q[2]
    int32_t bit
    int64_t start
    int64_t duration
    double angle
    double phase

cdef struct Pulse:  # PULSE of the twin
    int32_t line
    int32_t waveform
    int32_t carrier
    int64_t factor
    int64_t shift
    double amplitude
    double phase

cdef struct Play:  # qctl.core.sequence.PLAY
    int32_t point
    int32_t waveform
    int32_t carrier
    int64_t start
    double amplitude
    double phase


def emit(
    const Operation[::1] rows,
    const int32_t[::1] code,
    const int64_t[::1] first,
    const Pulse[::1] pulses,
    const int64_t[::1] starts,
    Play[::1] plays,
    uint8_t[::1] jumps,
):
    """Fill ``plays`` and ``jumps``."""
    cdef Py_ssize_t n_codes = first.shape[0] - 1, n_lines = jumps.shape[0], k, bad = -1
    cdef bint full = True
    if rows.shape[0] != code.shape[0]:
        raise ValueError("rows and code do not fit each other")
    if starts.shape[0] != n_lines + 1:
        raise ValueError("starts and jumps do not fit each other")
    check_rises(first, pulses.shape[0], "first")
    check_rises(starts, plays.shape[0], "starts")
    for k in range(pulses.shape[0]):
        if pulses[k].line < 0 or pulses[k].line >= n_lines:
            raise ValueError(f"pulse {k} is on a line that is not there")
    cdef int64_t* place = <int64_t*> malloc((n_lines + 1) * sizeof(int64_t))
    if place == NULL:
        raise MemoryError
    with nogil:
        for k in range(n_lines):
            place[k] = starts[k]
            jumps[k] = 0
        for k in range(rows.shape[0]):
            if code[k] < 0 or code[k] >= n_codes or not emit_row(
                &rows[k], first[code[k]], first[code[k] + 1], pulses, starts, place, plays, jumps
            ):
                bad = k
                break
        for k in range(n_lines):
            full = full and place[k] == starts[k + 1]
    free(place)
    if bad >= 0:
        raise ValueError(f"row {bad} has a code that is not there, or more plays than there is room for")
    if not full:
        raise ValueError("there is room for more plays than there are")


cdef check_rises(const int64_t[::1] values, Py_ssize_t last, str name):
    cdef Py_ssize_t k, n = values.shape[0]
    cdef bint rises = n > 0 and values[0] == 0 and values[n - 1] == last
    for k in range(n - 1):
        rises = rises and values[k] <= values[k + 1]
    if not rises:
        raise ValueError(f"{name} must rise from 0 to {last}")


cdef bint emit_row(
    const Operation* row, int64_t pulse, int64_t last, const Pulse[::1] pulses,
    const int64_t[::1] starts, int64_t* place, Play[::1] plays, uint8_t[::1] jumps,
) noexcept nogil:
    """Return whether there was room."""
    cdef int32_t line
    cdef int64_t slot
    cdef Play* play
    while pulse < last:
        line = pulses[pulse].line
        slot = place[line]
        if slot >= starts[line + 1]:
            return False
        play = &plays[slot]
        play.point = row.point
        play.waveform = pulses[pulse].waveform
        play.carrier = pulses[pulse].carrier
        play.start = row.start * pulses[pulse].factor + pulses[pulse].shift
        play.amplitude = pulses[pulse].amplitude
        play.phase = row.phase + pulses[pulse].phase
        if slot > starts[line] and (play - 1).point == play.point and (play - 1).start > play.start:
            jumps[line] = 1
        place[line] = slot + 1
        pulse += 1
    return True
