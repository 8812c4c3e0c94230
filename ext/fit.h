/* Bounded Levenberg-Marquardt for one set of points after another; plain C99, no allocation.
 *
 * Steps come from the normal matrix scaled to a unit diagonal (Marquardt, J. SIAM 11, 431): points are few, parameters at
 * most ten, and whoever calls has brought all numbers to order 1. A parameter at a bound whose gradient points outwards
 * waits; a step is cut at the bounds.
 */
#ifndef QCTL_FIT_H
#define QCTL_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "fit_curves.h"

enum { CONVERGED, TIRED, SINGULAR, NOT_FINITE, MOST_ROUNDS = 200 };
#define N MOST_PARAMETERS

typedef struct {
    double chi2, gradient[N], matrix[N][N]; /* sum of squares, half its gradient, normal matrix: lower triangle */
} sums_t;

typedef double (*curve_t)(const double* p, double x, double* j);

static inline void add(sums_t* sums, double residual, double w, const double* j, const int n)
{
    residual *= w;
    sums->chi2 += residual * residual;
    for (int a = 0; a < n; a++) {
        double slope = j[a] * w;
        sums->gradient[a] += slope * residual;
        for (int b = 0; b <= a; b++) sums->matrix[a][b] += slope * j[b] * w;
    }
}

/* Inlined once for each curve, so that the number of parameters is known. */
static inline double over_points(curve_t curve, const int n, const double* p, const double* x, const double* y,
                                 const double* sigma, ptrdiff_t points, sums_t* sums)
{
    double j[N];
    for (ptrdiff_t k = 0; k < points; k++) {
        double w = 1 / sigma[k];
        if (w == 0) continue;
        double residual = curve(p, x[k], j) - y[k];
        add(sums, residual, w, j, n);
    }
    return sums->chi2;
}

static inline double over_resonance(const double* p, const double* x, const double* y, const double* sigma,
                                    ptrdiff_t points, sums_t* sums)
{
    double j[2 * N], value[2];
    ptrdiff_t half = points / 2;
    for (ptrdiff_t k = 0; k < half; k++) {
        resonance(p, x[k], value, j);
        for (int part = 0; part < 2; part++) {
            double w = 1 / sigma[k + part * half];
            if (w != 0) add(sums, value[part] - y[k + part * half], w, j + 8 * part, 8);
        }
    }
    return sums->chi2;
}

static double over_set(int model, const double* p, const double* x, const double* y, const double* sigma,
                       ptrdiff_t points, sums_t* sums)
{
    *sums = (sums_t){0};
#define CASE(NAME, curve, n) case NAME: return over_points(curve, n, p, x, y, sigma, points, sums)
    switch (model) {
        CASE(POLYNOMIAL, polynomial, 3);
        CASE(DECAY, decay, 4);
        CASE(EXPONENTIALS, exponentials, 7);
        CASE(OSCILLATION, oscillation, 8);
        CASE(BEATING, beating, 10);
        CASE(LORENTZIAN, lorentzian, 5);
        CASE(GAUSSIAN, gaussian, 5);
        CASE(RABI_LINE, rabi_line, 6);
        CASE(HYPERBOLA, hyperbola, 4);
        CASE(ARC, arc, 5);
        CASE(RESONATOR_ARC, resonator_arc, 7);
        CASE(EDGE, edge, 4);
        CASE(SIGMOID, sigmoid, 5);
        default: return over_resonance(p, x, y, sigma, points, sums);
    }
#undef CASE
}

static inline double curve_at(int model, const double* p, double x, int part)
{
    static const curve_t curves[N_CURVES] = {polynomial, decay, exponentials, oscillation, beating, lorentzian, gaussian,
        rabi_line, NULL, hyperbola, arc, resonator_arc, edge, sigmoid};
    double both[2];
    if (model != RESONANCE) return curves[model](p, x, NULL);
    resonance(p, x, both, NULL);
    return both[part];
}

/* Lower triangle of a becomes its Cholesky factor; 0 where it is not positive definite. */
static int factor(double a[N][N], int n)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k <= i; k++) {
            double sum = a[i][k];
            for (int l = 0; l < k; l++) sum -= a[i][l] * a[k][l];
            if (i != k) a[i][k] = sum / a[k][k];
            else if (!(sum > 1e-15)) return 0;
            else a[i][i] = sqrt(sum);
        }
    }
    return 1;
}

static void substitute(double a[N][N], int n, double* b)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++) b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
}

