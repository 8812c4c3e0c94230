/* Envelopes to int16 codes: each product of envelope and carrier is made once, each play is then one 2x2 matrix. */
#ifndef QCTL_RENDER_H
#define QCTL_RENDER_H

#include "sink.h"
#include <math.h>

enum {
    CHUNK = 1024,        /* samples of one table; longer envelopes take several */
    N_TABLES = 64,       /* of 8 kB each: they stay in the second-level cache */
    WAYS = 8,            /* places that a table may take */
    RESYNC = 64,         /* samples between fresh double-precision phasors */
    ROOM = CHUNK + 2 * LINE,
};

static const double TURN = 6.283185307179586476925;
static const float CODES = 32767.0f;

/* Envelope times carrier, from sample `begin` of a waveform, carrier phase 0 there. */
typedef struct {
    float re[CHUNK], im[CHUNK];
} table_t;

typedef struct {
    double carrier;
    int64_t begin;
    int32_t waveform; /* -1: free */
} made_t;

/* One play: columns of the play table. */
typedef struct {
    const double* samples; /* pairs */
    const int64_t* first;
    const int32_t* waveform;
    const int64_t* start;
    const double *amplitude, *phase, *carrier;
    int64_t origin;
} plays_t;

/* The last sample once more to the end of its line: mix may look at it without seeing a new value. */
INLINE void fill_line(float* x, int64_t n)
{
    for (int64_t k = n; k % LINE; k++) x[k] = x[n - 1];
}

INLINE void fill_table(table_t* t, const plays_t* p, ptrdiff_t play, int64_t begin, int64_t count)
{
    const double* w = p->samples + 2 * (p->first[p->waveform[play]] + begin);
    double carrier = p->carrier[play];
    if (carrier == 0) {
        for (int64_t k = 0; k < count; k++) t->re[k] = (float)w[2 * k], t->im[k] = (float)w[2 * k + 1];
        return;
    }
    double turn_re[RESYNC], turn_im[RESYNC], step_re = cos(TURN * carrier), step_im = sin(TURN * carrier);
    turn_re[0] = 1, turn_im[0] = 0;
    for (int k = 1; k < RESYNC; k++) {
        turn_re[k] = turn_re[k - 1] * step_re - turn_im[k - 1] * step_im;
        turn_im[k] = turn_re[k - 1] * step_im + turn_im[k - 1] * step_re;
    }
    for (int64_t from = 0; from < count; from += RESYNC) {
        double angle = TURN * (carrier * from - floor(carrier * from)), c = cos(angle), s = sin(angle);
        int64_t many = count - from < RESYNC ? count - from : RESYNC;
        for (int64_t k = 0; k < many; k++) {
            double re = turn_re[k] * c - turn_im[k] * s, im = turn_re[k] * s + turn_im[k] * c;
            double x = w[2 * (from + k)], y = w[2 * (from + k) + 1];
            t->re[from + k] = (float)(x * re - y * im);
            t->im[from + k] = (float)(x * im + y * re);
        }
    }
}

typedef struct {
    made_t keys[N_TABLES];
    unsigned next; /* to be replaced, within its set */
    table_t* tables;
    float *x, *y; /* CHUNK sums of plays that overlap */
    int16_t* codes; /* ROOM for I, then for Q */
    sink_t i, q;
} render_scratch_t;

INLINE const table_t* table_of(render_scratch_t* t, const plays_t* p, ptrdiff_t play, int64_t begin, int64_t count)
{
    uint64_t bits;
    memcpy(&bits, &p->carrier[play], sizeof bits);
    uint64_t hash = (bits ^ ((uint64_t)p->waveform[play] << 20) ^ (uint64_t)begin) * 0x9E3779B97F4A7C15u;
    unsigned set = (unsigned)(hash >> 40) % (N_TABLES / WAYS) * WAYS;
    for (unsigned k = set; k < set + WAYS; k++) {
        const made_t* key = t->keys + k;
        if (key->waveform == p->waveform[play] && key->begin == begin && !memcmp(&key->carrier, &bits, sizeof bits))
            return t->tables + k;
    }
    unsigned k = set + t->next++ % WAYS;
    t->keys[k] = (made_t){p->carrier[play], begin, p->waveform[play]};
    fill_table(t->tables + k, p, play, begin, count);
    fill_line(t->tables[k].re, count);
    fill_line(t->tables[k].im, count);
    return t->tables + k;
}

