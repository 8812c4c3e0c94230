/* exp(-i x) as the shortest sum of powers that serves an angle: Chebyshev's series, its powers of x collected.
 *
 * exp(-i x) = J_0(a) + 2 sum_k (-i)^k J_k(a) T_k(x / a) for |x| <= a (Abramowitz & Stegun 9.1.44 and 9.1.45). What is left
 * out after T_n is less than about 2 (a / 2)^(n + 1) / (n + 1)!, 2^n times less than in Taylor's series.
 */
#ifndef QCTL_SERIES_H
#define QCTL_SERIES_H

#include "lanes.h"
#include <math.h>

enum { ORDERS = 30 };

static const double LONGEST = 1e6;  /* rad in one step */
static const double PART = 4.0;     /* rad in one series: cancellation costs e^4 = 55 roundings there */
static const double BUDGET = 4e-10; /* of all truncations together */
static const double FEWEST = 1000;  /* steps that share it, if there are no more */

/* exp(-i x) is about the sum over l of power[order][l] (-i x)^l, for any |x| <= reach[order]. */
typedef struct {
    double reach[ORDERS + 1];
    double power[ORDERS + 1][ORDERS + 1];
    int known[ORDERS + 1]; /* power[order] has been filled */
    double scaled[ORDERS + 1];
} series_t;

/* How far each order reaches when `steps` share the budget; a quarter of it leaves room for the tail and power[0]. */
static void series_set(series_t* t, ptrdiff_t steps)
{
    double left_out = log(BUDGET / fmax(FEWEST, steps) / 4), log_factorial = 0;
    t->reach[0] = 0;
    for (int n = 0; n <= ORDERS; n++) t->known[n] = 0;
    for (int n = 1; n <= ORDERS; n++) {
        log_factorial += log(n + 1.0);
        t->reach[n] = fmin(2 * exp((left_out - log(2.0) + log_factorial) / (n + 1)), PART);
    }
}

/* J_k(a), by its power series: a is small. */
static double bessel(int k, double a)
{
    double term = 1, sum = 0;
    for (int j = 1; j <= k; j++) term *= a / 2 / j;
    for (int j = 1; fabs(term) > 1e-17 * fabs(sum); j++) {
        sum += term;
        term *= -a * a / 4 / j / (j + k);
    }
    return sum;
}

/* T_k = sum over l of (-1)^((k - l) / 2) size_k[l] x^l: the signs are those of (-i)^l / (-i)^k, so that all powers add up. */
static void fill_powers(series_t* t, int n)
{
    double size[3][ORDERS + 2] = {{0}}, *power = t->power[n], a = t->reach[n];
    for (int l = 0; l <= n; l++) power[l] = 0;
    for (int k = 0; k <= n; k++) {
        double *now = size[k % 3], *last = size[(k + 2) % 3], *before = size[(k + 1) % 3];
        double weight = (k ? 2 : 1) * (a > 0 ? bessel(k, a) : k == 0), scale = 1;
        for (int l = 0; l <= k; l++) {
            now[l] = k < 2 ? l == k : (l ? 2 * last[l - 1] : 0) + (l <= k - 2 ? before[l] : 0);
            power[l] += weight * now[l] * scale;
            if (a > 0) scale /= a;
        }
    }
    for (int l = n; l >= 0; l--) power[l] /= power[0]; /* a constant stays what it is: the trace of rho */
    t->known[n] = 1;
}

/* How much farther than `angle` a series must reach for x = angle + i decay.
 *
 * Bernstein's ellipse through that corner is 1 + e + sqrt(e) times as large or less, with e = decay / angle.
 */
INLINE double stretched(double angle, double decay)
{
    return angle + decay + sqrt(angle * decay);
}

/* The powers that serve an angle, and their number less one; more than PART is cut into equal parts. */
INLINE const double* series_for(series_t* t, double angle, int* order, double* parts)
{
    if (angle > PART) {
        *parts = ceil(angle / PART);
        *order = ORDERS; /* many parts share one budget: 2^31 / 31! is 3e-25 */
    } else {
        *parts = 1;
        *order = 1;
        while (*order < ORDERS && t->reach[*order] < angle) ++*order;
    }
    if (!t->known[*order]) fill_powers(t, *order);
    if (*parts == 1) return t->power[*order];
    double scale = 1;
    for (int l = 0; l <= *order; l++, scale /= *parts) t->scaled[l] = t->power[*order][l] * scale;
    return t->scaled;
}

#endif
