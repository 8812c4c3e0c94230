/* Ladders: H Hermitian, only neighbouring levels coupled, as in one driven transmon.
 *
 * h holds the entries (0, 0), (0, 1), (1, 1), (1, 2), ...: energies and what couples level r to level r + 1.
 */
#ifndef QCTL_LADDER_H
#define QCTL_LADDER_H

#include "system.h"

/* psi <- sum over l of power[l] (-i h)^l psi, as series_full. */
INLINE void series_ladder(const lanes8* h, lanes8* psi, ptrdiff_t m, const double* power, int order, const int n)
{
    for (ptrdiff_t column = 0; column < m; column++) {
        lanes8 start[8], w[8], next[8];
        for (int x = 0; x < 2 * n; x++) start[x] = psi[2 * (x / 2 * m + column) + x % 2], w[x] = power[order] * start[x];
        for (int l = order - 1; l >= 0; l--) {
            for (int r = 0; r < n; r++) {
                const lanes8 *v = w + 2 * r, *to = h + 4 * r + 2, *back = h + 4 * r - 2;
                lanes8 re = h[4 * r] * v[0], im = h[4 * r] * v[1];
                if (r + 1 < n) {
                    re += to[0] * v[2] - to[1] * v[3];
                    im += to[0] * v[3] + to[1] * v[2];
                }
                if (r > 0) {
                    re += back[0] * v[-2] + back[1] * v[-1];
                    im += back[0] * v[-1] - back[1] * v[-2];
                }
                next[2 * r] = power[l] * start[2 * r] + im;
                next[2 * r + 1] = power[l] * start[2 * r + 1] - re;
            }
            for (int x = 0; x < 2 * n; x++) w[x] = next[x];
        }
        for (int x = 0; x < 2 * n; x++) psi[2 * (x / 2 * m + column) + x % 2] = w[x];
    }
}

/* A few steps of three levels whose energies are constant and add up to 0.
 *
 * By Cayley and Hamilton H^3 = p H + q: each power is a + b H + c H^2, three numbers instead of a product with psi.
 */
