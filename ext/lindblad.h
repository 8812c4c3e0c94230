/* Decaying systems, eight sweep points side by side: the Taylor series of propagate.h, for density matrices. */
#ifndef QCTL_LINDBLAD_H
#define QCTL_LINDBLAD_H

#include "propagate.h"

/* Hermitian rho: d rho = X + X^dagger + sum c rho c^dagger with X = -i (h - i loss) rho. Elements i <= j are computed. */
INLINE void lindblad_order(const system_t* s, const lanes8* h, const lanes8* w, const lanes8* rho, lanes8* next,
                           double factor, const ptrdiff_t n, const int full)
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
            to[0] = rho[2 * (i * n + j)] + factor * re;
            to[1] = i == j ? (lanes8){0} : rho[2 * (i * n + j) + 1] + factor * im;
            if (i != j) {
                next[2 * (j * n + i)] = to[0];
                next[2 * (j * n + i) + 1] = -to[1];
            }
        }
    }
}

/* What sign * (a + ib) * rho[k][l] adds to (re, im); rho is kept as its upper triangle. */
#define ADD(sign, a, b, k, l)                                                                                          \
    do {                                                                                                               \
        const int up_ = (k) <= (l), at_ = 2 * (up_ ? (k) * n + (l) : (l) * n + (k));                                   \
        re = re + sign * ((a) * w[at_]);                                                                               \
        im = im + sign * ((b) * w[at_]);                                                                               \
        if ((k) < (l)) re = re - sign * ((b) * w[at_ + 1]), im = im + sign * ((a) * w[at_ + 1]);                       \
        if ((k) > (l)) re = re + sign * ((b) * w[at_ + 1]), im = im - sign * ((a) * w[at_ + 1]);                       \
    } while (0)

/* A ladder of n levels whose collapse operators move all levels alike: rates[0] keeps, [1] moves down, [2] moves up. */
INLINE void lindblad_ladder(const system_t* s, const lanes8* restrict h, lanes8* restrict rho, int order, double parts,
                            const int n)
{
    lanes8 w[2 * 16], next[2 * 16], energy[4], x[4], y[4];
    const double *keep = s->rates, *down = keep + n * n, *up = down + n * n;
#pragma GCC unroll 4
    for (int r = 0; r < n; r++) {
        energy[r] = h[2 * (r * n + r)];
        if (r + 1 < n) x[r] = h[2 * (r * n + r + 1)], y[r] = h[2 * (r * n + r + 1) + 1];
#pragma GCC unroll 4
        for (int c = r; c < n; c++) w[2 * (r * n + c)] = rho[2 * (r * n + c)], w[2 * (r * n + c) + 1] = rho[2 * (r * n + c) + 1];
    }
    for (int l = order; l > 0; l--) {
        double factor = s->inverse[l] / parts;
#pragma GCC unroll 4
        for (int i = 0; i < n; i++) {
#pragma GCC unroll 4
            for (int j = i; j < n; j++) {
                const int at = 2 * (i * n + j);
                lanes8 re = {0}, im = {0};
                if (i != j) ADD(1, energy[i] - energy[j], (lanes8){0}, i, j);
                if (i + 1 < n) ADD(1, x[i], y[i], i + 1, j);
                if (i > 0) ADD(1, x[i - 1], -y[i - 1], i - 1, j);
                if (j + 1 < n) ADD(-1, x[j], -y[j], i, j + 1);
                if (j > 0) ADD(-1, x[j - 1], y[j - 1], i, j - 1);
                lanes8 grow = im + keep[i * n + j] * w[at], turn = keep[i * n + j] * w[at + 1] - re;
                if (j + 1 < n) {
                    grow += down[i * n + j] * w[at + 2 * n + 2];
                    turn += down[i * n + j] * w[at + 2 * n + 3];
                }
                if (i > 0) {
                    grow += up[i * n + j] * w[at - 2 * n - 2];
                    turn += up[i * n + j] * w[at - 2 * n - 1];
                }
                next[at] = rho[at] + factor * grow;
                if (i != j) next[at + 1] = rho[at + 1] + factor * turn;
            }
        }
#pragma GCC unroll 4
        for (int i = 0; i < n; i++)
#pragma GCC unroll 4
            for (int j = i; j < n; j++) {
                w[2 * (i * n + j)] = next[2 * (i * n + j)];
                if (i != j) w[2 * (i * n + j) + 1] = next[2 * (i * n + j) + 1];
            }
    }
#pragma GCC unroll 4
    for (int i = 0; i < n; i++)
#pragma GCC unroll 4
        for (int j = i; j < n; j++) {
            rho[2 * (i * n + j)] = rho[2 * (j * n + i)] = w[2 * (i * n + j)];
            if (i != j) rho[2 * (i * n + j) + 1] = w[2 * (i * n + j) + 1], rho[2 * (j * n + i) + 1] = -w[2 * (i * n + j) + 1];
        }
}

