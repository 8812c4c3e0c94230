"""Filter one output's samples: a cascade of first-order sections, or a short FIR.

In NumPy: ``scipy.signal.sosfilt`` and ``numpy.convolve(x, taps)[: len(x)]``
"""


def filter_sections(const double[::1] x, const double[:, ::1] sections, double[::1] out):
    """Fill ``out`` with ``x`` after every section; ``out`` may be ``x``."""
    if sections.shape[1] != 3 or x.shape[0] != out.shape[0]:
        raise ValueError("x, sections and out do not fit each other")
    cdef Py_ssize_t n = x.shape[0], s, k
    cdef double state, value
    with nogil:
        for k in range(n):
            out[k] = x[k]
        for s in range(sections.shape[0]):
            state = 0
            for k in range(n):
                value = sections[s, 0] * out[k] + state
                state = sections[s, 1] * out[k] - sections[s, 2] * value
                out[k] = value


def filter_fir(const double[::1] x, const double[::1] taps, double[::1] out):
    """Fill ``out`` with ``x`` convolved with ``taps``."""
    if taps.shape[0] < 1 or x.shape[0] != out.shape[0]:
        raise ValueError("x, taps and out do not fit each other")
    cdef Py_ssize_t n = x.shape[0], m = taps.shape[0], k, j
    cdef double total
    if n > 0 and &x[0] < &out[n - 1] + 1 and &out[0] < &x[n - 1] + 1:
        raise ValueError("x and out share memory")
    with nogil:
        for k in range(n):
            total = 0
            for j in range(min(m, k + 1)):
                total += taps[j] * x[k - j]
            out[k] = total
