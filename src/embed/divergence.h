/* How far the points of a plane are from the neighbourhoods they stand for. */
#ifndef DV_EMBED_DIVERGENCE_H
#define DV_EMBED_DIVERGENCE_H

#include "embed/affinity.h"

/* The Kullback-Leibler divergence of Q from P in nats, Q being 1 / (1 + d^2) over its sum over all pairs of positions
 * (count x 2). Exact: every pair is visited. */
bool dv_divergence(const dv_affinities *affinities, const float *positions, dv_team *team, double *divergence,
                   dv_error *error);

#endif
