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

/* One step of a ladder: differences of energies, couplings x + iy of level r to level r + 1, and a turn before it. */
typedef struct {
    lanes8 apart[16], x[4], y[4], turn_re, turn_im;
} climb_t;

/* A ladder of n levels whose collapse operators move all levels alike: rates[0] keeps, [1] moves down, [2] moves up.
 *
 * Of rho the upper triangle is kept. Every term is one multiplication and addition to the sum of its element, in an order
 * that lets the next power of the series begin before this one ends.
 */
INLINE void lindblad_ladder(const system_t* s, const climb_t* c, lanes8* restrict rho, const double* power, int order,
                            const int n, const int real)
{
    lanes8 w[2 * 16], next[2 * 16];
    const lanes8 *x = c->x, *y = c->y;
    const double *keep = s->rates, *down = keep + n * n, *up = down + n * n;
    EACH_UPPER(i, j, at)
    {
        w[at] = power[order] * rho[at];
        if (i != j) w[at + 1] = power[order] * rho[at + 1];
    }
    for (int l = order - 1; l >= 0; l--) {
        EACH_UPPER(i, j, at)
        {
            lanes8 grow = power[l] * rho[at] + keep[i * n + j] * w[at];
            lanes8 turn = power[l] * rho[at + 1] + keep[i * n + j] * w[at + 1];
            if (j + 1 < n) {
                grow += down[i * n + j] * w[at + 2 * n + 2];
                if (i != j) turn += down[i * n + j] * w[at + 2 * n + 3];
            }
            if (s->climbs && i > 0) {
                grow += up[i * n + j] * w[at - 2 * n - 2];
                if (i != j) turn += up[i * n + j] * w[at - 2 * n - 1];
            }
            if (i == j) {
                if (i + 1 < n) { /* from level i + 1 */
                    grow -= 2 * x[i] * w[at + 3];
                    if (!real) grow += 2 * y[i] * w[at + 2];
                }
                if (i > 0) { /* to level i - 1 */
                    grow += 2 * x[i - 1] * w[at - 2 * n + 1];
                    if (!real) grow -= 2 * y[i - 1] * w[at - 2 * n];
                }
            } else {
                grow += c->apart[at / 2] * w[at + 1];
                turn -= c->apart[at / 2] * w[at];
                if (j == i + 1) {
                    const lanes8 more = w[2 * (j * n + j)] - w[2 * (i * n + i)];
                    turn -= x[i] * more;
                    if (!real) grow += y[i] * more;
                } else {
                    const lanes8 *below = w + at + 2 * n, *left = w + at - 2;
                    grow += x[i] * below[1];
                    turn -= x[i] * below[0];
                    grow -= x[j - 1] * left[1];
                    turn += x[j - 1] * left[0];
                    if (!real) {
                        grow += y[i] * below[0];
                        turn += y[i] * below[1];
                        grow -= y[j - 1] * left[0];
                        turn -= y[j - 1] * left[1];
                    }
                }
                if (i > 0) {
                    const lanes8* above = w + at - 2 * n;
                    grow += x[i - 1] * above[1];
                    turn -= x[i - 1] * above[0];
                    if (!real) grow -= y[i - 1] * above[0];
                    if (!real) turn -= y[i - 1] * above[1];
                }
                if (j + 1 < n) {
                    const lanes8* right = w + at + 2;
                    grow -= x[j] * right[1];
                    turn += x[j] * right[0];
                    if (!real) grow += y[j] * right[0];
                    if (!real) turn += y[j] * right[1];
                }
            }
            next[at] = grow;
            if (i != j) next[at + 1] = turn;
        }
        EACH_UPPER(i, j, at)
        {
            w[at] = next[at];
            if (i != j) w[at + 1] = next[at + 1];
        }
    }
    EACH_UPPER(i, j, at)
    {
        rho[at] = w[at];
        if (i != j) rho[at + 1] = w[at + 1];
    }
}

