"""Fit many sets of points at once: bounded Levenberg-Marquardt.

The twin in ``qctl/kernels/fit.py`` says what each argument is; ``fit_curves.h`` holds the curves, ``fit.h`` the loop.
"""

import numpy as np

from libc.stdint cimport int32_t

cdef extern from "fit.h" nogil:
    enum: N_CURVES, RESONANCE
    const int* N_PARAMETERS
    double curve_at(int model, const double* p, double x, int part)
    int fit_set(
        int model, int n, const double* x, const double* y, const double* sigma, Py_ssize_t points,
        const double* low, const double* high, double* p, double* out_cov, double* out_chi2,
    )


cdef int check(int model, Py_ssize_t points, Py_ssize_t n_par, bint shapes) except -1:
    if not 0 <= model < N_CURVES:
        raise ValueError(f"no model {model}")
    if not shapes or n_par != N_PARAMETERS[model] or (model == RESONANCE and points % 2):
        raise ValueError("data, parameters and outputs do not fit each other")
    return 0


def evaluate(int model, const double[:, ::1] x, const double[:, ::1] p, double[:, ::1] out):
    """Fill ``out`` with the curve of number ``model`` at x."""
    cdef Py_ssize_t n = x.shape[0], points = x.shape[1], half = points // 2, row, k
    check(model, points, p.shape[1], p.shape[0] == n == out.shape[0] and out.shape[1] == points)
    with nogil:
        for row in range(n):
            for k in range(points):
                out[row, k] = curve_at(model, &p[row, 0], x[row, k], k >= half)


def fit(
    int model, const double[:, ::1] x, const double[:, ::1] y, const double[:, ::1] sigma,
    const double[:, ::1] start, const double[:, ::1] low, const double[:, ::1] high,
    double[:, ::1] out_par, double[:, :, ::1] out_cov, double[::1] out_chi2, int32_t[::1] out_flag,
):
    """Fit each row of y over x."""
    cdef Py_ssize_t n = start.shape[0], n_par = start.shape[1], points = x.shape[1], row, k
    check(model, points, n_par, (
        x.shape[0] == y.shape[0] == sigma.shape[0] == n and y.shape[1] == sigma.shape[1] == points
        and low.shape[0] == high.shape[0] == out_par.shape[0] == out_cov.shape[0] == n
        and low.shape[1] == high.shape[1] == out_par.shape[1] == out_cov.shape[1] == out_cov.shape[2] == n_par
        and out_chi2.shape[0] == out_flag.shape[0] == n
    ))
    if not (np.asarray(low) <= np.asarray(high)).all():
        raise ValueError("a lower bound lies above its upper bound")
    if n == 0 or points == 0:
        np.asarray(out_par)[...] = start
        np.asarray(out_cov)[...] = np.nan
        np.asarray(out_chi2)[...] = 0
        np.asarray(out_flag)[...] = 2
        return
    with nogil:
        for row in range(n):
            for k in range(n_par):
                out_par[row, k] = start[row, k]
            out_flag[row] = fit_set(
                model, <int> n_par, &x[row, 0], &y[row, 0], &sigma[row, 0], points, &low[row, 0], &high[row, 0],
                &out_par[row, 0], &out_cov[row, 0, 0], &out_chi2[row],
            )
