/* How much each picture is drawn to each other one: the joint probabilities P of t-SNE. */
#ifndef DV_EMBED_AFFINITY_H
#define DV_EMBED_AFFINITY_H

#include "base/team.h"

/* Probabilities p[0..count-1], proportional to exp(-beta * distance), with beta such that their entropy is the
 * logarithm of `perplexity` (1 .. count) to within 1e-5, where the distances allow it. Found by bisection, as in van
 * der Maaten, Accelerating t-SNE using tree-based algorithms, JMLR 15, 2014, section 3. */
void dv_affinity_calibrate(const float *distance, int count, double perplexity, float *p);

/* A sparse symmetric matrix that sums to 1: row i has columns column[start[i] .. start[i + 1] - 1], ascending. */
typedef struct dv_affinities {
    int64_t count;
    int64_t *start; /* count + 1 */
    int32_t *column;
    float *value;
} dv_affinities;

/* (p_j|i + p_i|j) / 2 count from the conditional probabilities of the k neighbours of each row, index (ascending) and p
 * being count x k. */
bool dv_affinities_make(dv_affinities *affinities, const int32_t *index, const float *p, int64_t count, int k,
                        dv_team *team, dv_error *error);
void dv_affinities_clear(dv_affinities *affinities);

#endif