/* The size of a number as an integer that orders like it, NaN above all. */
INLINE int32_t size_of(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7FFFFFFF;
}

/* The nearest code, even in the middle. Unless `fits` beyond full scale saturates, and NaN is 0: the peak tells of it. */
INLINE int16_t code_of(float x, const int fits)
{
    if (!fits) {
        x = x == x ? x : 0;
        x = x < 32767.0f ? x : 32767.0f;
        x = x > -32768.0f ? x : -32768.0f;
    }
    x += 12582912.0f; /* 1.5 * 2^23: the sum is rounded to whole numbers, and its low bits are the code */
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (int16_t)bits;
}

/* (I, Q) = codes of (m0 x + m1 y + c0, m2 x + m3 y + c1), in whole lines. */
INLINE int32_t mix_lines(const float* restrict x, const float* restrict y, int64_t n, const float* m, const float* c,
                         int16_t* restrict out_i, int16_t* restrict out_q, const int fits)
{
    const float m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], c0 = c[0], c1 = c[1];
    int32_t peak = 0;
    for (int64_t k = 0; k < (n + LINE - 1) / LINE * LINE; k++) {
        float i = m0 * x[k] + m1 * y[k] + c0, q = m2 * x[k] + m3 * y[k] + c1;
        int32_t size_i = size_of(i), size_q = size_of(q), size = size_i > size_q ? size_i : size_q;
        peak = size > peak ? size : peak;
        out_i[k] = code_of(i, fits);
        out_q[k] = code_of(q, fits);
    }
    return peak;
}

/* Most samples fit full scale, and clamping costs as much as the rest: only lines that need it are done again. */
INLINE int32_t mix(const float* x, const float* y, int64_t n, const float* m, const float* c, render_scratch_t* t,
                   int32_t peak)
{
    int16_t *out_i = sink_next(&t->i), *out_q = sink_next(&t->q);
    int32_t found = mix_lines(x, y, n, m, c, out_i, out_q, 1);
    if (found > size_of(CODES)) mix_lines(x, y, n, m, c, out_i, out_q, 0);
    sink_add(&t->i, n);
    sink_add(&t->q, n);
    return found > peak ? found : peak;
}

/* The 2x2 matrix of one play's chunk: mixer times rotation times amplitude, in codes. */
INLINE void matrix_of(const plays_t* p, ptrdiff_t play, int64_t begin, const double* mixer, float* m)
{
    double cycles = p->carrier[play] * (double)(p->start[play] + begin - p->origin);
    double angle = TURN * (cycles - floor(cycles)) + p->phase[play], size = p->amplitude[play] * CODES;
    double c = size * cos(angle), s = size * sin(angle);
    m[0] = (float)(mixer[0] * c + mixer[1] * s), m[1] = (float)(mixer[1] * c - mixer[0] * s);
    m[2] = (float)(mixer[2] * c + mixer[3] * s), m[3] = (float)(mixer[3] * c - mixer[2] * s);
}

/* Plays `from` to `to` overlap one another (or there is one): sum them chunk by chunk, then quantise. */
INLINE int32_t render_cluster(const plays_t* p, const int64_t* order, ptrdiff_t from, ptrdiff_t to, int64_t begin,
                              int64_t end, const double* mixer, const float* offset, render_scratch_t* t, int32_t peak)
{
    const float none[4] = {1, 0, 0, 1};
    float m[4];
    if (to == from + 1) {
        ptrdiff_t play = order ? order[from] : from;
        for (int64_t at = begin; at < end; at += CHUNK) {
            int64_t n = end - at < CHUNK ? end - at : CHUNK;
            const table_t* table = table_of(t, p, play, at - begin, n);
            matrix_of(p, play, at - begin, mixer, m);
            peak = mix(table->re, table->im, n, m, offset, t, peak);
        }
        return peak;
    }
    for (int64_t at = begin; at < end; at += CHUNK) {
        int64_t n = end - at < CHUNK ? end - at : CHUNK;
        memset(t->x, 0, n * sizeof(float));
        memset(t->y, 0, n * sizeof(float));
        for (ptrdiff_t k = from; k < to; k++) {
            ptrdiff_t play = order ? order[k] : k;
            int64_t start = p->start[play], length = p->first[p->waveform[play] + 1] - p->first[p->waveform[play]];
            int64_t low = at > start ? at : start, high = at + n < start + length ? at + n : start + length;
            if (start >= at + n) break;
            for (int64_t piece = low; piece < high;) { /* tables begin at multiples of CHUNK of the envelope */
                int64_t into = (piece - start) % CHUNK, base = piece - start - into;
                int64_t whole = length - base < CHUNK ? length - base : CHUNK;
                int64_t many = whole - into < high - piece ? whole - into : high - piece;
                const table_t* table = table_of(t, p, play, base, whole);
                float *restrict x = t->x + (piece - at), *restrict y = t->y + (piece - at);
                const float *restrict re = table->re + into, *restrict im = table->im + into;
                matrix_of(p, play, base, mixer, m);
                for (int64_t j = 0; j < many; j++) {
                    x[j] += m[0] * re[j] + m[1] * im[j];
                    y[j] += m[2] * re[j] + m[3] * im[j];
                }
                piece += many;
            }
        }
        fill_line(t->x, n);
        fill_line(t->y, n);
        peak = mix(t->x, t->y, n, none, offset, t, peak);
    }
    return peak;
}

