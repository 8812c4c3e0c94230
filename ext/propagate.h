/* Driven systems, eight sweep points side by side: a series for each step, its length from a bound on the step's angle. */
#ifndef QCTL_PROPAGATE_H
#define QCTL_PROPAGATE_H

#include "ladder.h"
#include "pair.h"

/* psi <- sum over l of power[l] (-i h)^l psi, by Horner's rule, column by column; n known to the compiler, h full. */
INLINE void series_full(const lanes8* h, lanes8* psi, ptrdiff_t m, const double* power, int order, const int n)
{
    for (ptrdiff_t column = 0; column < m; column++) {
        lanes8 start[8], w[8], next[8];
        for (int x = 0; x < 2 * n; x++) start[x] = psi[2 * (x / 2 * m + column) + x % 2], w[x] = power[order] * start[x];
        for (int l = order - 1; l >= 0; l--) {
            for (int r = 0; r < n; r++) {
                lanes8 re = {0}, im = {0};
                for (int c = 0; c < n; c++) {
                    re += h[2 * (r * n + c)] * w[2 * c] - h[2 * (r * n + c) + 1] * w[2 * c + 1];
                    im += h[2 * (r * n + c)] * w[2 * c + 1] + h[2 * (r * n + c) + 1] * w[2 * c];
                }
                next[2 * r] = power[l] * start[2 * r] + im;
                next[2 * r + 1] = power[l] * start[2 * r + 1] - re;
            }
            for (int x = 0; x < 2 * n; x++) w[x] = next[x];
        }
        for (int x = 0; x < 2 * n; x++) psi[2 * (x / 2 * m + column) + x % 2] = w[x];
    }
}

/* One row of `many` columns: what it begins with, and what -i h adds. */
INLINE void sparse_row(const system_t* s, const lanes8* restrict h, const lanes8* restrict w, const lanes8* psi,
                       lanes8* restrict next, ptrdiff_t row, double power, const int many)
{
    const int32_t *offset = s->offset, middle = s->row_middle[row], end = s->row_start[row + 1];
    lanes8 re[2] = {{0}}, im[2] = {{0}}, re2[2] = {{0}}, im2[2] = {{0}};
    int32_t e = s->row_start[row];
    for (; e < middle; e++) {
        const lanes8 a = h[2 * e], *v = w + offset[e];
        for (int x = 0; x < many; x++) {
            re[x] += a * v[2 * x];
            im[x] += a * v[2 * x + 1];
        }
    }
    for (; e < end; e++) {
        const lanes8 a = h[2 * e], b = h[2 * e + 1], *v = w + offset[e];
        for (int x = 0; x < many; x++) {
            const lanes8 v_re = v[2 * x], v_im = v[2 * x + 1];
            KEEP; /* the loop is bound by loads */
            re[x] += a * v_re;
            im[x] += a * v_im;
            re2[x] += b * v_im;
            im2[x] += b * v_re;
        }
    }
    for (int x = 0; x < many; x++) {
        next[2 * x] = power * psi[2 * x] + (im[x] + im2[x]);
        next[2 * x + 1] = power * psi[2 * x + 1] - (re[x] - re2[x]);
    }
}

/* The same for any n and m: only the entries that can differ from 0; two columns share one look at h. */
INLINE void series_sparse(const system_t* s, scratch_t* t, const double* power, int order)
{
    const ptrdiff_t n = s->n, m = s->m;
    const lanes8 *h = t->h, *psi = t->psi;
    lanes8 *w = t->w, *next = t->next;
    for (ptrdiff_t x = 0; x < 2 * n * m; x++) w[x] = power[order] * psi[x];
    for (int l = order - 1; l >= 0; l--) {
        for (ptrdiff_t r = 0; r < n; r++) {
            ptrdiff_t x = 0, at = 2 * r * m;
            for (; x + 2 <= m; x += 2) sparse_row(s, h, w + 2 * x, psi + at + 2 * x, next + at + 2 * x, r, power[l], 2);
            if (x < m) sparse_row(s, h, w + 2 * x, psi + at + 2 * x, next + at + 2 * x, r, power[l], 1);
        }
        lanes8* swap = w;
        w = next;
        next = swap;
    }
    for (ptrdiff_t x = 0; x < 2 * n * m; x++) t->psi[x] = w[x];
}

INLINE void propagate_step(const system_t* s, scratch_t* t, const double* power, int order)
{
    if (s->ladder && s->n == 2) series_ladder(t->h, t->psi, s->m, power, order, 2);
    else if (s->ladder && s->n == 3) series_ladder(t->h, t->psi, s->m, power, order, 3);
    else if (s->ladder) series_ladder(t->h, t->psi, s->m, power, order, 4);
    else if (s->n == 2) series_full(t->h, t->psi, s->m, power, order, 2);
    else if (s->n == 3) series_full(t->h, t->psi, s->m, power, order, 3);
    else if (s->n == 4) series_full(t->h, t->psi, s->m, power, order, 4);
    else series_sparse(s, t, power, order);
}

/* Carry one group through all steps; return 0, or 1 when a step is not finite or too long. */
INLINE int propagate_group(system_t* s, scratch_t* t, ptrdiff_t p0, const double* in, double* out)
{
    const ptrdiff_t size = 2 * s->n * s->m;
    double parts;
    int order;
    pair_t pair;
    load_drift(s, t, p0);
    pair_begin(&pair);
    for (int lane = 0; lane < LANES; lane++) {
        ptrdiff_t p = p0 + lane < s->points ? p0 + lane : s->points - 1;
        for (ptrdiff_t x = 0; x < size; x++) t->psi[x][lane] = in[p * size + x];
    }
    for (ptrdiff_t k0 = 0; k0 < s->steps; k0 += BATCH) {
        ptrdiff_t count = s->steps - k0 < BATCH ? s->steps - k0 : BATCH;
        double angle = stretched(load_drive(s, t, p0, k0, count), t->decay);
        if (!(angle <= LONGEST)) return 1;
        const double* power = series_for(&s->series, angle, &order, &parts);
        if (s->ladder && s->steady && s->n == 3 && parts == 1) {
            if (s->m == 1) cayley3(s, t, power, order, count, 1);
            else cayley3(s, t, power, order, count, s->m);
            continue;
        }
        for (ptrdiff_t k = 0; k < count; k++) {
            build(s, t, t->drive + 2 * k * s->n_controls);
            if (s->pair) {
                pair_step(s, t, &pair, power, order, parts);
                continue;
            }
            for (double part = 0; part < parts; part++) propagate_step(s, t, power, order);
        }
    }
    if (s->pair) pair_end(s, t, &pair);
    for (int lane = 0; lane < LANES && p0 + lane < s->points; lane++) {
        double turn = t->shift[lane] * s->steps, c = cos(turn), d = sin(turn);
        for (ptrdiff_t x = 0; x < size; x += 2) {
            double re = t->psi[x][lane], im = t->psi[x + 1][lane];
            out[(p0 + lane) * size + x] = re * c + im * d;
            out[(p0 + lane) * size + x + 1] = im * c - re * d;
        }
    }
    return 0;
}

DISPATCH int propagate_all(system_t* s, scratch_t* t, const double* in, double* out)
{
    for (ptrdiff_t p = 0; p < s->points; p += LANES)
        if (propagate_group(s, t, p, in, out)) return 1;
    return 0;
}

#endif
