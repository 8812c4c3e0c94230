/* Driven systems, eight sweep points side by side: Taylor series of one step, its order from a bound on its angle. */
#ifndef QCTL_PROPAGATE_H
#define QCTL_PROPAGATE_H

#include "lanes.h"
#include <math.h>

enum { LANES = 8, BATCH = 8, ORDERS = 30 };

static const double LONGEST = 1e6; /* rad in one step */
static const double PART = 4.0;    /* rad in one series: cancellation costs e^4 = 55 roundings there */
static const double BUDGET = 1e-10; /* of all truncations together */

/* One term of H: component `to` of the entries grows by factor * component `from` of the drive. */
typedef struct {
    int32_t to, from;
    double factor;
} push_t;

/* What all groups of points share. Complex arrays are pairs of doubles. */
typedef struct {
    ptrdiff_t n, m, points, steps, n_controls, n_entries, n_pushes, n_jumps;
    const double *drift, *drive;
    double dt;
    int32_t *row_start, *column;      /* pattern of H: entries row by row */
    int32_t* offset;                  /* 2 m column */
    push_t* pushes;
    double* sizes;                    /* by control: dt times a bound on the norm of C e^(i x) + h.c. */
    double reach[ORDERS + 1];         /* largest angle that each order may serve */
    const double* loss;               /* Lindblad only: dt / 2 sum c^dagger c, (n, n) */
    int32_t *jump_start, *jump_from;  /* Lindblad only: by element i <= j of rho, what c rho c^dagger takes from where */
    double* jump_factor;
    double jump_bound, loss_size;     /* Lindblad only */
    double inverse[ORDERS + 1];       /* 1 / l */
    double* rates;                    /* Lindblad ladder only: (3, n, n), times dt */
    int ladder;                       /* H is Hermitian and couples neighbouring levels only */
} system_t;

/* Scratch of one group. */
typedef struct {
    lanes8 *drift, *h, *psi, *w, *next, *drive, *size;
} scratch_t;

static void set_reach(system_t* s)
{
    double tolerance = BUDGET / (s->steps > 1 ? s->steps : 1) / 2, log_factorial = 0;
    s->reach[0] = 0;
    for (int l = 1; l <= ORDERS; l++) s->inverse[l] = 1.0 / l;
    for (int order = 1; order <= ORDERS; order++) {
        log_factorial += log(order + 1.0);
        s->reach[order] = exp((log(tolerance) + log_factorial) / (order + 1));
    }
}

/* Load the drift of up to eight points, times dt, its mean energy taken out; a missing point repeats the last one. */
INLINE void load_drift(const system_t* s, scratch_t* t, ptrdiff_t p0, double* shift)
{
    ptrdiff_t n = s->n;
    for (int lane = 0; lane < LANES; lane++) {
        ptrdiff_t p = p0 + lane < s->points ? p0 + lane : s->points - 1;
        const double* h = s->drift + 2 * p * n * n;
        double low = h[0], high = h[0];
        for (ptrdiff_t r = 1; r < n; r++) {
            double energy = h[2 * (r * n + r)];
            low = energy < low ? energy : low;
            high = energy > high ? energy : high;
        }
        shift[lane] = (low + high) / 2;
        double size = 0; /* sqrt(largest row sum * largest column sum) bounds the norm; their mean bounds that */
        for (ptrdiff_t r = 0; r < n; r++) {
            double sum = 0, other = 0;
            for (int32_t e = s->row_start[r]; e < s->row_start[r + 1]; e++) {
                const double* x = h + 2 * (r * n + s->column[e]);
                double re = (x[0] - (s->column[e] == r ? shift[lane] : 0)) * s->dt, im = x[1] * s->dt;
                if (s->loss) im -= s->loss[2 * (r * n + s->column[e])], re += s->loss[2 * (r * n + s->column[e]) + 1];
                t->drift[2 * e][lane] = re;
                t->drift[2 * e + 1][lane] = im;
                sum += sqrt(re * re + im * im);
            }
            for (ptrdiff_t c = 0; c < n; c++) {
                const double* x = h + 2 * (c * n + r);
                double re = x[0] - (c == r ? shift[lane] : 0), im = x[1];
                other += sqrt(re * re + im * im) * fabs(s->dt);
            }
            if (s->loss) other += s->loss_size;
            size = !(sum <= size) ? sum : size;
            size = !(other <= size) ? other : size;
        }
        t->size[0][lane] = size;
    }
}

