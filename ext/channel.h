/* What a stretch of driven, coupled and decaying transmons does: unitaries step by step, then a few columns at a time.
 *
 * A plan lists which elements of H can differ from zero, and which of U then can (entries, row by row): exchange keeps the
 * number of excitations, so that of the 81 elements for two transmons of three levels only 19 are ever touched.
 */
#ifndef QCTL_CHANNEL_H
#define QCTL_CHANNEL_H

#include "series.h"

enum { LANES = 8, MOST = 64 }; /* levels of all transmons together: two of 8, three of 4 */

typedef struct {
    ptrdiff_t n, places, levels, n_off, n_fields, n_pairs, n_entries;
    const int32_t *off_from;    /* number of the field, or of the exchange, behind each element above the diagonal */
    const double* off_factor;   /* and its factor */
    const int32_t *row_start, *column;        /* entries of U */
    const int32_t *term_start, *term_h, *term_u; /* H U: for each entry, which element of H times which entry */
    const int32_t *pair_start, *pair_a, *pair_b; /* U V: for each entry, which entries of each */
    const double* sizes;        /* bound on the norm of each field, then of each exchange, of size 1 */
    const int32_t* upper;       /* columns of rho that are computed, as pairs (ket, bra) */
    const int32_t* place_of;    /* row of the superoperator for each (ket, bra) */
} plan_t;

typedef struct {
    const double *energies, *fields, *exchanges, *shifts, *steps, *rates; /* rates NULL: no decay */
    ptrdiff_t n_steps;
} stretch_t;

/* Energies of all levels of all transmons in one step, less their middle; returns the middle. */
INLINE double diagonal(const plan_t* p, const stretch_t* s, ptrdiff_t k, double* out)
{
    double low = 0, high = 0;
    for (ptrdiff_t m = 0; m < p->n; m++) {
        double sum = s->shifts[m];
        ptrdiff_t rest = m;
        for (ptrdiff_t j = p->places - 1; j >= 0; j--, rest /= p->levels)
            sum += s->energies[(k * p->places + j) * p->levels + rest % p->levels];
        out[m] = sum;
        low = m == 0 || sum < low ? sum : low;
        high = m == 0 || sum > high ? sum : high;
    }
    for (ptrdiff_t m = 0; m < p->n; m++) out[m] -= (low + high) / 2;
    return (low + high) / 2;
}

/* H dt of eight steps; returns the largest angle of them, NaN when anything is not finite. */
INLINE double hamiltonians(const plan_t* p, const stretch_t* s, ptrdiff_t k0, lanes8* h, double* phase)
{
    double worst = 0, all = 0, energy[MOST];
    for (int lane = 0; lane < LANES; lane++) {
        ptrdiff_t k = k0 + lane < s->n_steps ? k0 + lane : s->n_steps - 1;
        double dt = s->steps[k], size = 0;
        phase[lane] = diagonal(p, s, k, energy) * dt;
        for (ptrdiff_t m = 0; m < p->n; m++) {
            h[2 * m][lane] = energy[m] * dt, h[2 * m + 1][lane] = 0;
            size = fabs(energy[m]) > size ? fabs(energy[m]) : size;
        }
        for (ptrdiff_t j = 0; j < p->n_fields; j++) {
            const double* u = s->fields + 2 * (k * p->n_fields + j);
            size += p->sizes[j] * sqrt(u[0] * u[0] + u[1] * u[1]);
        }
        for (ptrdiff_t j = 0; j < p->n_pairs; j++) size += p->sizes[p->n_fields + j] * fabs(s->exchanges[k * p->n_pairs + j]);
        for (ptrdiff_t x = 0; x < p->n_off; x++) {
            lanes8 *up = h + 2 * (p->n + 2 * x), *down = up + 2;
            double re, im = 0;
            if (p->off_from[x] < p->n_fields) {
                const double* u = s->fields + 2 * (k * p->n_fields + p->off_from[x]);
                re = u[0], im = u[1];
            } else re = s->exchanges[k * p->n_pairs + p->off_from[x] - p->n_fields];
            up[0][lane] = down[0][lane] = re * p->off_factor[x] * dt;
            up[1][lane] = im * p->off_factor[x] * dt, down[1][lane] = -up[1][lane];
        }
        size *= fabs(dt);
        worst = size > worst ? size : worst;
        all += size + phase[lane];
    }
    return all - all == 0 ? worst : NAN;
}

