/* Decaying systems, eight sweep points side by side: the series of propagate.h, for density matrices. */
#ifndef QCTL_LINDBLAD_H
#define QCTL_LINDBLAD_H

#include "propagate.h"

/* Hermitian rho: d rho = X + X^dagger + sum c rho c^dagger with X = -i (h - i loss) rho. Elements i <= j are computed. */
INLINE void lindblad_order(const system_t* s, const lanes8* h, const lanes8* w, const lanes8* rho, lanes8* next,
                           double power, const ptrdiff_t n, const int full)
{
    ptrdiff_t element = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        for (ptrdiff_t j = i; j < n; j++, element++) {
            lanes8 re = {0}, im = {0}, re2 = {0}, im2 = {0};
            int32_t begin = full ? i * n : s->row_start[i], end = full ? (i + 1) * n : s->row_start[i + 1];
            for (int32_t e = begin; e < end; e++) {
                const lanes8* v = w + 2 * ((full ? e - begin : s->column[e]) * n + j);
                re += h[2 * e] * v[1];
                re2 += h[2 * e + 1] * v[0];
                if (i != j) {
                    im += h[2 * e + 1] * v[1];
                    im2 += h[2 * e] * v[0];
                }
            }
            if (i == j) {
                re += re;
                re2 += re2;
            } else {
                begin = full ? j * n : s->row_start[j], end = full ? (j + 1) * n : s->row_start[j + 1];
                for (int32_t e = begin; e < end; e++) {
                    const lanes8* v = w + 2 * ((full ? e - begin : s->column[e]) * n + i);
                    re += h[2 * e] * v[1];
                    re2 += h[2 * e + 1] * v[0];
                    im -= h[2 * e + 1] * v[1];
                    im2 -= h[2 * e] * v[0];
                }
            }
            re += re2;
            im -= im2;
            for (int32_t x = s->jump_start[element]; x < s->jump_start[element + 1]; x++) {
                const lanes8* v = w + 2 * s->jump_from[x];
                double a = s->jump_factor[2 * x], b = s->jump_factor[2 * x + 1];
                re += a * v[0] - b * v[1];
                im += a * v[1] + b * v[0];
            }
            lanes8* to = next + 2 * (i * n + j);
            to[0] = power * rho[2 * (i * n + j)] + re;
            to[1] = i == j ? (lanes8){0} : power * rho[2 * (i * n + j) + 1] + im;
            if (i != j) {
                next[2 * (j * n + i)] = to[0];
                next[2 * (j * n + i) + 1] = -to[1];
            }
        }
    }
}

/* For each element on the diagonal and above it, at its place among n rows of n pairs. */
#define EACH_UPPER(i, j, at)                                                                                           \
    _Pragma("GCC unroll 4") for (int i = 0; i < n; i++)                                                                \
        _Pragma("GCC unroll 4") for (int j = i, at = 2 * (i * n + i); j < n; j++, at += 2)

