/* Numbers side by side, and run-time dispatch where the platform has it.
 *
 * GCC and Clang turn these vectors into whatever the machine has: one AVX-512 register, two of AVX2, four of SSE2 or NEON.
 * A function marked DISPATCH is compiled three times where glibc can choose between them when the module is loaded;
 * elsewhere it is compiled once, for the baseline. Never -march=native: wheels must run on any machine.
 */
#ifndef QCTL_LANES_H
#define QCTL_LANES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if !defined(__GNUC__)
#error "the compiled kernels need GCC or Clang (on Windows: MinGW-w64 or clang-cl); without them the NumPy twins are used"
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && __GNUC__ >= 12
#define DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DISPATCH
#endif

/* A function that is compiled into its callers, so that it takes part in their dispatch. */
#define INLINE static inline __attribute__((always_inline))

/* What has been read stays in registers: GCC would rather read it again for each of its uses. */
#define KEEP __asm__ volatile("" ::: "memory")

typedef double lanes8 __attribute__((vector_size(64)));
typedef double loose8 __attribute__((vector_size(64), aligned(8), may_alias)); /* in memory of any alignment */
typedef int64_t mask8 __attribute__((vector_size(64)));
typedef float lanes16 __attribute__((vector_size(64)));
typedef float loose16 __attribute__((vector_size(64), aligned(4), may_alias));

INLINE lanes8 either(mask8 yes, lanes8 a, lanes8 b)
{
    return (lanes8)((yes & (mask8)a) | (~yes & (mask8)b));
}

/* The larger of each pair; the second where they cannot be compared. */
INLINE lanes8 larger(lanes8 a, lanes8 b)
{
    return either(a > b, a, b);
}

/* The sizes of complex numbers, and the numbers over their sizes, 1 for 0. What is less than 1e-18 counts as 0.
 *
 * A root in single precision and two of Newton's steps: roots and divisions of doubles take four times as long.
 */
INLINE lanes8 unit_of(lanes8 x, lanes8 y, lanes8* re, lanes8* im)
{
    typedef float singles8 __attribute__((vector_size(32)));
    const lanes8 none = {0}, one = none + 1.0, square = x * x + y * y;
    const mask8 some = square > 1e-36;
    singles8 root = __builtin_convertvector(either(some, square, one), singles8);
    for (int lane = 0; lane < 8; lane++) root[lane] = sqrtf(root[lane]);
    lanes8 inverse = __builtin_convertvector(1.0f / root, lanes8);
    for (int k = 0; k < 2; k++) inverse += inverse * (0.5 - 0.5 * square * inverse * inverse);
    *re = either(some, x * inverse, one);
    *im = either(some, y * inverse, none);
    return either(some, square * inverse, none);
}

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (mask8){__VA_ARGS__})
#endif

#define PAIRS(a, b) SHUFFLE(a, b, 0, 8, 2, 10, 4, 12, 6, 14), SHUFFLE(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#define FOURS(a, b) SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13), SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define HALVES(a, b) SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11), SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

/* Eight rows, each in a place of its own, become eight columns. */
INLINE void transpose8(const double* const* row, ptrdiff_t at, lanes8* column)
{
#define AT(r) (*(const loose8*)(row[r] + at))
    const lanes8 p[8] = {PAIRS(AT(0), AT(1)), PAIRS(AT(2), AT(3)), PAIRS(AT(4), AT(5)), PAIRS(AT(6), AT(7))};
    const lanes8 f[8] = {FOURS(p[0], p[2]), FOURS(p[1], p[3]), FOURS(p[4], p[6]), FOURS(p[5], p[7])};
    const lanes8 h[8] = {HALVES(f[0], f[4]), HALVES(f[1], f[5]), HALVES(f[2], f[6]), HALVES(f[3], f[7])};
    column[0] = h[0], column[1] = h[4], column[2] = h[2], column[3] = h[6];
    column[4] = h[1], column[5] = h[5], column[6] = h[3], column[7] = h[7];
#undef AT
}

/* Memory for vectors; give `free` what `*block` became. */
static inline void* lanes_alloc(size_t n_bytes, void** block)
{
    *block = malloc(n_bytes + 64);
    return *block ? (void*)(((uintptr_t)*block + 63) & ~(uintptr_t)63) : NULL;
}

#endif
