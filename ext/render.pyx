"""Add up what one line plays and quantise it: envelopes, carriers, mixer, offsets to int16 codes.

The twin in ``qctl/kernels/render.py`` says what each argument is, and the formulas.
"""

from libc.math cimport M_PI, cos, fabs, rint, sin
from libc.stdint cimport int16_t, int32_t, int64_t
from libc.stdlib cimport calloc, free


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
    cdef Py_ssize_t n = waveform.shape[0], n_samples = out.shape[1], play, k, j
    if not n == start.shape[0] == amplitude.shape[0] == phase.shape[0] == carrier.shape[0]:
        raise ValueError("waveform, start, amplitude, phase and carrier do not fit each other")
    if not mixer.shape[0] == mixer.shape[1] == offset.shape[0] == out.shape[0] == 2:
        raise ValueError("mixer, offset and out are not for two outputs")
    check(samples, first, waveform, start, n_samples)
    cdef double complex* total = <double complex*> calloc(n_samples + 1, sizeof(double complex))
    if total == NULL:
        raise MemoryError
    cdef double angle, peak_i, peak_q
    with nogil:
        for play in range(n):
            for k in range(first[waveform[play] + 1] - first[waveform[play]]):
                j = start[play] + k
                angle = 2 * M_PI * carrier[play] * (j - origin) + phase[play]
                total[j] = total[j] + samples[first[waveform[play]] + k] * amplitude[play] * (
                    cos(angle) + 1j * sin(angle)
                )
        peak_i, peak_q = (0.0, 0.0) if n_samples else (fabs(offset[0]), fabs(offset[1]))
        for j in range(n_samples):
            out[0, j] = code(mixer[0, 0] * total[j].real + mixer[0, 1] * total[j].imag + offset[0], &peak_i)
            out[1, j] = code(mixer[1, 0] * total[j].real + mixer[1, 1] * total[j].imag + offset[1], &peak_q)
        free(total)
    return peak_i if not peak_i < peak_q else peak_q


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
    cdef double real, imag
    cdef double complex w
    with nogil:
        for k in range(out.shape[0]):
            out[k] = 0
        for play in range(n):
            real, imag = amplitude[play] * cos(phase[play]), amplitude[play] * sin(phase[play])
            for k in range(first[waveform[play] + 1] - first[waveform[play]]):
                w = samples[first[waveform[play]] + k]
                out[start[play] + k] += real * w.real - imag * w.imag


def quantise(const double[::1] x, double offset, int16_t[::1] out):
    """Fill ``out`` with the codes of ``x + offset``; return the largest value."""
    if x.shape[0] != out.shape[0]:
        raise ValueError("x and out do not fit each other")
    cdef Py_ssize_t k
    cdef double peak = fabs(offset) if x.shape[0] == 0 else 0
    with nogil:
        for k in range(x.shape[0]):
            out[k] = code(x[k] + offset, &peak)
    return peak


cdef inline int16_t code(double value, double* peak) noexcept nogil:
    """Quantise; a NaN becomes code 0 and stays in the peak; beyond full scale saturates (the caller refuses)."""
    cdef double size = fabs(value)
    if not size <= peak[0]:
        if peak[0] == peak[0]:
            peak[0] = size
        if size != size:
            return 0
    value = rint(value * 32767)
    return <int16_t> min(max(value, -32768.0), 32767.0)


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