/* u <- exp(-i h), entry by entry, by Horner's rule. */
INLINE void exponentials(const plan_t* p, const lanes8* h, lanes8* u, lanes8* next, const double* power, int order, double parts)
{
    lanes8* w = u;
    for (ptrdiff_t r = 0; r < p->n; r++)
        for (int32_t e = p->row_start[r]; e < p->row_start[r + 1]; e++)
            w[2 * e] = (lanes8){0} + (p->column[e] == r), w[2 * e + 1] = (lanes8){0};
    lanes8* start = next + 2 * p->n_entries;
    for (double part = 0; part < parts; part++) {
        for (ptrdiff_t x = 0; x < 2 * p->n_entries; x++) start[x] = w[x], w[x] = power[order] * w[x];
        for (int l = order - 1; l >= 0; l--) {
            for (ptrdiff_t e = 0; e < p->n_entries; e++) {
                lanes8 re = {0}, im = {0};
                for (int32_t t = p->term_start[e]; t < p->term_start[e + 1]; t++) {
                    const lanes8 *a = h + 2 * p->term_h[t], *b = w + 2 * p->term_u[t];
                    re += a[0] * b[0] - a[1] * b[1];
                    im += a[0] * b[1] + a[1] * b[0];
                }
                next[2 * e] = power[l] * start[2 * e] + im; /* -i (re + i im) */
                next[2 * e + 1] = power[l] * start[2 * e + 1] - re;
            }
            lanes8* swap = w;
            w = next;
            next = swap;
        }
    }
    if (w != u)
        for (ptrdiff_t x = 0; x < 2 * p->n_entries; x++) u[x] = w[x];
}

/* now <- u now, for one lane of u. */
INLINE void follow(const plan_t* p, const lanes8* u, int lane, double* now, double* old)
{
    for (ptrdiff_t x = 0; x < 2 * p->n_entries; x++) old[x] = now[x];
    for (ptrdiff_t e = 0; e < p->n_entries; e++) {
        double re = 0, im = 0;
        for (int32_t t = p->pair_start[e]; t < p->pair_start[e + 1]; t++) {
            const double a = u[2 * p->pair_a[t]][lane], b = u[2 * p->pair_a[t] + 1][lane], *v = old + 2 * p->pair_b[t];
            re += a * v[0] - b * v[1];
            im += a * v[1] + b * v[0];
        }
        now[2 * e] = re, now[2 * e + 1] = im;
    }
}

/* The product of the steps of each group, entry by entry; `ends` holds the step behind each group. Returns not 0 on refusal. */
DISPATCH int groups_of_steps(const plan_t* p, const stretch_t* s, series_t* series, const int64_t* ends, ptrdiff_t n_groups,
                             lanes8* room, double* out, double* phase)
{
    lanes8 *h = room, *u = h + 2 * (p->n + 2 * p->n_off), *next = u + 2 * p->n_entries;
    double shift[LANES], parts, *old = (double*)(next + 4 * p->n_entries);
    ptrdiff_t group = 0, begun = 0;
    *phase = 0;
    for (ptrdiff_t k0 = 0; k0 < s->n_steps; k0 += LANES) {
        int order;
        double angle = hamiltonians(p, s, k0, h, shift);
        if (!(angle <= LONGEST)) return 1;
        const double* power = series_for(series, angle, &order, &parts);
        exponentials(p, h, u, next, power, order, parts);
        for (int lane = 0; lane < LANES && k0 + lane < s->n_steps; lane++) {
            double* now = out + 2 * group * p->n_entries;
            *phase += shift[lane];
            if (!begun)
                for (ptrdiff_t x = 0; x < 2 * p->n_entries; x++) now[x] = u[x][lane];
            else follow(p, u, lane, now, old);
            begun = 1;
            if (k0 + lane + 1 == ends[group]) group++, begun = 0;
        }
    }
    return group != n_groups;
}