/* A bound on the size of complex numbers, at most 9 % too large: sqrt(1 + t^2) <= 1 + (sqrt(2) - 1) t for 0 <= t <= 1. */
INLINE lanes8 at_most(lanes8 re, lanes8 im)
{
    lanes8 a = larger(re, -re), b = larger(im, -im), most = larger(a, b);
    return most + 0.41421356237309515 * (a + b - most);
}

/* Load the drive of a few steps; return the largest angle of any, or NaN. */
INLINE double load_drive(const system_t* s, scratch_t* t, ptrdiff_t p0, ptrdiff_t k0, ptrdiff_t count)
{
    ptrdiff_t c2 = 2 * s->n_controls;
    for (int lane = 0; lane < LANES; lane++) {
        ptrdiff_t p = p0 + lane < s->points ? p0 + lane : s->points - 1;
        const double* u = s->drive + (p * s->steps + k0) * c2;
        double* to = (double*)t->drive + lane;
        for (ptrdiff_t x = 0; x < count * c2; x++) to[x * LANES] = u[x];
    }
    lanes8 worst = {0}, sum = {0};
    for (ptrdiff_t k = 0; k < count; k++) {
        lanes8 bound = *t->size, *drive = t->drive + k * c2;
        for (ptrdiff_t j = 0; j < s->n_controls; j++) bound += s->sizes[j] * at_most(drive[2 * j], drive[2 * j + 1]);
        sum += bound;
        worst = larger(bound, worst);
    }
    double most = 0, all = 0;
    for (int lane = 0; lane < LANES; lane++) {
        most = worst[lane] > most ? worst[lane] : most;
        all += sum[lane];
    }
    return all <= 1e300 ? most : NAN;
}

INLINE void build(const system_t* s, scratch_t* t, const lanes8* drive)
{
    for (ptrdiff_t e = 0; e < 2 * s->n_entries; e++) t->h[e] = t->drift[e];
    for (ptrdiff_t x = 0; x < s->n_pushes; x++) {
        push_t push = s->pushes[x];
        t->h[push.to] += push.factor * drive[push.from];
    }
}

/* psi <- sum over orders of (-i h / parts)^l / l! psi, by Horner's rule; n and m known to the compiler, h full. */
INLINE void series_full(const lanes8* restrict h, lanes8* restrict psi, int order, double parts, const int n, const int m)
{
    lanes8 w[2 * 16], next[2 * 16];
    for (int x = 0; x < 2 * n * m; x++) w[x] = psi[x];
    for (int l = order; l > 0; l--) {
        double factor = 1 / (l * parts);
        for (int r = 0; r < n; r++) {
            for (int x = 0; x < m; x++) {
                lanes8 re = {0}, im = {0};
                for (int c = 0; c < n; c++) {
                    re += h[2 * (r * n + c)] * w[2 * (c * m + x)];
                    im += h[2 * (r * n + c)] * w[2 * (c * m + x) + 1];
                    re -= h[2 * (r * n + c) + 1] * w[2 * (c * m + x) + 1];
                    im += h[2 * (r * n + c) + 1] * w[2 * (c * m + x)];
                }
                next[2 * (r * m + x)] = psi[2 * (r * m + x)] + factor * im;
                next[2 * (r * m + x) + 1] = psi[2 * (r * m + x) + 1] - factor * re;
            }
        }
        for (int x = 0; x < 2 * n * m; x++) w[x] = next[x];
    }
    for (int x = 0; x < 2 * n * m; x++) psi[x] = w[x];
}

