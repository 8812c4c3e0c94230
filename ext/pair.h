/* Pairs: two ladders of three levels each that exchange excitations, as two driven transmons; level 3 a + b of both.
 *
 * h holds, of the upper triangle row by row: all energies, the first coupling of each ladder, and the four exchanges. The
 * other couplings of a ladder are real multiples of its first. So each step has a frame in which all of them are real: there
 * an order costs a third less, and its numbers stay in registers.
 */
#ifndef QCTL_PAIR_H
#define QCTL_PAIR_H

#include "system.h"

enum { PAIR = 9 };

/* Where h holds the energies, the first couplings, and the exchange of r with r + 2. */
enum { SECOND = 1, FIRST = 2 };
static const int ENERGY[PAIR] = {0, 3, 5, 7, 8, 10, 12, 13, 14};
static const int EXCHANGE[PAIR] = {-1, 4, 6, -1, 9, 11, -1, -1, -1};

/* One step in its frame. */
typedef struct {
    lanes8 first[2], second[2];         /* couplings of each ladder, real */
    lanes8 energy[PAIR];
    lanes8 j_re[PAIR], j_im[PAIR];      /* exchange of r with r + 2; 0 where there is none */
    lanes8 b_re, b_im, c_re, c_im;      /* the frame: level 3 a + b is turned by these to the powers a and b */
} pair_t;

#define EACH_LEVEL(r) _Pragma("GCC unroll 9") for (int r = 0; r < PAIR; r++)

/* One part of h w, of row r: what real couplings give. */
INLINE lanes8 pair_row(const pair_t* p, const lanes8* w, int r, lanes8 sum)
{
    const int a = r / 3, b = r % 3;
    sum += p->energy[r] * w[r];
    if (b < 2) sum += p->second[b] * w[r + 1];
    if (b > 0) sum += p->second[b - 1] * w[r - 1];
    if (a < 2) sum += p->first[a] * w[r + 3];
    if (a > 0) sum += p->first[a - 1] * w[r - 3];
    if (a < 2 && b > 0) sum += p->j_re[r] * w[r + 2];
    if (a > 0 && b < 2) sum += p->j_re[r - 2] * w[r - 2];
    return sum;
}

/* The same for the exchanges' imaginary parts. */
INLINE lanes8 pair_turned(const pair_t* p, const lanes8* w, int r, lanes8 sum)
{
    const int a = r / 3, b = r % 3;
    if (a < 2 && b > 0) sum += p->j_im[r] * w[r + 2];
    if (a > 0 && b < 2) sum -= p->j_im[r - 2] * w[r - 2];
    return sum;
}

/* psi <- sum over l of power[l] (-i h)^l psi, as series_full, for one column. */
INLINE void pair_series(const pair_t* p, lanes8* psi, ptrdiff_t m, const double* power, int order, const int turned)
{
    lanes8 re[PAIR], im[PAIR], next[PAIR], minus[PAIR]; /* the next real part, and the next imaginary part times -1 */
    EACH_LEVEL(r) re[r] = power[order] * psi[2 * r * m], im[r] = power[order] * psi[2 * r * m + 1];
    for (int l = order - 1; l >= 0; l--) {
        EACH_LEVEL(r) next[r] = pair_row(p, im, r, power[l] * psi[2 * r * m]);
        if (turned) EACH_LEVEL(r) next[r] = pair_turned(p, re, r, next[r]);
        EACH_LEVEL(r) minus[r] = pair_row(p, re, r, -power[l] * psi[2 * r * m + 1]);
        if (turned) EACH_LEVEL(r) minus[r] = -pair_turned(p, im, r, -minus[r]);
        EACH_LEVEL(r) re[r] = next[r], im[r] = -minus[r];
    }
    EACH_LEVEL(r) psi[2 * r * m] = re[r], psi[2 * r * m + 1] = im[r];
}

