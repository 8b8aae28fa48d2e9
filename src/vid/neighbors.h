/* Neighbours: pictures like the one explained, with the teacher's word on each. */
#ifndef DV_VID_NEIGHBORS_H
#define DV_VID_NEIGHBORS_H

#include "base/random.h"
#include "vid/place.h"

/* A set of them. It remembers what it was made of: where only some of that changes, only what depends on it is made
 * anew. */
typedef struct dv_neighbors {
    int64_t count;
    int64_t masked;  /* that many at the end are masked copies of the picture */
    float *points;   /* count x L, standard normal; zero for masked copies */
    float *latents;  /* count x L, center + band * points; the mean for masked copies */
    float *pictures; /* count x D */
    float *logits;   /* count x K, the teacher's */
    int *words;      /* count, the largest of these */
    double *weight;  /* count, of locality */

    uint64_t generation; /* differs from set to set, and whenever a set's pictures are made anew */

    dv_arena *arena; /* owns the arrays */
    bool has_points, has_pictures;
    int64_t index;
    uint64_t seed;
    dv_sampling sampling;
    dv_neighborhood neighborhood;
    float *center, *band; /* L each */
} dv_neighbors;

/* Brings *neighbors (NULL at first) to `count` neighbours around `place`, by sampling, neighbourhood and seed of the
 * options. Sets of another purpose are independent; DV_PURPOSE_FRESH has no masked copies, which teach but are
 * no neighbours. Adds to the times of decoder and teacher. */
bool dv_neighbors_make(dv_neighbors **neighbors, dv_bundle *bundle, const dv_place *place,
                       const dv_explain_options *options, dv_purpose purpose, int64_t count, dv_timing *timing,
                       const dv_progress *progress, dv_error *error);
void dv_neighbors_free(dv_neighbors *neighbors);

/* Locality weights exp(-d^2 / 2 h^2), d the latent distance from the centre in units of the band, h = 2 (up to ten
 * dimensions; beyond, h^2 grows with them, so that the weights stay as even). Their mean is 1 over the
 * neighbours that are not masked copies; these weigh 1. */
void dv_neighbors_locality(const dv_neighbors *neighbors, int latent, double *weight);

/* `count` standard normal points of `dimensions` coordinates. Dimensions beyond the Sobol table are drawn. */
void dv_neighbors_points(dv_team *team, dv_sampling sampling, uint64_t seed, dv_purpose purpose, int64_t count,
                         int dimensions, float *points);

#endif