/* exp(L t) of one transmon: real matrices over the levels (i, i + m), m = 0, 1, ...; scaled, summed, squared. */
static void decay_of(ptrdiff_t d, const double* rates, double t, double* out)
{
    const double down = rates[0], up = rates[1], dephasing = rates[2];
    for (ptrdiff_t m = 0; m < d; m++, out += d * d) {
        double l[64] = {0}, sum[64] = {0}, term[64] = {0}, next[64], size = 0;
        const ptrdiff_t n = d - m;
        for (ptrdiff_t i = 0; i < n; i++) {
            const ptrdiff_t j = i + m;
            const double climbs = (i + 1 < d ? i + 1 : 0) + (j + 1 < d ? j + 1 : 0);
            l[i * n + i] = -t * (down * (i + j) / 2 + up * climbs / 2 + dephasing * (i - j) * (i - j));
            if (i + 1 < n) l[i * n + i + 1] = t * down * sqrt((i + 1.0) * (j + 1.0));
            if (i > 0) l[i * n + i - 1] = t * up * sqrt((double)i * j);
            for (ptrdiff_t c = 0; c < n; c++) size = fabs(l[i * n + c]) > size ? fabs(l[i * n + c]) : size;
            sum[i * n + i] = term[i * n + i] = 1;
        }
        int halvings = 0;
        for (size *= n; size > 0.25; size /= 2) halvings++;
        for (ptrdiff_t x = 0; x < n * n; x++) l[x] = ldexp(l[x], -halvings);
#define TIMES(a, b)                                                                                                     \
    for (ptrdiff_t r = 0; r < n; r++)                                                                                   \
        for (ptrdiff_t c = 0; c < n; c++) {                                                                             \
            double total = 0;                                                                                           \
            for (ptrdiff_t k = 0; k < n; k++) total += (a)[r * n + k] * (b)[k * n + c];                                 \
            next[r * n + c] = total;                                                                                    \
        }
        for (int k = 1; k < 16; k++) {
            TIMES(l, term)
            for (ptrdiff_t x = 0; x < n * n; x++) term[x] = next[x] / k, sum[x] += term[x];
        }
        for (; halvings > 0; halvings--) {
            TIMES(sum, sum)
            for (ptrdiff_t x = 0; x < n * n; x++) sum[x] = next[x];
        }
#undef TIMES
        for (ptrdiff_t x = 0; x < n * n; x++) out[x] = sum[x];
    }
}

/* rho <- exp(L t) rho for the transmon whose levels are `stride` apart. */
INLINE void decayed(ptrdiff_t n, ptrdiff_t d, ptrdiff_t stride, const double* decay, lanes8* rho)
{
    for (ptrdiff_t r0 = 0; r0 < n; r0++) {
        if (r0 / stride % d) continue;
        for (ptrdiff_t c0 = 0; c0 < n; c0++) {
            if (c0 / stride % d) continue;
            for (ptrdiff_t m = 1 - d; m < d; m++) {
                const ptrdiff_t size = d - (m < 0 ? -m : m), i0 = m < 0 ? -m : 0;
                const double* a = decay + (m < 0 ? -m : m) * d * d;
                lanes8 re[8], im[8], *at[8];
                for (ptrdiff_t i = 0; i < size; i++) {
                    at[i] = rho + 2 * ((r0 + (i0 + i) * stride) * n + c0 + (i0 + i + m) * stride);
                    re[i] = at[i][0], im[i] = at[i][1];
                }
                for (ptrdiff_t i = 0; i < size; i++) {
                    lanes8 x = {0}, y = {0};
                    for (ptrdiff_t k = 0; k < size; k++) x += a[i * size + k] * re[k], y += a[i * size + k] * im[k];
                    at[i][0] = x, at[i][1] = y;
                }
            }
        }
    }
}