/* Turn what is k places above the diagonal by the k-th power of re + i im. */
INLINE void lindblad_turn(lanes8* rho, lanes8 re, lanes8 im, const int n)
{
    lanes8 turn_re[4], turn_im[4];
    turn_re[1] = re, turn_im[1] = im;
#pragma GCC unroll 4
    for (int k = 2; k < n; k++) {
        turn_re[k] = turn_re[k - 1] * re - turn_im[k - 1] * im;
        turn_im[k] = turn_re[k - 1] * im + turn_im[k - 1] * re;
    }
    EACH_UPPER(i, j, at)
    {
        if (i == j) continue;
        const lanes8 was = rho[at];
        rho[at] = was * turn_re[j - i] - rho[at + 1] * turn_im[j - i];
        rho[at + 1] = was * turn_im[j - i] + rho[at + 1] * turn_re[j - i];
    }
}

/* Read a step from h. Where its couplings are real multiples of the first, a frame makes them real; `frame` is the last one. */
INLINE void lindblad_look(const system_t* s, const lanes8* h, climb_t* c, lanes8* frame, const int n)
{
    lanes8 re, im;
    EACH_UPPER(i, j, at) c->apart[at / 2] = h[4 * i] - h[4 * j];
    if (s->dense) {
        const lanes8 size = unit_of(h[2], h[3], &re, &im);
        for (int r = 0; r + 1 < n; r++) c->x[r] = s->dense[r] * size;
        c->turn_re = frame[0] * re + frame[1] * im;
        c->turn_im = frame[1] * re - frame[0] * im;
        frame[0] = re, frame[1] = im;
    } else {
        for (int r = 0; r + 1 < n; r++) c->x[r] = h[4 * r + 2], c->y[r] = h[4 * r + 3];
    }
}

/* A few steps of a ladder. Each is looked at before the one ahead of it is taken: roots and divisions take long. */
INLINE void lindblad_climb(const system_t* s, scratch_t* t, lanes8* frame, const double* power, int order, double parts,
                           ptrdiff_t count, const int n)
{
    climb_t steps[2];
    for (ptrdiff_t k = 0; k <= count; k++) {
        const climb_t* c = steps + (k + 1) % 2;
        if (k < count) {
            build(s, t, t->drive + 2 * k * s->n_controls);
            lindblad_look(s, t->h, steps + k % 2, frame, n);
        }
        if (k == 0) continue;
        if (s->dense) lindblad_turn(t->psi, c->turn_re, c->turn_im, n);
        for (double part = 0; part < parts; part++) {
            if (s->dense) lindblad_ladder(s, c, t->psi, power, order, n, 1);
            else lindblad_ladder(s, c, t->psi, power, order, n, 0);
        }
    }
}

/* Back to the frame of the caller, and the triangle below the diagonal. */
INLINE void lindblad_down(lanes8* rho, const lanes8* frame, const int n)
{
    lindblad_turn(rho, frame[0], frame[1], n);
    EACH_UPPER(i, j, at)
    {
        if (i == j) continue;
        rho[2 * (j * n + i)] = rho[at];
        rho[2 * (j * n + i) + 1] = -rho[at + 1];
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
    lanes8 frame[2] = {{0}};
    frame[0] += 1.0;
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
        if (s->ladder && s->n == 2) lindblad_climb(s, t, frame, power, order, parts, count, 2);
        else if (s->ladder && s->n == 3) lindblad_climb(s, t, frame, power, order, parts, count, 3);
        else if (s->ladder) lindblad_climb(s, t, frame, power, order, parts, count, 4);
        for (ptrdiff_t k = 0; !s->ladder && k < count; k++) {
            build(s, t, t->drive + 2 * k * s->n_controls);
            for (double part = 0; part < parts; part++) {
                if (s->n == 2) lindblad_series(s, t, power, order, 2, 1);
                else if (s->n == 3) lindblad_series(s, t, power, order, 3, 1);
                else lindblad_series(s, t, power, order, s->n, 0);
            }
        }
    }
    if (s->ladder && s->n == 2) lindblad_down(t->psi, frame, 2);
    else if (s->ladder && s->n == 3) lindblad_down(t->psi, frame, 3);
    else if (s->ladder) lindblad_down(t->psi, frame, 4);
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
