"""The operator of a stretch of driven, coupled and decaying transmons.

The twin in ``qctl/kernels/channel.py`` says what each argument is; ``channel.h`` holds the loops.
"""

from functools import lru_cache

import numpy as np

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free

cdef extern from "channel.h" nogil:
    ctypedef double lanes8
    enum: MOST
    ctypedef struct series_t:
        pass
    ctypedef struct plan_t:
        Py_ssize_t n, places, levels, n_off, n_fields, n_pairs, n_entries
        int32_t* off_from
        double* off_factor
        int32_t* row_start
        int32_t* column
        int32_t* term_start
        int32_t* term_h
        int32_t* term_u
        int32_t* pair_start
        int32_t* pair_a
        int32_t* pair_b
        double* sizes
        int32_t* upper
        int32_t* place_of
    ctypedef struct stretch_t:
        double* energies
        double* fields
        double* exchanges
        double* shifts
        double* steps
        double* rates
        Py_ssize_t n_steps
    void series_set(series_t* series, Py_ssize_t steps)
    void* lanes_alloc(size_t n_bytes, void** block)
    int groups_of_steps(plan_t* plan, stretch_t* stretch, series_t* series, int64_t* ends, Py_ssize_t n_groups,
                        lanes8* room, double* out, double* phase)
    void superoperator_of(plan_t* plan, stretch_t* stretch, double* groups, double* spans, Py_ssize_t n_groups,
                          lanes8* room, double* decay, double* out)


cdef class Plan:
    """Which elements of H and U can differ from zero, for one set of fields and exchanges that act."""

    cdef plan_t c
    cdef object owned
    cdef readonly object excitations

    def __init__(self, levels, places, driven, pairs):
        n = levels**places
        stride = levels ** np.arange(places)[::-1]
        numbers = np.arange(n)[:, None] // stride % levels  # of excitations, (n, places)
        self.owned, self.excitations = [], numbers
        elements = []  # above the diagonal: row, column, from, factor
        sizes = np.zeros(places + len(pairs))
        for j in range(places) if driven else ():
            rows = np.flatnonzero(numbers[:, j] + 1 < levels)
            elements += [(r, r + stride[j], j, np.sqrt(numbers[r, j] + 1.0) / 2) for r in rows]
        n_fields = places if driven else 0
        for k, (a, b) in enumerate(pairs):  # a takes from the first and gives to the second
            for r in np.flatnonzero((numbers[:, a] > 0) & (numbers[:, b] + 1 < levels)):
                other = r - stride[a] + stride[b]
                factor = np.sqrt(float(numbers[r, a] * (numbers[r, b] + 1)))
                elements.append((min(r, other), max(r, other), n_fields + k, factor))
        sums = np.zeros((len(sizes), n))
        for r, c, source, factor in elements:
            sums[source, [r, c]] += factor
        sizes[:] = sums.max(axis=1, initial=0.0)
        h = {(r, r): r for r in range(n)}
        for x, (r, c, _, _) in enumerate(elements):
            h[r, c], h[c, r] = n + 2 * x, n + 2 * x + 1
        reached = np.zeros((n, n), bool)
        reached[tuple(np.array(list(h)).T)] = True
        while not np.array_equal(reached, wider := (reached.astype(np.int64) @ reached) > 0):
            reached = wider
        rows, columns = np.nonzero(reached)
        entry = {(r, c): e for e, (r, c) in enumerate(zip(rows.tolist(), columns.tolist()))}
        terms = [[(h[r, k], entry[k, c]) for k in range(n) if (r, k) in h and (k, c) in entry] for r, c in entry]
        pairs_of = [[(entry[r, k], entry[k, c]) for k in range(n) if (r, k) in entry and (k, c) in entry]
                    for r, c in entry]
        self.c.n, self.c.places, self.c.levels = n, places, levels
        self.c.n_off, self.c.n_fields = len(elements), n_fields
        self.c.n_pairs, self.c.n_entries = len(pairs), len(entry)
        self.c.off_from = <int32_t*> self.own([e[2] for e in elements], np.int32)
        self.c.off_factor = <double*> self.own([e[3] for e in elements], np.float64)
        self.c.row_start = <int32_t*> self.own(np.searchsorted(rows, np.arange(n + 1)), np.int32)
        self.c.column = <int32_t*> self.own(columns, np.int32)
        self.c.term_start = <int32_t*> self.own(np.cumsum([0, *map(len, terms)]), np.int32)
        self.c.term_h = <int32_t*> self.own([t[0] for several in terms for t in several], np.int32)
        self.c.term_u = <int32_t*> self.own([t[1] for several in terms for t in several], np.int32)
        self.c.pair_start = <int32_t*> self.own(np.cumsum([0, *map(len, pairs_of)]), np.int32)
        self.c.pair_a = <int32_t*> self.own([t[0] for several in pairs_of for t in several], np.int32)
        self.c.pair_b = <int32_t*> self.own([t[1] for several in pairs_of for t in several], np.int32)
        self.c.sizes = <double*> self.own(sizes, np.float64)
        self.c.upper = <int32_t*> self.own(np.transpose(np.triu_indices(n)), np.int32)
        ket, bra = numbers[:, None, :], numbers[None, :, :]
        place_of = ((ket * levels + bra) * (levels**2) ** np.arange(places)[::-1]).sum(axis=-1)
        self.c.place_of = <int32_t*> self.own(place_of, np.int32)

    cdef size_t own(self, array, dtype):
        """Keep an array as long as the tables; return where its numbers are."""
        kept = np.ascontiguousarray(array, dtype)
        self.owned.append(kept)
        return kept.ctypes.data