/* Plays in rising order of start (through `order` when that is given). Returns the largest value, in codes. */
DISPATCH static float render_all(const plays_t* p, const int64_t* order, ptrdiff_t n_plays, const double* mixer,
                                 const double* offset, render_scratch_t* t, int16_t* out_i, int16_t* out_q,
                                 int64_t n_samples)
{
    float idle[2] = {(float)(offset[0] * CODES), (float)(offset[1] * CODES)};
    int16_t code_i = code_of(idle[0], 0), code_q = code_of(idle[1], 0);
    int64_t done = 0;
    int32_t peak = 0;
    ptrdiff_t to;
    t->i = sink_of(out_i, n_samples, t->codes);
    t->q = sink_of(out_q, n_samples, t->codes + ROOM);
    for (ptrdiff_t from = 0; from < n_plays || done < n_samples; from = to) {
        ptrdiff_t play = from < n_plays ? (order ? order[from] : from) : -1;
        int64_t begin = play < 0 ? n_samples : p->start[play], end = begin;
        to = from;
        while (to < n_plays) {
            play = order ? order[to] : to;
            int64_t stop = p->start[play] + p->first[p->waveform[play] + 1] - p->first[p->waveform[play]];
            if (to > from && p->start[play] >= end) break;
            end = stop > end ? stop : end;
            to++;
        }
        if (begin > done) {
            sink_fill(&t->i, begin - done, code_i);
            sink_fill(&t->q, begin - done, code_q);
            peak = size_of(idle[0]) > peak ? size_of(idle[0]) : peak;
            peak = size_of(idle[1]) > peak ? size_of(idle[1]) : peak;
        }
        if (end > begin) peak = render_cluster(p, order, from, to, begin, end, mixer, idle, t, peak);
        done = end;
        if (from >= n_plays) break;
    }
    sink_end(&t->i);
    sink_end(&t->q);
    float found;
    memcpy(&found, &peak, sizeof found);
    return found;
}

DISPATCH static double quantise_all(const double* x, double offset, int16_t* out, int64_t n)
{
    int64_t peak = 0;
    for (int64_t k = 0; k < n; k++) {
        double value = x[k] + offset;
        int64_t bits;
        memcpy(&bits, &value, sizeof bits);
        bits &= 0x7FFFFFFFFFFFFFFF;
        peak = bits > peak ? bits : peak;
        value = value * 32767.0;
        value = value == value ? value : 0;
        value = value < 32767.0 ? value : 32767.0;
        value = value > -32768.0 ? value : -32768.0;
        value += 6755399441055744.0; /* 1.5 * 2^52: rounds to even, low bits are the code */
        memcpy(&bits, &value, sizeof bits);
        out[k] = (int16_t)bits;
    }
    double found;
    memcpy(&found, &peak, sizeof found);
    return found;
}

/* x += a re - b im of interleaved samples. */
DISPATCH static void add_real(const double* restrict w, int64_t n, double a, double b, double* restrict out)
{
    for (int64_t k = 0; k < n; k++) out[k] += a * w[2 * k] - b * w[2 * k + 1];
}

#endif
