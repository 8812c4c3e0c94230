/* Weighted sums of int16 samples: products in float32, sums of 256 samples in float32, sums of those in float64. */
#ifndef QCTL_INTEGRATE_H
#define QCTL_INTEGRATE_H

#include "lanes.h"

enum {
    SPAN = 256,  /* samples whose sum is kept in float32: 16 to a lane, so the error stays below 16 roundings */
    SHOTS = 2,   /* shots and outputs in registers at once */
    OUTPUTS = 4,
    HEIGHT = 32, /* shots that pass while one span of weights stays in the cache */
};

/* Sums over one span: SHOTS x OUTPUTS complex numbers; x, y are I and Q of each shot, a, b weights by output. */
INLINE void span_sums(const float* x, const float* y, const float* a, const float* b, ptrdiff_t n_outputs_stride,
                      const int shots, double* sums, ptrdiff_t sums_stride)
{
    lanes16 re[SHOTS][OUTPUTS] = {0}, im[SHOTS][OUTPUTS] = {0};
    for (int k = 0; k < SPAN; k += 16) {
        lanes16 i0 = *(const lanes16*)(x + k), q0 = *(const lanes16*)(y + k);
        lanes16 i1 = i0, q1 = q0;
        if (shots > 1) i1 = *(const lanes16*)(x + SPAN + k), q1 = *(const lanes16*)(y + SPAN + k);
#pragma GCC unroll 4
        for (int o = 0; o < OUTPUTS; o++) {
            lanes16 c = *(const lanes16*)(a + o * n_outputs_stride + k), d = *(const lanes16*)(b + o * n_outputs_stride + k);
            re[0][o] += i0 * c;
            im[0][o] += i0 * d;
            re[0][o] -= q0 * d;
            im[0][o] += q0 * c;
            if (shots > 1) {
                re[1][o] += i1 * c;
                im[1][o] += i1 * d;
                re[1][o] -= q1 * d;
                im[1][o] += q1 * c;
            }
        }
    }
    for (int s = 0; s < shots; s++) {
        for (int o = 0; o < OUTPUTS; o++) {
            float r = 0, i = 0;
            for (int l = 0; l < 16; l++) r += re[s][o][l], i += im[s][o][l];
            sums[s * sums_stride + 2 * o] += r;
            sums[s * sums_stride + 2 * o + 1] += i;
        }
    }
}

/* codes[shot][input][sample] by strides in bytes; weights as float32, padded to whole spans and OUTPUTS, re then im of
 * each output: (outputs, 2, padded); sums (HEIGHT, 2 * padded outputs) is scratch, as are x and y (SHOTS, SPAN). */
DISPATCH static void integrate_all(const char* codes, ptrdiff_t shot_stride, ptrdiff_t input_stride, ptrdiff_t n,
                                   ptrdiff_t s, const float* weights, const double* scales, ptrdiff_t m, double* sums,
                                   float* x, float* y, double* out)
{
    const ptrdiff_t padded = (s + SPAN - 1) / SPAN * SPAN, groups = (m + OUTPUTS - 1) / OUTPUTS;
    const ptrdiff_t width = 2 * groups * OUTPUTS;
    for (ptrdiff_t top = 0; top < n; top += HEIGHT) {
        ptrdiff_t height = n - top < HEIGHT ? n - top : HEIGHT;
        for (ptrdiff_t k = 0; k < height * width; k++) sums[k] = 0;
        for (ptrdiff_t at = 0; at < s; at += SPAN) {
            ptrdiff_t many = s - at < SPAN ? s - at : SPAN;
            for (ptrdiff_t shot = 0; shot < height; shot += SHOTS) {
                int shots = height - shot < SHOTS ? (int)(height - shot) : SHOTS;
                for (int k = 0; k < shots; k++) {
                    const char* row = codes + (top + shot + k) * shot_stride + at * 2;
                    const int16_t *restrict i = (const int16_t*)row, *restrict q = (const int16_t*)(row + input_stride);
                    float *restrict to_x = x + k * SPAN, *restrict to_y = y + k * SPAN;
                    if (many == SPAN) {
                        for (int l = 0; l < SPAN; l++) to_x[l] = i[l], to_y[l] = q[l];
                    } else {
                        for (ptrdiff_t l = 0; l < many; l++) to_x[l] = i[l], to_y[l] = q[l];
                        for (ptrdiff_t l = many; l < SPAN; l++) to_x[l] = to_y[l] = 0;
                    }
                }
                for (ptrdiff_t g = 0; g < groups; g++) {
                    const float* a = weights + g * OUTPUTS * 2 * padded + at;
                    double* to = sums + shot * width + 2 * g * OUTPUTS;
                    if (shots == 2) span_sums(x, y, a, a + padded, 2 * padded, 2, to, width);
                    else span_sums(x, y, a, a + padded, 2 * padded, 1, to, width);
                }
            }
        }
        for (ptrdiff_t shot = 0; shot < height; shot++)
            for (ptrdiff_t k = 0; k < 2 * m; k++) out[(top + shot) * 2 * m + k] = sums[shot * width + k] * scales[k / 2];
    }
}

#endif