/* Which parameters move, and what brings their part of the normal matrix to a unit diagonal. */
static int gather(const sums_t* sums, const int* held, int n, double damping, int* which, double* scale, double a[N][N])
{
    int m = 0;
    for (int i = 0; i < n; i++) {
        if (held[i] || !(sums->matrix[i][i] > 0)) continue;
        which[m] = i, scale[m] = 1 / sqrt(sums->matrix[i][i]);
        for (int k = 0; k < m; k++) a[m][k] = sums->matrix[i][which[k]] * scale[m] * scale[k];
        a[m][m] = 1 + damping;
        m++;
    }
    return m;
}

static int covariance(const sums_t* sums, const double* low, const double* high, int n, double* out)
{
    int held[N], which[N], singular = 0;
    double scale[N], a[N][N], column[N], found[N][N];
    for (int i = 0; i < n; i++) {
        held[i] = !(low[i] < high[i]);
        singular |= !held[i] && !(sums->matrix[i][i] > 0);
    }
    int m = gather(sums, held, n, 0, which, scale, a);
    singular |= !factor(a, m);
    for (int i = 0; i < m && !singular; i++) {
        for (int k = 0; k < m; k++) column[k] = k == i;
        substitute(a, m, column);
        singular |= !(column[i] < 1e13);
        for (int k = 0; k < m; k++) found[i][k] = column[k] * scale[i] * scale[k];
    }
    for (int i = 0; i < n * n; i++) out[i] = singular ? NAN : 0;
    if (singular) return 1;
    for (int i = 0; i < m; i++)
        for (int k = 0; k < m; k++) out[which[i] * n + which[k]] = (found[i][k] + found[k][i]) / 2;
    return 0;
}

static int finite_sums(const sums_t* sums, int n)
{
    double all = sums->chi2;
    for (int i = 0; i < n; i++)
        for (int k = 0; k <= i; k++) all += sums->matrix[i][k];
    return isfinite(all);
}

/* One set: p holds the start and becomes the answer. */
static int fit_set(int model, int n, const double* x, const double* y, const double* sigma, ptrdiff_t points,
                   const double* low, const double* high, double* p, double* out_cov, double* out_chi2)
{
    sums_t sums, next;
    double damping = 1e-3, trial[N], scale[N], a[N][N], step[N];
    int flag = TIRED, held[N], which[N], usable = 1;
    for (int i = 0; i < n; i++) p[i] = p[i] < low[i] ? low[i] : p[i] > high[i] ? high[i] : p[i];
    for (ptrdiff_t k = 0; k < points; k++) usable &= sigma[k] >= 0; /* also 1 / infinity, which is 0 */
    *out_chi2 = over_set(model, p, x, y, sigma, points, &sums);
    if (!usable || !finite_sums(&sums, n)) {
        for (int i = 0; i < n * n; i++) out_cov[i] = NAN;
        return NOT_FINITE;
    }
    for (int round = 0; round < MOST_ROUNDS && flag == TIRED; round++) {
        for (int i = 0; i < n; i++)
            held[i] = low[i] >= high[i] || (p[i] <= low[i] && sums.gradient[i] > 0) || (p[i] >= high[i] && sums.gradient[i] < 0);
        int m = gather(&sums, held, n, damping, which, scale, a), small = 1, solved = factor(a, m);
        for (int i = 0; i < m; i++) step[i] = -sums.gradient[which[i]] * scale[i];
        if (solved) substitute(a, m, step);
        for (int i = 0; i < n; i++) trial[i] = p[i];
        for (int i = 0; i < m && solved; i++) {
            int k = which[i];
            double to = p[k] + step[i] * scale[i];
            trial[k] = to < low[k] ? low[k] : to > high[k] ? high[k] : to;
            small &= fabs(trial[k] - p[k]) <= 1e-9 * (fabs(p[k]) + 1e-6);
        }
        /* Most trials are taken: their slopes are found along with them. */
        double old = sums.chi2, now = solved ? over_set(model, trial, x, y, sigma, points, &next) : INFINITY;
        int better = now < old;
        if ((better && old - now <= 1e-9 * old + 1e-300) || (solved && small) || damping > 1e12) flag = CONVERGED;
        if (better) {
            for (int i = 0; i < n; i++) p[i] = trial[i];
            sums = next;
            damping = damping > 1e-11 ? damping / 10 : 1e-12;
        } else {
            damping *= 7;
        }
    }
    *out_chi2 = sums.chi2;
    return covariance(&sums, low, high, n, out_cov) ? SINGULAR : flag;
}

#undef N
#endif
