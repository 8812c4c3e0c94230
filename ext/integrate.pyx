"""Integrate readout traces: one complex number per shot and weight.

In NumPy: ``out[:] = (codes[:, 0] + 1j * codes[:, 1]) @ weights.T``
"""

from libc.stdint cimport int16_t


def integrate(const int16_t[:, :, :] codes, const double complex[:, ::1] weights, double complex[:, ::1] out):
    """Fill ``out`` with the weighted sums of each shot's samples."""
    cdef Py_ssize_t n = codes.shape[0], s = codes.shape[2], m = weights.shape[0], shot, j, k
    if codes.shape[1] != 2 or weights.shape[1] != s or out.shape[0] != n or out.shape[1] != m:
        raise ValueError("codes, weights and out do not fit each other")
    if n > 0 and s > 1 and codes.strides[2] != sizeof(int16_t):
        raise ValueError("the samples of codes must be contiguous")
    cdef double complex total
    with nogil:
        for shot in range(n):
            for j in range(m):
                total = 0
                for k in range(s):
                    total = total + (<double> codes[shot, 0, k] + 1j * <double> codes[shot, 1, k]) * weights[j, k]
                out[shot, j] = total
