"""Choose which jobs run together: first fit in the order given, one reservation, one-swap improvement.

Sets are words of bits, so that asking whether a candidate disturbs those who are in costs a few AND. The twin in
``qctl/kernels/pack.py`` says what each argument is, and gives the rules one by one.
"""

from libc.math cimport INFINITY, fmax, fmin
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

cdef enum:
    FITS, CLASH, EQUAL, BUDGET, SPAN, POINTS, ALONE, SOLO, RESERVED, NOTHING

cdef enum:
    SAME, SUM, COVER

cdef enum:
    FIRST, COUNT, IS_SOLO, BEGUN, LEFT

cdef int64_t NEVER = 0x7FFFFFFFFFFFFFFF

cdef struct Floor:
    Py_ssize_t n_words, n_resources
    const int64_t* jobs
    const uint64_t* held
    const uint64_t* shut
    const int64_t* terms
    const int64_t* kinds
    const double* bounds
    const int64_t* points
    const uint64_t* closed
    const double* capacity
    uint64_t* busy  # what those who are in hold
    uint64_t* off  # what nobody else may hold
    double* value
    double* total
    double* low
    double* high
    int64_t* users
    int64_t* placed  # jobs that are in, in order
    int64_t* row  # of each job that is in
    Py_ssize_t n_placed
    int64_t multiple
    bint solo
    int64_t head, head_row, drain  # of the reservation; -1 where there is none
    bint everything, lost  # lost: a term names a resource that is not there


def pack(
    const int64_t[:, ::1] jobs,
    const uint64_t[:, ::1] held,
    const uint64_t[:, ::1] shut,
    const int64_t[:, ::1] terms,
    const int64_t[:, ::1] kinds,
    const double[:, ::1] bounds,
    const int64_t[::1] points,
    const uint64_t[::1] closed,
    const double[::1] capacity,
    Py_ssize_t n_swaps,
    Py_ssize_t n_tries,
    int64_t[:, ::1] out,
):
    """Fill ``out`` with what becomes of each job."""
    cdef Py_ssize_t n = jobs.shape[0], job, n_left = 0
    if not fit(jobs, held, shut, terms, kinds, bounds, points, closed, capacity, out):
        raise ValueError("jobs, rows, terms and out do not fit each other, or name what is not there")
    if n == 0:
        return
    cdef Floor floor
    floor.n_words, floor.n_resources = closed.shape[0], capacity.shape[0]
    floor.jobs, floor.points, floor.terms = &jobs[0, 0], NULL, NULL
    floor.held, floor.shut, floor.closed = NULL, NULL, NULL
    floor.kinds, floor.bounds, floor.capacity = NULL, NULL, NULL
    if held.shape[0]:
        floor.points, floor.terms = &points[0], &terms[0, 0]
        if floor.n_words:
            floor.held, floor.shut = &held[0, 0], &shut[0, 0]
    if floor.n_words:
        floor.closed = &closed[0]
    if kinds.shape[0]:
        floor.kinds, floor.bounds, floor.capacity = &kinds[0, 0], &bounds[0, 0], &capacity[0]
    cdef size_t n_bytes = sizeof(int64_t) * (2 * floor.n_words + 5 * floor.n_resources + 3 * n)
    cdef char* room = <char*> calloc(n_bytes, 1)
    if room == NULL:
        raise MemoryError
    floor.busy = <uint64_t*> room
    floor.off = floor.busy + floor.n_words
    floor.value = <double*> (floor.off + floor.n_words)
    floor.total = floor.value + floor.n_resources
    floor.low = floor.total + floor.n_resources
    floor.high = floor.low + floor.n_resources
    floor.users = <int64_t*> (floor.high + floor.n_resources)
    floor.placed = floor.users + floor.n_resources
    floor.row = floor.placed + n
    cdef int64_t* before = floor.row + n
    floor.n_placed, floor.head, floor.head_row, floor.drain, floor.everything = 0, -1, -1, 0, False
    floor.lost = False
    with nogil:
        clear(&floor)
        for job in range(n):
            admit(&floor, job, &out[job, 0])
        for job in range(n):
            if n_left >= n_swaps:
                break
            if out[job, 0] < 0 and floor.jobs[5 * job + COUNT] > 0:
                n_left += 1
                swap(&floor, job, n_tries, &out[0, 0], before)
    free(room)
    if floor.lost:
        raise ValueError("a term names a resource that is not there")


