/* Rows of templates with noise that is looked up. */
#ifndef QCTL_NOISE_H
#define QCTL_NOISE_H

#include "lanes.h"

enum { DRAWN = 1024 }; /* numbers of the generator at once: four samples each */

DISPATCH void add_looked_up(const float* restrict from, const float* restrict values, const uint16_t* restrict bits,
                            float* restrict out, ptrdiff_t n)
{
    for (ptrdiff_t k = 0; k < n; k++) out[k] = from[k] + values[bits[k]];
}

#endif
