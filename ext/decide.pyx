"""What measured values answer, as a number: the host loop's decision, between an answer and the next part.

In NumPy: ``sum((values[c] > least[c]) << k for k, c in enumerate(channels[channels >= 0]))``
"""


def code_of(const double[::1] values, const double[::1] least, const int[::1] channels):
    """Return the answers of one part, answer k in bit k; NaN counts as 0."""
    if values.shape[0] != least.shape[0]:
        raise ValueError("values and least do not fit each other")
    cdef Py_ssize_t k
    cdef int channel
    cdef long long code = 0
    for k in range(channels.shape[0]):
        channel = channels[k]
        if channel < 0:
            break
        if channel >= values.shape[0]:
            raise ValueError("channels and values do not fit each other")
        if values[channel] > least[channel]:
            code |= (<long long> 1) << k
    return code