INLINE void lindblad_series(const system_t* s, scratch_t* t, int order, double parts, const ptrdiff_t n, const int full)
{
    lanes8 *w = t->w, *next = t->next;
    for (ptrdiff_t x = 0; x < 2 * n * n; x++) w[x] = t->psi[x];
    for (int l = order; l > 0; l--) {
        lindblad_order(s, t->h, w, t->psi, next, 1 / (l * parts), n, full);
        lanes8* swap = w;
        w = next;
        next = swap;
    }
    for (ptrdiff_t x = 0; x < 2 * n * n; x++) t->psi[x] = w[x];
}

INLINE int lindblad_group(const system_t* s, scratch_t* t, ptrdiff_t p0, const double* in, double* out)
{
    const ptrdiff_t size = 2 * s->n * s->n;
    double shift[LANES], parts;
    load_drift(s, t, p0, shift);
    for (int lane = 0; lane < LANES; lane++) {
        ptrdiff_t p = p0 + lane < s->points ? p0 + lane : s->points - 1;
        for (ptrdiff_t x = 0; x < size; x++) t->psi[x][lane] = in[p * size + x];
    }
    for (ptrdiff_t k0 = 0; k0 < s->steps; k0 += BATCH) {
        ptrdiff_t count = s->steps - k0 < BATCH ? s->steps - k0 : BATCH;
        double angle = 2 * load_drive(s, t, p0, k0, count) + s->jump_bound;
        if (!(angle <= LONGEST)) return 1;
        int order = order_of(s, angle, &parts);
        for (ptrdiff_t k = 0; k < count; k++) {
            build(s, t, t->drive + 2 * k * s->n_controls);
            for (double part = 0; part < parts; part++) {
                if (s->ladder && s->n == 2) lindblad_ladder(s, t->h, t->psi, order, parts, 2);
                else if (s->ladder && s->n == 3) lindblad_ladder(s, t->h, t->psi, order, parts, 3);
                else if (s->ladder && s->n == 4) lindblad_ladder(s, t->h, t->psi, order, parts, 4);
                else if (s->n == 2) lindblad_series(s, t, order, parts, 2, 1);
                else if (s->n == 3) lindblad_series(s, t, order, parts, 3, 1);
                else lindblad_series(s, t, order, parts, s->n, 0);
            }
        }
    }
    for (int lane = 0; lane < LANES && p0 + lane < s->points; lane++)
        for (ptrdiff_t x = 0; x < size; x++) out[(p0 + lane) * size + x] = t->psi[x][lane];
    return 0;
}

DISPATCH int lindblad_all(const system_t* s, scratch_t* t, const double* in, double* out)
{
    for (ptrdiff_t p = 0; p < s->points; p += LANES)
        if (lindblad_group(s, t, p, in, out)) return 1;
    return 0;
}

#endif