/* rho <- U rho U^dagger */
INLINE void sandwich(const plan_t* p, const double* u, lanes8* rho, lanes8* half)
{
    const ptrdiff_t n = p->n;
    for (ptrdiff_t r = 0; r < n; r++)
        for (ptrdiff_t c = 0; c < n; c++) {
            lanes8 re = {0}, im = {0};
            for (int32_t e = p->row_start[r]; e < p->row_start[r + 1]; e++) {
                const lanes8* v = rho + 2 * (p->column[e] * n + c);
                re += u[2 * e] * v[0] - u[2 * e + 1] * v[1];
                im += u[2 * e] * v[1] + u[2 * e + 1] * v[0];
            }
            half[2 * (r * n + c)] = re, half[2 * (r * n + c) + 1] = im;
        }
    for (ptrdiff_t r = 0; r < n; r++)
        for (ptrdiff_t c = 0; c < n; c++) {
            lanes8 re = {0}, im = {0};
            for (int32_t e = p->row_start[c]; e < p->row_start[c + 1]; e++) {
                const lanes8* v = half + 2 * (r * n + p->column[e]);
                re += u[2 * e] * v[0] + u[2 * e + 1] * v[1];
                im += u[2 * e] * v[1] - u[2 * e + 1] * v[0];
            }
            rho[2 * (r * n + c)] = re, rho[2 * (r * n + c) + 1] = im;
        }
}

/* The superoperator of all groups with half of each group's decay before and behind it; eight columns at a time. */
DISPATCH void superoperator_of(const plan_t* p, const stretch_t* s, const double* groups, const double* spans, ptrdiff_t n_groups,
                               lanes8* room, double* decay, double* out)
{
    const ptrdiff_t n = p->n, d = p->levels, size = n * n, n_upper = n * (n + 1) / 2;
    lanes8 *rho = room, *half = rho + 2 * size;
    for (ptrdiff_t q = 0; q < n_upper; q += LANES) {
        double known = -1;
        for (ptrdiff_t x = 0; x < 2 * size; x++) rho[x] = (lanes8){0};
        for (int lane = 0; lane < LANES && q + lane < n_upper; lane++)
            rho[2 * (p->upper[2 * (q + lane)] * n + p->upper[2 * (q + lane) + 1])][lane] = 1;
        for (ptrdiff_t g = 0; g <= n_groups; g++) {
            const double span = ((g ? spans[g - 1] : 0) + (g < n_groups ? spans[g] : 0)) / 2;
            if (span != known)
                for (ptrdiff_t j = 0; j < p->places; j++) decay_of(d, s->rates + 3 * j, span, decay + j * d * d * d);
            known = span;
            for (ptrdiff_t j = p->places - 1, stride = 1; j >= 0; j--, stride *= d)
                decayed(n, d, stride, decay + j * d * d * d, rho);
            if (g < n_groups) sandwich(p, groups + 2 * g * p->n_entries, rho, half);
        }
        for (int lane = 0; lane < LANES && q + lane < n_upper; lane++) {
            const int32_t i = p->upper[2 * (q + lane)], j = p->upper[2 * (q + lane) + 1];
            for (ptrdiff_t r = 0; r < n; r++)
                for (ptrdiff_t c = 0; c < n; c++) {
                    const lanes8* v = rho + 2 * (r * n + c);
                    double* to = out + 2 * (p->place_of[r * n + c] * size + p->place_of[i * n + j]);
                    double* back = out + 2 * (p->place_of[c * n + r] * size + p->place_of[j * n + i]);
                    to[0] = back[0] = v[0][lane];
                    back[1] = -v[1][lane], to[1] = v[1][lane];
                }
        }
    }
}

#endif