@lru_cache(maxsize=256)
def plan_of(levels, places, driven, pairs):
    """Return the plan; made once for each structure."""
    return Plan(levels, places, driven, pairs)


def channel(
    const double[:, :, ::1] energies,
    const double complex[:, ::1] fields,
    const double[:, ::1] exchanges,
    const double[::1] shifts,
    const int64_t[:, ::1] pairs,
    const double[::1] steps,
    rates,
    double longest,
):
    """Return the operator of all steps."""
    cdef Py_ssize_t n_steps = energies.shape[0], places = energies.shape[1], levels = energies.shape[2]
    couples = tuple((int(a), int(b)) for a, b in np.asarray(pairs))
    if not (
        fields.shape[0] == exchanges.shape[0] == steps.shape[0] == n_steps
        and fields.shape[1] == places
        and exchanges.shape[1] == shifts.shape[0] == len(couples)
        and (rates is None or np.shape(rates) == (places, 3))
        and all(0 <= a < places and 0 <= b < places and a != b for a, b in couples)
        and places > 0
        and levels > 1
    ):
        raise ValueError("energies, fields, exchanges, shifts, pairs, steps and rates do not fit each other")
    if levels**places > MOST or levels > 8:
        raise ValueError(f"{places} transmons of {levels} levels: at most {MOST} levels in all, 8 of one")
    if not (np.isfinite(steps).all() and (rates is None or np.isfinite(rates).all())):
        refuse()
    driven = bool(np.any(fields))
    cdef Plan plan = plan_of(levels, places, driven, couples)
    cdef plan_t* p = &plan.c
    numbers = plan.excitations
    each = sum((shifts[k] * numbers[:, a] * numbers[:, b] for k, (a, b) in enumerate(couples)), np.zeros(len(numbers)))
    ends = groups(np.asarray(steps), longest if rates is not None else np.inf)
    cdef double[::1] shift = np.ascontiguousarray(each)
    cdef double[::1] spans = np.add.reduceat(steps, ends[: len(ends) - 1]) if len(ends) > 1 else np.zeros(0)
    cdef int64_t[::1] behind = np.ascontiguousarray(ends[1:], np.int64)
    cdef Py_ssize_t n_groups = behind.shape[0], n = p.n, size = n * n
    cdef double[:, ::1] rate = np.ascontiguousarray(rates if rates is not None else np.zeros((places, 3)), np.float64)
    cdef double[::1] work = np.empty(2 * n_groups * p.n_entries + places * levels**3)
    cdef stretch_t s
    cdef double phase = 0
    cdef void* block
    cdef int bad = 0
    cdef series_t series
    out = np.zeros((n, n) if rates is None else (size, size), np.complex128)
    cdef double* target = <double*> <size_t> out.ctypes.data
    if n_steps == 0:
        np.fill_diagonal(out, 1)
        return out
    s.energies, s.steps, s.rates, s.n_steps = <double*> &energies[0, 0, 0], <double*> &steps[0], &rate[0, 0], n_steps
    s.fields = <double*> &fields[0, 0]
    s.exchanges = <double*> &exchanges[0, 0] if len(couples) else NULL
    s.shifts = &shift[0]
    cdef lanes8* room = <lanes8*> lanes_alloc(
        64 * (2 * (n + 2 * p.n_off) + 7 * p.n_entries + 4 * size), &block
    )
    if room == NULL:
        raise MemoryError
    with nogil:
        series_set(&series, n_steps)
        bad = groups_of_steps(p, &s, &series, &behind[0], n_groups, room, &work[0], &phase)
        if not bad and rates is not None:
            superoperator_of(p, &s, &work[0], &spans[0], n_groups, room, &work[2 * n_groups * p.n_entries], target)
        free(block)
    if bad:
        refuse()
    if rates is None:
        rows = np.repeat(np.arange(n), np.diff(plan.owned[2]))
        out[rows, plan.owned[3]] = np.asarray(work)[: 2 * p.n_entries].view(np.complex128) * np.exp(-1j * phase)
    return out


cdef refuse():
    raise ValueError("energies, fields, exchanges or rates are not finite, or turn by more than 1e6 rad in one step")


def groups(steps, longest):
    """Return where groups of equal steps begin, and the end; none is longer than ``longest`` unless of one step."""
    if not np.isfinite(longest):
        return np.array([0, len(steps)] if len(steps) else [0])
    changes = np.flatnonzero(np.abs(np.diff(steps)) > 1e-6 * np.abs(steps[: len(steps) - 1])) + 1
    edges = [0, *changes.tolist(), len(steps)]
    parts = [np.arange(a, b, max(1, int(longest / steps[a] + 1e-6))) for a, b in zip(edges, edges[1:]) if b > a]
    return np.concatenate([*parts, [len(steps)]])
