"""Tell states from points in the IQ plane: one bit per point.

In NumPy: ``out[:] = (points * rotations).real > thresholds``
"""


def classify(
    const double complex[:, ::1] points,
    const double complex[::1] rotations,
    const double[::1] thresholds,
    unsigned char[:, ::1] out,
):
    """Fill ``out`` with 1 where a rotated point lies beyond its threshold; NaN counts as 0."""
    if not (points.shape[1] == rotations.shape[0] == thresholds.shape[0] == out.shape[1]):
        raise ValueError("points, rotations, thresholds and out do not fit each other")
    if points.shape[0] != out.shape[0]:
        raise ValueError("points, rotations, thresholds and out do not fit each other")
    cdef Py_ssize_t shot, k
    with nogil:
        for shot in range(points.shape[0]):
            for k in range(points.shape[1]):
                out[shot, k] = (
                    points[shot, k].real * rotations[k].real - points[shot, k].imag * rotations[k].imag
                ) > thresholds[k]