cdef bint fit(
    const int64_t[:, ::1] jobs, const uint64_t[:, ::1] held, const uint64_t[:, ::1] shut, const int64_t[:, ::1] terms,
    const int64_t[:, ::1] kinds, const double[:, ::1] bounds, const int64_t[::1] points, const uint64_t[::1] closed,
    const double[::1] capacity, const int64_t[:, ::1] out,
) noexcept:
    cdef Py_ssize_t n_rows = held.shape[0], job, row
    if jobs.shape[1] != 5 or out.shape[0] != jobs.shape[0] or out.shape[1] != 4 or terms.shape[1] != 2:
        return False
    if shut.shape[0] != n_rows or terms.shape[0] != n_rows or points.shape[0] != n_rows:
        return False
    if held.shape[1] != closed.shape[0] or shut.shape[1] != closed.shape[0] or bounds.shape[0] != kinds.shape[0]:
        return False
    if kinds.shape[1] != 2 or bounds.shape[1] != 2:
        return False
    for job in range(jobs.shape[0]):
        if jobs[job, FIRST] < 0 or jobs[job, COUNT] < 0 or jobs[job, FIRST] > n_rows - jobs[job, COUNT]:
            return False
        for row in range(jobs[job, FIRST], jobs[job, FIRST] + jobs[job, COUNT]):
            if points[row] < 1 or terms[row, 0] < 0 or terms[row, 1] < terms[row, 0] or terms[row, 1] > kinds.shape[0]:
                return False
    return True


cdef void clear(Floor* f) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(f.n_words):
        f.busy[k] = 0
        f.off[k] = f.closed[k]
    for k in range(f.n_resources):
        f.value[k], f.total[k], f.low[k], f.high[k], f.users[k] = 0, 0, INFINITY, -INFINITY, 0
    f.multiple, f.solo, f.n_placed = 1, False, 0


cdef void admit(Floor* f, Py_ssize_t job, int64_t* out) noexcept nogil:
    cdef int64_t row
    out[0] = out[2] = out[3] = -1
    if f.jobs[5 * job + COUNT] == 0:
        out[1] = NOTHING
        return
    row = find(f, job)
    if row >= 0:
        take(f, job, row)
        out[0], out[1] = row, FITS
        return
    out[1] = verdict(f, job, f.jobs[5 * job + FIRST], &out[2])
    if f.head < 0 and not f.jobs[5 * job + BEGUN]:
        reserve(f, job)


cdef int64_t find(Floor* f, Py_ssize_t job) noexcept nogil:
    cdef int64_t row
    cdef int64_t[2] ignored
    cdef int64_t first = f.jobs[5 * job + FIRST]
    for row in range(first, first + f.jobs[5 * job + COUNT]):
        if clash(f, f.held, f.shut, row) < 0 and verdict(f, job, row, ignored) == FITS:
            return row
    return -1


cdef inline Py_ssize_t clash(Floor* f, const uint64_t* held, const uint64_t* shut, int64_t row) noexcept nogil:
    """Return the lowest bit that a row may not have, or -1."""
    cdef Py_ssize_t k, bit = 0
    cdef uint64_t both
    cdef const uint64_t* mine = held + row * f.n_words
    cdef const uint64_t* quiet = shut + row * f.n_words
    for k in range(f.n_words):
        both = (mine[k] & f.off[k]) | (quiet[k] & f.busy[k])
        if both:
            while not (both >> bit) & 1:
                bit += 1
            return 64 * k + bit
    return -1


cdef int64_t verdict(Floor* f, Py_ssize_t job, int64_t row, int64_t* why) noexcept nogil:
    """Return the reason; ``why`` gets the resource or bit, and the job in the way."""
    cdef Py_ssize_t k, bit
    cdef int64_t term, reason, points = f.points[row]
    why[0] = why[1] = -1
    if f.solo or (f.jobs[5 * job + IS_SOLO] and f.n_placed):
        why[1] = f.placed[0]
        return SOLO if f.solo else ALONE
    bit = clash(f, f.held, f.shut, row)
    if bit >= 0:
        why[0] = bit
        for k in range(f.n_placed):
            if disturb(f, row, f.row[f.placed[k]]):
                why[1] = f.placed[k]
                break
        return CLASH
    for term in range(f.terms[2 * row], f.terms[2 * row + 1]):
        reason = term_verdict(f, term)
        if reason != FITS:
            why[0] = f.kinds[2 * term + 1]
            return reason
    if f.multiple % points and points % f.multiple:
        return POINTS
    if f.head < 0 or f.head == job or f.jobs[5 * job + LEFT] <= f.drain:
        return FITS
    if f.everything or disturb(f, row, f.head_row):
        why[1] = f.head
        return RESERVED
    return FITS


cdef int64_t term_verdict(Floor* f, int64_t term) noexcept nogil:
    cdef int64_t kind = f.kinds[2 * term], resource = f.kinds[2 * term + 1]
    cdef double a = f.bounds[2 * term], b = f.bounds[2 * term + 1]
    if resource < 0 or resource >= f.n_resources:
        f.lost = True
        return BUDGET
    if kind == SAME:
        return EQUAL if f.users[resource] and f.value[resource] != a else FITS
    if kind == SUM:
        return FITS if f.total[resource] + a <= f.capacity[resource] else BUDGET
    return FITS if fmax(f.high[resource], b) - fmin(f.low[resource], a) <= f.capacity[resource] else SPAN