/* The same for a ladder: H Hermitian, and only neighbouring levels coupled, as in one driven transmon. */
INLINE void series_ladder(const system_t* s, const lanes8* restrict h, lanes8* restrict psi, int order, double parts,
                          const int n, const int m)
{
    lanes8 w[2 * 16], next[2 * 16], energy[4], x[4], y[4];
    for (int r = 0; r < n; r++) energy[r] = h[2 * (r * n + r)];
    for (int r = 0; r + 1 < n; r++) x[r] = h[2 * (r * n + r + 1)], y[r] = h[2 * (r * n + r + 1) + 1];
    for (int k = 0; k < 2 * n * m; k++) w[k] = psi[k];
    for (int l = order; l > 0; l--) {
        double factor = s->inverse[l] / parts;
        for (int c = 0; c < m; c++) {
            for (int r = 0; r < n; r++) {
                const lanes8* v = w + 2 * (r * m + c);
                lanes8 re = energy[r] * v[0], im = energy[r] * v[1];
                if (r + 1 < n) {
                    re += x[r] * v[2 * m] - y[r] * v[2 * m + 1];
                    im += x[r] * v[2 * m + 1] + y[r] * v[2 * m];
                }
                if (r > 0) {
                    re += x[r - 1] * v[-2 * m] + y[r - 1] * v[1 - 2 * m];
                    im += x[r - 1] * v[1 - 2 * m] - y[r - 1] * v[-2 * m];
                }
                next[2 * (r * m + c)] = psi[2 * (r * m + c)] + factor * im;
                next[2 * (r * m + c) + 1] = psi[2 * (r * m + c) + 1] - factor * re;
            }
        }
        for (int k = 0; k < 2 * n * m; k++) w[k] = next[k];
    }
    for (int k = 0; k < 2 * n * m; k++) psi[k] = w[k];
}

/* The same for any n and m: only the entries that can differ from 0; two columns share one look at h. */
INLINE void series_sparse(const system_t* s, scratch_t* t, int order, double parts)
{
    const ptrdiff_t n = s->n, m = s->m;
    const lanes8 *h = t->h, *psi = t->psi;
    lanes8 *w = t->w, *next = t->next;
    for (ptrdiff_t x = 0; x < 2 * n * m; x++) w[x] = psi[x];
    for (int l = order; l > 0; l--) {
        double factor = 1 / (l * parts);
        for (ptrdiff_t r = 0; r < n; r++) {
            ptrdiff_t x = 0;
            for (; x + 1 < m; x += 2) {
                lanes8 re = {0}, im = {0}, re2 = {0}, im2 = {0};
                for (int32_t e = s->row_start[r]; e < s->row_start[r + 1]; e++) {
                    const lanes8* v = w + 2 * x + s->offset[e];
                    re += h[2 * e] * v[0];
                    im += h[2 * e] * v[1];
                    re2 += h[2 * e] * v[2];
                    im2 += h[2 * e] * v[3];
                    re -= h[2 * e + 1] * v[1];
                    im += h[2 * e + 1] * v[0];
                    re2 -= h[2 * e + 1] * v[3];
                    im2 += h[2 * e + 1] * v[2];
                }
                const lanes8* from = psi + 2 * (r * m + x);
                lanes8* to = next + 2 * (r * m + x);
                to[0] = from[0] + factor * im;
                to[1] = from[1] - factor * re;
                to[2] = from[2] + factor * im2;
                to[3] = from[3] - factor * re2;
            }
            for (; x < m; x++) {
                lanes8 re = {0}, im = {0}, re2 = {0}, im2 = {0};
                for (int32_t e = s->row_start[r]; e < s->row_start[r + 1]; e++) {
                    const lanes8* v = w + 2 * x + s->offset[e];
                    re += h[2 * e] * v[0];
                    im += h[2 * e] * v[1];
                    re2 += h[2 * e + 1] * v[1];
                    im2 += h[2 * e + 1] * v[0];
                }
                const lanes8* from = psi + 2 * (r * m + x);
                lanes8* to = next + 2 * (r * m + x);
                to[0] = from[0] + factor * (im + im2);
                to[1] = from[1] - factor * (re - re2);
            }
        }
        lanes8* swap = w;
        w = next;
        next = swap;
    }
    for (ptrdiff_t x = 0; x < 2 * n * m; x++) t->psi[x] = w[x];
}

