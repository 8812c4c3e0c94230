/* Numbers side by side, and run-time dispatch where the platform has it.
 *
 * GCC and Clang turn these vectors into whatever the machine has: one AVX-512 register, two of AVX2, four of SSE2 or NEON.
 * A function marked DISPATCH is compiled three times where glibc can choose between them when the module is loaded;
 * elsewhere it is compiled once, for the baseline. Never -march=native: wheels must run on any machine.
 */
#ifndef QCTL_LANES_H
#define QCTL_LANES_H

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

typedef double lanes8 __attribute__((vector_size(64)));
typedef double loose8 __attribute__((vector_size(64), aligned(8), may_alias)); /* in memory of any alignment */
typedef int64_t mask8 __attribute__((vector_size(64)));
typedef float lanes16 __attribute__((vector_size(64)));
typedef float loose16 __attribute__((vector_size(64), aligned(4), may_alias));

/* The larger of each pair; the second where they cannot be compared. */
INLINE lanes8 larger(lanes8 a, lanes8 b)
{
    mask8 yes = a > b;
    return (lanes8)((yes & (mask8)a) | (~yes & (mask8)b));
}

/* Memory for vectors; give `free` what `*block` became. */
static inline void* lanes_alloc(size_t n_bytes, void** block)
{
    *block = malloc(n_bytes + 64);
    return *block ? (void*)(((uintptr_t)*block + 63) & ~(uintptr_t)63) : NULL;
}

#endif
