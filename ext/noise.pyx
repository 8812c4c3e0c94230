"""Rows of templates with noise that is looked up: what a digitizer hears of many shots.

The twin in ``qctl/kernels/noise.py`` says what each argument is.
"""

import numpy as np

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t, uint16_t, uint64_t

cdef extern from "numpy/random/bitgen.h":
    ctypedef struct bitgen_t:
        void* state
        uint64_t (*next_uint64)(void*) noexcept nogil

cdef extern from "noise.h" nogil:
    enum: DRAWN
    void add_looked_up(const float* source, const float* values, const uint16_t* bits, float* out, Py_ssize_t n)


def noisy_rows(
    const float[:, ::1] templates, const int64_t[::1] which, const float[::1] values, rng, float[:, ::1] out
):
    """Fill each row of ``out`` with a template and noise."""
    cdef Py_ssize_t n_rows = out.shape[0], n = out.shape[1], row, at, count, k, used = 4 * DRAWN
    cdef Py_ssize_t left = (n_rows * n + 3) // 4  # numbers still to be drawn
    if which.shape[0] != n_rows or templates.shape[1] != n or values.shape[0] != 65536:
        raise ValueError("templates, which, values and out do not fit each other")
    if n_rows and not 0 <= np.min(which) <= np.max(which) < templates.shape[0]:
        raise ValueError(f"a template beyond the {templates.shape[0]} there are")
    if n_rows * n == 0:
        return
    generator = rng.bit_generator
    cdef bitgen_t* bits = <bitgen_t*> PyCapsule_GetPointer(generator.capsule, "BitGenerator")
    cdef uint64_t drawn[DRAWN]
    with generator.lock, nogil:
        for row in range(n_rows):
            at = 0
            while at < n:
                if used == 4 * DRAWN:
                    for k in range(min(DRAWN, left)):
                        drawn[k] = bits.next_uint64(bits.state)
                    left -= min(DRAWN, left)
                    used = 0
                count = min(n - at, 4 * DRAWN - used)
                add_looked_up(&templates[which[row], at], &values[0], <uint16_t*> drawn + used, &out[row, at], count)
                at += count
                used += count