/* The order and the number of parts that serve an angle. */
INLINE int order_of(const system_t* s, double angle, double* parts)
{
    int order = 0;
    *parts = angle > PART ? ceil(angle / PART) : 1;
    while (order < ORDERS && s->reach[order] < angle / *parts) order++;
    return *parts > 1 ? ORDERS : order; /* many parts share one budget: 4^31 / 31! is 6e-16 */
}

/* Carry one group through all steps; return 0, or 1 when a step is not finite or too long. */
INLINE int propagate_group(const system_t* s, scratch_t* t, ptrdiff_t p0, const double* in, double* out)
{
    const ptrdiff_t size = 2 * s->n * s->m;
    double shift[LANES], parts;
    load_drift(s, t, p0, shift);
    for (int lane = 0; lane < LANES; lane++) {
        ptrdiff_t p = p0 + lane < s->points ? p0 + lane : s->points - 1;
        for (ptrdiff_t x = 0; x < size; x++) t->psi[x][lane] = in[p * size + x];
    }
    for (ptrdiff_t k0 = 0; k0 < s->steps; k0 += BATCH) {
        ptrdiff_t count = s->steps - k0 < BATCH ? s->steps - k0 : BATCH;
        double angle = load_drive(s, t, p0, k0, count);
        if (!(angle <= LONGEST)) return 1;
        int order = order_of(s, angle, &parts);
        for (ptrdiff_t k = 0; k < count; k++) {
            build(s, t, t->drive + 2 * k * s->n_controls);
            for (double part = 0; part < parts; part++) {
                if (s->ladder && s->m == 1 && s->n == 2) series_ladder(s, t->h, t->psi, order, parts, 2, 1);
                else if (s->ladder && s->m == 1 && s->n == 3) series_ladder(s, t->h, t->psi, order, parts, 3, 1);
                else if (s->ladder && s->m == 1 && s->n == 4) series_ladder(s, t->h, t->psi, order, parts, 4, 1);
                else if (s->ladder && s->m == 2 && s->n == 2) series_ladder(s, t->h, t->psi, order, parts, 2, 2);
                else if (s->ladder && s->m == 3 && s->n == 3) series_ladder(s, t->h, t->psi, order, parts, 3, 3);
                else if (s->m == 1 && s->n == 2) series_full(t->h, t->psi, order, parts, 2, 1);
                else if (s->m == 1 && s->n == 3) series_full(t->h, t->psi, order, parts, 3, 1);
                else if (s->m == 1 && s->n == 4) series_full(t->h, t->psi, order, parts, 4, 1);
                else if (s->m == 2 && s->n == 2) series_full(t->h, t->psi, order, parts, 2, 2);
                else if (s->m == 3 && s->n == 3) series_full(t->h, t->psi, order, parts, 3, 3);
                else series_sparse(s, t, order, parts);
            }
        }
    }
    for (int lane = 0; lane < LANES && p0 + lane < s->points; lane++) {
        double turn = fmod(shift[lane] * s->dt * s->steps, 2 * 3.14159265358979323846), c = cos(turn), d = sin(turn);
        for (ptrdiff_t x = 0; x < size; x += 2) {
            double re = t->psi[x][lane], im = t->psi[x + 1][lane];
            out[(p0 + lane) * size + x] = re * c + im * d;
            out[(p0 + lane) * size + x + 1] = im * c - re * d;
        }
    }
    return 0;
}

DISPATCH int propagate_all(const system_t* s, scratch_t* t, const double* in, double* out)
{
    for (ptrdiff_t p = 0; p < s->points; p += LANES)
        if (propagate_group(s, t, p, in, out)) return 1;
    return 0;
}

#endif