/* A ladder of n levels whose collapse operators move all levels alike: rates[0] keeps, [1] moves down, [2] moves up. */
INLINE void lindblad_ladder(const system_t* s, const lanes8* restrict h, lanes8* restrict rho, const double* power, int order,
                            const int n)
{
    lanes8 w[2 * 16], next[2 * 16], x[4], y[4], flow[4];
    const double *keep = s->rates, *down = keep + n * n, *up = down + n * n;
#pragma GCC unroll 4
    for (int r = 0; r + 1 < n; r++) x[r] = h[4 * r + 2], y[r] = h[4 * r + 3];
    EACH_UPPER(i, j, at)
    {
        w[at] = power[order] * rho[at];
        if (i != j) w[at + 1] = power[order] * rho[at + 1];
    }
    for (int l = order - 1; l >= 0; l--) {
#pragma GCC unroll 4
        for (int r = 0; r + 1 < n; r++) { /* from level r + 1 to level r */
            flow[r] = y[r] * w[2 * (r * n + r + 1)] - x[r] * w[2 * (r * n + r + 1) + 1];
            flow[r] += flow[r];
        }
        EACH_UPPER(i, j, at)
        {
            lanes8 grow = keep[i * n + j] * w[at], turn = keep[i * n + j] * w[at + 1];
            if (i == j) {
                if (i + 1 < n) grow += flow[i];
                if (i > 0) grow -= flow[i - 1];
            } else {
                const lanes8 apart = h[4 * i] - h[4 * j];
                grow += apart * w[at + 1];
                turn -= apart * w[at];
                if (j == i + 1) {
                    const lanes8 more = w[2 * (j * n + j)] - w[2 * (i * n + i)];
                    grow += y[i] * more;
                    turn -= x[i] * more;
                } else {
                    const lanes8 *below = w + at + 2 * n, *left = w + at - 2;
                    grow += x[i] * below[1] + y[i] * below[0] - x[j - 1] * left[1] - y[j - 1] * left[0];
                    turn += y[i] * below[1] - x[i] * below[0] - y[j - 1] * left[1] + x[j - 1] * left[0];
                }
                if (i > 0) {
                    const lanes8* above = w + at - 2 * n;
                    grow += x[i - 1] * above[1] - y[i - 1] * above[0];
                    turn -= x[i - 1] * above[0] + y[i - 1] * above[1];
                }
                if (j + 1 < n) {
                    const lanes8* right = w + at + 2;
                    grow += y[j] * right[0] - x[j] * right[1];
                    turn += x[j] * right[0] + y[j] * right[1];
                }
            }
            if (j + 1 < n) {
                grow += down[i * n + j] * w[at + 2 * n + 2];
                if (i != j) turn += down[i * n + j] * w[at + 2 * n + 3];
            }
            if (s->climbs && i > 0) {
                grow += up[i * n + j] * w[at - 2 * n - 2];
                if (i != j) turn += up[i * n + j] * w[at - 2 * n - 1];
            }
            next[at] = power[l] * rho[at] + grow;
            if (i != j) next[at + 1] = power[l] * rho[at + 1] + turn;
        }
        EACH_UPPER(i, j, at)
        {
            w[at] = next[at];
            if (i != j) w[at + 1] = next[at + 1];
        }
    }
    EACH_UPPER(i, j, at)
    {
        rho[at] = rho[2 * (j * n + i)] = w[at];
        if (i != j) rho[at + 1] = w[at + 1], rho[2 * (j * n + i) + 1] = -w[at + 1];
    }
}

INLINE void lindblad_series(const system_t* s, scratch_t* t, const double* power, int order, const ptrdiff_t n, const int full)
{
    lanes8 *w = t->w, *next = t->next;
    for (ptrdiff_t x = 0; x < 2 * n * n; x++) w[x] = power[order] * t->psi[x];
    for (int l = order - 1; l >= 0; l--) {
        lindblad_order(s, t->h, w, t->psi, next, power[l], n, full);
        lanes8* swap = w;
        w = next;
        next = swap;
    }
    for (ptrdiff_t x = 0; x < 2 * n * n; x++) t->psi[x] = w[x];
}

INLINE int lindblad_group(system_t* s, scratch_t* t, ptrdiff_t p0, const double* in, double* out)
{
    const ptrdiff_t size = 2 * s->n * s->n;
    double parts;
    int order;
    load_drift(s, t, p0);
    for (int lane = 0; lane < LANES; lane++) {
        ptrdiff_t p = p0 + lane < s->points ? p0 + lane : s->points - 1;
        for (ptrdiff_t x = 0; x < size; x++) t->psi[x][lane] = in[p * size + x];
    }
    for (ptrdiff_t k0 = 0; k0 < s->steps; k0 += BATCH) {
        ptrdiff_t count = s->steps - k0 < BATCH ? s->steps - k0 : BATCH;
        double angle = stretched(2 * load_drive(s, t, p0, k0, count), 2 * t->decay + s->decay);
        if (!(angle <= LONGEST)) return 1;
        const double* power = series_for(&s->series, angle, &order, &parts);
        for (ptrdiff_t k = 0; k < count; k++) {
            build(s, t, t->drive + 2 * k * s->n_controls);
            for (double part = 0; part < parts; part++) {
                if (s->ladder && s->n == 2) lindblad_ladder(s, t->h, t->psi, power, order, 2);
                else if (s->ladder && s->n == 3) lindblad_ladder(s, t->h, t->psi, power, order, 3);
                else if (s->ladder) lindblad_ladder(s, t->h, t->psi, power, order, 4);
                else if (s->n == 2) lindblad_series(s, t, power, order, 2, 1);
                else if (s->n == 3) lindblad_series(s, t, power, order, 3, 1);
                else lindblad_series(s, t, power, order, s->n, 0);
            }
        }
    }
    for (int lane = 0; lane < LANES && p0 + lane < s->points; lane++)
        for (ptrdiff_t x = 0; x < size; x++) out[(p0 + lane) * size + x] = t->psi[x][lane];
    return 0;
}

DISPATCH int lindblad_all(system_t* s, scratch_t* t, const double* in, double* out)
{
    for (ptrdiff_t p = 0; p < s->points; p += LANES)
        if (lindblad_group(s, t, p, in, out)) return 1;
    return 0;
}

#endif
