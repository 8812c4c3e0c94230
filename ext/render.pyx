"""Add up what one line plays and quantise it: envelopes, carriers, mixer, offsets to int16 codes.

The twin in ``qctl/kernels/render.py`` says what each argument is, and the formulas.
"""

import numpy as np

from libc.math cimport cos, fabs, sin
from libc.stdint cimport int16_t, int32_t, int64_t
from libc.stdlib cimport free

cdef extern from "render.h" nogil:
    enum: CHUNK, N_TABLES, ROOM
    ctypedef struct table_t:
        pass
    ctypedef struct made_t:
        int32_t waveform
    ctypedef struct plays_t:
        const double* samples
        const int64_t* first
        const int32_t* waveform
        const int64_t* start
        const double* amplitude
        const double* phase
        const double* carrier
        int64_t origin
    ctypedef struct render_scratch_t:
        made_t* keys
        unsigned next
        table_t* tables
        float* x
        float* y
        int16_t* codes
    void* lanes_alloc(size_t n_bytes, void** block)
    float render_all(
        plays_t* plays, int64_t* order, Py_ssize_t n_plays, double* mixer, double* offset, render_scratch_t* scratch,
        int16_t* out_i, int16_t* out_q, int64_t n_samples,
    )
    double quantise_all(const double* x, double offset, int16_t* out, int64_t n)
    void add_real(const double* samples, int64_t n, double real, double imag, double* out)


def render_iq(
    const double complex[::1] samples,
    const int64_t[::1] first,
    const int32_t[::1] waveform,
    const int64_t[::1] start,
    const double[::1] amplitude,
    const double[::1] phase,
    const double[::1] carrier,
    int64_t origin,
    const double[:, ::1] mixer,
    const double[::1] offset,
    int16_t[:, ::1] out,
):
    """Fill ``out`` with the codes of I and Q; return the largest value as a fraction of full scale."""
    cdef Py_ssize_t n = waveform.shape[0], n_samples = out.shape[1], k
    if not n == start.shape[0] == amplitude.shape[0] == phase.shape[0] == carrier.shape[0]:
        raise ValueError("waveform, start, amplitude, phase and carrier do not fit each other")
    if not mixer.shape[0] == mixer.shape[1] == offset.shape[0] == out.shape[0] == 2:
        raise ValueError("mixer, offset and out are not for two outputs")
    check(samples, first, waveform, start, n_samples)
    if n_samples == 0:
        return max(fabs(offset[0]), fabs(offset[1]))
    order = None if rises(start) else np.argsort(start, kind="stable")
    cdef const int64_t[::1] ordered = order
    cdef plays_t plays
    plays.samples = <const double*> &samples[0] if samples.shape[0] else NULL
    plays.first, plays.origin = &first[0], origin
    if n:
        plays.waveform, plays.start, plays.carrier = &waveform[0], &start[0], &carrier[0]
        plays.amplitude, plays.phase = &amplitude[0], &phase[0]
    cdef double[4] matrix = [mixer[0, 0], mixer[0, 1], mixer[1, 0], mixer[1, 1]]
    cdef double[2] leak = [offset[0], offset[1]]
    cdef render_scratch_t scratch
    cdef void* block
    cdef float peak
    scratch.next = 0
    for k in range(N_TABLES):
        scratch.keys[k].waveform = -1
    scratch.codes = <int16_t*> lanes_alloc(
        2 * ROOM * sizeof(int16_t) + 2 * CHUNK * sizeof(float) + N_TABLES * sizeof(table_t), &block
    )
    if scratch.codes == NULL:
        raise MemoryError
    scratch.x = <float*> (scratch.codes + 2 * ROOM)
    scratch.y = scratch.x + CHUNK
    scratch.tables = <table_t*> (scratch.y + CHUNK)
    with nogil:
        peak = render_all(
            &plays, NULL if order is None else <int64_t*> &ordered[0], n, matrix, leak, &scratch,
            &out[0, 0], &out[1, 0], n_samples,
        )
        free(block)
    return peak / 32767.0


def render_real(
    const double complex[::1] samples,
    const int64_t[::1] first,
    const int32_t[::1] waveform,
    const int64_t[::1] start,
    const double[::1] amplitude,
    const double[::1] phase,
    double[::1] out,
):
    """Fill ``out`` with the sum of the real parts."""
    cdef Py_ssize_t n = waveform.shape[0], play, k
    if not n == start.shape[0] == amplitude.shape[0] == phase.shape[0]:
        raise ValueError("waveform, start, amplitude and phase do not fit each other")
    check(samples, first, waveform, start, out.shape[0])
    cdef int64_t size
    with nogil:
        for k in range(out.shape[0]):
            out[k] = 0
        for play in range(n):
            size = first[waveform[play] + 1] - first[waveform[play]]
            if size:
                add_real(
                    <const double*> &samples[first[waveform[play]]], size, amplitude[play] * cos(phase[play]),
                    amplitude[play] * sin(phase[play]), &out[start[play]],
                )


def quantise(const double[::1] x, double offset, int16_t[::1] out):
    """Fill ``out`` with the codes of ``x + offset``; return the largest value."""
    if x.shape[0] != out.shape[0]:
        raise ValueError("x and out do not fit each other")
    if x.shape[0] == 0:
        return fabs(offset)
    cdef double peak
    with nogil:
        peak = quantise_all(&x[0], offset, &out[0], x.shape[0])
    return peak


cdef bint rises(const int64_t[::1] start) noexcept:
    cdef Py_ssize_t k
    for k in range(1, start.shape[0]):
        if start[k] < start[k - 1]:
            return False
    return True


cdef check(
    const double complex[::1] samples,
    const int64_t[::1] first,
    const int32_t[::1] waveform,
    const int64_t[::1] start,
    Py_ssize_t n_samples,
):
    """Refuse waveforms outside the samples and plays outside the output."""
    cdef Py_ssize_t k, n_waveforms = first.shape[0] - 1
    cdef int64_t size
    if n_waveforms < 0 or first[0] < 0 or first[n_waveforms] > samples.shape[0]:
        raise ValueError("first does not fit samples")
    for k in range(n_waveforms):
        if first[k + 1] < first[k]:
            raise ValueError("first must rise")
    for k in range(waveform.shape[0]):
        if waveform[k] < 0 or waveform[k] >= n_waveforms:
            raise ValueError(f"play {k} names a waveform that is not there")
        size = first[waveform[k] + 1] - first[waveform[k]]
        if start[k] < 0 or start[k] > n_samples - size:
            raise ValueError(f"play {k} lies outside the output")
