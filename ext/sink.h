/* One output's codes, in order: gathered to whole lines of the cache, each of which is written once.
 *
 * A large output leaves the caches before anybody reads it. Its lines go past them, so that they need not be read first.
 */
#ifndef QCTL_SINK_H
#define QCTL_SINK_H

#include "lanes.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum {
    LINE = 32,        /* codes of one line */
    LARGE = 1 << 18,  /* codes of an output that goes past the caches */
};

typedef int16_t line_t __attribute__((vector_size(64), may_alias));
typedef int16_t loose_line_t __attribute__((vector_size(64), aligned(2), may_alias));

/* `held` codes wait in `codes`; the first of them belongs at `line`, after `before` that are not of this output. */
typedef struct {
    char* line;
    int16_t* codes;
    int64_t held, before;
    int stream;
} sink_t;

INLINE void put_line(char* to, line_t line, const int stream)
{
#if defined(__SSE2__)
    if (stream) {
        __m128i part[4];
        memcpy(part, &line, sizeof line);
        for (int k = 0; k < 4; k++) _mm_stream_si128((__m128i*)to + k, part[k]);
        return;
    }
#endif
    *(line_t*)to = line;
}

/* `codes`: room for what is added at once and two lines. */
INLINE sink_t sink_of(int16_t* out, int64_t n, int16_t* codes)
{
    int64_t before = (int64_t)((uintptr_t)out % 64 / sizeof *out);
    return (sink_t){(char*)((uintptr_t)out & ~(uintptr_t)63), codes, before, before, n >= LARGE};
}

/* Where the next codes go, which sink_add then counts. */
INLINE int16_t* sink_next(const sink_t* s)
{
    return s->codes + s->held;
}

INLINE void sink_add(sink_t* s, int64_t n)
{
    const line_t* from = (const line_t*)s->codes;
    s->held += n;
    if (s->held < LINE) return;
    if (s->before) {
        memcpy(s->line + s->before * sizeof(int16_t), s->codes + s->before, (LINE - s->before) * sizeof(int16_t));
        s->before = 0, s->held -= LINE, s->line += sizeof *from, from++;
    }
    for (; s->held >= LINE; s->held -= LINE, s->line += sizeof *from) put_line(s->line, *from++, s->stream);
    *(line_t*)s->codes = *from;
}

/* Add the same code n times. */
INLINE void sink_fill(sink_t* s, int64_t n, int16_t code)
{
    const line_t line = (line_t){0} + code;
    int64_t first = n < LINE - s->held ? n : LINE - s->held;
    *(loose_line_t*)sink_next(s) = line;
    sink_add(s, first);
    for (n -= first; n >= LINE; n -= LINE, s->line += sizeof line) put_line(s->line, line, s->stream);
    if (n) *(line_t*)s->codes = line, s->held = n;
}

/* Write what is left, in order with whatever the caller writes next. */
INLINE void sink_end(sink_t* s)
{
    memcpy(s->line + s->before * sizeof(int16_t), s->codes + s->before, (s->held - s->before) * sizeof(int16_t));
#if defined(__SSE2__)
    if (s->stream) _mm_sfence();
#endif
}

#endif
