/* One output's samples through first-order sections or a short FIR, in float64.
 *
 * Sections: up to eight of them are one system of eight states. Sixteen samples at a time, its answer is a matrix product:
 * outputs = toeplitz * inputs + observe * states, states' = advance * states + feed * inputs. No pole need be distinct.
 */
#ifndef QCTL_FILTER_H
#define QCTL_FILTER_H

#include "lanes.h"

enum { STATES = 8, BLOCK = 16, SIDE = 4, PASS = 2048, FEW_TAPS = 5 };

typedef struct {
    lanes8 toeplitz[BLOCK][2]; /* column j: answer to a unit input at sample j */
    lanes8 observe[STATES][2]; /* column i: answer to state i */
    lanes8 feed[BLOCK];        /* column j: states left by a unit input at sample j */
    lanes8 advance[STATES];    /* column i: states left by state i */
    double sections[STATES][3];
} cascade_t;

/* One sample through all sections, whose states are what each adds to its next output. */
INLINE double section_step(const cascade_t* c, double x, double* states)
{
    for (int s = 0; s < STATES; s++) {
        double y = c->sections[s][0] * x + states[s];
        states[s] = c->sections[s][1] * x - c->sections[s][2] * y;
        x = y;
    }
    return x;
}

/* Measure the answers of `count` sections (rows b0, b1, a1); the missing ones do nothing. */
static void cascade_set(cascade_t* c, const double* sections, int count)
{
    for (int s = 0; s < STATES; s++)
        for (int k = 0; k < 3; k++) c->sections[s][k] = s < count ? sections[3 * s + k] : k == 0;
    for (int from = 0; from < BLOCK + STATES; from++) {
        double states[STATES] = {0};
        if (from >= BLOCK) states[from - BLOCK] = 1;
        for (int k = 0; k < BLOCK; k++) {
            double y = section_step(c, k == from, states);
            if (from < BLOCK) c->toeplitz[from][k / 8][k % 8] = k < from ? 0 : y;
            else c->observe[from - BLOCK][k / 8][k % 8] = y;
        }
        for (int s = 0; s < STATES; s++) {
            if (from < BLOCK) c->feed[from][s] = states[s];
            else c->advance[from - BLOCK][s] = states[s];
        }
    }
}

/* SIDE blocks: what inputs do, for all of them at one look at the matrices; then what states do, one after another. */
INLINE void cascade_blocks(const cascade_t* c, const double* x, double* out, double* states)
{
    const lanes8 none = {0};
    lanes8 low[SIDE], high[SIDE], next[SIDE], low2, high2, next2;
#pragma GCC unroll 4
    for (int b = 0; b < SIDE; b++) low[b] = high[b] = next[b] = none;
#pragma GCC unroll 16
    for (int j = 0; j < BLOCK; j++) {
        const lanes8 early = c->toeplitz[j][0], late = c->toeplitz[j][1], feed = c->feed[j];
        KEEP;
#pragma GCC unroll 4
        for (int b = 0; b < SIDE; b++) {
            const lanes8 input = none + x[b * BLOCK + j];
            KEEP;
            if (j < 8) low[b] += early * input;
            high[b] += late * input;
            next[b] += feed * input;
        }
    }
#pragma GCC unroll 4
    for (int b = 0; b < SIDE; b++) {
        low2 = high2 = next2 = none;
#pragma GCC unroll 8
        for (int i = 0; i < STATES; i += 2) {
            const lanes8 one = none + states[i], other = none + states[i + 1];
            KEEP;
            low[b] += c->observe[i][0] * one;
            low2 += c->observe[i + 1][0] * other;
            high[b] += c->observe[i][1] * one;
            high2 += c->observe[i + 1][1] * other;
            next[b] += c->advance[i] * one;
            next2 += c->advance[i + 1] * other;
        }
        *(loose8*)states = next[b] + next2;
        *(loose8*)(out + b * BLOCK) = low[b] + low2;
        *(loose8*)(out + b * BLOCK + 8) = high[b] + high2;
    }
}

/* Filter n samples, out may be x; where a NaN or infinity is near it goes sample by sample, so that nothing before is spoilt. */
DISPATCH static void cascade_run(const cascade_t* c, const double* x, double* out, ptrdiff_t n, double* states)
{
    ptrdiff_t k = 0;
    for (; k + SIDE * BLOCK <= n; k += SIDE * BLOCK) {
        lanes8 zero = {0}, zero2 = {0};
#pragma GCC unroll 4
        for (int j = 0; j < SIDE * BLOCK; j += 16) {
            const lanes8 one = *(const loose8*)(x + k + j), other = *(const loose8*)(x + k + j + 8);
            zero += one - one; /* not one * 0.0: GCC 12 takes that for 0 in vectors, even of a NaN */
            zero2 += other - other;
        }
        mask8 bad = zero + zero2 != 0;
        int64_t any = 0;
        for (int l = 0; l < 8; l++) any |= bad[l];
        if (any) {
            for (int j = 0; j < SIDE * BLOCK; j++) out[k + j] = section_step(c, x[k + j], states);
        } else {
            cascade_blocks(c, x + k, out + k, states);
        }
    }
    for (; k < n; k++) out[k] = section_step(c, x[k], states);
}

/* `many` of the taps, eight apart: what they add to 64 outputs. x is where the first of them looks for the first output.
 *
 * Taps eight apart look at the same vectors, which are seldom aligned and so are read once for all of them.
 */
INLINE void fir_taps(const double* x, const double* taps, lanes8* sum, const int many)
{
    const lanes8 none = {0};
    lanes8 tap[FEW_TAPS] = {{0}};
#pragma GCC unroll 5
    for (int j = 0; j < many; j++) tap[j] = none + taps[8 * j];
#pragma GCC unroll 12
    for (int i = 1 - many; i < 8; i++) {
        const lanes8 input = *(const loose8*)(x + 8 * i);
        KEEP;
#pragma GCC unroll 5
        for (int j = 0; j < many; j++)
            if (i + j >= 0 && i + j < 8) sum[i + j] += tap[j] * input;
    }
}

/* out[k] = sum_j taps[j] x[k - j] for k from m - 1 on. */
DISPATCH static void fir_run(const double* restrict x, const double* restrict taps, ptrdiff_t m, double* restrict out,
                             ptrdiff_t n)
{
    ptrdiff_t k = m - 1;
    for (; k + 64 <= n; k += 64) {
        lanes8 sum[8] = {0};
        for (ptrdiff_t first = 0; first < 8 && first < m; first++) {
            for (ptrdiff_t j = first; j < m; j += 8 * FEW_TAPS) {
                ptrdiff_t left = (m - j + 7) / 8;
                if (left >= FEW_TAPS) fir_taps(x + k - j, taps + j, sum, FEW_TAPS);
                else if (left == 4) fir_taps(x + k - j, taps + j, sum, 4);
                else if (left == 3) fir_taps(x + k - j, taps + j, sum, 3);
                else if (left == 2) fir_taps(x + k - j, taps + j, sum, 2);
                else fir_taps(x + k - j, taps + j, sum, 1);
            }
        }
#pragma GCC unroll 8
        for (int l = 0; l < 8; l++) *(loose8*)(out + k + 8 * l) = sum[l];
    }
    for (; k < n; k++) {
        double sum = 0;
        for (ptrdiff_t j = 0; j < m; j++) sum += taps[j] * x[k - j];
        out[k] = sum;
    }
}

#endif