/* Turn every column by powers of b and c. */
INLINE void pair_turn(lanes8* psi, ptrdiff_t m, lanes8 b_re, lanes8 b_im, lanes8 c_re, lanes8 c_im)
{
    lanes8 re = {0}, im = {0}, row_re = re + 1.0, row_im = im;
#pragma GCC unroll 3
    for (int a = 0; a < 3; a++) {
        re = row_re, im = row_im;
#pragma GCC unroll 3
        for (int b = 0; b < 3; b++) {
            lanes8* to = psi + 2 * (3 * a + b) * m;
            for (ptrdiff_t x = 0; (a || b) && x < 2 * m; x += 2) {
                const lanes8 was = to[x];
                to[x] = was * re - to[x + 1] * im;
                to[x + 1] = was * im + to[x + 1] * re;
            }
            const lanes8 was = re;
            re = was * c_re - im * c_im;
            im = was * c_im + im * c_re;
        }
        const lanes8 was = row_re;
        row_re = was * b_re - row_im * b_im;
        row_im = was * b_im + row_im * b_re;
    }
}

/* Find the frame of h and turn psi to it from that of the step before; say whether an exchange is not real there. */
INLINE int pair_frame(const system_t* s, scratch_t* t, pair_t* p)
{
    const lanes8 *h = t->h, none = {0};
    lanes8 b_re, b_im, c_re, c_im;
    const lanes8 first = unit_of(h[2 * FIRST], h[2 * FIRST + 1], &b_re, &b_im);
    const lanes8 second = unit_of(h[2 * SECOND], h[2 * SECOND + 1], &c_re, &c_im);
    /* where one ladder is not driven its frame is the other's, which leaves a real exchange real */
    b_re = either(first > 0, b_re, c_re), b_im = either(first > 0, b_im, c_im);
    c_re = either(second > 0, c_re, b_re), c_im = either(second > 0, c_im, b_im);
    for (int k = 0; k < 2; k++) p->first[k] = s->dense[k] * first, p->second[k] = s->dense[2 + k] * second;
    pair_turn(t->psi, s->m, b_re * p->b_re + b_im * p->b_im, b_im * p->b_re - b_re * p->b_im,
              c_re * p->c_re + c_im * p->c_im, c_im * p->c_re - c_re * p->c_im);
    p->b_re = b_re, p->b_im = b_im, p->c_re = c_re, p->c_im = c_im;
    const lanes8 d_re = c_re * b_re + c_im * b_im, d_im = c_im * b_re - c_re * b_im;
    lanes8 most = none;
    EACH_LEVEL(r)
    {
        p->energy[r] = h[2 * ENERGY[r]];
        if (EXCHANGE[r] < 0) continue;
        const lanes8 j_re = h[2 * EXCHANGE[r]], j_im = h[2 * EXCHANGE[r] + 1];
        p->j_re[r] = j_re * d_re - j_im * d_im;
        p->j_im[r] = j_re * d_im + j_im * d_re;
        most = larger(p->j_im[r] * p->j_im[r], most);
    }
    double worst = 0;
    for (int l = 0; l < LANES; l++) worst = most[l] > worst ? most[l] : worst;
    return worst > 1e-32; /* less than that is rounding: 1e-16 rad */
}

INLINE void pair_begin(pair_t* p)
{
    const lanes8 none = {0};
    p->b_re = p->c_re = none + 1.0;
    p->b_im = p->c_im = none;
}

INLINE void pair_step(const system_t* s, scratch_t* t, pair_t* p, const double* power, int order, double parts)
{
    int turned = pair_frame(s, t, p);
    for (double part = 0; part < parts; part++)
        for (ptrdiff_t column = 0; column < s->m; column++) {
            if (turned) pair_series(p, t->psi + 2 * column, s->m, power, order, 1);
            else pair_series(p, t->psi + 2 * column, s->m, power, order, 0);
        }
}

/* Back from the last step's frame. */
INLINE void pair_end(const system_t* s, scratch_t* t, const pair_t* p)
{
    pair_turn(t->psi, s->m, p->b_re, -p->b_im, p->c_re, -p->c_im);
}

/* Whether H of every point is Hermitian and holds energies and exchanges only. */
static int is_pair(const double* drift, ptrdiff_t points)
{
    for (ptrdiff_t p = 0; p < points; p++, drift += 2 * PAIR * PAIR)
        for (int r = 0; r < PAIR; r++)
            for (int c = r; c < PAIR; c++) {
                const double *x = drift + 2 * (r * PAIR + c), *y = drift + 2 * (c * PAIR + r);
                if (x[0] != y[0] || x[1] != -y[1]) return 0;
                if (c != r && (c != r + 2 || EXCHANGE[r] < 0) && (x[0] != 0 || x[1] != 0)) return 0;
            }
    return 1;
}

#endif