INLINE void cayley3(const system_t* s, scratch_t* t, const double* power, int order, ptrdiff_t count, const ptrdiff_t m)
{
    const lanes8 e0 = t->h[0], e1 = t->h[4], e2 = t->h[8];
    const lanes8 e00 = e0 * e0, e11 = e1 * e1, e22 = e2 * e2, p0 = 0.5 * (e00 + e11 + e22), q0 = e0 * e1 * e2;
    lanes8 kept[6] = {0}, *psi = m == 1 ? kept : t->psi; /* one column stays in registers */
    double turned[ORDERS + 4] = {0}; /* (-i)^l is real where l is even, imaginary where it is odd */
    for (int l = 0; l <= order; l++) turned[l] = (l + 1) % 4 < 2 ? power[l] : -power[l];
    order += order % 2;
    for (int x = 0; m == 1 && x < 6; x++) kept[x] = t->psi[x];
    for (ptrdiff_t k = 0; k < count; k++) {
        lanes8 x0 = t->drift[2], y0 = t->drift[3], x1 = t->drift[6], y1 = t->drift[7];
        for (ptrdiff_t j = 0; j < s->n_controls; j++) {
            const double* f = s->dense + 8 * j;
            const lanes8 re = t->drive[2 * (k * s->n_controls + j)], im = t->drive[2 * (k * s->n_controls + j) + 1];
            x0 += f[0] * re, y0 += f[1] * re, x1 += f[2] * re, y1 += f[3] * re;
            x0 += f[4] * im, y0 += f[5] * im, x1 += f[6] * im, y1 += f[7] * im;
        }
        const lanes8 s0 = x0 * x0 + y0 * y0, s1 = x1 * x1 + y1 * y1;
        const lanes8 p = p0 + s0 + s1, q = q0 - e0 * s1 - e2 * s0, none = {0};
        lanes8 a_re = none + turned[order - 2], a_im = none, b_re = none, b_im = none + turned[order - 1];
        lanes8 c_re = none + turned[order], c_im = none;
        for (int l = order - 3; l > 0; l -= 2) { /* twice times H: (a, b, c) becomes (q c, a + p c, b) and a power is added */
            lanes8 re = q * c_re, im = q * c_im + turned[l];
            c_re = a_re + p * c_re;
            c_im = a_im + p * c_im;
            a_re = q * b_re + turned[l - 1];
            a_im = q * b_im;
            b_re = re + p * b_re;
            b_im = im + p * b_im;
        }
        /* exp(-i H), element by element; those above the diagonal and below share their products */
        const lanes8 n0 = e00 + s0, n1 = e11 + (s0 + s1), n2 = e22 + s1; /* diagonal of H^2 */
        const lanes8 u00 = a_re + b_re * e0 + c_re * n0, v00 = a_im + b_im * e0 + c_im * n0;
        const lanes8 u11 = a_re + b_re * e1 + c_re * n1, v11 = a_im + b_im * e1 + c_im * n1;
        const lanes8 u22 = a_re + b_re * e2 + c_re * n2, v22 = a_im + b_im * e2 + c_im * n2;
        const lanes8 f_re = b_re - c_re * e2, f_im = b_im - c_im * e2; /* e0 + e1 = -e2 */
        const lanes8 g_re = b_re - c_re * e0, g_im = b_im - c_im * e0;
        const lanes8 z_re = x0 * x1 - y0 * y1, z_im = x0 * y1 + y0 * x1;
        const lanes8 u01 = x0 * f_re - y0 * f_im, v01 = x0 * f_im + y0 * f_re;
        const lanes8 u10 = x0 * f_re + y0 * f_im, v10 = x0 * f_im - y0 * f_re;
        const lanes8 u12 = x1 * g_re - y1 * g_im, v12 = x1 * g_im + y1 * g_re;
        const lanes8 u21 = x1 * g_re + y1 * g_im, v21 = x1 * g_im - y1 * g_re;
        const lanes8 u02 = z_re * c_re - z_im * c_im, v02 = z_re * c_im + z_im * c_re;
        const lanes8 u20 = z_re * c_re + z_im * c_im, v20 = z_re * c_im - z_im * c_re;
        for (ptrdiff_t x = 0; x < 2 * m; x += 2) {
            const lanes8 r0 = psi[x], i0 = psi[x + 1], r1 = psi[2 * m + x], i1 = psi[2 * m + x + 1];
            const lanes8 r2 = psi[4 * m + x], i2 = psi[4 * m + x + 1];
            psi[x] = u00 * r0 - v00 * i0 + u01 * r1 - v01 * i1 + u02 * r2 - v02 * i2;
            psi[x + 1] = u00 * i0 + v00 * r0 + u01 * i1 + v01 * r1 + u02 * i2 + v02 * r2;
            psi[2 * m + x] = u10 * r0 - v10 * i0 + u11 * r1 - v11 * i1 + u12 * r2 - v12 * i2;
            psi[2 * m + x + 1] = u10 * i0 + v10 * r0 + u11 * i1 + v11 * r1 + u12 * i2 + v12 * r2;
            psi[4 * m + x] = u20 * r0 - v20 * i0 + u21 * r1 - v21 * i1 + u22 * r2 - v22 * i2;
            psi[4 * m + x + 1] = u20 * i0 + v20 * r0 + u21 * i1 + v21 * r1 + u22 * i2 + v22 * r2;
        }
    }
    for (int x = 0; m == 1 && x < 6; x++) t->psi[x] = kept[x];
}

/* Whether H of every point is Hermitian and couples neighbours only; not so with a NaN. */
static int is_ladder(const double* drift, ptrdiff_t points, ptrdiff_t n)
{
    for (ptrdiff_t p = 0; p < points; p++, drift += 2 * n * n)
        for (ptrdiff_t r = 0; r < n; r++)
            for (ptrdiff_t c = r; c < n; c++) {
                const double *x = drift + 2 * (r * n + c), *y = drift + 2 * (c * n + r);
                if (x[0] != y[0] || x[1] != -y[1] || (c > r + 1 && (x[0] != 0 || x[1] != 0))) return 0;
            }
    return 1;
}

#endif
