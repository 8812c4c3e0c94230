/* A driven system's Hamiltonian, of eight sweep points side by side, step by step, and a bound on each step's angle. */
#ifndef QCTL_SYSTEM_H
#define QCTL_SYSTEM_H

#include "series.h"

enum { LANES = 8, BATCH = 16 };

/* One term of H: a component of its entries grows by factor * component `from` of the drive. */
typedef struct {
    int32_t from;
    double factor;
} push_t;

/* A component of H that the drive changes; its pushes end where those of the next begin. */
typedef struct {
    int32_t to, end;
} target_t;

/* What all groups of points share. Complex arrays are pairs of doubles. */
typedef struct {
    ptrdiff_t n, m, points, steps, n_controls, n_entries, n_targets;
    const double *drift, *drive;
    double dt;
    int32_t *row_start, *row_middle, *column; /* pattern of H: entries row by row, those that stay real first */
    int32_t* offset;                          /* 2 m column */
    target_t* targets;
    push_t* pushes;
    double* dense;                    /* three-level ladder: by control, what its parts add to those of both couplings;
                                         pair, and Lindblad ladder or NULL: couplings in units of the ladder's first */
    double* sizes;                    /* by control: dt times a bound on the norm of C e^(i x) + h.c. */
    const double* loss;               /* Lindblad only: dt / 2 sum c^dagger c, (n, n) */
    int32_t *jump_start, *jump_from;  /* Lindblad only: by element i <= j of rho, what c rho c^dagger takes from where */
    double* jump_factor;
    double decay;                     /* Lindblad only: bound on everything but -i [H, rho] */
    double* rates;                    /* Lindblad ladder only: (3, n, n), times dt */
    int ladder;                       /* H is Hermitian, couples neighbours only: entries (r, r) and (r, r + 1) are kept */
    int pair;                         /* as pair.h has it */
    int steady;                       /* the drive never changes an energy */
    int climbs;                       /* Lindblad ladder only: some rate moves up */
    series_t series;
} system_t;

/* Scratch of one group. */
typedef struct {
    lanes8 *drift, *h, *psi, *w, *next, *drive;
    double shift[8], size[8]; /* by lane: energy taken out of the drift, bound on what is left; both times dt */
    double decay;             /* bound on the drift's anti-Hermitian part, times dt */
} scratch_t;

INLINE double size_of(const double* x)
{
    return x[0] == 0 && x[1] == 0 ? 0 : sqrt(x[0] * x[0] + x[1] * x[1]);
}

/* Gershgorin's bound on the energies of point p, and the energy to take out: their mean where cayley.h needs it so. */
INLINE void bound_drift(const system_t* s, scratch_t* t, ptrdiff_t p, int lane)
{
    const ptrdiff_t n = s->n;
    const double* h = s->drift + 2 * p * n * n;
    double low = INFINITY, high = -INFINITY, mean = 0, sum = 0;
    for (ptrdiff_t r = 0; r < n; r++) {
        double radius = 0, skew = 0, energy = h[2 * (r * n + r)];
        for (ptrdiff_t c = 0; c < n; c++) {
            const double *x = h + 2 * (r * n + c), *y = h + 2 * (c * n + r), apart[2] = {x[0] - y[0], x[1] + y[1]};
            if (c != r) radius += (size_of(x) + size_of(y)) / 2;
            skew += size_of(apart) / 2;
        }
        mean += energy / n;
        sum += radius + skew + energy; /* tells of a NaN */
        low = fmin(low, energy - radius);
        high = fmax(high, energy + radius);
        t->decay = fmax(t->decay, skew * fabs(s->dt));
    }
    double middle = s->ladder && s->steady && n == 3 && !s->loss ? mean : low + (high - low) / 2;
    t->shift[lane] = middle * s->dt;
    t->size[lane] = sum - sum == 0 ? fmax(high - middle, middle - low) * fabs(s->dt) : NAN;
}

/* Load the drift of up to eight points, times dt; a missing point repeats the last one. */
INLINE void load_drift(const system_t* s, scratch_t* t, ptrdiff_t p0)
{
    const ptrdiff_t n = s->n;
    t->decay = 0;
    for (int lane = 0; lane < LANES; lane++) {
        ptrdiff_t p = p0 + lane < s->points ? p0 + lane : s->points - 1;
        bound_drift(s, t, p, lane);
        for (ptrdiff_t r = 0; r < n; r++) {
            for (int32_t e = s->row_start[r]; e < s->row_start[r + 1]; e++) {
                ptrdiff_t at = 2 * (r * n + s->column[e]);
                const double* x = s->drift + 2 * p * n * n + at;
                double re = x[0] * s->dt - (s->column[e] == r ? t->shift[lane] : 0), im = x[1] * s->dt;
                if (s->loss) im -= s->loss[at], re += s->loss[at + 1];
                t->drift[2 * e][lane] = re;
                t->drift[2 * e + 1][lane] = im;
            }
        }
    }
    for (ptrdiff_t e = 0; e < 2 * s->n_entries; e++) t->h[e] = t->drift[e];
}

/* Load the drive of a few steps; return the largest angle of any, or NaN. */
INLINE double load_drive(const system_t* s, scratch_t* t, ptrdiff_t p0, ptrdiff_t k0, ptrdiff_t count)
{
    const ptrdiff_t c2 = 2 * s->n_controls;
    const double* from[LANES];
    for (int lane = 0; lane < LANES; lane++)
        from[lane] = s->drive + ((p0 + lane < s->points ? p0 + lane : s->points - 1) * s->steps + k0) * c2;
    ptrdiff_t x = 0;
    for (; x + 8 <= count * c2; x += 8) transpose8(from, x, t->drive + x);
    for (; x < count * c2; x++)
        for (int lane = 0; lane < LANES; lane++) t->drive[x][lane] = from[lane][x];
    double angle[LANES], worst = 0, all = 0;
    for (int lane = 0; lane < LANES; lane++) angle[lane] = t->size[lane];
    for (ptrdiff_t j = 0; j < s->n_controls; j++) {
        lanes8 most = {0}, sum = {0};
        for (ptrdiff_t k = 0; k < count; k++) {
            const lanes8* u = t->drive + k * c2 + 2 * j;
            lanes8 square = u[0] * u[0] + u[1] * u[1];
            most = larger(square, most);
            sum += square;
        }
        most += sum - sum; /* NaN where the drive is not finite */
        for (int lane = 0; lane < LANES; lane++) angle[lane] += s->sizes[j] * sqrt(most[lane]);
    }
    for (int lane = 0; lane < LANES; lane++) worst = angle[lane] > worst ? angle[lane] : worst;
    for (int lane = 0; lane < LANES; lane++) all += angle[lane];
    return all - all == 0 ? worst : NAN;
}

INLINE void build(const system_t* s, scratch_t* t, const lanes8* drive)
{
    int32_t x = 0;
    for (ptrdiff_t k = 0; k < s->n_targets; k++) {
        target_t target = s->targets[k];
        lanes8 sum = t->drift[target.to];
        for (; x < target.end; x++) sum += s->pushes[x].factor * drive[s->pushes[x].from];
        t->h[target.to] = sum;
    }
}

#endif
