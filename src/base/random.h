/* Counter-based random numbers: a value depends on (seed, purpose, index) and
 * on nothing else, so any thread can draw any of them at any time.
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011. */
#ifndef DV_BASE_RANDOM_H
#define DV_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef enum dv_purpose {
    DV_PURPOSE_NEIGHBORS = 1,
    DV_PURPOSE_FRESH,
    DV_PURPOSE_MASKS,
    DV_PURPOSE_STUDENT_START,
    DV_PURPOSE_STUDENT_ORDER,
    DV_PURPOSE_PARAMETERS,
    DV_PURPOSE_EPOCH_ORDER,
    DV_PURPOSE_DROPOUT,
    DV_PURPOSE_LATENT_NOISE,
    DV_PURPOSE_AUGMENT,
    DV_PURPOSE_SPLIT,
    DV_PURPOSE_TEST,
    DV_PURPOSE_SUBSPACE,
    DV_PURPOSE_EMBEDDING,
    DV_PURPOSE_DIRECTIONS,
    DV_PURPOSE_PROBE,
    DV_PURPOSE_SAMPLE,
    DV_PURPOSE_SEPARATION,
    DV_PURPOSE_NODE,
    DV_PURPOSE_SUPERPIXELS,
    DV_PURPOSE_CELLS,
    DV_PURPOSE_NOISE,
    DV_PURPOSE_TIES,
    DV_PURPOSE_SUBSETS,
    DV_PURPOSE_SHUFFLE,
    DV_PURPOSE_CLUSTERS,
    DV_PURPOSE_CLOUD,
    DV_PURPOSE_NUDGE,
    DV_PURPOSE_REALISM,
} dv_purpose;

/* The bare generator, for its published test vectors. */
void dv_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t result[4]);

uint64_t dv_random_bits(uint64_t seed, dv_purpose purpose, uint64_t index);
/* Uniform on the open interval (0, 1): the middle of one of 2^52 equal cells. */
double dv_random_uniform(uint64_t seed, dv_purpose purpose, uint64_t index);
/* Standard normal. */
double dv_random_normal(uint64_t seed, dv_purpose purpose, uint64_t index);
/* The inverse of the standard normal distribution function, p in (0, 1), to
 * double precision (Wichura 1988, AS 241). */
double dv_normal_quantile(double p);
/* A random order of 0..count-1 (Fisher-Yates); `round` tells shuffles apart. */
void dv_random_order(uint64_t seed, dv_purpose purpose, uint64_t round, int64_t count, int64_t *order);

#endif