cdef inline bint disturb(Floor* f, int64_t row, int64_t other) noexcept nogil:
    cdef Py_ssize_t k, a = row * f.n_words, b = other * f.n_words
    for k in range(f.n_words):
        if (f.held[a + k] & f.shut[b + k]) | (f.shut[a + k] & f.held[b + k]):
            return True
    return False


cdef void take(Floor* f, Py_ssize_t job, int64_t row) noexcept nogil:
    cdef Py_ssize_t k
    cdef int64_t term, kind, resource
    f.placed[f.n_placed] = job
    f.n_placed += 1
    f.row[job] = row
    if f.jobs[5 * job + IS_SOLO]:
        f.solo = True
    for k in range(f.n_words):
        f.busy[k] |= f.held[row * f.n_words + k]
        f.off[k] |= f.shut[row * f.n_words + k]
    if f.points[row] > f.multiple:
        f.multiple = f.points[row]
    for term in range(f.terms[2 * row], f.terms[2 * row + 1]):
        kind, resource = f.kinds[2 * term], f.kinds[2 * term + 1]
        if kind == SAME:
            f.value[resource] = f.bounds[2 * term]
            f.users[resource] += 1
        elif kind == SUM:
            f.total[resource] += f.bounds[2 * term]
        else:
            f.low[resource] = fmin(f.low[resource], f.bounds[2 * term])
            f.high[resource] = fmax(f.high[resource], f.bounds[2 * term + 1])


cdef void reserve(Floor* f, Py_ssize_t job) noexcept nogil:
    cdef int64_t row, term, drain, best = NEVER, chosen = -1, first = f.jobs[5 * job + FIRST]
    cdef Py_ssize_t k
    cdef bint whole, solo = f.jobs[5 * job + IS_SOLO]
    for row in range(first, first + f.jobs[5 * job + COUNT]):
        if closed_to(f, row):
            continue
        whole = solo
        for term in range(f.terms[2 * row], f.terms[2 * row + 1]):
            if term_verdict(f, term) != FITS:
                whole = True
        drain = 0
        for k in range(f.n_placed):
            if whole or disturb(f, row, f.row[f.placed[k]]):
                drain = max(drain, f.jobs[5 * f.placed[k] + LEFT])
        if drain < best:
            best, chosen = drain, row
    if chosen >= 0:
        f.head, f.head_row, f.drain, f.everything = job, chosen, best, solo


cdef bint closed_to(Floor* f, int64_t row) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(f.n_words):
        if f.held[row * f.n_words + k] & f.closed[k]:
            return True
    return False


cdef void swap(Floor* f, Py_ssize_t job, Py_ssize_t n_tries, int64_t* out, int64_t* before) noexcept nogil:
    cdef int64_t row, other, first = f.jobs[5 * job + FIRST]
    cdef Py_ssize_t k, n_others
    for row in range(first, first + min(f.jobs[5 * job + COUNT], n_tries)):
        n_others, other = 0, -1
        for k in range(f.n_placed):
            if disturb(f, row, f.row[f.placed[k]]):
                n_others += 1
                other = f.placed[k]
                if n_others > 1:
                    break
        if n_others != 1 or f.jobs[5 * other + BEGUN] or f.jobs[5 * other + COUNT] < 2:
            continue
        if moved(f, job, row, other, out, before):
            return


cdef bint moved(
    Floor* f, Py_ssize_t job, int64_t row, int64_t other, int64_t* out, int64_t* before
) noexcept nogil:
    """Put ``job`` in and move ``other``; where that cannot be, leave all as it was."""
    cdef int64_t new, old = f.row[other]
    cdef int64_t[2] why
    cdef Py_ssize_t n = f.n_placed
    memcpy(before, f.placed, n * sizeof(int64_t))
    rebuild(f, before, n, other)
    if verdict(f, job, row, why) == FITS:
        take(f, job, row)
        new = find(f, other)
        if new >= 0:
            take(f, other, new)
            note(out + 4 * job, row)
            note(out + 4 * other, new)
            return True
    f.row[other] = old
    rebuild(f, before, n, -1)
    return False


cdef void rebuild(Floor* f, const int64_t* before, Py_ssize_t n, int64_t left_out) noexcept nogil:
    cdef Py_ssize_t k
    clear(f)
    for k in range(n):
        if before[k] != left_out:
            take(f, before[k], f.row[before[k]])


cdef void note(int64_t* out, int64_t row) noexcept nogil:
    out[0], out[1] = row, FITS
    out[2] = out[3] = -1
